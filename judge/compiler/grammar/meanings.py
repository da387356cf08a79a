"""What the forms of a sentence mean, each as drafts of a chain. The forms themselves are data (`forms`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.changes import lifted
from judge.compiler.grammar.clauses import VISIBLE, Clause, Groups, said_of
from judge.compiler.grammar.closed import PLACES_ALONE
from judge.compiler.grammar.denial import EACH, Impossible, denied, not_vague, stays_open, too_few
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.pictures import ELSEWHERE, ITSELF, KINDS, PICTURES, SHOWING
from judge.compiler.grammar.predicates import PLACES
from judge.compiler.grammar.things import BE, Alternatives, Said, Thing, Things
from judge.compiler.grammar.tokens import COMPOUND_PREPOSITIONS, PREPOSITIONS

_SHOW = frozenset(SHORT["SHOW"].split("|")) | frozenset(SHORT["SHOWN"].split("|")) | {"appearing"}
_SHOWING = frozenset(english.ing(word) for word in SHORT["SHOW"].split("|")) | _SHOW
# What is no object and can be seen all the same.
_SIGNS = lexicon.word_set(
    "text name logo watermark money sign symbol address ticket graffiti nudity injury wound number letter word label "
    "barcode voucher coupon slogan caption tattoo hashtag emoji date price password border mark receipt map advertising"
)
# Behind these, `seen` and its like say more than that something is there: `seen through a window`.
_OF_THE_VIEW = lexicon.word_set("through from as by via for during like")
_IN_STYLE = re.compile(r"(?:not )?in (?:colour|color|focus|black and white|portrait|landscape|greyscale|grayscale)")
_POSTING = lexicon.word_set("showing depicting portraying picturing posting publishing uploading submitting featuring")
_MISSING = lexicon.word_set("wear use carry provide attach fit install supply fix add")
_MUTUAL = lexicon.word_set(
    "kiss hug fight touch meet embrace wrestle dance play talk argue share hold shake cuddle box"
)
ANYONE = Thing("any", "person", "person")
PICTURE = Thing("the", "picture", "picture")


def _things(found: Found, *, examples: bool = False) -> Things:
    """The things a sentence is about. examples: whether it may say `including B`, as one that forbids all of them may.

    Raises:
        Impossible: it may not, and does.
    """
    things: Things = found["things"]
    if things.examples and not examples:
        raise Impossible(
            "it is open what the examples behind `such as` or `including` add to the rule",
            "leave them out, or write a rule that forbids them as well, as in `No car or van may be shown`",
        )
    if "more" in found:
        return Things(things.each + found["more"].each, "or")
    return things


def _scope(found: Found) -> Groups:
    words = found.get("picture", "")
    if not words:
        return ()
    if words.split()[-1] in ELSEWHERE:
        raise Impossible(
            f"`{words}`: no picture shows by itself that it is one, or is of one",
            "write `Photos must not show A`: it holds for every picture that is judged under the rule",
        )
    return ((Clause(PICTURE, Said(f"{BE} {english.article(words)} {words}")),),)


def _of_pictures(things: tuple[Thing, ...]) -> bool:
    return any(one.head in PICTURES for one in things)


def _said(found: Found) -> Alternatives:
    said: Alternatives = found.get("tail") or found.get("doing") or ()
    return said


def _needs_its_verb(found: Found) -> bool:
    """`seen through a window`: without its verb, what follows says something else (another form keeps both)."""
    tail: Alternatives = found.get("tail") or ()
    return any(one.text.split()[0] in _OF_THE_VIEW for one in tail)


def forbidden(found: Found) -> Iterator[Draft]:
    """`No A or B may be shown`; behind `no` nothing has an article of its own."""
    things = found["listed"] if "listed" in found else _things(found, examples=True)
    if (
        "listed" not in found
        and any(one.determiner.split(" ")[0] in ("a", "an", "the") for one in things.each)
        and "more" not in found
    ):
        return
    for one in things.each:
        not_vague(one)
    any_of = tuple(one if one.determiner else replace(one, determiner="any") for one in things.each)
    yield from _both(Things(any_of, things.joint), {name: value for name, value in found.items() if name != "more"})


def bare(found: Found) -> Iterator[Draft]:
    """`No weapons.`, and not `No exceptions.`: what is named must be something to see."""
    if _of_pictures(_things(found, examples=True).each):
        return
    for one in _things(found, examples=True).each:
        act = lexicon.ING in lexicon.tags(one.head) and one.head.endswith("ing")
        if lexicon.kind(one.head) not in tuple("oafpbgse") and not act and not _is_sign(one.head):
            raise Impossible(
                f"it is open whether `{one.head}` is what must not be seen", f"write `No {one.inside} may be shown`"
            )
    yield from forbidden(found)


def _is_sign(head: str) -> bool:
    return lexicon.lemma(head, verb=False) in _SIGNS


def each_forbidden(found: Found) -> Iterator[Draft]:
    """`A and B are prohibited`: each of them."""
    things, said = _things(found, examples=True), _said(found)
    if _shows(things.each, said) or _needs_its_verb(found):
        return
    if _of_pictures(things.each):
        yield from _of_the_picture(things, said)
        return
    for one in things.each:
        not_vague(one)
    if [one.text for one in said] == ["together"]:
        if things.joint == "and":
            yield Draft(tuple((one,) for one in things.each))
        return
    if things.joint == "and" and any(lexicon.lemma(one.text.split()[0], verb=True) in _MUTUAL for one in said):
        # `A and B must not be shown kissing` may be the two together
        yield from _both(things, found)
        return
    yield from _in_any(Draft((things.each,), said, conditions=_scope(found)))


def _in_any(draft: Draft) -> Iterator[Draft]:
    """`forbidden in kitchens and in bathrooms`: in either, too."""
    yield draft
    if len(draft.said) == 1 and draft.said[0].both and all(map(_is_place, draft.said[0].both)):
        yield replace(draft, said=draft.said[0].both)


def _is_place(said: Said) -> bool:
    return said.text.split()[0] in PLACES | PLACES_ALONE


def each_not(found: Found) -> Iterator[Draft]:
    """The same behind `not`: `Every door must not be open` may mean none, or not all."""
    things = _things(found, examples=True).each
    for one in () if _shows(things, _said(found)) else things:
        stays_open(one, acts=bool(_said(found)))
    for draft in each_forbidden(found):
        yield draft
        if len(draft.said) == 1 and draft.said[0].both and not draft.said[0].text.startswith("far from "):
            yield replace(
                draft, said=draft.said[0].both
            )  # `must not be wet and dirty`: neither, or not the two together


def _is_quality(said: Said) -> bool:
    """`blurry`, `a screenshot`; not `hung above a bed`, which is no matter of the picture that is judged."""
    return " " not in said.text or said.text.startswith(("a ", "an "))


def _of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must not be blurry`: of the picture that is judged; other pictures, in it, need naming."""
    one = things.each[0]
    if not said or len(things.each) > 1 or one.modified or one.behind or not all(map(_is_quality, said)):
        return
    yield Draft(whole=(tuple(Clause(PICTURE, each.finite) for each in said),), conditions=_scope_of(one))


