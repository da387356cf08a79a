"""The state of judging one view of one picture: which rules are live, what is known of every statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from judge.causes import Cause, Remark, Why
from judge.chain import Chain, Outcome, chain_of, group_outcome, next_statements, open_statements, resolve
from judge.constitution import Rule
from judge.constitution.context import Reading
from judge.errors import ModelError, TriedInVain, Unreachable
from judge.judging.absence import needs_something_shown
from judge.judging.calling import NotAsked
from judge.judging.closer import Closer
from judge.judging.given import GivenContext
from judge.judging.known import Known
from judge.judging.probability import Facts, StatementDecision, decide, evidence
from judge.media import Picture, View
from judge.settings import Thresholds
from judge.verdict import Branch, Condition, Finding, RuleOutcome

_NOTHING = Facts()


@dataclass(frozen=True)
class PreparedRule:
    """One rule made ready for judging: its chain, its thresholds, and what a detector looks for."""

    rule: Rule
    chain: Chain
    thresholds: Thresholds

    @classmethod
    def of(cls, rule: Rule, thresholds: Thresholds) -> PreparedRule:
        return cls(rule, chain_of(rule), thresholds.overridden(rule.thresholds))

    def thresholds_of(self, statement: str) -> Thresholds:
        """What a statement of this rule is decided by: calibrated bounds are those of preconditions."""
        asked = any(statement in group for group in self.chain.preconditions)
        return self.thresholds if asked else self.thresholds.of_exceptions


@dataclass(eq=False)
class ViewState:
    """Judging one view. Facts are kept per statement, so rules that share one share its answer.

    picture: what the view is of; the states of one picture have the same. closer: the closer look that the
    view is, None for a plain one. given: what is told beside the picture, the same for all states of one.
    """

    view: View
    prepared: tuple[PreparedRule, ...]
    picture: object = None
    closer: Closer | None = None
    given: GivenContext = field(default_factory=GivenContext)
    facts: dict[str, Facts] = field(default_factory=dict)
    failures: dict[str, ModelError] = field(default_factory=dict)  # of a model, the last on each statement
    relevance: dict[str, float] = field(default_factory=dict)
    pruned: set[str] = field(default_factory=set)
    exhausted: set[str] = field(default_factory=set)
    strangeness: float | None = None  # of the picture, where there is a guard; over 1 is too far
    outside: Why | None = None  # why the model must not judge this picture
    passed_over: bool = False  # a closer view that is not judged, because it is strange to the model
    scanned: bool = False  # for relevance, or found to be beyond it
    stopped: Why | None = None  # why nothing more is asked about this picture, though rules are open
    remarks: tuple[Why, ...] = ()  # what a verdict should say that changes nothing
    _decisions: dict[str, dict[str, tuple[Facts, StatementDecision]]] = field(default_factory=dict)
    """By statement and rule, with the facts that it was decided by."""

    @property
    def sha256(self) -> str | None:
        """Of the file that the view is of; None where it is of none."""
        return self.picture.sha256 if isinstance(self.picture, Picture) else None

    def reading(self, statement: str) -> Reading | None:
        """What a statement looks at, where that is not the view alone."""
        return self.given.readings.get(statement)

    def facts_of(self, statement: str) -> Facts:
        """What is known of a statement."""
        return self.about(statement).facts.get(statement, _NOTHING)

    def exhaust(self, statement: str) -> None:
        """Note that every step was tried on a statement."""
        self.about(statement).exhausted.add(statement)

    def about(self, statement: str) -> ViewState | GivenContext:
        """Where what is found out about a statement is kept: with the view, or with the texts that it is about."""
        reading = self.reading(statement)
        return self if reading is None or reading.sees else self.given

    def note(self, statement: str, **found: Any) -> None:
        """Add to what is known of a statement."""
        self.about(statement).facts[statement] = replace(self.facts_of(statement), **found)

    def fail(self, statement: str, error: ModelError) -> None:
        """Note that a model failed on a statement. What there was no time to ask may still be asked."""
        if isinstance(error, NotAsked):
            return
        self.note(statement, error=error.message)
        self.about(statement).failures[statement] = error
        if isinstance(error, Unreachable):
            self.stopped = Why.of(Cause.UNREACHABLE, said=error.message)
        elif isinstance(error, TriedInVain):
            self.stopped = Why.of(Cause.MODEL_ERROR, said=error.message)

    def recall(self, known: Known) -> None:
        """Take in what is known already: it is not found out again. Of what reads nothing is: other texts may have come
        with the picture then."""
        self.strangeness = 0.0  # it was not too far
        cosines = known.relevance.get(self.view.name, {})
        if all(ready.rule.id in cosines for ready in self.prepared):
            self.weigh([cosines[ready.rule.id] for ready in self.prepared])
        for (rule, statement), (facts, decision) in known.answered.get(self.view.name, {}).items():
            if self.reading(statement) is not None:
                continue
            self.facts[statement] = facts
            if decision is not None:
                self._decisions.setdefault(statement, {})[rule] = facts, decision

    def weigh(self, relevance: Sequence[float]) -> None:
        """Prune the rules that have too little to do with the picture, by the relevance of each.

        A rule without a chain is not pruned: nothing can decide it, and pruning it would pass for deciding. Nor is one
        that is broken by what is not shown, or by what is told.
        """
        self.scanned = True
        for ready, cosine in zip(self.prepared, relevance, strict=True):
            self.relevance[ready.rule.id] = round(cosine, 6)
            told = any(self.reading(text) is not None for group in ready.chain.preconditions for text in group)
            far = self.relevance[ready.rule.id] < ready.thresholds.relevance
            if far and not told and needs_something_shown(ready.chain):
                self.pruned.add(ready.rule.id)

    @property
    def settled(self) -> bool:
        """Whether nothing more can be done."""
        if self.outside is not None or self.stopped is not None or self.passed_over:
            return True
        return self.scanned and not self.next_statements() and not self.next_open()

    def next_statements(self) -> list[str]:
        """What the live rules want asked next, each statement once."""
        wanted = (next_statements(ready.chain, self._outcomes(ready)) for ready in self._asked())
        return list(dict.fromkeys(text for texts in wanted for text in texts))

    def next_open(self) -> list[str]:
        """Per live rule the first undecided statement that can still change it and has a step left."""
        wanted = []
        for ready in self._asked():
            open_ones = open_statements(ready.chain, self._outcomes(ready))
            wanted += [text for text in open_ones if self._has_steps_left(ready, text)][:1]
        return list(dict.fromkeys(wanted))

    def is_open(self, statement: str) -> bool:
        """Whether some live rule still hangs on this statement."""
        return any(statement in open_statements(ready.chain, self._outcomes(ready)) for ready in self._live())

    def thresholds_of(self, statement: str) -> Thresholds:
        """Thresholds of the first live rule that uses the statement (crop and box bounds are the run's own)."""
        return next(ready.thresholds for ready in self._live() if statement in ready.chain.statements)

    def findings(self) -> tuple[Finding, ...]:
        """One finding per rule, in the constitution's order."""
        return tuple(self._finding(ready) for ready in self.prepared)

    def _live(self) -> Iterable[PreparedRule]:
        return (ready for ready in self.prepared if ready.rule.id not in self.pruned)

    def _asked(self) -> Iterable[PreparedRule]:
        """The rules that may still be asked about."""
        return self._live() if self.outside is None and self.stopped is None and not self.passed_over else ()

    def _has_steps_left(self, ready: PreparedRule, statement: str) -> bool:
        """A failed model, an answer without label mass and bounds of the rule are not argued with: a person decides."""
        if ready.thresholds_of(statement).bounds is not None:
            return False
        return (
            statement not in self.about(statement).exhausted
            and self._decision(ready, statement).branch is Branch.UNDECIDED
        )

    def _decision(self, ready: PreparedRule, statement: str) -> StatementDecision:
        known, facts = self._decisions.setdefault(statement, {}), self.facts_of(statement)
        by, decision = known.get(ready.rule.id, (None, None))
        if decision is None or by is not facts:
            decision = decide(facts, ready.thresholds_of(statement))
            known[ready.rule.id] = facts, decision
        return decision

    def _outcomes(self, ready: PreparedRule) -> dict[str, Outcome]:
        return {text: self._decision(ready, text).outcome for text in ready.chain.statements}

    def _finding(self, ready: PreparedRule) -> Finding:
        rule, outcomes = ready.rule, self._outcomes(ready)

        def conditions(groups: tuple[tuple[str, ...], ...]) -> tuple[Condition, ...]:
            return tuple(
                Condition(
                    outcome=group_outcome(group, outcomes),
                    alternatives=tuple(
                        evidence(text, self.facts_of(text), ready.thresholds_of(text), self.reading(text))
                        for text in group
                    ),
                )
                for group in groups
            )

        preconditions, exceptions = conditions(ready.chain.preconditions), conditions(ready.chain.exceptions)
        outcome, why = self._outcome(ready, outcomes, (*preconditions, *exceptions))
        return Finding(
            rule=rule.id,
            text=rule.text,
            view=self.view.name,
            category=rule.category,
            severity=rule.severity,
            enforced=rule.status == "enforce",
            outcome=outcome,
            reason=str(why) if why is not None else None,
            cause=Cause(why.cause) if why is not None else None,
            relevance=self.relevance.get(rule.id),
            thresholds=ready.thresholds,
            preconditions=preconditions,
            exceptions=exceptions,
        )

    def _outcome(
        self, ready: PreparedRule, outcomes: dict[str, Outcome], conditions: tuple[Condition, ...]
    ) -> tuple[RuleOutcome, Why | None]:
        if self.outside is not None:
            return RuleOutcome.UNDECIDED, self.outside
        if ready.rule.id in self.pruned:
            return RuleOutcome.PRUNED, None
        outcome = resolve(ready.chain, outcomes)
        if outcome is Outcome.HOLDS:
            return RuleOutcome.VIOLATED, None
        if outcome is Outcome.FAILS:
            return RuleOutcome.NOT_VIOLATED, None
        if not ready.chain.preconditions:
            return RuleOutcome.UNDECIDED, Why.of(Cause.NO_CHAIN)
        if self.stopped is not None:
            return RuleOutcome.UNDECIDED, self.stopped
        unknown = [one for condition in conditions if not condition.outcome.known for one in condition.alternatives]
        open_ones = [
            str(Why.of(Remark.OF_STATEMENT, statement=one.statement, why=one.reason)) for one in unknown if one.reason
        ]
        if not open_ones:
            return RuleOutcome.UNDECIDED, Why.of(Cause.NOT_ASKED)
        return RuleOutcome.UNDECIDED, Why.of(Cause.STATEMENT_OPEN, open="; ".join(open_ones))
