"""How a statement was decided, in words for people who own policies and read no numbers (docs/glossary.md)."""

from __future__ import annotations

from judge.verdict import Branch

GLOSSARY = "docs/glossary.md"
_DECIDED = {
    Branch.PRIOR_HOLDS: "the picture makes the model say yes clearly more often",
    Branch.PRIOR_FAILS: "the picture makes the model say yes less often",
    Branch.REGION_HOLDS: "with the place that it speaks of hidden, the model says yes much less",
    Branch.CROP_HOLDS: "seen closely, the picture makes the model say yes clearly more often",
    Branch.CROP_FAILS: "seen closely, the picture makes the model say yes less often",
    Branch.REASONING: "the model thought it over step by step",
    Branch.DEBATE: "two sides argued about it, and the model decided between them",
    Branch.COMMITTEE: "several models voted on it",
    Branch.LOW_LABEL_MASS: "the model hardly said yes or no at all",
    Branch.MODEL_ERROR: "the model failed",
    Branch.NO_CONTEXT: "not asked",
    Branch.CANNOT_READ: "not asked: the model reads no texts",
    Branch.UNDECIDED: "the picture hardly moves the model's answer, and no later step settled it",
    Branch.NOT_ASKED: "not asked: the rule was settled without it",
}


def how(branch: Branch) -> str:
    """What decided a statement, or kept it open."""
    return _DECIDED[branch]
