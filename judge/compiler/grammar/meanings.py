"""What the forms of a sentence mean, each as drafts of a chain. The forms themselves are data (`forms`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.changes import lifted
from judge.compiler.grammar.clauses import VISIBLE, Clause, Groups, said_of
from judge.compiler.grammar.closed import PLACES_ALONE
from judge.compiler.grammar.denial import (
    EACH,
    VAGUE,
    Impossible,
    denied,
    ends_in_a_state,
    not_vague,
    of_one,
    stays_open,
    too_few,
)
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import PICTURE, needs_its_verb, of_pictures, said_in, scope, shows, things_in
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.only import only_kind, only_those
from judge.compiler.grammar.pictures import ITSELF, KINDS
from judge.compiler.grammar.pronouns import unless_so
from judge.compiler.grammar.things import BE, Alternatives, Said, Thing, Things
from judge.compiler.grammar.tokens import COMPOUND_PREPOSITIONS, PREPOSITIONS

# What is no object and can be seen all the same.
_SIGNS = lexicon.word_set(
    "text name logo watermark money sign symbol address ticket graffiti nudity injury wound number letter word label "
    "barcode code link voucher coupon slogan caption tattoo hashtag emoji date price password border mark receipt map "
    "advertising"
)
_AT = PREPOSITIONS - lexicon.word_set("with without of for as than per") | {
    words[0] for words in COMPOUND_PREPOSITIONS if words[0] != "together"
}
_IN_STYLE = re.compile(r"(?:not )?in (?:colour|color|focus|black and white|portrait|landscape|greyscale|grayscale)")
_MISSING = lexicon.word_set("wear use carry provide attach fit install supply fix add")
_MUTUAL = lexicon.word_set(
    "kiss hug fight touch meet embrace wrestle dance play talk argue share hold shake cuddle box"
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
    yield from _both(Things(any_of, things.joint), {name: value for name, value in found.items() if name != "more"})


def bare(found: Found) -> Iterator[Draft]:
    """`No weapons.`, and not `No exceptions.`: what is named must be something to see."""
    if of_pictures(things_in(found, examples=True).each):
        return
    for one in things_in(found, examples=True).each:
        act = lexicon.ING in lexicon.tags(one.head) and one.head.endswith("ing")
        if lexicon.kind(one.head) not in tuple("oafpbgse") and not act and not _is_sign(one.head):
            raise Impossible(
                f"it is open whether `{one.head}` is what must not be seen",
                "",
                ((("", " may be shown"),),),
            )
    yield from forbidden(found)


def _is_sign(head: str) -> bool:
    return lexicon.lemma(head, verb=False) in _SIGNS


def each_forbidden(found: Found) -> Iterator[Draft]:
    """`A and B are prohibited`: each of them."""
    things, said = things_in(found, examples=True), said_in(found)
    if shows(things.each, said) or needs_its_verb(found):
        return
    if of_pictures(things.each):
        yield from _of_the_picture(things, said)
        return
    for one in things.each:
        not_vague(one)
    if [one.text for one in said] == ["together"]:
        if things.joint == "and":
            yield Draft(tuple((one,) for one in things.each))
        return
    if things.joint == "and" and any(map(_is_mutual, said)):
        # `A and B must not be shown kissing` may be the two together
        yield from _both(things, found)
        return
    yield from _in_any(Draft((things.each,), said, conditions=scope(found)))


def _is_mutual(said: Said) -> bool:
    first = said.text.split()[0]
    return first.endswith("ing") and lexicon.lemma(first, verb=True) in _MUTUAL


def _in_any(draft: Draft) -> Iterator[Draft]:
    """`forbidden in kitchens and in bathrooms`: in either, too."""
    yield draft
    far = draft.said and draft.said[0].text.startswith("far from ")
    if len(draft.said) == 1 and draft.said[0].both and all(map(_is_place, draft.said[0].both)) and not far:
        yield replace(draft, said=draft.said[0].both)


def _is_place(said: Said) -> bool:
    return said.text.split()[0] in _AT | PLACES_ALONE


def each_not(found: Found) -> Iterator[Draft]:
    """The same behind `not`: `Every door must not be open` may mean none, or not all."""
    things = things_in(found, examples=True).each
    for one in () if shows(things, said_in(found)) else things:
        stays_open(one, acts=bool(said_in(found)))
    for draft in each_forbidden(found):
        yield draft
        if len(draft.said) == 1 and draft.said[0].both and not draft.said[0].text.startswith("far from "):
            yield replace(
                draft, said=draft.said[0].both
            )  # `must not be wet and dirty`: neither, or not the two together


def _is_quality(said: Said) -> bool:
    """`blurry`, `a screenshot`; not `hung above a bed`, which is no matter of the picture that is judged."""
    return " " not in said.text or said.text.startswith(("a ", "an ", "too ", "very ")) or said.text == "upside down"


def _of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must not be blurry`: of the picture that is judged; other pictures, in it, need naming."""
    one = things.each[0]
    if not said or len(things.each) > 1 or one.modified or one.behind or not all(map(_is_quality, said)):
        return
    yield Draft(whole=(tuple(Clause(PICTURE, each.finite) for each in said),), conditions=_scope_of(one))


