"""What came of each expectation: passed, failed, todo. Pure comparison of verdicts with cases; knows no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field, computed_field

from judge.cases.reading import Expected, LocatedCase
from judge.chain import Outcome
from judge.judging.deciding import Decided, decided_by, gravest_of, of_rule, told
from judge.judging.plain import how
from judge.settings import Frozen
from judge.verdict import Condition, Finding, Provenance, RuleOutcome, Verdict


class Status(StrEnum):
    """How an expectation fared. Only `failed` and `broken` fail a run."""

    PASSED = "passed"
    FAILED = "failed"
    TODO = "todo"  # expected to fail today, and it does
    PASSES_NOW = "passes_now"  # expected to fail today, and it passes
    BROKEN = "broken"  # the model or the file failed, so nothing was tested


class Result(Frozen):
    """One expectation and what came of it.

    rule: the rule it is about; for a single statement, the first expected rule that has it. got: `violates`, `ok`,
    `holds`, `fails`, `undecided` or `not asked`. reason: what to read first when it did not pass.
    """

    rule: str
    statement: str | None = None
    image: str
    place: str
    expected: str
    got: str
    status: Status
    reason: str = ""
    decided: Decided | None = None
    seconds: float = 0.0


class Tally(Frozen):
    """How many expectations fared how."""

    passed: int = 0
    failed: int = 0
    todo: int = 0
    passes_now: int = 0
    broken: int = 0

    @classmethod
    def of(cls, results: Iterable[Result]) -> Tally:
        return cls(**Counter(str(one.status) for one in results))


class Untested(Frozen):
    """A part of a rule that no case tells apart: were it taken out of the chain, no case would notice.

    kind: `violation`: no case violates the rule at all. statements: of the precondition or the exception. flagged,
    not_flagged: the nearest pictures to collect, in words. preconditions: what a case with the latter one says.
    """

    rule: str
    kind: Literal["violation", "precondition", "exception"]
    statements: tuple[str, ...] = ()
    flagged: str = ""
    not_flagged: str = ""
    preconditions: dict[str, Literal["holds", "fails"]] = Field(default_factory=dict)


class TestRun(Frozen):
    """Everything a run of `judge test` found.

    asked: images the model was asked about; the rest were kept. gaps: what no case tells apart.
    """

    __test__: ClassVar[bool] = False  # not for pytest

    constitution: str
    version: str
    cases_file: str
    images: int
    asked: int
    results: tuple[Result, ...]
    gaps: tuple[Untested, ...] = ()
    provenance: Provenance

    @computed_field  # type: ignore[prop-decorator]
    @property
    def tally(self) -> Tally:
        return Tally.of(self.results)

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that have a case, each once."""
        return tuple(dict.fromkeys(one.rule for one in self.results))


def compare(located: LocatedCase, verdict: Verdict) -> tuple[Result, ...]:
    """One result per expected rule and per expected statement."""
    case = located.case
    results = [_rule(located, verdict, rule, expected) for rule, expected in case.expect.items()]
    results += [_statement(located, verdict, text, wanted) for text, wanted in case.preconditions.items()]
    return tuple(results)


def _rule(located: LocatedCase, verdict: Verdict, rule: str, expected: Expected) -> Result:
    finding = gravest_of(of_rule(verdict.findings, rule))
    decided = decided_by(finding) if finding is not None else None
    got, reason = "undecided", ""
    broken = False
    if finding is None:  # the image could not be read
        reason = verdict.failure.message if verdict.failure else "it was not judged"
        broken = True
    elif finding.outcome is RuleOutcome.UNDECIDED:
        reason = finding.reason or ""
        broken = decided is not None and decided.branch == "model_error"
    else:
        got = "violates" if finding.outcome is RuleOutcome.VIOLATED else "ok"
        reason = str(decided) if decided is not None else ""
        if finding.outcome is RuleOutcome.PRUNED:
            reason = "pruned: the picture is too unlike the rule's words to be asked about"
    return Result(
        rule=rule,
        image=located.path,
        place=f"{located.file}:{located.line}",
        expected=expected,
        got=got,
        status=_status(expected, got, broken),
        reason=reason,
        decided=decided,
        seconds=verdict.timings.get("total", 0.0),
    )


def _status(expected: Expected, got: str, broken: bool) -> Status:
    if expected.is_todo:
        return Status.PASSES_NOW if got == expected.settled else Status.TODO
    if broken:
        return Status.BROKEN
    return Status.PASSED if got == expected else Status.FAILED


def _statement(located: LocatedCase, verdict: Verdict, text: str, wanted: Literal["holds", "fails"]) -> Result:
    """A statement holds when it does in any view, and fails when it does in all."""
    found: list[tuple[str, Decided]] = [
        (finding.rule, told(kind, evidence))
        for finding in verdict.findings
        if finding.rule in located.case.expect
        for kind, conditions in _parts(finding)
        for condition in conditions
        for evidence in condition.alternatives
        if evidence.statement == text
    ]
    rule = found[0][0] if found else next(iter(located.case.expect))
    order = (Outcome.HOLDS, Outcome.UNDECIDED, Outcome.NOT_ASKED, Outcome.FAILS)
    decided = min((one for _, one in found), key=lambda one: order.index(one.outcome), default=None)
    broken = decided is None or decided.branch == "model_error"
    got = decided.outcome.replace("_", " ") if decided is not None else "undecided"
    status = Status.PASSED if got == wanted else Status.BROKEN if broken else Status.FAILED
    return Result(
        rule=rule,
        statement=text,
        image=located.path,
        place=f"{located.file}:{located.line}",
        expected=wanted,
        got=got,
        status=status,
        reason=_why(verdict, decided),
        decided=decided,
        seconds=0.0,
    )


def _parts(finding: Finding) -> tuple[tuple[Literal["precondition", "exception"], tuple[Condition, ...]], ...]:
    return ("precondition", finding.preconditions), ("exception", finding.exceptions)


def _why(verdict: Verdict, decided: Decided | None) -> str:
    if decided is None:
        return verdict.failure.message if verdict.failure else "it was not judged"
    if decided.outcome is Outcome.NOT_ASKED:
        return "its rule was settled without it, so it was not asked"
    said = how(decided.branch, decided.about)
    return f"{said} ({decided.reason})" if decided.reason else said
