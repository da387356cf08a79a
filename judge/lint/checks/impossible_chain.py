"""`impossible-chain`: a rule that asks for a thing and its opposite."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar.opposites import Clash, clashes
from judge.lint.findings import Check, Hit, Severity
from judge.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for at in subject.rules:
        groups = [tuple(dict.fromkeys(group)) for group in at.chain.preconditions]
        dead: dict[int, list[Clash]] = {}
        for clash in clashes(groups):
            if not clash.always:
                dead.setdefault(clash.group, []).append(clash)
        impossible = [number for number, found in dead.items() if len(found) == len(groups[number])]
        for number in impossible:
            clash = dead[number][-1]
            if any(clash.other in groups[later] for later in impossible if later > number):
                continue  # told where the later of the two stands
            yield Hit(
                subject.span(subject.alternative(at, "preconditions", number, clash.which), clash.text),
                f"`{clash.text}` and `{clash.other}` cannot both hold, so the rule can never be violated",
                "remove one, or say what is visible in the picture that is meant",
            )


IMPOSSIBLE_CHAIN = Check(
    "impossible-chain",
    Severity.ERROR,
    "A rule asks for a thing and its opposite, so no picture can violate it.",
    _find,
)
