"""Reminds whoever judges with a model that nobody has probed, or that failed its probe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from judge.printable import printable

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge


def remind(judge: Judge, model: str) -> None:
    """One line on stderr where the model of a judge failed a probe; and once, where it was never probed. The bundled
    model needs none: it ships with this package and is tested with it."""
    from judge.probing import kept
    from judge.settings import BUNDLED

    if model == BUNDLED:
        return
    identity = judge.mllm.identity
    report = kept.kept(identity)
    if report is None:
        if kept.first_time(identity):
            told = f"`judge probe --model {printable(model)}`, with the options given here, takes a minute"
            print(f"judge: {printable(identity.name)} was never probed as it is loaded now: {told}", file=sys.stderr)
    elif report.outcome == "fail":
        failed = ", ".join(line.check for line in report.lines if line.outcome == "fail")
        print(f"judge: {printable(identity.name)} failed its probe of {report.date[:10]}: {failed}", file=sys.stderr)
