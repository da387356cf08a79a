"""`impossible-chain`: a rule that asks for a thing and its opposite."""

from __future__ import annotations

from collections.abc import Iterator

from judge.lint.findings import Check, Hit, Severity
from judge.lint.opposites import opposite
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        single = [(number, group[0]) for number, group in enumerate(at.chain.preconditions) if len(set(group)) == 1]
        for place, (number, text) in enumerate(single):
            earlier = next((other for _, other in single[:place] if opposite(text, other)), None)
            if earlier is not None:
                yield Hit(
                    subject.span(subject.alternative(at, "preconditions", number), text),
                    f"`{text}` and `{earlier}` cannot both hold, so the rule can never be violated",
                    "remove one, or put both under one `any`",
                )


IMPOSSIBLE_CHAIN = Check(
    "impossible-chain",
    Severity.ERROR,
    "A rule asks for a thing and its opposite, so no picture can violate it.",
    _find,
)
