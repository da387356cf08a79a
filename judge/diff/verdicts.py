"""What two constitutions made of the same images: which verdicts flip, by what, and at what cost. No model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import computed_field

from judge.causes import Cause
from judge.diff.judging import Pair
from judge.diff.policy import PolicyDiff
from judge.judging.deciding import Decided, decided_by, gravest_of, of_rule
from judge.judging.regions import GRID
from judge.settings import Frozen
from judge.significance import mcnemar
from judge.verdict import Evidence, Finding, RuleOutcome, Verdict, VerdictWord

ABSENT, SHADOW = "no such rule", "shadow"
_UNREAD = {Cause.NO_CONTEXT, Cause.CANNOT_READ}
_HELD_BACK = (RuleOutcome.NOT_VIOLATED, RuleOutcome.UNDECIDED)


class RuleFlip(Frozen):
    """A rule that came out otherwise, and why.

    changed: what of the rule did it, in words, where no answer did: its status, or that it is new or gone. decided: the
    statement it hangs on, and under which constitution; None where it came out alike and only what that counts for
    changed.
    """

    rule: str
    before: str
    after: str
    changed: str = ""
    decided: Decided | None = None
    under: Literal["old", "new"] = "new"


class Flip(Frozen):
    """An image whose verdict, or whose list of violated rules, is another."""

    image: str
    before: VerdictWord
    after: VerdictWord
    rules: tuple[RuleFlip, ...]


class RuleCount(Frozen):
    """On how many images a rule is violated; None: there is no such rule. Renamed rules count as one."""

    rule: str
    old: int | None
    new: int | None


class McNemar(Frozen):
    """McNemar's exact test on violation yes or no: b are violations of the old only, c of the new only."""

    b: int
    c: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def p_value(self) -> float:
        """How likely a split of b + c at least this uneven is, were both directions equally likely."""
        return mcnemar(self.b, self.c)


class QuestionCost(Frozen):
    """What judging takes, in means per image, as the evidence has it.

    questions: yes/no questions about the image. region_questions: about blanked and cropped copies of it.
    reasonings: statements reasoned about (two generations each).
    """

    questions: float = 0.0
    region_questions: float = 0.0
    reasonings: float = 0.0


class VerdictDiff(Frozen):
    """Everything found on the images. Images on which a model or file failed are in `failures` and nowhere else."""

    images: int
    failures: tuple[str, ...]
    flips: tuple[Flip, ...]
    rules: tuple[RuleCount, ...]
    violations: tuple[int, int]
    mcnemar: McNemar
    reviews: tuple[int, int]
    cost: tuple[QuestionCost, QuestionCost]
    untold: int = 0  # images with a rule that is open for want of what it reads, under one of them or both


def compare_verdicts(policy: PolicyDiff, pairs: Iterable[Pair]) -> VerdictDiff:
    """Compare verdicts on the same images. `policy` says which rules were renamed."""
    both, failures = [], []
    for old, new in pairs:
        failed = old.failure or new.failure
        if failed is not None:
            failures.append(f"{old.image}: {failed.message}")
        else:
            both.append((old, new))
    flips = [_flip(old, new, policy.renamed) for old, new in both]
    violated = [(old.verdict == "violation", new.verdict == "violation") for old, new in both]
    return VerdictDiff(
        images=len(both) + len(failures),
        failures=tuple(failures),
        flips=tuple(one for one in flips if one is not None),
        rules=_counts(both, policy.renamed),
        violations=(sum(old for old, _ in violated), sum(new for _, new in violated)),
        mcnemar=McNemar(b=violated.count((True, False)), c=violated.count((False, True))),
        reviews=(
            sum(old.verdict == "needs_review" for old, _ in both),
            sum(new.verdict == "needs_review" for _, new in both),
        ),
        untold=sum(any(_UNREAD & set(one.causes) for one in pair) for pair in both),
        cost=(mean_cost([old for old, _ in both]), mean_cost([new for _, new in both])),
    )


