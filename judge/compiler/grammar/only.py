"""Sentences with `only`: whom or what they leave out; where or how alone a thing may be. Knows the holes of forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from judge.compiler.grammar import english, lexicon, nets
from judge.compiler.grammar.closed import PLACES_ALONE
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import (
    each_denied,
    needs_its_verb,
    not_over_at_once,
    said_in,
    scope,
    shows,
    things_in,
)
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.lexicon import ADJECTIVE, PAST
from judge.compiler.grammar.pictures import PICTURES
from judge.compiler.grammar.pronouns import unless_so
from judge.compiler.grammar.things import Alternatives, Said, Thing, Things, listing, product
from judge.compiler.grammar.tokens import COMPOUND_PREPOSITIONS, OWNERS, PREPOSITIONS

AT = PREPOSITIONS - lexicon.word_set("with without of for as than per") | {
    words[0] for words in COMPOUND_PREPOSITIONS if words[0] != "together"
}
_DONE = frozenset("|".join(SHORT[name] for name in ("SHOW", "POST", "PUT")).split("|")) | frozenset(
    ["send", "sell", "list", "offer", "accept", "allow", "advertise", "print", "see", "view"]
)


_WHAT_ELSE = "say what else must not be shown, by a wider word, as in `No animals other than dogs may be shown`"


def only_kind(found: Found) -> Iterator[Draft]:
    """`Only closed bottles may be shown`: bottles other than closed bottles."""
    things = things_in(found)
    (one, *more) = things.each
    if english.counted(one.determiner):
        return  # a limit
    done = one.words.split()[0].lower()
    if done in _DONE:
        raise Impossible(f"`{done}` may be what is to be done, or part of a name", _WHAT_ELSE)
    if "few" in (done, *one.determiner.split()):
        raise Impossible(
            "it is open how many `few` are", f"give the number, as in `No more than three {one.head} may be shown`"
        )
    narrowed = one.modified != (one.behind in PREPOSITIONS)
    if more or one.determiner or not narrowed or one.head in PICTURES:
        of_it = f"No {one.head} other than {one.words} may be shown"
        own = (one.modified or one.behind) and not more and not one.determiner and one.head not in PICTURES
        hint = f"say what else must not be shown, as in `{of_it}`" if own else _WHAT_ELSE
        raise Impossible("it is open what else `only` leaves out", hint)
    every = Thing("", one.head, one.head)
    yield Draft(((every.with_behind(Said(f"other than {one.words}")),),), only=True)


def _of_no_picture(things: Things) -> None:
    """Refuses `Nude photos may be shown only in a museum`: what is in a museum is no photo that is judged.

    Raises:
        Impossible: what is spoken of is a picture.
    """
    for one in things.each:
        if one.head in PICTURES:
            raise Impossible(
                f"it is open whether `{one.inside}` means the picture itself, or one that is seen in it",
                "say what must not be shown, and where, as in `No dog may be shown in a kitchen`",
            )


def _is_done(said: Alternatives) -> bool:
    """`when worn by an athlete`, which another form reads."""
    words = [one.text.split() for one in said]
    return all(one[0] in ("when", "while") and lexicon.tags(one[1]) & {PAST, ADJECTIVE} for one in words)


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
    if shows(things.each, said) or needs_its_verb(found) or _is_done(said):
        return
    _of_no_picture(things)
    if any(len([word for word in one.text.split() if word in PREPOSITIONS - {"of"}]) > 1 for one in said):
        raise Impossible(
            "it is open what `only` limits where two phrases follow",
            "write what is forbidden: `No dog may be shown on a train without a muzzle`",
        )
    if len(said) == 1 and _in_one_of(said[0]):
        said = said[0].both
    if any(one.both and all(map(is_place, one.both)) for one in said):
        raise Impossible(
            "it is open whether `only` asks for all of what follows, or for one of it",
            "write `or` where one is enough, as in `Caps may be shown only outdoors or on a stage`",
        )
    yield Draft((things.each,), whole=each_denied(things.each, said), only=True)


_ACCOMPANYING = re.compile(r"with (?!the\b|its\b|their\b|his\b|her\b)")


def _in_a_place_as_well(said: Said) -> bool:
    """`by cooks in a kitchen`: elsewhere by anybody? Not `by people in helmets`."""
    words = said.text.split()
    behind = [at for at, word in enumerate(words) if at and word in AT - {"of"}]
    return words[0] == "by" and bool(behind) and not nets.is_kind_of(words[-1], "garment")


def only_doing(found: Found) -> Iterator[Draft]:
    """`Performers may use fire only outdoors`: one who uses it elsewhere."""
    things = things_in(found)
    said, where = found["doing"], found["tail"]
    not_over_at_once(said)
    if shows(things.each, said) or needs_its_verb({"doing": where}) or any(one.both for one in (*said, *where)):
        return
    _of_no_picture(things)
    if any(map(_in_a_place_as_well, where)):
        raise Impossible(
            "it is open what `only` limits where two phrases follow",
            "put the place in front, as in `In a kitchen, knives may only be used by cooks`, or write a rule for each",
        )
    if all(_ACCOMPANYING.match(one.text) for one in where):
        without = Said(" and ".join(f"without {one.text.removeprefix('with ')}" for one in where), where[0].about)
        yield Draft((things.each,), product(said, (without,)), only=True)
        return
    yield unless_so(Draft((things.each,), said), where)


def _in_one_of(said: Said) -> bool:
    """`in paintings and drawings`: nothing is in both at once."""
    each = [re.match(r"(in|inside) [^,]+", one.text) for one in said.both]
    alone = all(len([word for word in one.text.split() if word in PREPOSITIONS]) == 1 for one in said.both)
    return bool(each) and all(each) and alone and said.text.count(f"{said.text.split()[0]} ") == 1


def is_place(said: Said) -> bool:
    """Whether it says where something is."""
    return said.text.split()[0] in AT | PLACES_ALONE


def but_not(found: Found) -> Iterator[Draft]:
    """`Soldiers may be shown, but not their weapons`: the weapons of soldiers.

    Raises:
        Impossible: it is open whether the others must not be seen at all, or only not beside the first.
    """
    things = things_in({"things": found["things"]})
    if shows(things.each, ()) or len(things.each) > 1:
        return
    yield Draft((_parts_of(things.each[0], found["more"]),))


def _parts_of(whole: Thing, parts: Things) -> tuple[Thing, ...]:
    if parts.joint == "and" or whole.behind or any(one.determiner not in OWNERS or one.behind for one in parts.each):
        raise Impossible(
            f"it is open whether `{parts.each[0].inside}` must not be shown at all, or only beside `{whole.inside}`",
            "write what must not be shown, as in `No weapons of soldiers may be shown`",
        )
    of = f"of {whole.text}"
    return tuple(replace(one, determiner="the", words=f"{one.words} {of}", behind="of") for one in parts.each)


def but_not_so(found: Found) -> Iterator[Draft]:
    """`Fans may be shown with flags, but not with drums`: fans with drums."""
    things, said, but = things_in(found), said_in(found), found["but"]
    if shows(things.each, (*said, *but)) or needs_its_verb(found):
        return
    own = [[word for word in one.text.split() if word in PREPOSITIONS - {"of"}] for one in (*said, *but)]
    if any(len(words) > 1 for words in own) or not all(one.text.split()[0] in PREPOSITIONS for one in (*said, *but)):
        raise Impossible("it is open what `but not` takes back", "write what must not be shown in a rule of its own")
    yield Draft((things.each,), but)


def but_not_shown(found: Found) -> Iterator[Draft]:
    """`Photos of protests may show police officers, but not their badges`: the badges of police officers."""
    things: Things = found["things"]
    more: Things = found["more"]
    owned = any(one.determiner in OWNERS for one in more.each)
    if more.joint == "and" or (owned and len(things.each) > 1) or more.examples:
        raise Impossible("it is open what `but not` takes back", "write what must not be shown in a rule of its own")
    each = _parts_of(things.each[0], more) if owned else more.each
    yield Draft((each,), conditions=scope(found))
