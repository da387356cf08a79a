"""Which image was made by which model, from which prompt of which set, with which seed. Knows no verdict.

In a table (CSV, JSONL, parquet) the columns `model`, `prompt_set`, `prompt` and `seed` say so. In a folder the path
does: `MODEL/NAME.png`, `MODEL/SET/NAME.png` or `MODEL/SET/PROMPT/SEED.png`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isnan
from pathlib import PurePosixPath
from typing import Any

from judge.constitution.columns import plain_name
from judge.errors import UserError
from judge.judging.opening import name_of
from judge.printable import printable
from judge.serving.batch.sources import SourceItem, source_of
from judge.serving.batch.sources.files import FolderSource
from judge.serving.batch.sources.item import RefusedItem
from judge.serving.batch.sources.tables import TableSource
from judge.settings import DEFAULT_LIMITS, Limits

ALL = "all"  # what all sets of prompts together are called, or the only one
MOST = 1_000_000  # images of one audit
MOST_GROUPS = 20  # models, prompt sets, values of a column: a report of more is no report
_NAME, _PROMPT = 200, 20_000  # characters
_SHOWN = 8  # mistakes that are told at once
_SAME = "the same model, prompt set, prompt and seed"
COLUMNS = ("model", "prompt_set", "prompt", "seed")


@dataclass(frozen=True, slots=True)
class Generated:
    """One image. key: of it in the tables of verdicts. prompt, seed: empty where nobody says. group: what stands in the
    column that the user splits by. place: where in the input it is named."""

    key: str
    model: str
    prompt_set: str = ALL
    prompt: str = ""
    seed: str = ""
    group: str = ""
    place: str = field(default="", compare=False)


def read_generated(
    named: str,
    limits: Limits = DEFAULT_LIMITS,
    *,
    column: str | None = None,
    by: str | None = None,
    to_judge: bool = False,
) -> tuple[Generated, ...]:
    """All images of a folder or a table, in its order. column: of a table, the one with paths. by: one to split by.
    to_judge: whether images must be there, as a table names them; recorded verdicts are counted without.

    Raises:
        UserError: it is neither, or all that is wrong with its rows, with their lines.
    """
    source = source_of(named, limits, column=column)
    if isinstance(source, TableSource):
        found = _checked(named, _of_table(source, name_of(PurePosixPath(named).stem), by, to_judge))
    elif isinstance(source, FolderSource):
        if by is not None:
            raise UserError("a folder has no columns to split by", hint="list its images in a CSV, or leave --by out")
        found = _checked(named, ((item.key, _of_path(item.key)) for item in source.items()))
    else:
        raise UserError(
            f"{printable(named)} does not say which model made which image",
            hint="give a folder (MODEL/SET/NAME.png), or a .csv, .jsonl or .parquet with a column `model`",
        )
    for what in ("model", "prompt_set", "group"):
        groups = {getattr(one, what) for one in found}
        if len(groups) > MOST_GROUPS:
            raise UserError(
                f"{printable(named)} has {len(groups)} different values of `{by if what == 'group' else what}`, and a "
                f"report has room for {MOST_GROUPS}",
                hint="is it the right column? else audit a part at a time",
            )
    sets = {one.prompt_set for one in found}
    if len(sets) > 1 and ALL in sets:
        raise UserError(
            f"a set of prompts in {printable(named)} is called `{ALL}`", hint="that is what all together are called"
        )
    return found


def read_sides(
    before: str, after: str, limits: Limits = DEFAULT_LIMITS, *, by: str | None = None, to_judge: bool = False
) -> list[tuple[Generated, ...]]:
    """The images before and after, as `read_generated`. by: a column of the list before.

    Raises:
        UserError: what is wrong with either, or with both.
    """
    made, wrong = [], []
    for named, split_by in ((before, by), (after, None)):
        try:
            made.append(read_generated(named, limits, by=split_by, to_judge=to_judge))
        except UserError as error:
            wrong.append(error)
    if wrong:
        hints = dict.fromkeys(one.hint for one in wrong if one.hint)
        raise UserError("\n".join(one.message for one in wrong), hint="; ".join(hints))
    return made


def doubled(images: Iterable[Generated]) -> list[str]:
    """Where images are named of which one model made several from the same prompt and seed, so that no pair is sure."""
    places: dict[tuple[str, str, str, str], list[str]] = {}
    for one in images:
        if one.prompt:
            places.setdefault((one.model, one.prompt_set, one.prompt, one.seed), []).append(printable(one.place))
    several = [some for some in places.values() if len(some) > 1]
    told = [f"{', '.join(some[:_SHOWN])}{', ...' * (len(some) > _SHOWN)}: {_SAME}" for some in several[:_SHOWN]]
    return [*told, f"and {len(several) - _SHOWN} more such prompts"] if len(several) > _SHOWN else told


def _checked(named: str, rows: Iterator[tuple[str, Generated | str]]) -> tuple[Generated, ...]:
    found: dict[str, Generated] = {}
    wrong: list[str] = []
    for place, one in rows:
        if isinstance(one, Generated) and one.key in found:
            one = f"{printable(one.key)} stands there twice, first at {printable(found[one.key].place)}"
        if isinstance(one, str):
            wrong.append(f"{printable(named)}, {printable(place)}: {one}")
        else:
            found[one.key] = one
        if len(found) > MOST:
            raise UserError(f"{printable(named)} has over {MOST:,} images", hint="audit a part at a time")
    if wrong:
        more = f"\nand {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise UserError("\n".join(wrong[:_SHOWN]) + more, hint="mend the rows: an audit counts every image once")
    if not found:
        raise UserError(f"no images in {printable(named)}")
    return tuple(found.values())


def _of_path(key: str) -> Generated | str:
    model, *rest = PurePosixPath(key).parts
    if not rest:
        return "it lies in no folder of a model: put it in MODEL/NAME.png or MODEL/SET/NAME.png"
    rest[-1] = PurePosixPath(rest[-1]).stem
    if len(rest) == 1:
        return Generated(key, model, prompt=rest[0], place=key)
    prompt_set, *prompt = rest
    seed = prompt.pop() if len(prompt) > 1 else ""
    return Generated(key, model, prompt_set, "/".join(prompt), seed, place=key)


def _of_table(source: TableSource, stem: str, by: str | None, to_judge: bool) -> Iterator[tuple[str, Generated | str]]:
    misnamed: set[str] = set()
    for found, item in source.described():
        if isinstance(found.row, str):
            yield found.place, found.row
            continue
        for name in found.row.keys() - {*COLUMNS, by} - misnamed:
            meant = plain_name(name)
            if meant in COLUMNS and meant not in found.row:
                misnamed.add(name)
                yield found.place, f"the column `{printable(name)}` is not read: rename it to `{meant}`"
        lacking = _lacking(item) if to_judge else None
        yield found.place, lacking or _of_row(found.row, item, found.place, stem, by)


def _lacking(item: SourceItem) -> str | None:
    """Why the image of a row cannot be there, as far as that is known without reading it."""
    if isinstance(item.read, RefusedItem):
        return item.read.message
    if not item.file or os.path.isfile(item.file):  # noqa: PTH113
        return None
    told = printable(item.key)
    return f"{told}: no file" if os.path.exists(item.file) else f"{told}: no such file"  # noqa: PTH110


def _of_row(row: dict[str, Any], item: SourceItem, place: str, stem: str, by: str | None) -> Generated | str:
    told: dict[str, str] = {}
    for name in (*COLUMNS, *([by] if by is not None else [])):
        if name not in row:
            if name == by:
                return f"it has no column `{printable(name)}`"
            continue
        text = _text(row[name])
        if text is not None and not _is_text(text):
            return f"its `{printable(name)}` is not UTF-8: save the file again as UTF-8"
        if text is None:
            return f"its `{printable(name)}` is neither text nor a number"
        if len(text) > (_PROMPT if name == "prompt" else _NAME):
            return f"its `{printable(name)}` is longer than an audit takes"
        if not text and name in ("model", "prompt_set", by):
            return f"its `{printable(name)}` is empty"
        told["group" if name == by and name not in COLUMNS else name] = text
    if by in COLUMNS:
        told["group"] = told[by]
    return Generated(item.key, **{"model": stem, **told}, place=place)


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and isnan(value)):  # no number is how pandas keeps what is missing
        return ""
    if isinstance(value, float) and value.is_integer():  # and then whole numbers as these
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) else None


def _is_text(text: str) -> bool:
    """Whether it can be written down: bytes that are no UTF-8 are read as halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
