"""What pages of several tabs show or send: a verdict's rules, a line that goes away by itself, a file."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from judge.causes import Cause
from judge.clip_verdict import ClipVerdict
from judge.errors import UserError
from judge.media.clips import is_clip, reads_clips
from judge.media.clips.sniffing import HEAD
from judge.review.store.clips import Judged
from judge.review.ui import render
from judge.review.ui.chains import rules_of
from judge.settings import DEFAULT_LIMITS
from judge.verdict import RuleOutcome, Verdict

# A data URI is a third larger than its file, and a page sends one at a time.
UPLOAD_BYTES = DEFAULT_LIMITS.file_bytes // 2


_TOLD, _MOST_TOLD, _LINES = 200, 400, 6  # characters that a folded text shows; more than these, or lines, are folded


class Refusal(NamedTuple):
    """What to say of a file that is not judged, and what to do instead."""

    message: str
    hint: str

    def error(self) -> UserError:
        """The same, to be raised."""
        return UserError(self.message, hint=self.hint)


CLIP = Refusal(
    "this is a clip, and this server reads no clips",
    "whoever runs it installs 'constitution-judge[video]'; or give single frames of it",
)
PDF = Refusal("this is a PDF document, and pictures and clips are judged here", "save its pages as images, such as PNG")

AT_FIRST, UNFOLDED = 12, 3  # rules in sight, and how many of their chains: with two hundred the page stays a page


def rules_html(verdict: Verdict) -> str:
    """Every rule of a verdict with its chain, the first ones in sight; those that were pruned by themselves."""
    rules = rules_of(verdict)
    judged = [one for one in rules if one.finding.outcome is not RuleOutcome.PRUNED]
    if is_outside(verdict):  # thirteen chains of "not asked" say nothing
        return render.html("outside_rules", rules=[one.finding for one in judged], verdict=verdict)
    rest = judged[AT_FIRST:]
    return render.html(
        "rules",
        verdict=verdict,
        judged=judged[:AT_FIRST],
        rest=rest,
        outcomes=Counter(one.finding.outcome for one in rest),
        unfolded=UNFOLDED,
        pruned=[one for one in rules if one.finding.outcome is RuleOutcome.PRUNED],
    )


def is_outside(verdict: Judged) -> bool:
    """Whether nothing was asked, because the model was not made for such pictures."""
    if isinstance(verdict, ClipVerdict) and any(one.scores for one in verdict.frames):
        return False
    return Cause.OUTSIDE in verdict.causes and verdict.verdict == "needs_review"


def toast(text: str, *, bad: bool = False) -> dict[str, Any]:
    """A line that goes away by itself."""
    return {"text": text, "bad": bad}


def uploaded(data: str) -> bytes:
    """The file that a page sent, in base64.

    Raises:
        UserError: it did not arrive whole, is too large, is a document, or a clip where no clips are read.
    """
    try:
        image = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise UserError("the file did not arrive whole", hint="choose it again") from error
    if is_clip(image[:HEAD]) and not reads_clips():
        raise CLIP.error()
    if image.startswith(b"%PDF-"):
        raise PDF.error()
    if len(image) > UPLOAD_BYTES:
        raise UserError(f"the file is larger than {UPLOAD_BYTES // 2**20} MiB", hint="shrink it")
    return image


def told_html(told: Mapping[str, str]) -> str:
    """What came with the picture, by field. It is the item's and no verdict, so a blind read shows it, too."""
    return render.html("told", told=told, shown=_TOLD, most=_MOST_TOLD, lines=_LINES) if told else ""
