"""What stands before and behind a sentence, and how it changes the draft: conditions, places, exceptions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from judge.compiler.grammar import english, lexicon, nets, nouns
from judge.compiler.grammar.again import introduced
from judge.compiler.grammar.clauses import Group, Groups
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import scope
from judge.compiler.grammar.forms import Found
from judge.compiler.grammar.pictures import PICTURES, SHOWING
from judge.compiler.grammar.pronouns import plain_said, said_alone, same_one, unless_so, where_so
from judge.compiler.grammar.things import BE, Said, Thing, Things, listing
from judge.compiler.grammar.tokens import OWNERS


def condition(draft: Draft, found: Found) -> Iterator[Draft]:
    """`when C`; of `they`, said of the things of the rule."""
    if (named := introduced(draft, found["clauses"])) is not None:
        about, so = named
        yield about if so is None else where_so(about, (plain_said(so),))
        return
    said = same_one(draft, found["clauses"])
    if said is not None:
        yield where_so(draft, said)
        return
    yield replace(draft, conditions=(*draft.conditions, *_whose(draft, found["clauses"])))


def _whose(draft: Draft, groups: Groups) -> Groups:
    """`unless their faces are covered`, where one thing alone can be meant: `the faces of injured people`."""
    each = [clause for group in groups for clause in group]
    owned = [one for one in each if one.subject.determiner.split(" ")[0] in OWNERS]
    if not owned:
        return groups
    things = [one for group in draft.subjects for one in group]
    if len(each) > 1 or len(things) > 1 or not things or draft.said or draft.place or draft.whole or things[0].inner:
        raise Impossible(f"it is open whose `{owned[0].subject.text}` is meant", "")
    subject, owner = owned[0].subject, things[0]
    rest = " ".join([*subject.determiner.split()[1:], subject.words, "of", owner.text])
    return ((replace(owned[0], subject=replace(subject, determiner="the", words=rest)),),)


def _whose_not(draft: Draft, clauses: Group) -> Draft:
    """`unless its lid is closed`: those whose lid is not closed; one that is closed lifts nothing from another.

    Raises:
        Impossible: it is open whose, or what is not so.
    """
    subject, said = clauses[0].subject, clauses[0].said
    things = [one for group in draft.subjects for one in group]
    state = said.text.removeprefix(f"{BE} ")
    if re.fullmatch(r"not [\w-]+", state):  # `not recognisable`: those that are
        said, state = replace(said, text=f"{BE} {state[4:]}"), f"not {state}"
    whole = len(clauses) > 1 or len(things) != 1 or draft.said or draft.place or draft.whole or things[0].behind
    counted = english.counted(subject.determiner) or (bool(things) and english.counted(things[0].determiner))
    if (
        whole
        or counted
        or state == said.text
        or re.match(r"(?:not(?! not )|neither|without)\b", state)
        or " and " in state
    ):
        raise Impossible(
            f"it is open whose `{subject.text}` is meant, and of how many",
            "write which must not be shown, as in `No person whose face is visible may be shown`",
        )
    opposite = state.removeprefix("not not ") if state.startswith("not not ") else f"not {state}"
    whose = Said(f"whose {subject.words} {subject.be} {opposite}", subject.head, said.inner)
    return replace(draft, subjects=((things[0].with_behind(whose),),), but=True)


def condition_behind(draft: Draft, found: Found) -> Iterator[Draft]:
    """The same behind what it limits; behind `only in A`, it may limit that alone."""
    _ends_with(draft)
    if draft.only:
        raise Impossible(
            "it is open what the condition limits behind `only`",
            "write what is forbidden: `No dog may be shown on a train, unless a muzzle is visible`",
        )
    yield from condition(draft, found)


def placed(draft: Draft, found: Found) -> Iterator[Draft]:
    """`On platforms, ...`: the things are there."""
    if any(one.about in PICTURES and one.text.startswith(("in ", "on ", "for ")) for one in found["place"]):
        return  # `of_picture` reads them
    if not draft.place:
        yield replace(draft, place=found["place"])


def of_picture(draft: Draft, found: Found) -> Iterator[Draft]:
    """`In food photos, ...`, `... in food photos`: of those alone."""
    yield replace(draft, conditions=(*draft.conditions, *scope(found)))


def doing(draft: Draft, found: Found) -> Iterator[Draft]:
    """`While driving, ...`: of those who do so."""
    alone = len(draft.subjects) == 1 and all(one.animate for one in draft.subjects[0])
    if alone and (draft.said or draft.whole):
        yield where_so(draft, found["ing"])


def doing_behind(draft: Draft, found: Found) -> Iterator[Draft]:
    """`Nurses must wear gloves when drawing blood`: a nurse who draws blood. What is forbidden while doing something
    keeps it in its statement."""
    if draft.whole:
        _ends_with(draft)
        yield from doing(draft, found)


def lifted(draft: Draft, found: Found) -> Iterator[Draft]:
    """`unless C`."""
    groups: Groups = found.get("clauses") or found["clause_list"]
    if len(groups) > 1:
        raise Impossible(
            "an exception of two conditions that must both hold",
            "write a rule for each: `unless A is visible` in one, `unless B is visible` in the other",
        )
    if any(one.subject.determiner.split(" ")[0] in OWNERS for one in groups[0]):
        yield _whose_not(draft, groups[0])
        return
    said = same_one(draft, groups, lifting=True)
    if said is not None:
        yield unless_so(draft, said)
        return
    if draft.exceptions:
        raise Impossible("more than one exception", "join them: `unless A or B is visible`")
    yield replace(draft, exceptions=groups[0])


def lifted_so(draft: Draft, found: Found) -> Iterator[Draft]:
    """`unless fenced off`: those that are not."""
    said_alone(draft, found["state"])
    yield unless_so(draft, found["state"])


def lifted_so_behind(draft: Draft, found: Found) -> Iterator[Draft]:
    """The same at the end: no other exception may stand before it."""
    _ends_with(draft)
    for changed in lifted_so(draft, found):
        yield replace(changed, lifted_behind=True)


def where_it_is_so(draft: Draft, found: Found) -> Iterator[Draft]:
    """`if cracked`: those that are."""
    _ends_with(draft)
    if draft.only:
        return
    said_alone(draft, found["state"])
    yield where_so(draft, found["state"])


# Not where a thing is, but what it is shown for: `except in films`.
_SHOWS = lexicon.word_set(
    "film movie game play show series book novel comic magazine newspaper advertisement commercial trailer case event "
    "work art school training sport context emergency accident hospital documentary"
)


def _is_show(said: Said) -> bool:
    return lexicon.lemma(said.about, verb=False) in _SHOWS or said.about in SHOWING


def lifted_there(draft: Draft, found: Found) -> Iterator[Draft]:
    """`except in a yard`: those that are not in one."""
    _ends_with(draft)
    open_ones = [one.text for one in found["place"] if one.inner[:1] not in tuple("oslbgfa") or _is_show(one)]
    if open_ones and any(one.inner[:1] == "p" for one in found["place"]):
        raise Impossible(
            f"it is open what of `{open_ones[0]}` can be seen, behind `except`",
            "say who alone may have it, as in `No person other than a soldier may hold a gun`",
        )
    if open_ones:
        raise Impossible(
            f"it is open what of `{open_ones[0]}` can be seen, behind `except`",
            "say what is visible then, as in `No knife may be shown, unless a cook is visible`",
            blocked=open_ones[0],
        )
    yield unless_so(draft, found["place"])


def others(draft: Draft, found: Found) -> Iterator[Draft]:
    """`except A`: the things, other than A. Of several things, of the last alone or of all."""
    if not draft.subjects:
        return
    last = draft.subjects[-1]
    fitting = tuple(one for one in last if nouns.leaves_kinds(one, (found["others"],)))
    yield _but(draft, fitting or last, found["others"])
    if len(last) > 1 and fitting == last:
        yield _but(draft, last[-1:], found["others"])


def others_behind(draft: Draft, found: Found) -> Iterator[Draft]:
    """The same at the end: nothing more may follow, that could speak of the exception alone."""
    if draft.lifted_behind or (draft.only and draft.exceptions):
        raise Impossible(
            "it is open what the second exception is taken from",
            "write `No statues other than marble statues may be shown, unless a child is visible`",
        )
    for changed in others(draft, found):
        yield replace(changed, but=True)


def other_than_behind(draft: Draft, found: Found) -> Iterator[Draft]:
    """`other than A`: whoever writes so says that A would be one."""
    yield from others_behind(draft, {**found, "others": replace(found["others"], left_out=())})


def lifted_behind(draft: Draft, found: Found) -> Iterator[Draft]:
    """`..., unless C`."""
    if not draft.exceptions:
        _ends_with(draft)
    for changed in lifted(draft, found):
        yield replace(changed, lifted_behind=True)


def _ends_with(draft: Draft) -> None:
    """Refuses a condition behind an exception: it may limit the exception, or the rule.

    Raises:
        Impossible: an exception stands before it.
    """
    if draft.but or draft.lifted_behind:
        raise Impossible(
            "it is open whether what follows the exception speaks of it, or of the whole rule",
            "put the condition in front and the exception beside its noun, as in `When a leash is visible, no pets "
            "other than dogs may be shown`",
        )


def _but(draft: Draft, things: tuple[Thing, ...], behind: Said) -> Draft:
    """The draft about these things, others left out, wherever it speaks of them.

    Raises:
        Impossible: what is left out is no kind of them, as jewellery is none of mannequins.
    """
    for one in things:
        for noun in (noun for noun in behind.left_out if not nets.is_kind_of(noun, one.head)):
            raise Impossible(
                f"it is open whether `{noun}` names a kind of `{one.head}`, which alone can be left out of it",
                "say it with `other than`, as in `No vehicles other than ambulances may be shown`, if it does; if not, "
                "say when the rule does not hold, as in `No knife may be shown, unless a cook is visible`",
            )
    changed = {one: one.with_behind(behind) for one in things}
    subjects = tuple(tuple(changed.get(one, one) for one in group) for group in draft.subjects)
    whole = tuple(
        tuple(replace(one, subject=changed.get(one.subject, one.subject)) for one in group) for group in draft.whole
    )
    return replace(draft, subjects=subjects, whole=whole)


def allowed(draft: Draft, found: Found) -> Iterator[Draft]:
    """A second sentence that allows one kind of what the first forbids; not of what it requires."""
    if not draft.whole:
        yield from exempt(draft, found)


def exempt(draft: Draft, found: Found) -> Iterator[Draft]:
    """A second sentence that takes one kind out of the first."""
    things: Things = found["things"] if "things" in found else found["listed"]
    if things.examples:
        raise Impossible("it is open whether the examples are all that is allowed", "name each thing that is allowed")
    _elsewhere(draft, things)
    heads = {lexicon.lemma(one.head, verb=False) for group in draft.subjects for one in group}
    if {lexicon.lemma(one.head, verb=False) for one in things.each} <= heads and len(heads) == 1:
        yield from others(draft, {"others": Said(f"other than {listing(things.each)}")})


def _elsewhere(draft: Draft, things: Things) -> None:
    """Refuses `Bags on platforms must not be shown; bags on seats are allowed`: nothing is taken out of the first.

    Raises:
        Impossible: what is allowed is in another place than what is forbidden, or of somebody else.
    """
    subjects = [one for group in draft.subjects for one in group if one.behind]
    for one in things.each:
        where = [said for each in subjects if (said := each.words.partition(f"{each.head} ")[2])]
        if one.behind and any(said not in one.words for said in where):
            raise Impossible(
                f"it is open how much of the first sentence `{one.inside}`, of another place or owner, takes back",
                "leave out what is allowed where it is no kind of what is forbidden: what no rule forbids is allowed",
            )


CHANGES: dict[str, Callable[[Draft, Found], Iterator[Draft]]] = {
    "condition": condition,
    "condition_behind": condition_behind,
    "place": placed,
    "of_picture": of_picture,
    "doing": doing,
    "doing_behind": doing_behind,
    "lifted": lifted,
    "lifted_so": lifted_so,
    "lifted_so_behind": lifted_so_behind,
    "where_it_is_so": where_it_is_so,
    "others": others,
    "lifted_there": lifted_there,
    "lifted_behind": lifted_behind,
    "others_behind": others_behind,
    "other_than_behind": other_than_behind,
    "allowed": allowed,
    "exempt": exempt,
}
