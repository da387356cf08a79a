"""What must be so or must be there, as drafts of a chain of what breaks it. Knows the holes of forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.at_each import lack_it, lack_theirs
from judge.compiler.grammar.clauses import VISIBLE, Clause, Groups, said_of
from judge.compiler.grammar.denial import EACH, VAGUE, Impossible, ends_in_a_state, of_one, stays_open, too_few, whose
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import (
    each_denied,
    needs_its_verb,
    not_over_at_once,
    of_pictures,
    said_in,
    scope,
    shows,
    things_in,
)
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.itself import has_its_own, so_of_the_picture
from judge.compiler.grammar.jointly import of_several
from judge.compiler.grammar.only import AT
from judge.compiler.grammar.things import BE, Alternatives, Said, Thing, Things, together
from judge.compiler.grammar.tokens import OWNERS, PREPOSITIONS

_MISSING = lexicon.word_set("wear use carry provide attach fit install supply fix add")


def required(found: Found) -> Iterator[Draft]:
    """`The price must be shown`: violated where it is not. `A and B`: where either is missing; `A or B`: both."""
    things = things_in(found)
    first = things.each[0].determiner
    if (first.split(" ")[0] in EACH - {"both"} and not english.counted(first)) or (
        "picture" in found and first.startswith(("at most ", "no more than "))
    ):
        return
    if (lacking := lack_theirs(things, scope(found))) is not None:
        yield lacking
        return
    gone = tuple(_gone(one) for one in things.each)
    whole = (tuple(one for each in gone for one in each),) if things.joint == "and" else gone
    yield Draft(whole=whole, conditions=(*_there(things), *scope(found)))


def lacking(found: Found) -> Iterator[Draft]:
    """`Pictures that do not show a map are rejected`: every picture must show one.

    Raises:
        Impossible: several things are named.
    """
    things = things_in(found)
    if things.joint:
        raise Impossible(
            "it is open whether each of these must be shown, or one is enough",
            "write `Photos must show A and B` or `Photos must show A or B`",
        )
    if things.each[0].determiner.split(" ")[0] not in ("every", "each", "all", "both", "some"):
        yield from required(found)


def picture_has(found: Found) -> Iterator[Draft]:
    """`Ads must carry a warning`, `Photos must have a white background`."""
    if has_its_own(found["things"]):
        yield from required(found)


def _gone(one: Thing) -> tuple[Clause, ...]:
    few = too_few(one)
    if few is None:
        return (Clause(of_one(one), Said(f"{BE} not visible")),)
    return tuple(Clause(each, VISIBLE) for each in few)


def _may_be_missing(said: Said) -> bool:
    """`Helmets must be worn`: where none is in the picture, whose fault it is stays open."""
    first = said.text.split()[0]
    return (
        not first.endswith("ing")
        and not re.search(r" (?:to|with) ", said.text)
        and lexicon.lemma(first, verb=True) in _MISSING
    )


def required_so(found: Found) -> Iterator[Draft]:
    """`Every rider must wear a helmet`: a rider who does not."""
    things, said = things_in(found), said_in(found)
    if _also_seen(things, said):
        yield Draft(whole=each_denied(things.each, _as_visible(said)), conditions=(*_there(things), *scope(found)))
        return
    if shows(things.each, said) or needs_its_verb(found):
        return
    if any(_may_be_missing(one) for one in said) and not all(one.animate for one in things.each):
        return
    if any(re.search(r" (?:when|while) \w+ing\b", one.text) for one in said):
        return  # `doing_behind` reads of whom it is demanded
    if of_pictures(things.each):
        yield from so_of_the_picture(things, said)
        return
    if (lacking := lack_it(things, said)) is not None:
        yield lacking
        return
    if (joint := of_several(things, said, demanded=True)) is not None:
        yield from _together_so(things, said, joint)
        return
    for each_said in said:
        ends_in_a_state(each_said, acts=any(one.animate for one in things.each))
    if things.joint == "or":
        raise Impossible("it is open whether each must be so, or one is enough", "write `and` if each must be so")
    # `A rider must wear a helmet`, `A balcony must have a railing`: every one
    dressed = all(one.text.startswith("wearing ") for one in said) and all(one.animate for one in things.each)
    dressed = dressed or all(one.text.startswith("with ") for one in said)
    if any(one.determiner in ("a", "an") for one in things.each) and not dressed:
        vague = next(one for one in things.each if one.determiner in ("a", "an"))
        raise Impossible(
            f"it is open whether every {vague.words} must be so, or one is enough",
            "say it of the other thing, as in `Every banner must have a label`"
            if any(EACH & set(one.text.split()) for one in said)
            else "say which of the two",
            ()
            if vague.words.split()[0] in VAGUE or any(EACH & set(one.text.split()) for one in said)
            else tuple(((vague.text, f"{many} {vague.words}"),) for many in ("every", "at least one")),
        )
    few = [each for one in things.each for each in too_few(one) or ()]
    if few:
        yield from _few_so(things, tuple(few), said)
        return
    definite = all(one.determiner.startswith("the") for one in things.each)
    yield Draft(() if definite else (things.each,), whole=each_denied(things.each, said), conditions=_there(things))


def _there(things: Things) -> Groups:
    """That a bin is there, of `the lid of every bin`."""
    return tuple((Clause(one, VISIBLE),) for one in whose(things.each))


_SEEN = frozenset(SHORT["SEEN"].split("|"))


def _also_seen(things: Things, said: Alternatives) -> bool:
    """`Eyes must be open and visible`: broken where they are not visible, so nothing asks whether they are.

    Raises:
        Impossible: it is said of every one; those that are not seen are not counted.
    """
    parts = said[0].both if len(said) == 1 else ()
    if not any(one.text in _SEEN for one in parts) or of_pictures(things.each):
        return False
    first = {one.determiner.split(" ")[0] for one in things.each}
    if first & EACH - {"both"}:
        one = things.each[0]
        raise Impossible(
            f"it is open whether `{one.inside}` must be there in every picture, or be seen well wherever one is",
            "write a rule for each, as in `Faces must be visible` and `Every face must be uncovered`",
        )
    return first <= {"", "the", *OWNERS} and things.joint != "or"


def _as_visible(said: Alternatives) -> Alternatives:
    """`open and visible` of `open and shown`."""
    each = (replace(one, text="visible") if one.text in _SEEN else one for one in said[0].both)
    return (replace(said[0], both=tuple(each)),)


def _together_so(things: Things, said: Alternatives, drafts: tuple[Draft, ...]) -> Iterator[Draft]:
    """`Children and dogs must be separated by a fence`: both are there, and they are not."""
    if any(one.determiner in ("a", "an") for one in things.each):
        raise Impossible(
            f"it is open whether `{together(things.each).text}` must be there, or must be so only where both are",
            "say it of several, as in `Children and dogs must be separated by a fence`",
        )
    for draft in drafts:
        each = (together(things.each),) if draft.whole else things.each
        yield replace(draft, said=(), whole=each_denied(each, said))


def required_there(found: Found) -> Iterator[Draft]:
    """`Signs must be visible on a wall`: must there be one, or must those that are there be on a wall?"""
    if (lacking := lack_it(things_in(found), said_in(found))) is not None:
        yield lacking
        return
    for draft in required_so(found):
        subjects = [one for group in draft.subjects for one in group]
        placed = any(one.text.split()[0] in AT for one in said_in(found))
        if placed and any(one.determiner.split(" ")[0] not in EACH for one in subjects):
            one = subjects[0]
            single = one.words.replace(one.head, lexicon.lemma(one.head, verb=False), 1)
            raise Impossible(
                f"it is open whether there must be {one.text} there, or all that are visible must be so",
                "say which of the two, as in `At least one sign must be on the wall`",
                ()
                if any(EACH & set(each.text.split()) for each in said_in(found))
                else tuple(((one.text, f"{many} {single}"), ("visible", "")) for many in ("at least one", "every")),
            )
        yield draft


def must_and_must_not(found: Found) -> Iterator[Draft]:
    """`Cyclists must wear a helmet and may not use a phone`: whoever breaks either.

    Raises:
        Impossible: something follows that may speak of both.
    """
    things, said, denied_too = things_in(found), said_in(found), found["never"]
    not_over_at_once(denied_too)
    if shows(things.each, denied_too) or any(one.both or one.owned for one in denied_too):
        return
    for one in things.each:
        stays_open(one, acts=True)
    follows = [word for one in denied_too for word in one.text.split()[1:] if word in PREPOSITIONS - {"of"}]
    if follows or any(word in ("when", "while") for one in denied_too for word in one.text.split()):
        raise Impossible(
            f"it is open whether what stands behind `{follows[0] if follows else 'when'}` speaks of both demands",
            "write a rule for each",
        )
    never = tuple(Clause(of_one(one), each.finite) for one in things.each for each in denied_too)
    for draft in required_so({"things": things, "doing": said}):
        if len(draft.whole) == 1 and draft.subjects == (things.each,):
            yield replace(draft, whole=((*draft.whole[0], *never),), lifted_behind=True)


def _few_so(things: Things, few: tuple[Thing, ...], said: Alternatives) -> Iterator[Draft]:
    """`At least two dogs must be on a leash`: fewer than two dogs are."""
    if len(things.each) > 1 or any(one.owned for one in said):
        raise Impossible("it is open which things the number counts", "write a rule for each of them")
    finite = tuple(each.finite for each in said)
    one = things.each[0]
    if one.owner is None and (one.behind == "of" or re.search(r"(?:'s|s') ", one.words)):
        raise Impossible(
            f"it is open whether `{one.inside}` must be there in every picture, or only where whose they are is seen",
            "say whose with `of`, as in `Both hands of the driver must be on the wheel`",
        )
    # where no driver is seen, nothing is asked of the driver's hands
    seen: Groups = ((Clause(one.owner, VISIBLE),),) if one.owner else ()
    yield Draft(
        whole=(tuple(clause for one in few for clause in said_of(of_one(one), finite)),),
        conditions=_there(things) or seen,
    )
