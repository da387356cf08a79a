"""Sentences with `only`: whom or what they leave out; where or how alone a thing may be. Knows the holes of forms."""

from __future__ import annotations

from collections.abc import Iterator

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.closed import PLACES_ALONE
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import each_denied, needs_its_verb, said_in, shows, things_in
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.pictures import PICTURES
from judge.compiler.grammar.pronouns import unless_so
from judge.compiler.grammar.things import Alternatives, Said, Thing, listing
from judge.compiler.grammar.tokens import COMPOUND_PREPOSITIONS, PREPOSITIONS

AT = PREPOSITIONS - lexicon.word_set("with without of for as than per") | {
    words[0] for words in COMPOUND_PREPOSITIONS if words[0] != "together"
}
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


def must_only(found: Found) -> Iterator[Draft]:
    """`Glasses must be empty only if C`: forbidden unless C, or demanded where C holds?"""
    if not shows(things_in(found).each, said_in(found)):
        raise Impossible(
            "it is open whether `must ... only if` allows it in that case alone, or demands it then and there",
            "write `A cup may be shown only if a lid is visible`, or `When a lid is visible, every cup must be closed`",
        )
    yield from ()


def only_so(found: Found) -> Iterator[Draft]:
    """`Dogs may be shown only on a leash`: a dog that is not."""
    things, said = things_in(found), said_in(found)
    if shows(things.each, said) or needs_its_verb(found):
        return
    if any(len([word for word in one.text.split() if word in PREPOSITIONS - {"of"}]) > 1 for one in said):
        raise Impossible(
            "it is open what `only` limits where two phrases follow",
            "write what is forbidden: `No dog may be shown on a train without a muzzle`",
        )
    if any(one.both and all(map(is_place, one.both)) for one in said):
        raise Impossible(
            "it is open whether `only` asks for all of what follows, or for one of it",
            "write `or` where one is enough, as in `Caps may be shown only outdoors or on a stage`",
        )
    yield Draft((things.each,), whole=each_denied(things.each, said), only=True)


def only_doing(found: Found) -> Iterator[Draft]:
    """`Performers may use fire only outdoors`: one who uses it elsewhere."""
    things = things_in(found)
    said: Alternatives = found["doing"]
    if not shows(things.each, said) and not needs_its_verb(found):
        yield unless_so(Draft((things.each,), said), found["tail"])


def is_place(said: Said) -> bool:
    """Whether it says where something is."""
    return said.text.split()[0] in AT | PLACES_ALONE
