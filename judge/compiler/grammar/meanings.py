"""What the forms of a sentence mean, each as drafts of a chain. The forms themselves are data (`forms`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.changes import lifted
from judge.compiler.grammar.clauses import said_of
from judge.compiler.grammar.demands import (
    lacking,
    must_and_must_not,
    picture_has,
    required,
    required_so,
    required_there,
)
from judge.compiler.grammar.denial import (
    Impossible,
    Swaps,
    not_vague,
    stays_open,
)
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import needs_its_verb, of_pictures, said_in, scope, shows, things_in
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.itself import (
    has_its_own,
    no_such,
    no_such_looks,
    of_that_kind,
    of_the_picture,
    picture_not_so,
    picture_so,
)
from judge.compiler.grammar.jointly import of_several
from judge.compiler.grammar.only import (
    but_not,
    but_not_shown,
    but_not_so,
    is_place,
    must_only,
    only_doing,
    only_kind,
    only_so,
    only_those,
)
from judge.compiler.grammar.pictures import EITHER
from judge.compiler.grammar.pronouns import ACTS
from judge.compiler.grammar.things import Thing, Things
from judge.compiler.grammar.tokens import OWNERS, PREPOSITIONS

# What is no object and can be seen all the same.
_SIGNS = lexicon.word_set(
    "text name logo watermark money sign symbol address ticket graffiti nudity injury wound number letter word label "
    "slur barcode code link voucher coupon slogan caption tattoo hashtag emoji date price password border mark receipt "
    "map advertising"
)
ANYONE = Thing("any", "person", "person")


def forbidden(found: Found) -> Iterator[Draft]:
    """`No A or B may be shown`; behind `no` nothing has an article of its own."""
    things = found["listed"] if "listed" in found else things_in(found, examples=True)
    if (
        "listed" not in found
        and any(one.determiner.split(" ")[0] in ("a", "an", "the") for one in things.each)
        and "more" not in found
    ):
        return
    for one in things.each:
        not_vague(one)
        if one.determiner in ("each", "every", "all", "both", "some") and "listed" not in found:
            raise Impossible(f"`no` and `{one.determiner}`: it is open how many may be", "write `No` alone")
    any_of = tuple(one if one.determiner else replace(one, determiner="any") for one in things.each)
    yield from _both(
        Things(any_of, things.joint, things.examples), {name: value for name, value in found.items() if name != "more"}
    )


def bare(found: Found) -> Iterator[Draft]:
    """`No weapons.`, and not `No exceptions.`: what is named must be something to see."""
    if of_pictures(things_in(found, examples=True).each, examples=found["things"].examples):
        return
    for one in () if found["things"].examples else things_in(found).each:
        if len(found["things"].each) == 1 and _is_done_somewhere(one.words):
            return  # said of people
        act = lexicon.ING in lexicon.tags(one.head) and one.head.endswith("ing")
        if (
            lexicon.kind(one.head) not in tuple("oafpbgse")
            and not act
            and not (_is_sign(one.head) or one.head in EITHER)
        ):
            raise Impossible(
                f"it is open whether `{one.head}` is what must not be seen",
                "",
                ((("", " may be shown"),),) if one.plural or one.determiner else (),
            )
    yield from forbidden(found)


def _is_sign(head: str) -> bool:
    return lexicon.lemma(head, verb=False) in _SIGNS


def each_forbidden(found: Found) -> Iterator[Draft]:
    """`A and B are prohibited`: each of them."""
    things, said = things_in(found, examples=True), said_in(found)
    if shows(things.each, said) or needs_its_verb(found):
        return
    if of_pictures(things.each, examples=things.examples):
        yield from of_the_picture(things, said)
        return
    for one in things.each:
        not_vague(one)
    if [one.text for one in said] == ["together"]:
        if things.joint == "and":
            yield Draft(tuple((one,) for one in things.each))
        return
    if (joint := of_several(things, said, scope(found))) is not None:
        yield from joint
        return
    yield from _in_any(Draft((things.each,), said, conditions=scope(found)))
    yield from of_that_kind(things, said, found)


def _in_any(draft: Draft) -> Iterator[Draft]:
    """`forbidden in kitchens and in bathrooms`: in either, too."""
    yield draft
    if len(draft.said) == 1 and draft.said[0].has_both:
        yield replace(draft, said=draft.said[0].both)  # `with a ball and a stick`: with either, too
    if len(draft.subjects) == 1 and any(one.both for one in draft.subjects[0]):
        things = draft.subjects[0]
        each = tuple(replace(part, determiner=one.determiner) for one in things for part in one.both or (one,))
        yield replace(draft, subjects=(each,))
    far = draft.said and draft.said[0].text.startswith("far from ")
    if len(draft.said) == 1 and draft.said[0].both and all(map(is_place, draft.said[0].both)) and not far:
        yield replace(draft, said=draft.said[0].both)


def each_not(found: Found) -> Iterator[Draft]:
    """The same behind `not`: `Every door must not be open` may mean none, or not all."""
    things = things_in(found, examples=True).each
    if found["things"].both and not shows(things, said_in(found)):
        raise Impossible(
            "`both` with `not`: it is open whether neither may be shown, or only not the two together",
            "if neither may, begin with `No`, as in `No dog or cat may be shown`",
        )
    for one in () if shows(things, said_in(found)) else things:
        stays_open(one, acts=bool(said_in(found)))
    for draft in each_forbidden(found):
        yield draft
        if len(draft.said) == 1 and draft.said[0].both and not draft.said[0].text.startswith("far from "):
            yield replace(
                draft, said=draft.said[0].both
            )  # `must not be wet and dirty`: neither, or not the two together


def both_open(found: Found) -> Iterator[Draft]:
    """`must not show A and B`: either, or the two together."""
    things = things_in(found, examples=True)
    for one in things.each:
        not_vague(one, every=True)
    yield from _both(things, found)


def _both(things: Things, found: Found) -> Iterator[Draft]:
    said = said_in(found)
    if shows(things.each, said) or needs_its_verb(found):
        return
    if of_pictures(things.each, examples=things.examples) and "picture" not in found:
        yield from of_the_picture(things, said)
        return
    if any(re.match(rf"not (?:{SHORT['SHOWN']})\b", one.text) for one in said):
        raise Impossible("it has two negations", "write `No A may be shown`, or `Every A must be visible`")
    if (joint := of_several(things, said, scope(found))) is not None:
        yield from joint
        return
    for draft in _in_any(Draft((things.each,), said, conditions=scope(found))):
        yield from _each_act(draft, found)
    yield from of_that_kind(things, said, found)
    if things.joint == "and":
        if said:
            yield Draft(whole=tuple(said_of(one, tuple(each.finite for each in said)) for one in things.each))
        else:
            yield Draft(tuple((one,) for one in things.each), conditions=scope(found))


def nobody(found: Found) -> Iterator[Draft]:
    """`Nobody may be shown climbing`, `Nobody may climb`."""
    if not shows((ANYONE,), said_in(found)) and not needs_its_verb(found):
        for draft in _in_any(Draft(((ANYONE,),), said_in(found))):
            yield from _each_act(draft, found)


def no_doing(found: Found) -> Iterator[Draft]:
    """`No running in the corridors`: nobody may. `No drinking glasses` names things, which another form reads."""
    said = found["ing"]
    if all(_is_done_somewhere(one.text) for one in said):
        yield Draft(((ANYONE,),), said)


def _is_done_somewhere(text: str) -> bool:
    """`running in the corridors`, which nobody but people does; `advertising on shirts` may be a thing, and `smoking in
    the kitchen` is one that is seen."""
    first, *rest = text.split()
    named = lexicon.kind(first) in tuple("oafe") and lexicon.ADJECTIVE not in lexicon.tags(first)
    doing = first.endswith("ing") and lexicon.lemma(first, verb=True) in ACTS and not named
    return doing and bool(PREPOSITIONS & set(rest[:1]))


def _each_act(draft: Draft, found: Found) -> Iterator[Draft]:
    """`Nobody may carry a knife and wear a mask`: neither, or not the two together?"""
    yield draft
    both = draft.said[0].both if len(draft.said) == 1 else ()
    acts = "doing" in found or all(one.text.split()[0].endswith("ing") for one in both)
    if acts and len({one.text.split()[0] for one in both}) > 1:
        yield replace(draft, said=both)


def _counted(found: Found, quantity: str) -> Thing | None:
    things = things_in(found)
    one = things.each[0]
    if len(things.each) > 1 or one.determiner:
        return None
    return replace(one, determiner=quantity if quantity == "no" else f"{quantity} {found['count']}")


def too_many(found: Found) -> Iterator[Draft]:
    """`No more than three people`: four are too many."""
    if (one := _counted(found, "more than")) and not shows((one,), said_in(found)) and not needs_its_verb(found):
        yield Draft(((one,),), said_in(found), conditions=scope(found))


def only_so_many(found: Found) -> Iterator[Draft]:
    """`Only one person may be visible`: of none it is open.

    Raises:
        Impossible: where it is a count.
    """
    if one := _counted(found, "more than"):
        number, many = found["count"], "is" if found["count"] in ("one", "1") else "are"
        of_them = f"only {number}"
        raise Impossible(
            f"it is open whether a picture is allowed in which fewer than {number} `{one.words}` {many} visible",
            "",
            (((of_them, f"no more than {number}"),), *_exactly(found, of_them, number)),
        )
    yield from ()


def _exactly(found: Found, of_them: str, number: str) -> Iterator[Swaps]:
    for may in SHORT["CAN"].split("|"):
        yield ((of_them, f"exactly {number}"), (f"{may} be", "must be"))


def only_if(found: Found) -> Iterator[Draft]:
    """`A may be shown only if B is visible`: forbidden unless."""
    things_in(found)
    without = {name: value for name, value in found.items() if name != "clauses"}
    for draft in each_forbidden(without):
        yield replace(next(lifted(draft, found)), only=True)


def only_if_theirs(found: Found) -> Iterator[Draft]:
    """`Photos of pupils are allowed only if their faces are covered`: as of pupils."""
    each = [clause.subject for group in found["clauses"] for clause in group]
    if not found["picture"] and all(one.determiner.split(" ")[0] in OWNERS for one in each):
        yield from only_if({name: value for name, value in found.items() if name != "picture"})


def picture_has_no(found: Found) -> Iterator[Draft]:
    """`Photos must not have borders`."""
    if has_its_own(found["things"]):
        yield from both_open(found)


MEANINGS: dict[str, Callable[[Found], Iterator[Draft]]] = {
    "forbidden": forbidden,
    "each_forbidden": each_forbidden,
    "both_open": both_open,
    "nobody": nobody,
    "no_doing": no_doing,
    "too_many": too_many,
    "only_so_many": only_so_many,
    "lacking": lacking,
    "only_if": only_if,
    "only_if_theirs": only_if_theirs,
    "no_such": no_such,
    "no_such_looks": no_such_looks,
    "picture_so": picture_so,
    "picture_not_so": picture_not_so,
    "picture_has": picture_has,
    "picture_has_no": picture_has_no,
    "only_so": only_so,
    "only_doing": only_doing,
    "but_not": but_not,
    "but_not_so": but_not_so,
    "but_not_shown": but_not_shown,
    "required": required,
    "required_so": required_so,
    "must_only": must_only,
    "required_there": required_there,
    "must_and_must_not": must_and_must_not,
    "bare": bare,
    "each_not": each_not,
    "only_kind": only_kind,
    "only_those": only_those,
}