def _flip(old: Verdict, new: Verdict, renamed: Mapping[str, str]) -> Flip | None:
    violated = {renamed.get(rule, rule) for rule in old.violations}
    if old.verdict == new.verdict and violated == set(new.violations):
        return None
    ids = dict.fromkeys(
        [*(renamed.get(one.rule, one.rule) for one in old.findings), *(one.rule for one in new.findings)]
    )
    was = {now: before for before, now in renamed.items()}
    rules = (_rule_flip(rule, *_both(old, new, was.get(rule, rule), rule)) for rule in ids)
    return Flip(
        image=old.image, before=old.verdict, after=new.verdict, rules=tuple(one for one in rules if one is not None)
    )


def _both(old: Verdict, new: Verdict, was: str, now: str) -> tuple[Finding | None, Finding | None]:
    return gravest_of(of_rule(old.findings, was)), gravest_of(of_rule(new.findings, now))


def _rule_flip(rule: str, old: Finding | None, new: Finding | None) -> RuleFlip | None:
    before, after = _outcome(old), _outcome(new)
    if before == after or {before, after} <= {"not_violated", "pruned", ABSENT, SHADOW}:
        return None
    changed = _changed(old, new)
    under: Literal["old", "new"] = "new"
    shown = new
    if old is not None and old.enforced and (new is None or not new.enforced):
        shown = None  # whatever its statements come to, it counts no more
    elif before == SHADOW and old is not None and new is not None and old.outcome == new.outcome:
        shown = None  # what it always came to counts now
    elif after == "violated" and old is not None and old.outcome in _HELD_BACK:
        under, shown = "old", old  # what held the rule back then, and no longer does
    return RuleFlip(
        rule=rule,
        before=before,
        after=after,
        changed=changed,
        decided=decided_by(shown) if shown is not None else None,
        under=under,
    )


def _changed(old: Finding | None, new: Finding | None) -> str:
    if old is None or new is None:
        return "the rule is new" if old is None else "the rule is gone"
    if old.enforced != new.enforced:
        return "status: enforce -> shadow" if old.enforced else "status: shadow -> enforce"
    if RuleOutcome.PRUNED in (old.outcome, new.outcome):
        return "it was unrelated before" if old.outcome is RuleOutcome.PRUNED else "it is unrelated now"
    return ""


def _outcome(finding: Finding | None) -> str:
    if finding is None:
        return ABSENT
    return finding.outcome if finding.enforced else SHADOW


def _counts(both: list[Pair], renamed: Mapping[str, str]) -> tuple[RuleCount, ...]:
    """Shadow rules too: it is before they are enforced that their counts are wanted."""
    old: dict[str, int] = {}
    new: dict[str, int] = {}
    for before, after in both:
        for counts, verdict in ((old, before), (new, after)):
            violated = {*verdict.violations, *verdict.shadow_violations}
            for rule in dict.fromkeys(one.rule for one in verdict.findings):
                name = renamed.get(rule, rule) if counts is old else rule
                counts[name] = counts.get(name, 0) + (rule in violated)
    return tuple(RuleCount(rule=rule, old=old.get(rule), new=new.get(rule)) for rule in dict.fromkeys((*old, *new)))


def mean_cost(verdicts: list[Verdict]) -> QuestionCost:
    """Means over verdicts; rules of one view that share a statement share its questions."""
    if not verdicts:
        return QuestionCost()
    questions = regions = reasonings = 0
    for verdict in verdicts:
        occluding = all(model.role not in ("detector", "encoder+detector") for model in verdict.provenance.models)
        for one in _evidence(verdict):
            questions += one.answer is not None
            reasonings += one.reasoning is not None
            regions += _region_questions(one, occluding)
    count = len(verdicts)
    return QuestionCost(
        questions=round(questions / count, 3),
        region_questions=round(regions / count, 3),
        reasonings=round(reasonings / count, 3),
    )


def _evidence(verdict: Verdict) -> Iterable[Evidence]:
    asked = {
        (finding.view, one.statement): one
        for finding in verdict.findings
        for condition in (*finding.preconditions, *finding.exceptions)
        for one in condition.alternatives
    }
    return asked.values()


def _region_questions(one: Evidence, occluding: bool) -> int:
    """Occlusion asks about every cell, also where none of them lowers the answer and no region is recorded."""
    looked = one.region is not None or bool(one.steps)
    cells = GRID * GRID if looked and occluding else 0
    if one.region is None:
        return cells
    return cells + (one.region.without is not None) + (one.region.crop is not None)
