"""Which cases a draft breaks, by recorded answers, while it is typed. Asks no model and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from judge.cases.reading import Expected, LocatedCase
from judge.constitution import Constitution
from judge.constitution.document import clipped
from judge.constitution.told import checked_context
from judge.errors import UserError
from judge.locks.calibrated import calibrated
from judge.locks.lockfile import Lock
from judge.policytest.outcomes import Result, Status, compare
from judge.review.workbench.recorded import Again, RecordedPicture, again
from judge.settings import Settings

Fared = Literal["breaks", "fails", "asks", "mended", "passes"]
_PASSES = (Status.PASSED, Status.PASSES_NOW, Status.TODO)
ORDER: tuple[Fared, ...] = ("breaks", "fails", "asks", "mended", "passes")


@dataclass(frozen=True)
class CaseOutcome:
    """One expectation of a case under the draft. breaks: it passes under the version before, fails: it does not either
    or that cannot be told. asks: what the model would have to be asked to know."""

    case: LocatedCase
    name: str
    rule: str
    statement: str | None
    expected: str
    got: str
    reason: str
    fared: Fared
    asks: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What stands beside the picture, in one line."""
        return ", ".join(f"{name}: {clipped(text)}" for name, text in self.case.case.context.items())


@dataclass(frozen=True)
class Measured:
    """A constitution with the lock whose calibrated bounds may fit it. settings: how this app judges."""

    constitution: Constitution
    lock: Lock | None = None
    settings: Settings = field(default_factory=Settings)

    def of(self, picture: RecordedPicture) -> Constitution:
        """As a picture was judged by its models: with the bounds that were made with them."""
        if self.lock is None or self.lock.calibration is None:
            return self.constitution
        by = picture.verdict.provenance
        settings = self.settings.model_copy(update={"thresholds": by.thresholds})
        return calibrated(self.constitution, self.lock, by.models, settings).constitution


def cases_under(
    draft: Measured,
    before: Measured | None,
    cases: Sequence[LocatedCase],
    known: Callable[[LocatedCase], RecordedPicture | None],
) -> tuple[CaseOutcome, ...]:
    """Every expectation of every case, what breaks first. before: the version that the draft follows."""
    found = []
    for case in cases:
        picture = known(case)
        was = dict(_results(case, before, picture)) if before is not None else {}
        for key, now in _results(case, draft, picture):
            found.append(_outcome(case, picture, now, was.get(key)))
    return tuple(sorted(found, key=lambda one: ORDER.index(one.fared)))


@dataclass(frozen=True)
class _Now:
    result: Result
    asks: tuple[str, ...] = ()


_Key = tuple[str, str | None]


def _results(case: LocatedCase, measured: Measured, picture: RecordedPicture | None) -> list[tuple[_Key, _Now]]:
    """What comes of each expectation under a constitution."""
    policy = measured.constitution if picture is None else measured.of(picture)
    rules = {rule.id: rule for rule in policy.rules}
    try:
        checked_context(policy, case.case.context)
    except UserError as error:
        return [
            ((rule, None), _Now(_unknown(case, rule, str(what), f"its context does not fit: {error.message}")))
            for rule, what in case.case.expect.items()
        ]
    if picture is None:
        return [
            ((rule, None), _Now(_unknown(case, rule, str(what)), ("the whole picture",)))
            for rule, what in case.case.expect.items()
        ]
    found: dict[str, Again] = {rule: again(rules[rule], policy, picture) for rule in case.case.expect if rule in rules}
    findings = tuple(one for each in found.values() for one in each.findings)
    verdict = picture.verdict.model_copy(update={"findings": findings})
    results = []
    for one in compare(case, verdict):
        if one.rule not in rules:
            passes = case.case.expect[one.rule].settled is Expected.OK
            status = Status.PASSED if passes else Status.FAILED
            now = _Now(one.model_copy(update={"got": "ok", "reason": "the draft has no such rule", "status": status}))
        else:
            now = _Now(one, _asked(one, found[one.rule]))
        results.append(((one.rule, one.statement), now))
    return results


def _asked(result: Result, found: Again) -> tuple[str, ...]:
    """What is missing to know: of a rule whatever it would ask, of a statement whether it was asked itself."""
    if result.statement is None:
        return found.asks
    return (result.statement,) if result.got in ("not asked", "undecided") and result.statement in found.asks else ()


def _outcome(case: LocatedCase, picture: RecordedPicture | None, now: _Now, was: _Now | None) -> CaseOutcome:
    passes = now.result.status in _PASSES
    passed = None if was is None or was.asks else was.result.status in _PASSES
    fared: Fared
    if now.asks:
        fared = "asks"
    elif passes:
        fared = "mended" if passed is False else "passes"
    else:
        fared = "breaks" if passed else "fails"
    one = now.result
    name = picture.verdict.image if picture is not None else case.case.image
    return CaseOutcome(case, name, one.rule, one.statement, one.expected, one.got, one.reason, fared, now.asks)


def _unknown(case: LocatedCase, rule: str, expected: str, why: str = "") -> Result:
    place = f"{case.file}:{case.line}"
    return Result(
        rule=rule, image=case.path, place=place, expected=expected, got="undecided", status=Status.BROKEN, reason=why
    )


def counted(outcomes: Sequence[CaseOutcome]) -> Mapping[Fared, int]:
    """How many fared how."""
    return {name: sum(one.fared == name for one in outcomes) for name in ORDER}
