"""Which parts of a rule no case tells apart, and the pictures that would. Pure; knows no model and no image.

A precondition is told apart by a case that must be ok and says that just this precondition fails, or that was judged ok
for it; an exception by one that says that it holds. A part that cannot be missing beside the rest is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from judge.cases.reading import Case, Expected
from judge.chain import Alternatives, Chain, chain_of
from judge.constitution import Constitution
from judge.locks.said import Described, Pictures, every_picture
from judge.policytest.outcomes import Result, Status, Untested


def gaps(constitution: Constitution, cases: Sequence[Case], results: Sequence[Result] = ()) -> tuple[Untested, ...]:
    """What no case tells apart, rule by rule; `results` of a run say which precondition made an image ok."""
    found = []
    for rule in constitution.rules:
        chain = chain_of(rule)
        about = [case for case in cases if rule.id in case.expect]
        failed = {
            one.decided.statement
            for one in results
            if one.rule == rule.id
            and one.statement is None
            and one.decided is not None
            and one.expected == Expected.OK
            and one.status is Status.PASSED
        }
        found += list(_of_rule(rule.id, chain, about, failed))
    return tuple(found)


def _of_rule(rule: str, chain: Chain, cases: Sequence[Case], decided: set[str]) -> Iterator[Untested]:
    pictures = every_picture(chain)
    if not pictures.flagged:
        return
    ok = [case for case in cases if case.expect[rule].settled is Expected.OK]
    if len(ok) == len(cases):
        yield _gap(rule, "violation", (), pictures.flagged[0], None)
    for group in chain.preconditions:
        told = decided & set(group) or any(_fails_alone(group, chain, case) for case in ok)
        lacking = next((one for one in pictures.lacking if one.missing[0] in group), None)
        if not told and lacking is not None:
            yield _gap(rule, "precondition", group, _nearest(pictures, lacking), lacking)
    for group in chain.exceptions:
        told = decided & set(group) or any(case.preconditions.get(text) == "holds" for case in ok for text in group)
        lifted = next((one for one in pictures.lifted if one.shown[-1] in group), None)
        if not told and lifted is not None:
            yield _gap(rule, "exception", group, _nearest(pictures, lifted), lifted)


def _fails_alone(group: Alternatives, chain: Chain, case: Case) -> bool:
    """Whether a case that must be ok says that this precondition fails, and of no other one."""
    said = case.preconditions

    def fails(one: Alternatives) -> bool:
        return all(said.get(text) == "fails" for text in one)

    if len(chain.preconditions) == 1 and not chain.exceptions:
        return True  # nothing else can have made it ok
    return fails(group) and not any(fails(other) for other in chain.preconditions if other != group)


def _nearest(pictures: Pictures, other: Described) -> Described:
    """The flagged picture that differs least."""
    return max(pictures.flagged, key=lambda one: len(set(one.shown) & set(other.shown)))


def _gap(
    rule: str,
    kind: Literal["violation", "precondition", "exception"],
    statements: Alternatives,
    flagged: Described,
    other: Described | None,
) -> Untested:
    expected: dict[str, Literal["holds", "fails"]] = {}
    if other is not None:
        expected = dict.fromkeys(other.missing, "fails") if other.missing else {other.shown[-1]: "holds"}
    return Untested(
        rule=rule,
        kind=kind,
        statements=statements,
        flagged=flagged.words,
        not_flagged=other.words if other is not None else "",
        preconditions=expected,
    )
