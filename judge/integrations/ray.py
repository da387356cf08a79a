"""Ray Data: a stage that adds verdicts to the rows of a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.constitution.columns import check_columns, told_in
from judge.constitution.told import context_digest
from judge.errors import UserError
from judge.serving.batch.schema import IMAGES, Row, rows_of
from judge.serving.batch.shards import arrow_schema

if TYPE_CHECKING:
    from judge.constitution import Constitution
    from judge.locks.loading import Policy
    from judge.settings import Settings

_OF_A_BATCH = ("key", "copy_of", "audited", "missed", "reused")  # what only `judge batch` knows
_TOLD = ("context", "context_digest")  # where the constitution declares a context
COLUMNS = tuple(name for name in IMAGES if name not in (*_OF_A_BATCH, *_TOLD))


class JudgeStage:
    """Judges the images of a Ray dataset: `dataset.map_batches(JudgeStage, ...)` keeps every row and adds the columns
    of the table `images` (docs/batch.md) that are about one image: `verdict`, `violations`, `reasons` and so on.

        judged = ray.data.read_parquet("photos.parquet").map_batches(
            JudgeStage,
            fn_constructor_kwargs={"constitution": "house-rules.yaml", "settings": settings, "column": "image"},
            batch_format="pyarrow",
            batch_size=32,
            compute=ray.data.ActorPoolStrategy(size=4),
        )

    Columns that are called like fields of the constitution's `context` are told beside each image; a cell without
    a value tells nothing. Then there are the columns `context` and `context_digest`, too.

    The models are loaded once in each actor. An image that cannot be read or judged has `needs_review` as its verdict,
    and `error`; it ends nothing. A process that dies is Ray's to replace.

    constitution: a name or path, read in each actor; or what `load_policy` or `load_constitution` gave. settings: as of
    `load_judge`. column: where the images are, as the bytes of their files or as paths. evidence: whether the whole
    verdict is kept too, as JSON in the column `evidence`.

    Raises:
        UserError, ModelError: the constitution, the settings or the models cannot be used.
    """

    def __init__(
        self,
        constitution: str | Path | Constitution | Policy = "demo",
        settings: Settings | None = None,
        *,
        column: str = "image",
        evidence: bool = False,
    ) -> None:
        from judge.assemble import load_judge
        from judge.serving.batch.policies import rule_digests

        self._judge = load_judge(constitution, settings)
        self._digests = rule_digests(self._judge.constitution)
        self._column, self._evidence = column, evidence
        self._fields = tuple(self._judge.constitution.context)
        self._added = (*COLUMNS, *_TOLD) if self._fields else COLUMNS

    def __call__(self, batch: Any) -> Any:
        """The rows of a batch, with verdicts.

        Raises:
            UserError: it is no Arrow table, it has no such column of images, or columns of these names already.
        """
        import pyarrow as pa

        if not isinstance(batch, pa.Table):
            raise UserError(
                f"JudgeStage was given a batch as {type(batch).__name__}",
                hint='dataset.map_batches(JudgeStage, batch_format="pyarrow", ...)',
            )
        self._check(batch)
        told = batch.select([name for name in self._fields if name in batch.schema.names]).to_pylist()
        rows = list(self._rows(batch.column(self._column).to_pylist(), [told_in(row, self._fields) for row in told]))
        added = pa.Table.from_pylist(rows, schema=arrow_schema({name: IMAGES[name] for name in self._added}))
        for name in self._added:
            batch = batch.append_column(added.schema.field(name), added.column(name))
        return batch

    def _check(self, table: Any) -> None:
        import pyarrow.types as kinds

        names = table.schema.names
        if self._column not in names:
            raise UserError(
                f"the dataset has no column '{self._column}' (it has: {', '.join(names)})",
                hint='name the one with images: fn_constructor_kwargs={"column": ...}',
            )
        kind = table.schema.field(self._column).type
        tests = (kinds.is_binary, kinds.is_large_binary, kinds.is_string, kinds.is_large_string, kinds.is_null)
        if not any(test(kind) for test in tests):
            raise UserError(
                f"the column '{self._column}' holds {kind}, not the bytes or paths of image files",
                hint="read the files as they are, such as with ray.data.read_binary_files",
            )
        check_columns(names, self._fields, {self._column: "the image"}, "the dataset")
        if taken := sorted(set(names) & set(self._added)):
            raise UserError(
                f"the dataset has columns that a verdict would overwrite: {', '.join(taken)}",
                hint="rename them before, with Dataset.rename_columns",
            )

    def _rows(self, images: Sequence[bytes | str | None], told: Sequence[dict[str, Any]]) -> Iterator[Row]:
        """A row for each, in order."""
        given = [b"" if image is None else image for image in images]
        told = told or [{} for _ in given]
        for image, beside, verdict in zip(given, told, self._judge.judge_many(given, contexts=told), strict=True):
            known = hashlib.sha256(image).hexdigest() if image and isinstance(image, bytes) else None
            digest = known or verdict.image_facts.sha256 or None
            row = rows_of("", verdict, self._digests, "all" if self._evidence else "none", digest).image
            yield {**row, "context_digest": context_digest(beside)}  # of what was refused, too