def _scope_of(one: Thing) -> Groups:
    """Of `screenshots`, that the picture is one."""
    return _scope({"picture": "" if one.head in ITSELF else KINDS.get(one.head, one.head)})


def both_open(found: Found) -> Iterator[Draft]:
    """`must not show A and B`: either, or the two together."""
    things = _things(found, examples=True)
    for one in things.each:
        not_vague(one, every=True)
    yield from _both(things, found)


def _both(things: Things, found: Found) -> Iterator[Draft]:
    said = _said(found)
    if _shows(things.each, said) or _needs_its_verb(found):
        return
    if _of_pictures(things.each) and "picture" not in found:
        yield from _of_the_picture(things, said)
        return
    yield from _in_any(Draft((things.each,), said, conditions=_scope(found)))
    if things.joint == "and":
        if said:
            yield Draft(whole=tuple(said_of(one, tuple(each.finite for each in said)) for one in things.each))
        else:
            yield Draft(tuple((one,) for one in things.each), conditions=_scope(found))


def _shows(things: tuple[Thing, ...], said: Alternatives) -> bool:
    """A picture that shows something is no thing that does something; `shown` is no property."""
    if any(
        one.head in PICTURES | ELSEWHERE and one.behind in ("of", "showing", "that", "which", "with") for one in things
    ):
        return True  # `pictures of passports` are looked through: other forms read them so
    if any(one.animate for one in things) and any(one.text.split()[0] in _POSTING for one in said):
        raise Impossible(
            f"it is open whether `{things[0].inside}` must be seen, or only what they show",
            "write it of the pictures, as in `Photos must not show knives`, or `Photos must show the label`",
        )
    first = {one.text.split()[0] for one in said if not set(one.text.split()[1:2]) & _OF_THE_VIEW}
    shows = any(one.head in SHOWING for one in things)
    return bool(first & _SHOW) or (shows and any(one.text.split()[0] in _SHOWING for one in said))


