"""`subsumed-rule`: a rule that adds nothing, as another is violated whenever it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from judge.chain import Chain, Outcome, resolve
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import RuleAt, Subject

_GRAVITY = {"low": 0, "medium": 1, "high": 2, "critical": 3}


def _find(subject: Subject) -> Iterator[Hit]:
    first: dict[object, RuleAt] = {}
    for at in subject.rules:
        if not at.rule.preconditions:
            continue
        same = first.setdefault(_identity(at), at)
        if same is not at:
            yield _hit(subject, at, same)
    rules = list(first.values())
    users = _users(rules)
    for wide in rules:
        rarest = min((_union(users, group) for group in wide.chain.preconditions), key=len)
        for index in sorted(rarest):
            narrow = rules[index]
            if narrow is not wide and _covers(wide, narrow) and _implies(narrow.chain, wide.chain):
                yield _hit(subject, narrow, wide)


def _users(rules: list[RuleAt]) -> dict[str, set[int]]:
    users: dict[str, set[int]] = {}
    for index, at in enumerate(rules):
        for group in at.chain.preconditions:
            for text in group:
                users.setdefault(text, set()).add(index)
    return users


def _union(users: dict[str, set[int]], group: Iterable[str]) -> set[int]:
    return set().union(*(users[text] for text in group))


def _identity(at: RuleAt) -> object:
    rule, chain = at.rule, at.chain
    groups = tuple(frozenset(map(frozenset, one)) for one in (chain.preconditions, chain.exceptions))
    return groups, rule.category, rule.severity, rule.status, rule.thresholds


def _covers(wide: RuleAt, narrow: RuleAt) -> bool:
    """Whether a violation of `wide` says no less: same category and thresholds, as grave, as much enforced."""
    mine, other = wide.rule, narrow.rule
    return (
        mine.category == other.category
        and mine.thresholds == other.thresholds
        and _GRAVITY[mine.severity] >= _GRAVITY[other.severity]
        and (mine.status == "enforce" or other.status == "shadow")
    )


def _implies(narrow: Chain, wide: Chain) -> bool:
    """Whether `wide` is violated in every picture that violates `narrow`.

    Each way in which `wide` may not be violated (a precondition fails, an exception holds) is tried, with the
    rest such that `narrow` is violated if it can be at all. Statements count as unrelated when texts differ.
    """
    best = dict.fromkeys(narrow.statements, Outcome.HOLDS)
    best.update({text: Outcome.FAILS for group in narrow.exceptions for text in group})
    escapes = [dict.fromkeys(group, Outcome.FAILS) for group in wide.preconditions]
    escapes += [{text: Outcome.HOLDS} for group in wide.exceptions for text in group]
    if resolve(narrow, best) is not Outcome.HOLDS:
        return False  # it can never be violated, which is another mistake
    return all(not _still_violated(narrow, best, escape) for escape in escapes)


def _still_violated(narrow: Chain, best: dict[str, Outcome], escape: dict[str, Outcome]) -> bool:
    return resolve(narrow, {**best, **escape}) is Outcome.HOLDS


def _hit(subject: Subject, narrow: RuleAt, wide: RuleAt) -> Hit:
    return Hit(
        subject.id_span(narrow),
        f"`{wide.rule.id}` is violated whenever `{narrow.rule.id}` is, so this rule adds nothing",
        "remove it, or give it a category, a severity or conditions of its own",
    )


SUBSUMED_RULE = Check(
    "subsumed-rule",
    Severity.WARNING,
    "Another rule of the same category, as grave, is violated whenever this one is.",
    _find,
)
