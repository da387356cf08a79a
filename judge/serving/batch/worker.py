"""What runs inside a process that judges: the models, loaded once, and judges of fewer rules that share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from judge.constitution.told import context_digest, subject
from judge.media.clips.sniffing import HEAD, is_clip
from judge.serving.batch.schema import Judged, KeepEvidence, rows_of, rows_of_clip
from judge.serving.child import settle
from judge.verdict import RuleOutcome

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge
    from judge.locks.loading import Policy
    from judge.serving.batch.recalling import Grounds, Recalled
    from judge.settings import Settings
    from judge.verdict import Provenance, Verdict


@dataclass(frozen=True)
class Task:
    """An image to judge.

    rules: the ids of those to judge it by; None is all.
    audit: whether it is judged by the rules that the relevance scan prunes, too, to see what that misses.
    recalled: what of these rules an earlier run found, that need not be found out again.
    context: what is told beside it, as the constitution declares it.
    """

    key: str
    name: str
    sha256: str
    data: bytes
    rules: tuple[str, ...] | None = None
    audit: bool = False
    recalled: Recalled | None = None
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The image, and what is told beside it."""
        return subject(self.sha256, context_digest(self.context))


@dataclass(frozen=True)
class Work:
    """What a process needs to know: policy, settings, and which evidence is kept. devices: one for each process, in
    turn; none where the settings name it."""

    policy: Policy
    settings: Settings
    keep: KeepEvidence
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class JudgeFacts:
    """What a process that has loaded its models says of them. said: warnings for people. grounds: see `grounds_of`."""

    provenance: Provenance
    digests: Mapping[str, str]
    said: tuple[str, ...]
    grounds: Grounds = field(default_factory=dict)


class Bench:
    """A judge, and the same one by some of its rules only."""

    def __init__(self, judge: Judge, keep: KeepEvidence) -> None:
        from judge.serving.batch.policies import rule_digests
        from judge.serving.batch.recalling import grounds_of

        self.judge, self._keep = judge, keep
        self.digests = rule_digests(judge.constitution)
        self.grounds = grounds_of(judge.constitution)
        self._by_rules: dict[tuple[str, ...], Judge] = {}
        self._without_scan: Judge | None = None

    def judge_all(self, tasks: Sequence[Task]) -> list[Judged]:
        """The rows of every task, in order. Tasks of the same rules are judged together; a clip is judged alone."""
        found: dict[int, Judged] = {}
        clips = {at for at, task in enumerate(tasks) if is_clip(task.data[:HEAD])}
        for at in clips:
            task = tasks[at]
            of_clip = self.judge.judge_clip(task.data, name=task.name, context=task.context)
            found[at] = rows_of_clip(task.key, of_clip, self.digests, self._keep, task.sha256)
        for rules in dict.fromkeys(task.rules for task in tasks):
            some = [(at, task) for at, task in enumerate(tasks) if task.rules == rules and at not in clips]
            known = [task.recalled.known() if task.recalled is not None else None for _, task in some]
            contexts = [task.context for _, task in some]
            verdicts = self._of(rules).judge_many([task.data for _, task in some], known, contexts)
            for (at, task), verdict in zip(some, verdicts, strict=True):
                named = verdict.model_copy(update={"image": task.name, "context": dict(task.context) or None})
                found[at] = rows_of(task.key, named, self.digests, self._keep, task.sha256)
                if task.recalled is not None:
                    found[at] = Judged(found[at].image, task.recalled.told_again(found[at].statements))
                if task.audit:
                    found[at].image.update(audited=True, missed=self._missed(task, verdict))
        return [found[at] for at in range(len(tasks))]

    def _missed(self, task: Task, verdict: Verdict) -> list[str]:
        """Rules that the image violates, and that the relevance scan pruned for it."""
        pruned = {(one.rule, one.view) for one in verdict.findings if one.outcome is RuleOutcome.PRUNED}
        if not pruned:
            return []
        hit = [
            one
            for one in self._unpruned().judge(task.data, context=task.context).findings
            if one.outcome is RuleOutcome.VIOLATED
        ]
        return list(dict.fromkeys(one.rule for one in hit if (one.rule, one.view) in pruned))

    def _unpruned(self) -> Judge:
        """The judge without its relevance scan."""
        if self._without_scan is None:
            settings = self.judge.settings
            thresholds = settings.thresholds.model_copy(update={"relevance": -1.0})
            settings = settings.model_copy(update={"thresholds": thresholds})
            rules = tuple(
                rule.model_copy(update={"thresholds": rule.thresholds.model_copy(update={"relevance": None})})
                for rule in self.judge.constitution.rules
            )
            constitution = self.judge.constitution.model_copy(update={"rules": rules})
            self._without_scan = self.judge.derive(
                constitution=constitution, locked=self.judge.locked, settings=settings
            )
        return self._without_scan

    def _of(self, rules: tuple[str, ...] | None) -> Judge:
        if rules is None:
            return self.judge
        if rules not in self._by_rules:
            kept = tuple(rule for rule in self.judge.constitution.rules if rule.id in rules)
            fewer = self.judge.constitution.model_copy(update={"rules": kept})
            self._by_rules[rules] = self.judge.derive(constitution=fewer, locked=self.judge.locked)
        return self._by_rules[rules]


_work: Work | None = None
_bench: Bench | None = None
_said: list[str] = []


def begin(work: Work, turn: Any, threads: int | None) -> None:
    """Get a fresh process ready; models are loaded with the first task, so that what is wrong with them can be told.

    turn: counts the processes. threads: for arithmetic; None is as many as the machine has cores.
    """
    global _work, _said
    _said = settle(threads)
    _work = work
    if work.devices:
        with turn.get_lock():
            device = work.devices[turn.value % len(work.devices)]
            turn.value += 1
        _work = Work(work.policy, work.settings.model_copy(update={"device": device}), work.keep)


def describe() -> JudgeFacts:
    """Load the models, and say what they are."""
    bench = _loaded()
    return JudgeFacts(bench.judge.provenance, bench.digests, tuple(dict.fromkeys(_said)), bench.grounds)


def judge_all(tasks: Sequence[Task]) -> list[Judged]:
    """See `Bench.judge_all`."""
    return _loaded().judge_all(tasks)


def _loaded() -> Bench:
    global _bench
    if _bench is None:
        from judge.assemble import load_judge

        assert _work is not None, "begin first"
        _bench = Bench(load_judge(_work.policy, _work.settings), _work.keep)
    return _bench
