"""What of an earlier policy's results need not be found out again of a rule that changed: answers to statements that it
still has, and its relevance where its text is the same.

What is found of a statement about an image depends on the models and the settings, and on what `grounds_of` takes in of
the policy. A statement that stayed open keeps its answer, and goes through the steps after that again where it must.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge.chain import Outcome, chain_of
from judge.constitution import Constitution
from judge.judging.known import Known
from judge.judging.probability import Facts, StatementDecision
from judge.judging.regions_stage import central_objects
from judge.serving.batch.policies import Earlier
from judge.serving.batch.schema import Row
from judge.verdict import Answer, Branch

Grounds = Mapping[str, Mapping[str, str]]  # digests by rule and statement; the rule's own text goes by ""
_OF_STATEMENT = (
    *("outcome", "branch", "cause", "with_image", "prior", "score", "label_mass", "probability", "rationale"),
)


def grounds_of(constitution: Constitution) -> dict[str, dict[str, str]]:
    """SHA-256 of all in the policy that what is found of each statement depends on, and the relevance of each rule."""
    objects, readings = central_objects(constitution), constitution.readings
    found: dict[str, dict[str, str]] = {}
    for rule in constitution.rules:
        chain = chain_of(rule)
        found[rule.id] = {"": _digest([rule.text, constitution.language])}
        for text in chain.statements:
            is_precondition = any(text in group for group in chain.preconditions)
            decided_by = [is_precondition, rule.thresholds.model_dump(mode="json"), objects[text]]
            decided_by += [str(readings[text])] if text in readings else []
            found[rule.id][text] = _digest([text, constitution.language, *decided_by])
    return found


@dataclass(frozen=True)
class Recalled:
    """relevance: by view and rule, as it is called now. rows: of statements that were answered, by view, rule and
    statement."""

    relevance: Mapping[tuple[str, str], float]
    rows: Mapping[tuple[str, str, str], Row]

    def known(self) -> Known:
        """As a judge takes it."""
        relevance: dict[str, dict[str, float]] = {}
        answered: dict[str, dict[tuple[str, str], tuple[Facts, StatementDecision | None]]] = {}
        for (view, rule), cosine in self.relevance.items():
            relevance.setdefault(view, {})[rule] = cosine
        for (view, rule, statement), row in self.rows.items():
            found = StatementDecision(Outcome(row["outcome"]), Branch(row["branch"]))
            decision = found if found.outcome.known else None
            answered.setdefault(view, {})[rule, statement] = _facts(row), decision
        return Known(relevance, answered)

    def told_again(self, rows: Sequence[Row]) -> list[Row]:
        """Rows of statements, those that were recalled to the last digit as they were."""
        return [{**row, **self._as_it_was(row)} for row in rows]

    def _as_it_was(self, row: Row) -> Row:
        before = self.rows.get((row["view"], row["rule"], row["statement"]))
        return (
            {}
            if before is None or not Outcome(before["outcome"]).known
            else {name: before[name] for name in _OF_STATEMENT}
        )


def recalled(earlier: Earlier, before: Grounds, now: Grounds, rules: Sequence[str]) -> Recalled | None:
    """What need not be found out again of `rules`; before, now: grounds of the earlier policy and of this one."""
    if not earlier.is_whole:
        return None
    relevance: dict[tuple[str, str], float] = {}
    rows: dict[tuple[str, str, str], Row] = {}
    for row in (row for some in earlier.by_rule.values() for row in some):
        then, text = before.get(row["rule"], {}), row["statement"]
        for rule in rules:
            if row["relevance"] is not None and then.get("") == now[rule][""]:
                relevance[row["view"], rule] = row["relevance"]
            if _is_answered(row) and text in then and then[text] == now[rule].get(text):
                rows[row["view"], rule, text] = row
    return Recalled(relevance, rows)


def _is_answered(row: Row) -> bool:
    """Whether its answer stands: it decided, or it lay between the thresholds, and no model failed on it. What a
    committee voted on is put to the vote again: a row holds its first model's answer, which must not decide alone."""
    asked = row["with_image"] is not None and row["prior"] is not None and row.get("votes_yes") is None
    return asked and row["branch"] not in (Branch.MODEL_ERROR, Branch.LOW_LABEL_MASS, Branch.NOT_ASKED)


def _facts(row: Row) -> Facts:
    """As much of the facts as a row holds."""
    yes, mass, prior = row["with_image"], row["label_mass"], row["prior"]
    return Facts(Answer(p_yes=yes * mass, p_no=mass - yes * mass), Answer(p_yes=prior, p_no=1 - prior))


def _digest(held: object) -> str:
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
