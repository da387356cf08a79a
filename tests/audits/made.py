"""Pictures of one colour that two models are said to have made, and verdicts on them by a model that reads colours."""

from __future__ import annotations

import csv
from pathlib import Path

from judge.serving.batch.call import batch
from judge.settings import Settings
from judge.verdict import Answer
from tests.serving.batch.colours import ColourMllm, Judge, parse_constitution, picture

POLICY = """
constitution: colours
version: 1.0.0
rules:
  - {id: no-red, rule: No red., category: warm, preconditions: [red is visible]}
  - {id: no-blue, rule: No blue., category: cold, preconditions: [blue is visible]}
  - {id: no-green, rule: No green., category: politics, status: shadow, preconditions: [green is visible]}
"""
RED, GREEN, BLUE, BLACK = 1, 2, 4, 0  # of eight colours, see `picture`


def policy():
    return parse_constitution(POLICY)


class Unsure(ColourMllm):
    """Half sure of every third picture: by default neither threshold is passed."""

    def _one(self, ask):
        said = super()._one(ask)
        if ask.image is not None:
            red, green, blue = ask.image.getpixel((7, 7))
            if ((red << 16 | green << 8 | blue) >> 3) % 3 == 2:
                return Answer(p_yes=0.5, p_no=0.5)
        return said


def write(folder: Path, rows: list[dict], pixels: list[int]) -> Path:
    """A table of pictures, each of its own bytes. pixels: the colour of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (row, colour) in enumerate(zip(rows, pixels, strict=True)):
        (folder / row["image"]).write_bytes(picture(colour + 8 * number))
    with (folder / "made.csv").open("w", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return folder / "made.csv"


def judged(table: Path, out: Path, model: ColourMllm | None = None, evidence: str = "all") -> Path:
    settings = Settings(batch=8, escalate=())
    judge = Judge(policy(), model or ColourMllm(), settings=settings)
    batch(table, out, judge=judge, evidence=evidence)
    return out


def cell(found, model, category, prompt_set="coco"):
    """Of an audit the share of a category."""
    return next(
        one for one in found.cells if (one.model, one.category, one.prompt_set) == (model, category, prompt_set)
    )
