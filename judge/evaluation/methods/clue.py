"""The judge as a method that can be evaluated. Baselines and ablations stand beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

from judge.caches.answers import CachedAnswers
from judge.caches.shared import SharedAnswers
from judge.caches.shelf_life import kept_for
from judge.constitution import Constitution
from judge.evaluation.protocols import Contexts, Judgement, Kind
from judge.judging.pipeline import Judge
from judge.judging.scoring import rule_scores
from judge.verdict import Finding, RuleOutcome, Verdict

NAME = "clue"
Thing = TypeVar("Thing")


def the_judge(judge: Judge, kept: CachedAnswers | None = None) -> JudgeMethod:
    """The whole method. `kept`: where its model's answers are kept and, where they are known, read from."""
    constitution = all_enforced(judge.constitution)
    shared = None if kept is None else kept.sharing(judge)
    if shared is not None or constitution != judge.constitution:
        judge = judge.derive(constitution=constitution, locked=judge.locked, model=shared)
    return JudgeMethod(judge, NAME, "method", "The full method: every step, as the settings have it.", shared)


def all_enforced(constitution: Constitution) -> Constitution:
    """The constitution with its shadow rules enforced: what is measured is whether a rule is judged right, not
    whether it counts today."""
    rules = tuple(rule.model_copy(update={"status": "enforce"}) for rule in constitution.rules)
    return constitution.model_copy(update={"rules": rules})


class JudgeMethod:
    """A `Method` that is a judge, whole or with something left out.

    shared: what its model's answers are shared through, if they are. A batch for which any answer was known already
    has no time of its own.
    """

    names_rules = True

    def __init__(self, judge: Judge, name: str, kind: Kind, about: str, shared: SharedAnswers | None = None) -> None:
        self.name, self.kind, self.about = name, kind, about
        self.identity = digest_of(judge.provenance.basis(), kept_for(judge.provenance.models))
        self._judge, self._shared = judge, shared

    def judge(self, paths: Sequence[str], contexts: Contexts | None = None) -> Iterator[Judgement]:
        """See `Method.judge`."""
        told = [{} for _ in paths] if contexts is None else contexts
        if self._shared is None:
            yield from (judgement_of(verdict) for verdict in self._judge.judge_many(paths, contexts=told))
            return
        size = self._judge.settings.batch
        for batch, beside in zip(batches(paths, size), batches(told, size), strict=True):
            before = self._shared.reused
            verdicts = list(self._judge.judge_many(batch, contexts=beside))
            own_time = self._shared.reused == before
            yield from (judgement_of(verdict, own_time=own_time) for verdict in verdicts)


def judgement_of(verdict: Verdict, *, own_time: bool = True) -> Judgement:
    """What a verdict says of an image, with `rule_scores`, and the highest of them as the image's."""
    scores = rule_scores(verdict)
    failure = verdict.failure.message if verdict.failure is not None else None
    if failure is None and not scores and verdict.verdict == "needs_review":
        failure = "; ".join(verdict.reasons)
    return Judgement(
        verdict=verdict.verdict,
        violations=verdict.violations,
        undecided=_undecided(verdict.findings),
        score=max(scores.values(), default=None),
        rule_scores=scores,
        seconds=verdict.timings.get("total") if own_time else None,
        trace=verdict,
        failure=failure,
    )


def batches(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    """The things in runs of at most `size`."""
    return (things[start : start + size] for start in range(0, len(things), size))


def digest_of(*parts: str) -> str:
    """SHA-256 of some texts, as the identity of a method."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _undecided(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Rules that stayed open in one view and are violated in none."""
    violated = {one.rule for one in findings if one.outcome is RuleOutcome.VIOLATED}
    ids = (one.rule for one in findings if one.outcome is RuleOutcome.UNDECIDED and one.rule not in violated)
    return tuple(dict.fromkeys(ids))
