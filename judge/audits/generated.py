"""Which image was made by which model, from which prompt of which set, with which seed. Knows no verdict.

In a table (CSV, JSONL, parquet) the columns `model`, `prompt_set`, `prompt` and `seed` say so. In a folder the path
does: `MODEL/NAME.png`, `MODEL/SET/NAME.png` or `MODEL/SET/PROMPT/SEED.png`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from judge.errors import UserError
from judge.printable import printable
from judge.serving.batch.sources import SourceItem, source_of
from judge.serving.batch.sources.files import FolderSource
from judge.serving.batch.sources.tables import TableSource
from judge.settings import DEFAULT_LIMITS, Limits

ALL = "all"  # what all sets of prompts together are called, or the only one
MOST = 1_000_000  # images of one audit
MOST_GROUPS = 20  # models, prompt sets, values of a column: a report of more is no report
_NAME, _PROMPT = 200, 20_000  # characters
_SHOWN = 8  # mistakes that are told at once
COLUMNS = ("model", "prompt_set", "prompt", "seed")


@dataclass(frozen=True, slots=True)
class Generated:
    """One image. key: of it in the tables of verdicts. prompt, seed: empty where nobody says. group: what stands in the
    column that the user splits by."""

    key: str
    model: str
    prompt_set: str = ALL
    prompt: str = ""
    seed: str = ""
    group: str = ""


def read_generated(
    named: str, limits: Limits = DEFAULT_LIMITS, *, column: str | None = None, by: str | None = None
) -> tuple[Generated, ...]:
    """All images of a folder or a table, in its order. column: of a table, the one with paths. by: one to split by.

    Raises:
        UserError: it is neither, or all that is wrong with its rows, with their lines.
    """
    source = source_of(named, limits, column=column)
    if isinstance(source, TableSource):
        found = _checked(named, _of_table(source, PurePosixPath(named).stem, by))
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


def _checked(named: str, rows: Iterator[tuple[str, Generated | str]]) -> tuple[Generated, ...]:
    found: dict[str, Generated] = {}
    wrong: list[str] = []
    for place, one in rows:
        if isinstance(one, Generated) and one.key in found:
            one = f"{printable(one.key)} stands there twice"
        if isinstance(one, str):
            wrong.append(f"{printable(place)}: {one}")
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
        return Generated(key, model, prompt=rest[0])
    prompt_set, *prompt = rest
    seed = prompt.pop() if len(prompt) > 1 else ""
    return Generated(key, model, prompt_set, "/".join(prompt), seed)


def _of_table(source: TableSource, stem: str, by: str | None) -> Iterator[tuple[str, Generated | str]]:
    for number, row, item in source.described():
        yield f"row {number}", "it is damaged" if row is None else _of_row(row, item, stem, by)


def _of_row(row: dict[str, Any], item: SourceItem, stem: str, by: str | None) -> Generated | str:
    told: dict[str, str] = {}
    for name in (*COLUMNS, *([by] if by is not None else [])):
        if name not in row:
            if name == by:
                return f"it has no column `{printable(name)}`"
            continue
        text = _text(row[name])
        if text is None:
            return f"its `{printable(name)}` is neither text nor a number"
        if len(text) > (_PROMPT if name == "prompt" else _NAME):
            return f"its `{printable(name)}` is longer than an audit takes"
        if not text and name in ("model", "prompt_set", by):
            return f"its `{printable(name)}` is empty"
        told["group" if name == by and name not in COLUMNS else name] = text
    if by in COLUMNS:
        told["group"] = told[by]
    return Generated(item.key, **{"model": stem, **told})


def _text(value: object) -> str | None:
    if value is None:
        return ""
    return str(value).strip() if isinstance(value, str | int | float) else None
