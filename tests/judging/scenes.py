"""Small constitutions and pictures for tests whose probabilities are scripted."""

from __future__ import annotations

import io

from PIL import Image

from judge.constitution import Constitution, parse_constitution
from judge.judging.ladder import ALONE, Further
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedDetector, ScriptedEncoder, ScriptedMllm
from judge.settings import Settings


def constitution(*rules: str) -> Constitution:
    """A constitution of rules written as flow mappings without their braces."""
    lines = "\n".join(f"  - {{{rule}}}" for rule in rules)
    return parse_constitution(f"constitution: test\nversion: 1.0.0\nrules:\n{lines}\n")


def png(size: tuple[int, int] = (200, 100), colour: str = "white") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, format="PNG")
    return buffer.getvalue()


def judge_with(
    rules: tuple[str, ...],
    mllm: ScriptedMllm,
    *,
    encoder: ScriptedEncoder | None = None,
    detector: ScriptedDetector | None = None,
    further: Further = ALONE,
    **settings: object,
) -> Judge:
    chosen = Settings.model_validate(settings)
    return Judge(constitution(*rules), mllm, encoder=encoder, detector=detector, settings=chosen, further=further)
