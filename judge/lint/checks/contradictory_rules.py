"""`contradictory-rules`: two rules that no picture can obey both, or of which one allows what the other forbids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.compiler.grammar.opposites import positive
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import RuleAt, Subject, plainly

_FORBIDS = re.compile(
    r"^(?:no (?P<a>.+) (?:may|must|can|should) be (?:shown|visible|depicted)"
    r"|(?P<b>.+) (?:is|are) not (?:allowed|permitted)|(?P<c>.+) (?:must|may|should) not be (?:shown|visible|depicted))$"
)
_ALLOWS = re.compile(
    r"^(?P<a>.+) (?:may|must|can|should) be (?:shown|visible|depicted)$"
    r"|^(?P<b>.+) (?:is|are) (?:always )?(?:allowed|permitted)$"
)
_ARTICLE = re.compile(r"^(?:a|an|any|all|the|every) ")


def _find(subject: Subject) -> Iterator[Hit]:
    yield from _by_chain(subject)
    yield from _by_text(subject)


def _by_chain(subject: Subject) -> Iterator[Hit]:
    """Chains that differ in one statement, which one affirms and the other denies: every picture breaks one."""
    seen: dict[tuple[frozenset[frozenset[str]], str], dict[bool, RuleAt]] = {}
    for at in subject.rules:
        groups = [frozenset(group) for group in at.chain.preconditions]
        if at.chain.exceptions:
            continue  # an exception may be what tells the two apart
        for number, group in enumerate(groups):
            if len(group) != 1:
                continue
            bare, affirmed = positive(next(iter(group)))
            rest = frozenset(groups[:number] + groups[number + 1 :])
            others = seen.setdefault((rest, bare), {})
            other = others.get(not affirmed)
            if other is not None and other.index != at.index:
                yield _hit(subject, at, f"every picture of these things violates this rule or `{other.rule.id}`")
            others.setdefault(affirmed, at)


def _by_text(subject: Subject) -> Iterator[Hit]:
    forbidden: dict[str, RuleAt] = {}
    allowed: list[tuple[str, RuleAt]] = []
    for at in subject.rules:
        text = plainly(at.rule.text)
        if match := _FORBIDS.match(text):
            forbidden.setdefault(_topic(match), at)
        elif match := _ALLOWS.match(text):
            allowed.append((_topic(match), at))
    for topic, at in allowed:
        if topic in forbidden:
            yield _hit(subject, at, f"this rule allows what `{forbidden[topic].rule.id}` forbids")


def _topic(match: re.Match[str]) -> str:
    return _ARTICLE.sub("", next(one for one in match.groups() if one))


def _hit(subject: Subject, at: RuleAt, message: str) -> Hit:
    return Hit(subject.id_span(at), message, "keep one of the two, or give one an exception that tells them apart")


CONTRADICTORY_RULES = Check(
    "contradictory-rules",
    Severity.ERROR,
    "Two rules that no picture can obey both, or of which one allows what the other forbids.",
    _find,
)
