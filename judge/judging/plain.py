"""How a statement was decided, in words for people who own policies and read no numbers (docs/glossary.md)."""

from __future__ import annotations

from typing import Literal

from judge.verdict import Branch, Evidence

GLOSSARY = "docs/glossary.md"
_DECIDED = {
    Branch.PRIOR_HOLDS: "{seen} makes the model say yes clearly more often",
    Branch.PRIOR_FAILS: "{seen} makes the model say yes less often",
    Branch.REGION_HOLDS: "with the place that it speaks of hidden, the model says yes much less",
    Branch.CROP_HOLDS: "seen closely, {seen} makes the model say yes clearly more often",
    Branch.CROP_FAILS: "seen closely, {seen} makes the model say yes less often",
    Branch.REASONING: "the model thought it over step by step",
    Branch.DEBATE: "two sides argued about it, and the model decided between them",
    Branch.COMMITTEE: "several models voted on it",
    Branch.LOW_LABEL_MASS: "the model hardly said yes or no at all",
    Branch.MODEL_ERROR: "the model failed",
    Branch.NO_CONTEXT: "not asked",
    Branch.CANNOT_READ: "not asked",
    Branch.UNDECIDED: "{seen} hardly moves the model's answer, and no later step settled it",
    Branch.NOT_ASKED: "not asked: the rule was settled without it",
}


Seen = Literal["the picture", "the text", "the picture with its text"]


def seen(evidence: Evidence) -> Seen:
    """What a statement is about."""
    if not evidence.reads:
        return "the picture"
    return "the text" if evidence.sees is None else "the picture with its text"


def how(branch: Branch, about: Seen) -> str:
    """What decided a statement, or kept it open."""
    return _DECIDED[branch].format(seen=about)
