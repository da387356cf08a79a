"""`swallowing-exception`: exceptions that hold whenever the chain does, so that nothing is ever a violation."""

from __future__ import annotations

from collections.abc import Iterator

from judge.chain import Chain, Outcome, resolve
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        chain = at.chain
        alone = [
            number
            for number, group in enumerate(chain.exceptions)
            if chain.preconditions and not _can_be_violated(Chain(chain.preconditions, (group,)))
        ]
        for number in alone:
            asked = {text for group in chain.preconditions for text in group}
            which, text = next((place, one) for place, one in enumerate(chain.exceptions[number]) if one in asked)
            yield Hit(
                subject.span(subject.alternative(at, "exceptions", number, which), text),
                f"`{text}` holds whenever the preconditions do, so the rule can never be violated",
                "an exception must be something that a violating picture may lack",
            )
        if not alone and chain.preconditions and chain.exceptions and not _can_be_violated(chain):
            yield Hit(
                subject.key_span((*at.path, "exceptions")),
                "one of these exceptions holds whenever the preconditions do, so the rule can never be violated",
                "every alternative of a precondition is excepted: leave one of them out",
            )


def _can_be_violated(chain: Chain) -> bool:
    """Whether all preconditions can hold while every exception fails."""
    outcomes = dict.fromkeys(chain.statements, Outcome.HOLDS)
    outcomes.update({text: Outcome.FAILS for group in chain.exceptions for text in group})
    return resolve(chain, outcomes) is Outcome.HOLDS


SWALLOWING_EXCEPTION = Check(
    "swallowing-exception",
    Severity.ERROR,
    "The exceptions hold whenever the chain does, so no picture can violate the rule.",
    _find,
)
