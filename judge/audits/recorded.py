"""What recorded verdicts say of each rule, as they were or decided again under other thresholds. Asks no model.

An image that could not be read, or not wholly, is open for every rule that it is not known to violate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from judge.audits.generated import Generated
from judge.constitution import Constitution
from judge.errors import JudgeError, UserError
from judge.evaluation.measures.counting import Answered
from judge.judging.deciding import gravest_of, of_rule
from judge.judging.replay import Knob, outcome_under
from judge.printable import printable
from judge.report.tables import Tables
from judge.serving.batch.policies import is_whole
from judge.settings import Thresholds
from judge.verdict import RuleOutcome, Verdict

_SAID = {
    RuleOutcome.VIOLATED: Answered.YES,
    RuleOutcome.UNDECIDED: Answered.REVIEW,
    RuleOutcome.NOT_VIOLATED: Answered.NO,
    RuleOutcome.PRUNED: Answered.NO,
}
_ROWS = """
WITH gravest AS (
  SELECT sha256, context_digest, rule,
         min(list_position(['violated', 'undecided', 'not_violated', 'pruned'], rule_outcome)) AS place
  FROM statements GROUP BY sha256, context_digest, rule),
told AS (
  SELECT sha256, context_digest, list(rule) AS rules,
         list(['violated', 'undecided', 'not_violated', 'pruned'][place]) AS outcomes
  FROM gravest GROUP BY sha256, context_digest)
SELECT key, name, verdict, notes, causes, error, {evidence} AS evidence, rules, outcomes
FROM images LEFT JOIN told USING (sha256, context_digest)
"""


@dataclass(frozen=True)
class Recorded:
    """What is known of one image. name: what it was judged by, such as its path. rules: those that were judged. pruned:
    those of them that were not asked about, as the picture is too unlike them."""

    name: str
    rules: Mapping[str, Answered] = field(default_factory=dict)
    pruned: frozenset[str] = frozenset()

    def of(self, rule: str, *, must_show: bool = False) -> Answered:
        """Of a rule; one that nothing was said of is open, and so is a pruned one that says what must be shown."""
        if must_show and rule in self.pruned:
            return Answered.REVIEW
        return self.rules.get(rule, Answered.REVIEW)


def parse_changes(given: list[str]) -> dict[str, float]:
    """`NAME=VALUE` of each to a threshold and its value.

    Raises:
        UserError: it is none.
    """
    changes: dict[str, float] = {}
    for one in given:
        name, _, value = one.partition("=")
        try:
            changes[Knob(name)] = float(value)
            Thresholds.model_validate({name: changes[name]})
        except ValueError as error:  # pydantic's are such, too
            hint = f"NAME=VALUE with a name of {', '.join(Knob)}, such as prior_holds=0.9"
            raise UserError(
                f"{printable(one)} is no threshold that verdicts can be counted again under", hint=hint
            ) from error
    return changes


def check_policy(tables: Tables, constitution: Constitution) -> None:
    """Whether the verdicts are of this constitution.

    Raises:
        UserError: they are of another one, or of another version of it.
    """
    name = tables.run.name.rpartition("-")[0]
    judged = {rule for (rule,) in tables.rows("SELECT DISTINCT rule FROM statements")}
    known = {rule.id for rule in constitution.rules}
    if name != constitution.constitution or (judged and judged != known):
        raise UserError(
            f"the verdicts are of {printable(name)}, and of other rules than {constitution.constitution} has now",
            hint="name the constitution that they were judged under with -c, or judge again",
        )


@dataclass(frozen=True)
class KnownImages:
    """known: what is recorded of each image, by its key. run: the name of the run that it is of. judged_by: the models,
    where evidence was kept. beside: how many images of other keys the tables have."""

    known: Mapping[str, Recorded]
    run: str
    judged_by: tuple[str, ...]
    beside: int


def known_of(
    images: Sequence[Generated], folder: Path, constitution: Constitution, changes: Mapping[str, float]
) -> KnownImages:
    """What the tables of a batch say of images.

    Raises:
        UserError: the folder holds no verdicts, or those of another constitution, or none that can be counted again.
        JudgeError: the tables cannot be read, or are not as they were written.
    """
    wanted = {one.key for one in images}
    known: dict[str, Recorded] = {}
    beside = 0
    with Tables(folder) as tables:
        check_policy(tables, constitution)
        for key, one in recorded(tables, changes):
            if key in wanted:
                known[key] = one
            else:
                beside += 1
        return KnownImages(known, tables.run.name, judged_by(tables), beside)


def recorded(tables: Tables, changes: Mapping[str, float]) -> Iterator[tuple[str, Recorded]]:
    """By key, every image of the tables. changes: thresholds to decide again under; none: as recorded.

    Raises:
        UserError: there is no evidence to decide again.
        JudgeError: the tables cannot be read.
    """
    for row in tables.stream(_ROWS.format(evidence="evidence" if changes else "NULL")):
        outcomes = _again(row, changes) if changes else _as_recorded(row)
        said = {rule: _SAID[one] for rule, one in outcomes.items()}
        if not is_whole({one: row[one] or [] if one in ("notes", "causes") else row[one] for one in row}):
            said = {rule: one if one is Answered.YES else Answered.REVIEW for rule, one in said.items()}
        pruned = frozenset(rule for rule, one in outcomes.items() if one is RuleOutcome.PRUNED)
        yield row["key"], Recorded(row["name"], said, pruned)


def judged_by(tables: Tables) -> tuple[str, ...]:
    """The models that gave the verdicts, where evidence was kept."""
    kept = tables.rows("SELECT evidence FROM images WHERE evidence IS NOT NULL LIMIT 1")
    if not kept:
        return ()
    source = _verdict(kept[0][0]).provenance
    return tuple(dict.fromkeys(f"{one.name} ({one.digest[:12]})" for one in source.models))


def _as_recorded(row: Mapping[str, Any]) -> dict[str, RuleOutcome]:
    return {rule: RuleOutcome(outcome) for rule, outcome in zip(row["rules"] or (), row["outcomes"] or (), strict=True)}


def _again(row: Mapping[str, Any], changes: Mapping[str, float]) -> dict[str, RuleOutcome]:
    if row["evidence"] is None:
        if not row["rules"]:
            return {}
        raise UserError(
            f"{printable(row['name'])} was judged without evidence, so it cannot be counted again",
            hint="judge with --evidence all, as `judge audit-generator` does by itself",
        )
    verdict = _verdict(row["evidence"])
    run = verdict.provenance.thresholds
    findings = tuple(
        one.model_copy(update={"outcome": outcome_under(one, _moved(one.thresholds or run, run, changes))})
        for one in verdict.findings
    )
    gravest = {rule: gravest_of(of_rule(findings, rule)) for rule in dict.fromkeys(one.rule for one in findings)}
    return {rule: one.outcome for rule, one in gravest.items() if one is not None}


def _moved(own: Thresholds, run: Thresholds, changes: Mapping[str, float]) -> Thresholds:
    """A rule's own value is left alone: it was set for the rule."""
    free = {name: value for name, value in changes.items() if getattr(own, name) == getattr(run, name)}
    return own.model_copy(update=free) if free else own


def _verdict(text: str) -> Verdict:
    try:
        return Verdict.model_validate_json(text)
    except ValidationError as error:
        raise JudgeError("the evidence of a recorded verdict is damaged", hint="judge the images again") from error
