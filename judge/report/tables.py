"""The tables of a batch's last run for queries in SQL. Knows no page and no figure.

Views `images` and `statements` are over the files that count, which another process may be adding to. DuckDB reads the
columns that a query names; what does not fit into `_MEMORY` goes to a folder that is removed at the end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from judge.errors import JudgeError, UserError
from judge.printable import printable
from judge.serving.batch.room import last_run, no_rows_yet, runs
from judge.serving.batch.shards import Shard, Shards

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "512MB"
_TOGETHER = 1000  # rows that a long answer is read by
# Chains by image, view and rule. `missing` is the fact that keeps the rule from being violated: of the conditions that
# fail, else of those that are open, the one with the lowest answer; of its alternatives the one that came nearest.
# `p` is of that fact, and of the weakest one where none is missing.
_CHAINS = """
CREATE VIEW chains AS
WITH conditions AS (
  SELECT sha256, context_digest, view, rule, min(rule_outcome) AS rule_outcome, kind, condition,
         bool_or(outcome = 'holds') AS holds, bool_and(outcome = 'fails') AS fails, max(with_image) AS p,
         first(statement ORDER BY with_image DESC NULLS LAST, statement) AS statement
  FROM statements WHERE kind IS NOT NULL AND enforced
  GROUP BY sha256, context_digest, view, rule, kind, condition),
ordered AS (
  SELECT *, row_number() OVER (
    PARTITION BY sha256, context_digest, view, rule, kind ORDER BY holds, fails DESC, p NULLS LAST, condition) AS nth
  FROM conditions)
SELECT sha256, context_digest, view, rule, min(rule_outcome) AS rule_outcome,
       count(*) FILTER (kind = 'precondition' AND holds) AS held,
       count(*) FILTER (kind = 'precondition') AS wanted,
       bool_or(kind = 'exception' AND holds) AS lifted,
       min(p) FILTER (kind = 'precondition' AND nth = 1) AS p,
       min(statement) FILTER (kind = 'precondition' AND nth = 1 AND NOT holds) AS missing
FROM ordered GROUP BY sha256, context_digest, view, rule
"""
# Of each image the chain that decides how sure its verdict is: of a violation the surest violated one, else the one
# that was nearest to an even chance, an undecided one first.
_NEAREST = """
CREATE VIEW nearest AS
SELECT * FROM chains WHERE rule_outcome <> 'pruned' AND p IS NOT NULL
QUALIFY row_number() OVER (
  PARTITION BY sha256, context_digest ORDER BY rule_outcome = 'violated' DESC, rule_outcome = 'undecided' DESC,
    if(rule_outcome = 'violated', -1, 1) * abs(p - 0.5), rule, view) = 1
"""


class Tables:
    """The tables of a batch's last run, to be used in `with`.

    Raises:
        UserError: the folder is none of a batch, holds no rows yet, or duckdb is missing.
        JudgeError: a table cannot be read, or is not as it was written.
    """

    def __init__(self, folder: Path) -> None:
        try:
            import duckdb
        except ImportError as error:
            hint = "pip install 'constitution-judge[batch]'"
            raise UserError("a report needs the package 'duckdb'", hint=hint) from error
        self._folder, self.run = folder, last_run(folder)
        live = _checked(self.run)
        if not live:
            raise no_rows_yet(folder)
        self._files = [str(self.run / name) for shard in live for name in shard.files]
        self._locked = False
        self._spilled = tempfile.TemporaryDirectory(prefix="judge-")
        self._db: DuckDBPyConnection = duckdb.connect()
        self._db.execute("SET enable_progress_bar = false")
        self._db.execute(f"SET memory_limit = '{_MEMORY}'")
        self._db.execute("SET temp_directory = ?", [self._spilled.name])
        try:
            with self._reading():
                for table in ("images", "statements"):
                    self._db.read_parquet([str(self.run / shard.file(table)) for shard in live]).create_view(table)
                self._db.execute(_CHAINS)
                self._db.execute(_NEAREST)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._db.close()
        self._spilled.cleanup()

    def voters(self) -> list[str]:
        """Make views over the statements of all runs with rows, by models and settings; their names.

        Runs of the same models and settings under several policies are one voter: they gave the same answers.

        Raises:
            JudgeError: a table cannot be read.
        """
        by_ground: dict[str, list[tuple[Path, list[Shard]]]] = {}
        for folder, ground in runs(self._folder):
            if live := _checked(folder):
                by_ground.setdefault(ground, []).append((folder, live))
        names = []
        for number, some in enumerate(by_ground.values(), 1):
            files = [str(folder / shard.file("statements")) for folder, live in some for shard in live]
            names.append(f"statements_{number}")
            with self._reading():
                self._db.read_parquet(files).create_view(names[-1])
        return names

    def hold(self, name: str, columns: Mapping[str, Sequence[Any]]) -> None:
        """Make a view over columns in memory: lists, or arrays of arrow where a type matters."""
        import pyarrow as pa

        self._db.register(name, pa.table(dict(columns)))

    def ask(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of a query of others in SQL. From then on nothing but the tables can be read.

        Raises:
            UserError: it is none, or more than one, or does something else than ask the tables.
        """
        import duckdb

        self._lock()
        columns = "tables: images, statements (see docs/batch.md)"
        try:
            statements = self._db.extract_statements(query)
            if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
                raise UserError("that is not one query", hint=f"one SELECT; {columns}")
            found = self._db.execute(query)
            return [one[0] for one in found.description or ()], found.fetchall()
        except duckdb.Error as error:
            raise UserError(f"the query fails: {printable(str(error).splitlines()[0])}", hint=columns) from error

    def _lock(self) -> None:
        """A query of others reads the files of the tables, and no other file, address or variable."""
        if not self._locked:
            self._db.execute("SET allowed_paths = ?", [self._files])
            self._db.execute("SET python_enable_replacements = false")
            self._db.execute("SET enable_external_access = false")
            self._db.execute("SET lock_configuration = true")
            self._locked = True

    def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        """All rows of a query of ours.

        Raises:
            JudgeError: the tables change under it, or the disk is full.
        """
        with self._reading():
            found: Sequence[tuple[Any, ...]] = self._db.execute(query).fetchall()
        return found

    def stream(self, query: str) -> Iterator[dict[str, Any]]:
        """The rows of a query of ours by column, a few in memory at a time.

        Raises:
            JudgeError: the tables change under it, or the disk is full.
        """
        with self._reading():
            for batch in self._db.sql(query).to_arrow_reader(_TOGETHER):
                yield from batch.to_pylist()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        import duckdb
        import pyarrow as pa

        try:
            yield
        except (duckdb.Error, pa.ArrowException) as error:
            raise JudgeError(
                f"the tables of {printable(self.run.name)} cannot be read: {printable(str(error).splitlines()[0])}",
                hint="if the batch is at work, try again; else its own command says which file was changed",
            ) from error


def _checked(run: Path) -> list[Shard]:
    """The shards of a run that count, each as it was written.

    Raises:
        JudgeError: one is missing or was changed.
    """
    shards = Shards(run, writing=False)
    while True:
        try:
            shards.check()
            return shards.live
        except JudgeError:
            later = Shards(run, writing=False)  # a batch at work may have replaced it since
            if later.live == shards.live:
                raise
            shards = later