def nobody(found: Found) -> Iterator[Draft]:
    """`Nobody may be shown climbing`, `Nobody may climb`."""
    if not _shows((ANYONE,), _said(found)) and not _needs_its_verb(found):
        yield Draft(((ANYONE,),), _said(found))


def _counted(found: Found, quantity: str) -> Thing | None:
    things = _things(found)
    one = things.each[0]
    if len(things.each) > 1 or one.determiner:
        return None
    return replace(one, determiner=quantity if quantity == "no" else f"{quantity} {found['count']}")


def too_many(found: Found) -> Iterator[Draft]:
    """`No more than three people`: four are too many."""
    if (one := _counted(found, "more than")) and not _shows((one,), _said(found)) and not _needs_its_verb(found):
        yield Draft(((one,),), _said(found), conditions=_scope(found))


def only_if(found: Found) -> Iterator[Draft]:
    """`A may be shown only if B is visible`: forbidden unless."""
    _things(found)
    without = {name: value for name, value in found.items() if name != "clauses"}
    for draft in each_forbidden(without):
        yield replace(next(lifted(draft, found)), only=True)


def must_only(found: Found) -> Iterator[Draft]:
    """`Glasses must be empty only if C`: forbidden unless C, or demanded where C holds?"""
    if not _shows(_things(found).each, _said(found)):
        raise Impossible(
            "it is open whether `must ... only if` allows it in that case alone, or demands it then and there",
            "write `A cup may be shown only if a lid is visible`, or `When a lid is visible, every cup must be closed`",
        )
    yield from ()


def only_so(found: Found) -> Iterator[Draft]:
    """`Dogs may be shown only on a leash`: a dog that is not."""
    things, said = _things(found), _said(found)
    if _shows(things.each, said) or _needs_its_verb(found):
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


def _each_denied(each: tuple[Thing, ...], said: Alternatives) -> Groups:
    return tuple(tuple(Clause(one, more) for one in each for more in group) for group in denied(said))


def only_kind(found: Found) -> Iterator[Draft]:
    """`Only closed bottles may be shown`: bottles other than closed bottles."""
    things = _things(found)
    (one, *more) = things.each
    if more or one.determiner or one.behind or not one.modified or one.head in PICTURES:
        raise Impossible(
            "it is open what else `only` leaves out", "write `No bottles other than closed bottles may be shown`"
        )
    every = Thing("", one.head, one.head)
    yield Draft(((every.with_behind(Said(f"other than {one.words}")),),), only=True)


def required(found: Found) -> Iterator[Draft]:
    """`The price must be shown`: violated where it is not. `A and B`: where either is missing; `A or B`: both."""
    things = _things(found)
    first = things.each[0].determiner
    if first.split(" ")[0] in EACH - {"both"} or (
        "picture" in found and first.startswith(("at most ", "no more than "))
    ):
        return
    gone = tuple(_gone(one) for one in things.each)
    whole = (tuple(one for each in gone for one in each),) if things.joint == "and" else gone
    yield Draft(whole=whole, conditions=_scope(found))


