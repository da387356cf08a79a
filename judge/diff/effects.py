"""Whether an edit can make a rule fire more, less, either or neither. Pure logic; knows no YAML, model or image.

Outcomes are ordered: not violated < undecided < violated. An edit is `more` when no image can move down by it,
`less` when none can move up, `none` when none can move at all. All claims are sound for three-valued outcomes
(tests try every assignment); where neither is certain the answer is `either`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from judge.chain import Chain
from judge.settings import ThresholdOverrides, Thresholds


class Effect(StrEnum):
    """Which way a rule's outcome can move."""

    NONE = "none"
    MORE = "more"
    LESS = "less"
    EITHER = "either"

    @property
    def mirrored(self) -> Effect:
        """The effect on a rule of the same effect on one of its exceptions."""
        return {Effect.MORE: Effect.LESS, Effect.LESS: Effect.MORE}.get(self, self)


def joined(effects: Iterable[Effect]) -> Effect:
    """The effect of several edits together."""
    seen = set(effects) - {Effect.NONE}
    if not seen:
        return Effect.NONE
    return seen.pop() if len(seen) == 1 else Effect.EITHER


def of_chains(old: Chain, new: Chain) -> Effect:
    """What replacing one chain by another can do."""
    up, down = never_above(old, new), never_above(new, old)
    if up and down:
        return Effect.NONE
    if up:
        return Effect.MORE
    return Effect.LESS if down else Effect.EITHER


def never_above(lower: Chain, upper: Chain) -> bool:
    """Whether `lower` never comes out above `upper`, whatever the statements come to.

    A chain is an AND of clauses: every precondition, and the negation of every excepting statement. It cannot be
    above another when each of the other's clauses contains one of its own (subsumption: certain, not complete).
    """
    if not lower.preconditions or not upper.preconditions:  # such a chain is undecided, always
        return lower.preconditions == upper.preconditions
    clauses = [frozenset(group) for group in lower.preconditions]
    asked = all(any(clause <= frozenset(group) for clause in clauses) for group in upper.preconditions)
    return asked and _lifting(upper) <= _lifting(lower)


def _lifting(chain: Chain) -> frozenset[str]:
    """Statements of which each alone lifts the rule: exceptions are alternatives of each other."""
    return frozenset(text for group in chain.exceptions for text in group)


def of_thresholds(name: str, old: ThresholdOverrides, new: ThresholdOverrides, chain: Chain) -> Effect:
    """What changing one threshold of a rule can do, the run's own values being the defaults.

    A threshold moves every statement of the rule the same way: an exception that holds more fires the rule less.
    `relevance` prunes the rule whole.
    """
    default = Thresholds()
    before, after = getattr(default.overridden(old), name), getattr(default.overridden(new), name)
    if getattr(old, name) == getattr(new, name) or (before == after and name != "relevance"):
        return Effect.NONE
    if name in ("debias", "bounds"):  # another way of taking the prior off, or of deciding by what is left
        return Effect.EITHER
    if name == "relevance" and None in (old.relevance, new.relevance):
        return Effect.EITHER  # an encoder may bring a threshold of its own, which only loading it tells
    rises = Effect.MORE if after > before else Effect.LESS
    if name == "relevance":
        return rises.mirrored
    # fewer statements fail by prior when its factor rises; fewer hold when theirs or the drop asked for rises
    statements = rises if name == "prior_fails" else rises.mirrored
    return joined([statements, *([statements.mirrored] if chain.exceptions else [])])
