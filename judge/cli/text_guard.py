"""`judge text-guard`: `train` a model of harmful text on one's own, `rank` a table of pictures by their words."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.errors import UserError
from judge.printable import printable

if TYPE_CHECKING:
    from judge.text_guard import Ranked, TextGuard

app = typer.Typer(help="Order pictures by the words that came with them. It clears nothing.", no_args_is_help=True)
_OWN = ("text_perplexity", "text_flagged", "text_stratum")  # columns that `rank` writes
_HARMFUL = {
    "harmful": True,
    "1": True,
    "true": True,
    "yes": True,
    "fine": False,
    "0": False,
    "false": False,
    "no": False,
}


@app.command()
def train(
    texts: Annotated[Path, typer.Argument(metavar="HARMFUL.txt", help="Harmful texts of your own, one in each line.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file for the guard. It holds pieces of the texts.")],
    labelled: Annotated[
        Path | None, typer.Option(help="A CSV with the columns text and label (harmful or fine): for a threshold.")
    ] = None,
    unlabelled: Annotated[
        Path | None, typer.Option(help="Lines as they come: how many of them the threshold flags.")
    ] = None,
    order: Annotated[int, typer.Option(min=2, max=8, help="Letters that are looked at together.")] = 5,
) -> None:
    """Learn what harmful text looks like. Exit code: 0 written, 2 your mistake."""
    from judge.text_guard import chosen, trained
    from judge.text_guard.guard import key_of

    _keep(out, texts, labelled, unlabelled)
    if unlabelled is not None and labelled is None:
        raise UserError("--unlabelled is for a threshold", hint="give --labelled, too")
    sample = list(_lines(texts))
    guard = trained(sample, order)
    print(f"trained on {guard.texts} texts", file=sys.stderr)
    if labelled is not None:
        learnt = {key_of(line) for line in sample}
        marked = list(_marked(labelled))
        distinct = {(key_of(text), bad): text for text, bad in marked if key_of(text) not in learnt}
        fresh = [(value, bad) for (_, bad), text in distinct.items() if (value := guard.perplexity(text)) is not None]
        if len(fresh) < len(marked):
            left = len(marked) - len(fresh)
            print(f"{left} labelled lines are empty, were trained on, or stand twice: left out", file=sys.stderr)
        plain = (
            [one for line in _lines(unlabelled) if (one := guard.perplexity(line)) is not None] if unlabelled else []
        )
        found = chosen(fresh, plain)
        guard = guard.model_copy(update={"threshold": found})
        print(
            f"threshold: perplexity under {found.below:.4g}; macro-F1 {found.macro_f1:.3f} on lines that it was not "
            f"chosen on ({found.harmful} harmful, {found.fine} fine)"
        )
        if found.macro_f1 <= found.by_chance:
            print(
                f"warning: that is no better than chance ({found.by_chance:.3f}), so what it flags means nothing: are "
                "the labels the right way round, and the harmful lines like the texts that it was trained on?",
                file=sys.stderr,
            )
        if found.flagged is not None:
            print(f"of {len(plain)} unlabelled lines it flags {found.flagged:.1%}")
    _write(out, guard.model_dump_json() + "\n")
    print(printable(str(out)))


@app.command()
def rank(
    table: Annotated[Path, typer.Argument(metavar="TABLE.csv", help="A table of pictures with a column of texts.")],
    guard: Annotated[Path, typer.Option(help="What `judge text-guard train` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The table in the order in which to judge it.")],
    column: Annotated[str, typer.Option(help="The column of texts: captions, alt text.")] = "caption",
    first: Annotated[int | None, typer.Option(min=0, help="Take the likeliest so many only.")] = None,
    at_random: Annotated[int, typer.Option(min=0, help="With --first: so many of the others, drawn at random.")] = 0,
) -> None:
    """Order a table for `judge batch`, likeliest harmful first. Exit code: 0 written, 2 your mistake."""
    from judge.text_guard import ranked, sampled

    _keep(out, table, guard)
    if at_random and first is None:
        raise UserError("--at-random is drawn from what --first leaves", hint="give --first N, too")
    heads, rows = _table(table)
    if column not in heads:
        raise UserError(
            f"{printable(str(table))} has no column {column!r}",
            hint=f"it has: {printable(', '.join(heads))}; name one with --column",
        )
    if column in _OWN:
        raise UserError(f"{column} is a column that `rank` writes, no text", hint="name one of texts with --column")
    if before := [head for head in heads if head in _OWN]:
        heads = [head for head in heads if head not in _OWN]
        print(f"the table was ordered before: {', '.join(before)} written anew", file=sys.stderr)
    every = ranked(rows, column, _guard(guard))
    taken = every if first is None else sampled(every, first, at_random)
    _write(out, _as_csv(heads, taken))
    silent = sum(one.perplexity is None for one in every)
    print(f"{len(taken)} of {len(every)} rows, likeliest harmful first; {silent} without a text come last")
    if len(taken) < len(every):
        print(f"{len(every) - len(taken)} rows are not in it: they are not cleared, only not looked at")
    print(printable(str(out)))


def _lines(path: Path) -> Iterator[str]:
    return (line for line in _text(path).splitlines() if line.strip())


def _marked(path: Path) -> Iterator[tuple[str, bool]]:
    heads, rows = _table(path)
    if not {"text", "label"} <= set(heads):
        raise UserError(
            f"{printable(str(path))} needs the columns text and label", hint=f"it has: {printable(', '.join(heads))}"
        )
    for number, row in enumerate(rows, 2):
        label = row["label"].strip().casefold()
        if label not in _HARMFUL:
            raise UserError(f"{printable(str(path))}, row {number}: {row['label']!r} is neither harmful nor fine")
        yield row["text"], _HARMFUL[label]


def _table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    from judge.csv_rows import csv_rows
    from judge.files import MOST

    csv.field_size_limit(max(csv.field_size_limit(), MOST))  # no cell is longer than the file may be
    rows: list[dict[str, str]] = []
    for line, cells, wrong in csv_rows(io.StringIO(_text(path), newline=""), str(path)):
        if cells is None:
            raise UserError(f"{printable(str(path))}, line {line}: {wrong}", hint="put a text with commas into quotes")
        rows.append(cells)
    if not rows:
        raise UserError(f"{printable(str(path))} has no rows")
    return list(rows[0]), rows


def _text(path: Path) -> str:
    from judge.files import read_text

    try:
        return read_text(path).removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    except FileNotFoundError as error:
        raise UserError(f"there is no file {printable(str(path))}", hint="is the path right?") from error
    except OSError as error:
        raise UserError(f"{printable(str(path))} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{printable(str(path))} is not UTF-8", hint="save it as UTF-8") from error


def _guard(path: Path) -> TextGuard:
    from judge.text_guard import TextGuard

    if not path.exists():
        raise UserError(f"there is no file {printable(str(path))}", hint="`judge text-guard train` writes a guard")
    return TextGuard.read(path)


def _keep(out: Path, *read: Path | None) -> None:
    """Refuse to write over what is read."""
    for path in read:
        if path is not None and path.resolve() == out.resolve():
            raise UserError(f"{printable(str(out))} is read, and would be written over", hint="name another --out")


def _as_csv(heads: Sequence[str], rows: Sequence[Ranked]) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([*heads, *_OWN])
    for one in rows:
        perplexity = "" if one.perplexity is None else f"{one.perplexity:.6g}"
        flagged = "" if one.flagged is None else str(one.flagged).lower()
        writer.writerow([*(one.row[head] for head in heads), perplexity, flagged, one.stratum])
    return written.getvalue()


def _write(path: Path, text: str) -> None:
    from judge.files import write_whole

    try:
        write_whole(path, text)
    except OSError as error:
        raise UserError(
            f"{printable(str(path))} cannot be written: {error.strerror}", hint="name another file"
        ) from error
