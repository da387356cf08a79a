"""What the verbs that write training sets have in common: the share that is held out, and what is said at the end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from judge.distilling.rows import Distilled

HeldOut = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="With --distil: the share of images that is not to be trained on. Default: 0.2."),
]


def print_told(told: Distilled) -> None:
    """Say on stderr what was written, and what was not."""
    left_out = [f"{count} {why}" for why, count in told.left_out.most_common()]
    parts = [f"{told.rows} rows", f"{told.undecided} undecided"]
    parts += [f"{told.by_people} decided by people"] if told.by_people else []
    said = f"{', '.join(parts)}; images: {told.splits['train']} to train on, {told.splits['held_out']} held out"
    if told.splits["neither"]:
        said += (
            f", {told.splits['neither']} in neither: the file that was judged was not found, so nobody knows what it "
            "looks like (paths start from the folder in which it was judged)"
        )
    said += f"; left out: {', '.join(left_out) or 'nothing'}"
    if told.unreadable:
        said += f"; {told.unreadable} images could not be judged"
    print(said, file=sys.stderr)
