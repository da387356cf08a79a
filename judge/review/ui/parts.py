"""What pages of several tabs show or send: a verdict's rules, a line that goes away by itself, a file."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from typing import Any

from judge.errors import UserError
from judge.review.ui import render
from judge.review.ui.chains import rules_of
from judge.settings import DEFAULT_LIMITS
from judge.verdict import RuleOutcome, Verdict

# A data URI is a third larger than its file, and a page sends one at a time.
UPLOAD_BYTES = DEFAULT_LIMITS.file_bytes // 2

AT_FIRST, UNFOLDED = 12, 3  # rules in sight, and how many of their chains: with two hundred the page stays a page


def rules_html(verdict: Verdict) -> str:
    """Every rule of a verdict with its chain, the first ones in sight; those that were pruned by themselves."""
    rules = rules_of(verdict)
    judged = [one for one in rules if one.finding.outcome is not RuleOutcome.PRUNED]
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


def toast(text: str, *, bad: bool = False) -> dict[str, Any]:
    """A line that goes away by itself."""
    return {"text": text, "bad": bad}


def uploaded(data: str) -> bytes:
    """The file that a page sent, in base64.

    Raises:
        UserError: it did not arrive whole, or is too large.
    """
    try:
        image = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise UserError("the file did not arrive whole", hint="choose it again") from error
    if len(image) > UPLOAD_BYTES:
        raise UserError(f"the file is larger than {UPLOAD_BYTES // 2**20} MiB", hint="shrink it")
    return image