def _scope_of(one: Thing) -> Groups:
    """Of `screenshots`, that the picture is one."""
    return scope({"picture": "" if one.head in ITSELF else KINDS.get(one.head, one.head)})


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
    if of_pictures(things.each) and "picture" not in found:
        yield from _of_the_picture(things, said)
        return
    if any(re.match(rf"not (?:{SHORT['SHOWN']})\b", one.text) for one in said):
        raise Impossible("it has two negations", "write `No A may be shown`, or `Every A must be visible`")
    for draft in _in_any(Draft((things.each,), said, conditions=scope(found))):
        yield from _each_act(draft, found)
    if things.joint == "and":
        if said:
            yield Draft(whole=tuple(said_of(one, tuple(each.finite for each in said)) for one in things.each))
        else:
            yield Draft(tuple((one,) for one in things.each), conditions=scope(found))


def nobody(found: Found) -> Iterator[Draft]:
    """`Nobody may be shown climbing`, `Nobody may climb`."""
    if not shows((ANYONE,), said_in(found)) and not needs_its_verb(found):
        yield from _each_act(Draft(((ANYONE,),), said_in(found)), found)


def _each_act(draft: Draft, found: Found) -> Iterator[Draft]:
    """`Nobody may carry a knife and wear a mask`: neither, or not the two together?"""
    yield draft
    both = draft.said[0].both if len(draft.said) == 1 and "doing" in found else ()
    if len({one.text.split()[0] for one in both}) > 1:
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


def only_if(found: Found) -> Iterator[Draft]:
    """`A may be shown only if B is visible`: forbidden unless."""
    things_in(found)
    without = {name: value for name, value in found.items() if name != "clauses"}
    for draft in each_forbidden(without):
        yield replace(next(lifted(draft, found)), only=True)


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
    if any(one.both and all(map(_is_place, one.both)) for one in said):
        raise Impossible(
            "it is open whether `only` asks for all of what follows, or for one of it",
            "write `or` where one is enough, as in `Caps may be shown only outdoors or on a stage`",
        )
    yield Draft((things.each,), whole=_each_denied(things.each, said), only=True)


def only_doing(found: Found) -> Iterator[Draft]:
    """`Performers may use fire only outdoors`: one who uses it elsewhere."""
    things = things_in(found)
    said: Alternatives = found["doing"]
    if not shows(things.each, said) and not needs_its_verb(found):
        yield unless_so(Draft((things.each,), said), found["tail"])


def _each_denied(each: tuple[Thing, ...], said: Alternatives) -> Groups:
    return tuple(tuple(Clause(of_one(one), more) for one in each for more in group) for group in denied(said))


def required(found: Found) -> Iterator[Draft]:
    """`The price must be shown`: violated where it is not. `A and B`: where either is missing; `A or B`: both."""
    things = things_in(found)
    first = things.each[0].determiner
    if (first.split(" ")[0] in EACH - {"both"} and not english.counted(first)) or (
        "picture" in found and first.startswith(("at most ", "no more than "))
    ):
        return
    gone = tuple(_gone(one) for one in things.each)
    whole = (tuple(one for each in gone for one in each),) if things.joint == "and" else gone
    yield Draft(whole=whole, conditions=scope(found))


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
    if shows(things.each, said) or needs_its_verb(found):
        return
    if any(_may_be_missing(one) for one in said) and not all(one.animate for one in things.each):
        return
    if any(re.search(r" (?:when|while) \w+ing\b", one.text) for one in said):
        return  # `doing_behind` reads of whom it is demanded
    if of_pictures(things.each):
        yield from _so_of_the_picture(things, said)
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
    each = tuple(one.as_one for one in things.each)
    yield Draft(() if definite else (each,), whole=_each_denied(each, said))


def required_there(found: Found) -> Iterator[Draft]:
    """`Signs must be visible on a wall`: must there be one, or must those that are there be on a wall?"""
    for draft in required_so(found):
        subjects = [one for group in draft.subjects for one in group]
        placed = any(one.text.split()[0] in _AT for one in said_in(found))
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
    whose: Groups = ((Clause(one.owner, VISIBLE),),) if one.owner else ()
    yield Draft(whole=(tuple(clause for one in few for clause in said_of(of_one(one), finite)),), conditions=whose)


def _so_of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must be square`, `The picture must be in colour`."""
    one = things.each[0]
    plain = len(things.each) == 1 and not one.modified and not one.behind and one.head in ITSELF
    if plain and all(_is_quality(each) or _IN_STYLE.fullmatch(each.text) for each in said):
        yield Draft(whole=_each_denied((PICTURE,), said))


MEANINGS: dict[str, Callable[[Found], Iterator[Draft]]] = {
    "forbidden": forbidden,
    "each_forbidden": each_forbidden,
    "both_open": both_open,
    "nobody": nobody,
    "too_many": too_many,
    "only_if": only_if,
    "only_so": only_so,
    "only_doing": only_doing,
    "required": required,
    "required_so": required_so,
    "must_only": must_only,
    "required_there": required_there,
    "bare": bare,
    "each_not": each_not,
    "only_kind": only_kind,
    "only_those": only_those,
}
