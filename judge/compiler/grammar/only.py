"""Sentences that begin with `only`: whom or what they leave out. Knows the holes of forms, no other form's meaning."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar import english
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import needs_its_verb, said_in, shows, things_in
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.pictures import PICTURES
from judge.compiler.grammar.things import Said, Thing, listing
from judge.compiler.grammar.tokens import PREPOSITIONS

_DONE = frozenset("|".join(SHORT[name] for name in ("SHOW", "POST", "PUT")).split("|")) | frozenset(
    ["send", "sell", "list", "offer", "accept", "allow", "advertise", "print", "see", "view"]
)


def only_kind(found: Found) -> Iterator[Draft]:
    """`Only closed bottles may be shown`: bottles other than closed bottles."""
    things = things_in(found)
    (one, *more) = things.each
    if english.counted(one.determiner):
        return  # a limit
    done = one.words.split()[0].lower()
    if done in _DONE:
        raise Impossible(
            f"`{done}` may be what is to be done, or part of a name",
            "write `No bottles other than closed bottles may be shown`",
        )
    narrowed = one.modified != (one.behind in PREPOSITIONS)
    if more or one.determiner or not narrowed or one.head in PICTURES:
        raise Impossible(
            "it is open what else `only` leaves out", "write `No bottles other than closed bottles may be shown`"
        )
    every = Thing("", one.head, one.head)
    yield Draft(((every.with_behind(Said(f"other than {one.words}")),),), only=True)


def only_those(found: Found) -> Iterator[Draft]:
    """`Only staff may be in the kitchen`: a person other than staff who is.

    Raises:
        Impossible: it is open what else may not be so, as behind `only adults with a badge`.
    """
    things, said = things_in(found), said_in(found)
    if any(english.counted(one.determiner) for one in things.each) or shows(things.each, said) or needs_its_verb(found):
        return  # a limit
    bare = not any(one.determiner or one.modified or one.behind for one in things.each)
    people = bare and all(one.shape[0] == "p" for one in things.each)
    if not people or any(one.text.startswith(("not ", "neither ", "without ")) for one in said):
        raise Impossible(
            "it is open what else `only` leaves out",
            "say who or what must not be so, as in `No person other than staff may be shown in the kitchen`",
        )
    others = Thing("any", "person", "person").with_behind(Said(f"other than {listing(things.each)}"))
    yield Draft(((others,),), said, only=True)
