"""Sets in which every picture also stands with words drawn into it.

A folder as `judge eval` reads it whose metadata.jsonl names, per picture with words, its plain version (`same_as`),
the kind of words (`tags.words`) and where they stand (`text_box`: left, top, right, bottom, in pixels).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from judge.constitution import Constitution
from judge.errors import UserError
from judge.evaluation.data.datasets import load_dataset
from judge.evaluation.data.metadata import read_metadata
from judge.evaluation.protocols import Dataset, Example

METADATA = "metadata.jsonl"
Box = tuple[float, float, float, float]
_BOX = TypeAdapter(Box)


class Pair(NamedTuple):
    """A picture with words, and the same without. kind: what sort of words; box: where they stand."""

    kind: str
    plain: Example
    worded: Example
    box: Box


def read_pairs(folder: str, constitution: Constitution) -> tuple[Dataset, tuple[Pair, ...]]:
    """The set and its pairs.

    Raises:
        UserError: no such set, or one whose images have no plain versions.
    """
    dataset = load_dataset(folder, constitution)
    by_id = {example.id: example for example in dataset.examples}
    file = Path(folder) / METADATA
    if not file.is_file():
        raise UserError(f"{folder} has no {METADATA}", hint="python -m benchmarks.drawn_os_bench.words makes a set")
    pairs = []
    for row in read_metadata(Path(folder), file)[0]:
        same = row.values.get("same_as")
        if same is None or same == row.id:
            continue
        worded, plain = by_id[row.id], by_id.get(same) if isinstance(same, str) else None
        if plain is None:
            raise UserError(f"{file}:{row.line}: `same_as` names {same!r}, which is not in the set")
        try:
            box = _BOX.validate_python(row.values.get("text_box"))
        except ValidationError as error:
            hint = "four numbers: left, top, right, bottom"
            raise UserError(f"{file}:{row.line}: `text_box` is no box", hint=hint) from error
        if "words" not in worded.tags:
            raise UserError(f"{file}:{row.line}: `tags.words` is missing", hint="name the kind of words")
        pairs.append(Pair(worded.tags["words"], plain, worded, box))
    if not pairs:
        raise UserError(f"no image of {folder} names its plain version", hint="give `same_as` in its metadata")
    return dataset, tuple(pairs)
