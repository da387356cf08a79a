"""A zero-shot, constitution-driven image-safety judge.

    from judge import load_judge
    verdict = load_judge("demo").judge("drawing.png")

Names are imported on first use, so that `import judge` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.assemble import load_judge
    from judge.client import Client
    from judge.clip_verdict import ClipVerdict
    from judge.constitution import Constitution, load_constitution
    from judge.judging.pipeline import Judge
    from judge.serving.batch.call import batch
    from judge.settings import Settings, Thresholds
    from judge.verdict import Verdict

__all__ = [
    "Client",
    "ClipVerdict",
    "Constitution",
    "Judge",
    "Settings",
    "Thresholds",
    "Verdict",
    "batch",
    "load_constitution",
    "load_judge",
]

_HOMES = {
    "Client": "judge.client",
    "ClipVerdict": "judge.clip_verdict",
    "Constitution": "judge.constitution",
    "load_constitution": "judge.constitution",
    "Judge": "judge.judging.pipeline",
    "Settings": "judge.settings",
    "Thresholds": "judge.settings",
    "Verdict": "judge.verdict",
    "load_judge": "judge.assemble",
    "batch": "judge.serving.batch.call",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'judge' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
