"""`unreachable-alternative`: a statement that can never change the outcome of its chain."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar.opposites import clashes
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import RuleAt, Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        for key in ("preconditions", "exceptions"):
            groups: tuple[tuple[str, ...], ...] = getattr(at.chain, key)
            yield from _repeated(subject, at, key, groups)
        yield from _settled(subject, at)
        yield from _denied(subject, at)


def _repeated(subject: Subject, at: RuleAt, key: str, groups: tuple[tuple[str, ...], ...]) -> Iterator[Hit]:
    for number, group in enumerate(groups):
        for which, text in enumerate(group):
            if text in group[:which]:
                yield _hit(subject, at, (key, number, which), text, "is already an alternative here")


def _settled(subject: Subject, at: RuleAt) -> Iterator[Hit]:
    """A precondition that holds whenever another does asks for nothing."""
    groups = at.chain.preconditions
    lifted = {text for group in at.chain.exceptions for text in group}
    for number, group in enumerate(groups):
        for other, smaller in enumerate(groups):
            implied = set(smaller) < set(group) or (set(smaller) == set(group) and other < number)
            if implied:
                which = group.index(smaller[0])
                why = "is already a precondition of this rule" if len(set(smaller)) == 1 else "is asked for already"
                yield _hit(subject, at, ("preconditions", number, which), smaller[0], why)
                break
        else:
            for which, text in enumerate(group):
                if len(set(group)) > 1 and text in lifted and not set(group) <= lifted:
                    yield _hit(subject, at, ("preconditions", number, which), text, "is an exception of this rule too")


def _denied(subject: Subject, at: RuleAt) -> Iterator[Hit]:
    """An alternative that the rest of the chain denies; two that deny each other, of which one always holds."""
    groups = at.chain.preconditions
    found = list(clashes(groups))
    for one in found:
        alternatives = set(groups[one.group])
        dead = {each.text for each in found if each.group == one.group and not each.always}
        if one.always:
            yield _hit(subject, at, ("preconditions", one.group, one.which), one.text, f"or `{one.other}` always holds")
        elif dead < alternatives:  # a group in which all are denied is `impossible-chain`
            place = ("preconditions", one.group, one.which)
            yield _hit(subject, at, place, one.text, f"cannot hold where `{one.other}` does")


def _hit(subject: Subject, at: RuleAt, place: tuple[str, int, int], text: str, why: str) -> Hit:
    return Hit(
        subject.span(subject.alternative(at, *place), text),
        f"`{text}` {why}, so this can never change the outcome",
        "remove it here, or there",
    )


UNREACHABLE_ALTERNATIVE = Check(
    "unreachable-alternative",
    Severity.WARNING,
    "A statement can never change the outcome: it is repeated, or settled elsewhere in the chain.",
    _find,
)
