"""Several chains as one, violated where any of them is: what two rules say, for whoever wants to keep one.

`Lids must be closed` and `No label` come to: `lids are not closed` or `a label is visible`. Knows chains alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from judge.compiler.grammar.chains import MOST_PRECONDITIONS, Parsed, key_of, text
from judge.compiler.grammar.opposites import clashes
from judge.compiler.grammar.things import MOST_ALTERNATIVES
from judge.constitution import Precondition, Statement

_MOST_TRIED = 64


def either(chains: Sequence[Parsed]) -> Parsed | None:
    """One chain for several; None where their exceptions differ, or it would have more parts than a chain may.

    All of one group each, of every chain: that one of each holds is that some chain's all hold. A group that another
    one is a part of says nothing more.
    """
    first, *more = chains
    lifted = set(map(key_of, first.exceptions))
    if any(set(map(key_of, one.exceptions)) != lifted for one in more):
        return None
    total = 1
    for one in chains:
        total *= len(one.preconditions)
    if total > _MOST_TRIED:
        return None
    joined = [_joined(groups) for groups in product(*(one.preconditions for one in chains))]
    joined = [one for one in joined if not _always(one)]
    least: list[Precondition] = []
    for group in sorted(joined, key=lambda one: len(one.any)):
        if not any(key_of(other) <= key_of(group) for other in least):
            least.append(group)
    if len(least) > MOST_PRECONDITIONS or any(len(one.any) > MOST_ALTERNATIVES for one in least):
        return None
    return Parsed(tuple(one for one in joined if one in least), first.exceptions)


def _always(group: Precondition) -> bool:
    """Whether it holds of every picture: `ears are visible or ears are not visible`."""
    return any(one.sure for one in clashes([[each.statement for each in group.any]]))


def _joined(groups: Sequence[Precondition]) -> Precondition:
    """One of all that these ask for, each once."""
    said: dict[str, Statement] = {text(one): one for group in groups for one in group.any}
    return Precondition(any=tuple(said.values()))
