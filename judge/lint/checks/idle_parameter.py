"""`idle-parameter`: a parameter that stands in no statement, so that changing it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from judge.constitution.schema import REFERENCE
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        if not at.rule.preconditions:
            continue  # compiled from the rule's text, which names it
        used = {name for text in subject.asked(at) for name in REFERENCE.findall(text.written)}
        for name in at.rule.parameters:
            if name not in used:
                yield Hit(
                    subject.key_span((*at.path, "parameters", name)),
                    f"{{{name}}} stands in no statement of this rule, so that its value changes nothing",
                    f"write {{{name}}} where the number is meant, or take the parameter out",
                )


IDLE_PARAMETER = Check(
    "idle-parameter",
    Severity.WARNING,
    "A parameter of a rule stands in none of its statements, so changing it changes no verdict.",
    _find,
)