def _gone(one: Thing) -> tuple[Clause, ...]:
    few = too_few(one)
    if few is None:
        return (Clause(one, Said(f"{BE} not visible")),)
    return tuple(Clause(each, VISIBLE) for each in few)


def _may_be_missing(said: Said) -> bool:
    """`Helmets must be worn`: where none is in the picture, whose fault it is stays open."""
    first = said.text.split()[0]
    return not first.endswith("ing") and lexicon.lemma(first, verb=True) in _MISSING


def required_so(found: Found) -> Iterator[Draft]:
    """`Every rider must wear a helmet`: a rider who does not."""
    things, said = _things(found), _said(found)
    if _shows(things.each, said) or _needs_its_verb(found) or any(_may_be_missing(one) for one in said):
        return
    if _of_pictures(things.each):
        yield from _so_of_the_picture(things, said)
        return
    if things.joint == "or":
        raise Impossible("it is open whether each must be so, or one is enough", "write `and` if each must be so")
    if any(one.determiner in ("a", "an") for one in things.each):
        one = next(one for one in things.each if one.determiner in ("a", "an"))
        raise Impossible(
            f"it is open whether every {one.words} must be so, or one is enough",
            f"begin with `Every {one.words} must`, or with `At least one {one.words} must`",
        )
    few = [each for one in things.each for each in too_few(one) or ()]
    if few:
        yield from _few_so(things, tuple(few), said)
        return
    definite = all(one.determiner.startswith("the") for one in things.each)
    yield Draft(() if definite else (things.each,), whole=_each_denied(things.each, said))


def required_there(found: Found) -> Iterator[Draft]:
    """`Signs must be visible on a wall`: must there be one, or must those that are there be on a wall?"""
    for draft in required_so(found):
        subjects = [one for group in draft.subjects for one in group]
        at = PREPOSITIONS - {"with", "without"} | {words[0] for words in COMPOUND_PREPOSITIONS}
        placed = any(one.text.split()[0] in at for one in _said(found))
        if placed and any(one.determiner.split(" ")[0] not in EACH for one in subjects):
            one = subjects[0]
            raise Impossible(
                f"it is open whether there must be {one.text} there, or all that are visible must be so",
                f"write `At least one {lexicon.lemma(one.head, verb=False)} must be {_text(found)}`, or "
                f"`Every {lexicon.lemma(one.head, verb=False)} must be {_text(found)}`",
            )
        yield draft


def _text(found: Found) -> str:
    return " or ".join(one.text for one in _said(found))


def _few_so(things: Things, few: tuple[Thing, ...], said: Alternatives) -> Iterator[Draft]:
    """`At least two dogs must be on a leash`: fewer than two dogs are."""
    if len(things.each) > 1 or any(one.owned for one in said):
        raise Impossible("it is open which things the number counts", "write a rule for each of them")
    finite = tuple(each.finite for each in said)
    yield Draft(whole=(tuple(clause for one in few for clause in said_of(one, finite)),))


def _so_of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must be square`, `The picture must be in colour`."""
    one = things.each[0]
    plain = len(things.each) == 1 and not one.modified and not one.behind and one.head in ITSELF
    if plain and all(_is_quality(each) or _IN_STYLE.fullmatch(each.text) for each in said):
        yield Draft(whole=_each_denied((PICTURE,), said))


MEANINGS: dict[str, Callable[[Found], Iterator[Draft]]] = {
    "forbidden": forbidden, "each_forbidden": each_forbidden, "both_open": both_open, "nobody": nobody,
    "too_many": too_many, "only_if": only_if, "only_so": only_so, "required": required, "required_so": required_so,
    "must_only": must_only, "required_there": required_there, "bare": bare, "each_not": each_not,
    "only_kind": only_kind,
}  # fmt: skip
