"""What is said of the picture that is judged, and must or must not be so: `blurry`, `in colour`. Knows no form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.compiler.grammar.clauses import Clause, Groups
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import PICTURE, each_denied, scope
from judge.compiler.grammar.pictures import ITSELF, KINDS
from judge.compiler.grammar.things import Alternatives, Said, Thing, Things

_IN_STYLE = re.compile(r"(?:not )?in (?:colour|color|focus|black and white|portrait|landscape|greyscale|grayscale)")


def _is_quality(said: Said) -> bool:
    """`blurry`, `a screenshot`; not `hung above a bed`, which is no matter of the picture that is judged."""
    return " " not in said.text or said.text.startswith(("a ", "an ", "too ", "very ")) or said.text == "upside down"


def of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must not be blurry`: of the picture that is judged; other pictures, in it, need naming."""
    one = things.each[0]
    if not said or len(things.each) > 1 or one.modified or one.behind or not all(map(_is_quality, said)):
        return
    yield Draft(whole=(tuple(Clause(PICTURE, each.finite) for each in said),), conditions=_scope_of(one))


def _scope_of(one: Thing) -> Groups:
    """Of `screenshots`, that the picture is one."""
    return scope({"picture": "" if one.head in ITSELF else KINDS.get(one.head, one.head)})


def so_of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must be square`, `The picture must be in colour`."""
    one = things.each[0]
    plain = len(things.each) == 1 and not one.modified and not one.behind and one.head in ITSELF
    if plain and all(_is_quality(each) or _IN_STYLE.fullmatch(each.text) for each in said):
        yield Draft(whole=each_denied((PICTURE,), said))
