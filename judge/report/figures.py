"""The figures of a report, asked of the tables of one run in SQL. Knows no page.

1. views `images` and `statements` over the files that count, which another process may be adding to; 2. a query per
figure. What is large stays on the disk: DuckDB reads the columns that a query names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import UserError
from judge.serving.batch.room import last_run
from judge.serving.batch.shards import Shards

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BINS = 20
_MOST = 24  # images of a list

_TOTALS = """
SELECT count(*), count(copy_of), count(*) FILTER (reused > 0), count(*) FILTER (audited AND copy_of IS NULL),
       count(*) FILTER (len(missed) > 0 AND copy_of IS NULL), coalesce(sum(seconds), 0)
FROM images
"""
_ERRORS = "SELECT error_message, count(*) FROM images WHERE error IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 12"
_CAUSES = "SELECT cause, count(*) FROM (SELECT unnest(causes) AS cause FROM images) GROUP BY 1 ORDER BY 2 DESC"
_DAYS = "SELECT left(judged_at, 10), verdict, count(*) FROM images GROUP BY ALL ORDER BY ALL"
_RULES = """
WITH per_image AS (
  SELECT rule, sha256, bool_or(enforced) AS enforced,
         min(list_position(['violated', 'undecided', 'not_violated', 'pruned'], rule_outcome) - 1) AS rank
  FROM statements GROUP BY rule, sha256)
SELECT rule, bool_or(enforced), count(*) FILTER (rank = 0), count(*) FILTER (rank = 1), count(*) FILTER (rank = 2),
       count(*) FILTER (rank = 3)
FROM per_image GROUP BY rule ORDER BY 3 DESC, 4 DESC, rule
"""
_PER_CHAIN = """
WITH conditions AS (
  SELECT sha256, view, rule, any_value(rule_outcome) AS rule_outcome, kind, condition,
         bool_or(outcome = 'holds') AS holds, bool_and(outcome = 'fails') AS fails, max(with_image) AS p,
         first(statement) AS statement
  FROM statements WHERE kind IS NOT NULL AND enforced GROUP BY sha256, view, rule, kind, condition),
chains AS (
  SELECT sha256, view, rule, any_value(rule_outcome) AS rule_outcome,
         count(*) FILTER (kind = 'precondition' AND holds) AS held,
         count(*) FILTER (kind = 'precondition') AS wanted,
         bool_or(kind = 'exception' AND holds) AS lifted,
         min(p) FILTER (kind = 'precondition') AS p,
         first(statement) FILTER (kind = 'precondition' AND NOT holds) AS missing
  FROM conditions GROUP BY sha256, view, rule)
