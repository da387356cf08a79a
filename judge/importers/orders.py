"""Whether a text is an order, such as `Show the whole building` or `Wear a cap`, and no name of things. Knows words."""

from __future__ import annotations

import re
from typing import Literal

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.forms import SHORT

_SHOWING = frozenset(SHORT["SHOW"].split("|"))
_POSTING = frozenset("|".join((SHORT["POST"], SHORT["PUT"])).split("|")) | {"photograph", "film", "send", "crop"}
_OBJECT = lexicon.word_set("a an the any your our their its this that these those all every each some people yourself")
Order = Literal["", "show", "do", "perhaps"]


def order_in(text: str) -> Order:
    """What a text tells people to do: to `show` something, to `do` something else, nothing, or `perhaps`: `Cut flowers`
    may be flowers, or what is done to them."""
    words = [word.casefold() for word in re.findall(r"[\w'-]+", text)]
    if not words:
        return ""
    first, *rest = words
    if first == "always" and rest:
        first, *rest = rest
    if first in _SHOWING and rest:
        return "show"
    if first in _POSTING and rest:
        return "do"
    forms = lexicon.tags(first)
    if lexicon.BASE not in forms:
        return ""
    if rest[:1] and rest[0] in _OBJECT:
        return "do"  # `Close the lid`
    if not forms & {lexicon.NOUN, lexicon.ADJECTIVE, lexicon.PLURAL, lexicon.PAST}:
        return "do"
    named = not rest or rest[0] in ("of", "and", "or", "with", "in", "on") or lexicon.rather(first, "n", "v")
    return "" if named or lexicon.rather(first, "a", "v") else "perhaps"
