"""Pure three-valued (Kleene) logic over the preconditions of a rule. Knows no model and no image.

A rule is violated when every precondition holds and no exception holds. A precondition holds when any
of its alternatives does. What is undecided or not asked is unknown, and unknown never becomes "fails".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who reads a verdict need not be able to read constitutions
    from judge.constitution import Precondition, Rule


class Outcome(StrEnum):
    """What is known of a statement, a precondition or a whole chain."""

    HOLDS = "holds"  # it is true of the picture
    FAILS = "fails"  # it is not
    UNDECIDED = "undecided"  # it was asked about, and stayed open
    NOT_ASKED = "not_asked"  # the rule was settled without it

    @property
    def known(self) -> bool:
        return self in (Outcome.HOLDS, Outcome.FAILS)


class RuleOutcome(StrEnum):
    """What came of one rule on one view. A pruned rule has too little to do with the picture to be asked about."""

    VIOLATED = "violated"  # every precondition holds, and no exception does
    UNDECIDED = "undecided"  # a person has to look
    NOT_VIOLATED = "not_violated"  # a precondition fails, or an exception holds
    PRUNED = "pruned"  # not asked about


Outcomes = Mapping[str, Outcome]
Alternatives = tuple[str, ...]


@dataclass(frozen=True)
class Chain:
    """A rule's conditions as statement texts: an AND of ORs, and exceptions that lift the rule."""

    preconditions: tuple[Alternatives, ...]
    exceptions: tuple[Alternatives, ...] = ()

    @property
    def statements(self) -> tuple[str, ...]:
        """Every statement once, in the order of writing."""
        return tuple(dict.fromkeys(text for group in (*self.preconditions, *self.exceptions) for text in group))


def chain_of(rule: Rule) -> Chain:
    """The chain of a rule, parameters put in."""
    return chain_of_conditions(rule.preconditions, rule.exceptions, rule.fill)


def chain_of_conditions(
    preconditions: tuple[Precondition, ...], exceptions: tuple[Precondition, ...], fill: Callable[[str], str] = str
) -> Chain:
    """A chain from what is written; `fill` puts parameters in, and by default leaves their names."""

    def texts(conditions: tuple[Precondition, ...]) -> tuple[Alternatives, ...]:
        return tuple(tuple(fill(one.statement) for one in each.any) for each in conditions)

    return Chain(texts(preconditions), texts(exceptions))


def any_holds(outcomes: Iterable[Outcome]) -> Outcome:
    """Kleene OR; of nothing: fails."""
    return _fold(outcomes, settles=Outcome.HOLDS, otherwise=Outcome.FAILS)


def all_hold(outcomes: Iterable[Outcome]) -> Outcome:
    """Kleene AND; of nothing: holds."""
    return _fold(outcomes, settles=Outcome.FAILS, otherwise=Outcome.HOLDS)


def _fold(outcomes: Iterable[Outcome], *, settles: Outcome, otherwise: Outcome) -> Outcome:
    seen = set(outcomes)
    if settles in seen:
        return settles
    if seen <= {otherwise}:
        return otherwise
    return Outcome.NOT_ASKED if seen <= {otherwise, Outcome.NOT_ASKED} else Outcome.UNDECIDED


def negated(outcome: Outcome) -> Outcome:
    """Kleene NOT: what is unknown stays unknown."""
    return {Outcome.HOLDS: Outcome.FAILS, Outcome.FAILS: Outcome.HOLDS}.get(outcome, outcome)


def group_outcome(group: Alternatives, outcomes: Outcomes) -> Outcome:
    """Outcome of one precondition or exception."""
    return any_holds(outcomes.get(text, Outcome.NOT_ASKED) for text in group)


def resolve(chain: Chain, outcomes: Outcomes) -> Outcome:
    """Whether the rule is violated (`holds`), not violated (`fails`) or unknown.

    A chain without preconditions says nothing and is `undecided`: a rule nobody can check must not pass.
    """
    if not chain.preconditions:
        return Outcome.UNDECIDED
    holds = (group_outcome(group, outcomes) for group in chain.preconditions)
    lifted = (negated(group_outcome(group, outcomes)) for group in chain.exceptions)
    return all_hold((*holds, *lifted))


def next_statements(chain: Chain, outcomes: Outcomes) -> Alternatives:
    """What to ask next: the first precondition not asked yet, then the exceptions; nothing once settled.

    Undecided preconditions do not stop the asking: a later one that fails settles the chain cheaply.
    """
    if resolve(chain, outcomes).known or not chain.preconditions:
        return ()
    for group in (*chain.preconditions, *chain.exceptions):
        if not group_outcome(group, outcomes).known:
            unasked = tuple(text for text in group if outcomes.get(text, Outcome.NOT_ASKED) is Outcome.NOT_ASKED)
            if unasked:
                return unasked
    return ()


def open_statements(chain: Chain, outcomes: Outcomes) -> Alternatives:
    """Undecided statements whose answer can still change `resolve`, those of preconditions first."""
    if resolve(chain, outcomes).known:
        return ()
    unsettled = (
        group for group in (*chain.preconditions, *chain.exceptions) if not group_outcome(group, outcomes).known
    )
    texts = (text for group in unsettled for text in group if outcomes.get(text) is Outcome.UNDECIDED)
    return tuple(dict.fromkeys(texts))