"""


@dataclass(frozen=True)
class ListedImage:
    """An image in a list of the report. about: the rule, and what decided or was wanting. likely: M of the weakest fact
    of the chain, in [0, 1]."""

    key: str
    name: str
    verdict: str
    rule: str | None
    about: str | None
    likely: float | None


@dataclass(frozen=True)
class RuleCounts:
    """What came of one rule, in images. scores: of its answers with the image, in `BINS` equal bins of [0, 1]."""

    rule: str
    enforced: bool
    violated: int
    undecided: int
    not_violated: int
    pruned: int
    scores: tuple[int, ...]


@dataclass(frozen=True)
class BatchFigures:
    """All that a report shows. by_day: day, verdict, count. causes: of reviews. seconds: of judged images, in all."""

    run: str
    images: int
    verdicts: dict[str, int]
    errors: dict[str, int]
    causes: dict[str, int]
    copies: int
    reused: int
    audited: int
    missed: int
    seconds: float
    rules: tuple[RuleCounts, ...]
    by_day: tuple[tuple[str, str, int], ...]
    uncertain: tuple[ListedImage, ...]
    near: tuple[ListedImage, ...]


class Tables:
    """The tables of a batch's last run.

    Raises:
        UserError: the folder is none of a batch, holds no rows yet, or duckdb is missing.
    """

    def __init__(self, folder: Path) -> None:
        try:
            import duckdb
        except ImportError as error:
            hint = "pip install 'constitution-judge[batch]'"
            raise UserError("a report needs the package 'duckdb'", hint=hint) from error
        self.run = last_run(folder)
        live = Shards(self.run, writing=False).live
        if not live:
            raise UserError(f"{folder} holds no rows yet", hint="they come with every 1,000 images, or 5 minutes")
        self._db: DuckDBPyConnection = duckdb.connect()
        self._db.execute("SET enable_progress_bar = false")
        for table in ("images", "statements"):
            files = [str(self.run / shard.file(table)) for shard in live]
            self._db.read_parquet(files).create_view(table)

    def ask(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of a query in SQL.

        Raises:
            UserError: the query is none.
        """
        import duckdb

        try:
            found = self._db.execute(query)
            return [one[0] for one in found.description or ()], found.fetchall()
        except duckdb.Error as error:
            columns = "tables: images, statements (see docs/batch.md)"
            raise UserError(f"the query fails: {str(error).splitlines()[0]}", hint=columns) from error

    def figures(self) -> BatchFigures:
        """All figures."""
        total, copies, reused, audited, missed, seconds = self._rows(_TOTALS)[0]
        return BatchFigures(
            run=self.run.name,
            images=total,
            verdicts=self._counts("SELECT verdict, count(*) FROM images GROUP BY 1 ORDER BY 2 DESC"),
            errors=self._counts(_ERRORS),
            causes=self._counts(_CAUSES),
            copies=copies,
            reused=reused,
            audited=audited,
            missed=missed,
            seconds=seconds,
            rules=self._rules(),
            by_day=tuple((day, word, count) for day, word, count in self._rows(_DAYS)),
            uncertain=self._uncertain(),
            near=self._near(),
        )

    def _rules(self) -> tuple[RuleCounts, ...]:
        """Per image a rule is what it is in its gravest view."""
        bins: dict[str, list[int]] = {}
        counted = (
            f"SELECT rule, least({BINS - 1}, CAST(floor(with_image * {BINS}) AS INTEGER)) AS bin, count(*)"  # noqa: S608
            " FROM statements WHERE with_image IS NOT NULL GROUP BY ALL"
        )
        for rule, place, count in self._rows(counted):
            bins.setdefault(rule, [0] * BINS)[place] = count
        return tuple(
            RuleCounts(rule, enforced, violated, undecided, not_violated, pruned, tuple(bins.get(rule, ())))
            for rule, enforced, violated, undecided, not_violated, pruned in self._rows(_RULES)
        )

    def _uncertain(self) -> tuple[ListedImage, ...]:
        """What needs review, and then decided chains whose weakest fact was nearest to an even chance."""
        return self._listed(
            "SELECT key, name, verdict, rule, missing, p FROM images LEFT JOIN (SELECT *, row_number() OVER"
            " (PARTITION BY sha256 ORDER BY rule_outcome = 'undecided' DESC, abs(p - 0.5)) AS nth FROM chains"
            " WHERE rule_outcome <> 'pruned' AND p IS NOT NULL) USING (sha256)"
            " WHERE coalesce(nth, 1) = 1 AND copy_of IS NULL AND (verdict = 'needs_review' OR abs(p - 0.5) < 0.4)"
            " ORDER BY verdict = 'needs_review' DESC, abs(coalesce(p, 0.5) - 0.5), key"
        )

    def _near(self) -> tuple[ListedImage, ...]:
        """Images without violation of which one fact was wanting, the likeliest first."""
        return self._listed(
            "SELECT key, name, verdict, rule, missing, p FROM images JOIN (SELECT *, row_number() OVER"
            " (PARTITION BY sha256 ORDER BY p DESC, held DESC) AS nth FROM chains WHERE held = wanted - 1"
            " AND NOT lifted AND (held > 0 OR p > 0.2) AND rule_outcome = 'not_violated') USING (sha256)"
            " WHERE nth = 1 AND verdict = 'no_violation' AND copy_of IS NULL ORDER BY p DESC, key"
        )

    def _listed(self, query: str) -> tuple[ListedImage, ...]:
        return tuple(ListedImage(*row) for row in self._rows(f"{_PER_CHAIN} {query} LIMIT {_MOST}"))

    def _counts(self, query: str) -> dict[str, int]:
        return {str(name): count for name, count in self._rows(query)}

    def _rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        found: Sequence[tuple[Any, ...]] = self._db.execute(query).fetchall()
        return found
