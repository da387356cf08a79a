"""Whether what stands by one of `neither A nor B` may be said of both: `neither doors nor windows of cars`.

Read as a list of the two would be, with `or`: where that has several readings that name these two, so has this. Knows
things, no form of a sentence.
"""

from __future__ import annotations

from judge.compiler.grammar import nouns
from judge.compiler.grammar.chart import Chart
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.things import Thing
from judge.compiler.grammar.tokens import tokens_of


def not_of_both(one: Thing, other: Thing) -> None:
    """Refuses `neither the doors nor the windows of the cars`: the doors of the cars, or any?

    Raises:
        Impossible: what stands by one of the two may be said of the other as well.
    """
    written = (one.inside, other.inside)
    chart = Chart(tokens_of(f"no {' or '.join(written)}"))  # a capital of the first word would be of the sentence
    readings = {
        tuple(each.inside for each in found.each)
        for found, end in nouns.things(chart, 1)
        if end == len(chart) and [each.head for each in found.each] == [one.head, other.head]
    }
    own = (bool(one.behind), other.modified)  # phrases side by side keep to themselves
    more = sorted((each for each in readings if _adds(each, written, own)), key=lambda each: -len(str(each)))
    if not more:
        return
    raise Impossible(
        f"it can be read in two ways: `{more[0][0]}` and `{more[0][1]}`, or `{written[0]}` and `{written[1]}`",
        "write the whole of each, as in `Neither the lids of jars nor the labels of jars may be visible`",
        tuple(((" nor ".join(written), " nor ".join(reading)),) for reading in (more[0], written[::-1])),
    )


def _adds(reading: tuple[str, ...], written: tuple[str, ...], own: tuple[bool, bool]) -> bool:
    """Whether one of the two is as it was written, and the other, which has nothing of its own there, has more."""
    more = [len(one) > len(other) for one, other in zip(reading, written, strict=True)]
    return (
        sum(more) == 1 and reading[not more.index(True)] == written[not more.index(True)] and not own[more.index(True)]
    )
