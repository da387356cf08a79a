"""All decisions with the judge's evidence, one row each, as CSV, JSON lines or parquet.

Every decision is a row, those taken back too (`superseded_by` says by which line of the log), so that nothing that was
done is missing.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import IO, Any, Literal

from judge.clip_verdict import ClipVerdict
from judge.errors import UserError
from judge.review.store import DecisionRow, Store
from judge.review.store.clips import VIEW, Judged, scores_of, untold
from judge.verdict import RuleOutcome, Verdict

Format = Literal["csv", "parquet", "jsonl"]
_TOGETHER = 1000  # rows per group of a parquet file
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run


def export(store: Store, form: Format, to: IO[bytes]) -> int:
    """Write all decisions; how many there are.

    Raises:
        UserError: parquet is wanted and pyarrow is not installed.
    """
    writer = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}[form]
    return writer(rows(store), to)


def rows(store: Store) -> Iterator[dict[str, Any]]:
    """A decision per row: who decided what and why, what the judge had said, and its evidence.

    reveals: how often the reviewer had seen the original by then. overrides: whether the person decided otherwise than
    the judge. like: of several decided together, the line of the first. scores: per rule.
    evidence: per judged rule its outcome and every statement's; of a clip its ranges. context: what was told beside the
    image, as JSON. not_told: rules that read what was not told: a decision says nothing of them, whatever it is.
    """
    reveals: dict[tuple[int | None, str], list[int]] = {}
    for line in store.log(kind="reveal"):
        reveals.setdefault((line.item, line.who), []).append(line.seq)
    for one in store.decisions(superseded=True):
        seen = sum(seq < one.seq for seq in reveals.get((one.item, one.who), ()))
        yield _row(one, store.judged(one.item), seen)


def _row(one: DecisionRow, verdict: Judged, reveals: int) -> dict[str, Any]:
    decided = one.action in ("violation", "no_violation")
    return {
        **one.model_dump(mode="json", exclude={"violations", "rules"}),
        "rules": list(one.rules),
        "violations": list(one.violations),
        "overrides": one.action != one.verdict if decided else None,
        "reveals": reveals,
        "constitution_version": verdict.provenance.constitution_version,
        "models": [f"{model.role}:{model.name}@{model.digest[:12]}" for model in verdict.provenance.models],
        "context": json.dumps(verdict.context, ensure_ascii=False) if verdict.context else None,
        "not_told": list(untold(verdict)),
        "scores": json.dumps(scores_of(verdict)),
        "evidence": json.dumps(
            _of_clip(verdict) if isinstance(verdict, ClipVerdict) else _evidence(verdict), ensure_ascii=False
        ),
    }


def _evidence(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {
            "rule": finding.rule,
            "view": finding.view,
            "outcome": finding.outcome,
            "statements": [
                {
                    "statement": one.statement,
                    "reads": list(one.reads),
                    "exception": exception,
                    "outcome": one.outcome,
                    "decided_by": one.branch,
                    "probability": one.answer.probability if one.answer else None,
                    "prior": one.prior.probability if one.prior else None,
                    "score": one.score,
                }
                for exception, conditions in ((False, finding.preconditions), (True, finding.exceptions))
                for condition in conditions
                for one in condition.alternatives
            ],
        }
        for finding in verdict.findings
        if finding.outcome is not RuleOutcome.PRUNED
    ]


def _of_clip(verdict: ClipVerdict) -> list[dict[str, Any]]:
    """Of a clip: each rule with its ranges in milliseconds, and no statement."""
    return [
        {
            "rule": one.rule,
            "view": VIEW,
            "outcome": one.outcome,
            "ranges": [[each.start_ms, each.end_ms] for each in one.ranges],
        }
        for one in verdict.rules
        if one.outcome is not RuleOutcome.PRUNED
    ]


def _jsonl(found: Iterable[dict[str, Any]], to: IO[bytes]) -> int:
    count = 0
    for row in found:
        parsed = {name: json.loads(row[name]) for name in ("scores", "evidence", "context") if row[name] is not None}
        whole = {**row, **parsed}
        to.write(json.dumps(whole, ensure_ascii=False).encode() + b"\n")
        count += 1
    return count


def _csv(found: Iterable[dict[str, Any]], to: IO[bytes]) -> int:
    """Lists are joined by `;`. Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    text = io.TextIOWrapper(to, encoding="utf-8", newline="", write_through=True)
    writer = csv.DictWriter(text, fieldnames=list(_schema()))
    writer.writeheader()
    count = 0
    for row in found:
        writer.writerow({name: cell(value) for name, value in row.items()})
        count += 1
    text.detach()
    return count


def cell(value: Any) -> Any:
    """A value as it stands in a CSV file."""
    if isinstance(value, list):
        value = ";".join(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _parquet(found: Iterable[dict[str, Any]], to: IO[bytes]) -> int:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UserError("parquet needs pyarrow", hint="pip install 'constitution-judge[review]'") from error
    kinds = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in _schema().items()])
    remaining = iter(found)
    count = 0
    with pq.ParquetWriter(to, schema, compression="zstd") as writer:
        while batch := list(islice(remaining, _TOGETHER)):
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
            count += len(batch)
    return count


def _schema() -> dict[str, str]:
    """The columns in their order, and what they hold."""
    kinds = {
        "text": "at who read action reason image image_sha256 source added constitution constitution_digest verdict "
        "constitution_version scores evidence context",
        "texts": "rules violations models not_told",
        "int": "seq item superseded_by reveals like",
        "float": "score uncertainty seconds",
        "bool": "agrees overrides",
    }
    kind_of = {name: kind for kind, names in kinds.items() for name in names.split()}
    fields = [name for name in DecisionRow.model_fields if name not in ("rules", "violations")]
    added = [
        "rules",
        "violations",
        "overrides",
        "reveals",
        "constitution_version",
        "models",
        "context",
        "not_told",
        "scores",
        "evidence",
    ]
    return {name: kind_of[name] for name in chain(fields, added)}
