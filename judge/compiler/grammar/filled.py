"""What fills the holes of a form, with the questions that every meaning asks of it. Knows no form's meaning."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from judge.compiler.grammar import english, lexicon, nets
from judge.compiler.grammar.clauses import VISIBLE, Clause, Groups
from judge.compiler.grammar.denial import Impossible, denied, of_one
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.lexicon import ADJECTIVE
from judge.compiler.grammar.neither import not_of_both
from judge.compiler.grammar.pictures import ADS, ELSEWHERE, KINDS, OR_HUNG, PAGES, PICTURES, SEEN_KINDS, SHOWING
from judge.compiler.grammar.things import BE, Alternatives, Said, Thing, Things
from judge.compiler.grammar.tokens import OWNERS

_SHOW = frozenset(SHORT["SHOW"].split("|")) | frozenset(SHORT["SHOWN"].split("|")) | {"appearing"}
_SHOWING = frozenset(english.ing(word) for word in SHORT["SHOW"].split("|")) | _SHOW
# Behind these, `seen` and its like say more than that something is there: `seen through a window`.
_OF_THE_VIEW = lexicon.word_set("through from as by via for during like")
_OF_KIND = re.compile(rf"\b(?:in|on) (?:[\w-]+ )?(?:{'|'.join(sorted(SHOWING | OR_HUNG))})(?:$| of | for )")
_POINTING = lexicon.word_set("other another that this these those")
_POSTING = lexicon.word_set("showing depicting portraying picturing posting publishing uploading submitting featuring")
PICTURE = Thing("the", "picture", "picture")


def things_in(found: Found, *, examples: bool = False) -> Things:
    """The things a sentence is about. examples: whether it may say `including B`, as one that forbids all of them may.

    Raises:
        Impossible: it may not, and does.
    """
    things: Things = found["things"]
    if things.examples and not examples:
        raise Impossible(
            "it is open what the examples behind `such as` or `including` add to the rule",
            "say the same of them in a rule of its own, where they would not count",
        )
    if things.examples and "picture" in found and any(one.head in PICTURES for one in things.each):
        raise Impossible("it is open of what the examples are", "name each kind of picture in a rule of its own")
    first = things.each[0]
    pointing = first.determiner.split(" ")[0] in _POINTING and first.head not in PICTURES
    if pointing or first.words.startswith("same "):
        raise Impossible(f"it is open which `{first.inside}` is meant", "name it: each rule is read alone")
    hung = next((one for one in things.each if one.head in OR_HUNG and one.behind == "of"), None)
    if hung and (hung.modified or hung.head.startswith("portrait")):
        raise Impossible(
            f"it is open whether `{hung.inside}` means the picture itself, or one that is seen in it",
            "write `Photos must not show A`, or `No framed picture of A may be shown`",
        )
    each = (*things.each, *(found["more"].each if "more" in found else ()))
    for one, after in pairwise(each):
        _has_its_noun(one, after)
    if "more" in found:
        not_of_both(things.each[-1], found["more"].each[0])
        return Things(things.each + found["more"].each, "or")
    return _of_the_shown(things, found["shown"]) if "shown" in found else things


def _has_its_noun(one: Thing, after: Thing) -> None:
    """Refuses `neither the front nor the back door`: the front door, or the front of something?

    Raises:
        Impossible: a word that may be of the next noun stands alone.
    """
    alone = english.definite(one.determiner) and not one.modified and not one.behind
    if alone and english.definite(after.determiner) and after.modified and ADJECTIVE in lexicon.tags(one.head):
        whole = f"{one.inside} {after.head}"
        raise Impossible(
            f"it is open whether `{one.inside}` is `{whole}`, or something of its own",
            f"name it: `{one.inside} of ...`",
            (((one.inside, whole),),),
        )


def _of_the_shown(things: Things, shown: Things) -> Things:
    """`Photos of pupils must not show their faces`: the faces of pupils, where they alone can be meant."""
    if not any(one.determiner in OWNERS for one in things.each) or len(shown.each) > 1 or shown.each[0].behind:
        return things
    whose = shown.each[0]
    each = (
        replace(one, determiner="the", words=f"{one.words} of {whose.text}", behind="of")
        if one.determiner in OWNERS and not one.behind
        else one
        for one in things.each
    )
    return replace(things, each=tuple(each))


def scope(found: Found) -> Groups:
    """What must hold of the picture itself: `the picture is a screenshot`; nothing of `photos`. Of `photos of rooms`,
    that a room is visible.

    Raises:
        Impossible: no picture shows that it is one.
    """
    words = found.get("picture", "")
    shown: Groups = ()
    if "shown" in found:
        things: Things = found["shown"]
        if things.joint == "and":
            raise Impossible("it is open whether either must be shown, or the two together", "", ((("and", "or"),),))
        shown = (tuple(Clause(one, VISIBLE) for one in things.each),)
    if not words:
        return shown
    _seen_in_itself(words)
    if "for" in found:
        if words not in KINDS.values() or found["for"].joint:
            raise Impossible(
                "it is open what the pictures are for", "say what they show, as in `Photos must not show A`"
            )
        words = f"{words} for {found['for'].each[0].inside}"
    elif words.split()[-1] in ELSEWHERE:
        raise Impossible(
            f"`{words}`: no picture shows by itself that it is one, or is of one",
            "write `Photos must not show A`: it holds for every picture that is judged under the rule",
        )
    return (*shown, (Clause(PICTURE, Said(f"{BE} {english.article(words)} {words}")),))


def _seen_in_itself(words: str) -> None:
    """Refuses `dating profile photos`: who posts a picture, and where, is not seen in it.

    Raises:
        Impossible: the words before the picture's noun may say that.
    """
    *before, noun = words.split()
    last = before[-1].casefold() if before else ""
    shown_by_it = noun in ADS and lexicon.ING in lexicon.tags(last)  # `gambling ads`: what they are for
    if not last or noun not in PICTURES or last in SEEN_KINDS or shown_by_it or _can_be_looked_at(last):
        return
    kind, several = " ".join(before), f"{noun}s"
    of_them = lexicon.kind(last) in tuple("oplg") and last not in PAGES and f"{several} of {kind}s"
    instead = [((f"{kind} {one}", one),) for one in (several, noun)]
    instead += [((f"{kind} {several}", of_them),)] if of_them else []
    raise Impossible(
        f"it is open whether `{kind}` says where or by whom the {several} are posted, which no picture shows, or what "
        "they show",
        "if it is what they show, say how that looks; if not, write `Photos must not show A`, which holds for every "
        "picture that is judged under the rule",
        tuple(instead),
        gone=kind,
    )


def _can_be_looked_at(noun: str) -> bool:
    """A thing, a place or food that pictures are of; no shop or school, which also posts some, and no page."""
    if nets.is_kind_of(noun, "establishment") or nets.is_kind_of(noun, "institution") or noun in PAGES:
        return False
    adjective = lexicon.ADJECTIVE in lexicon.tags(noun) and lexicon.rather(noun, "a", "n")
    return adjective or lexicon.kind(noun) in tuple("olfabgs")


def of_pictures(things: tuple[Thing, ...], *, examples: bool = False) -> bool:
    """Whether a thing is the picture that is judged; examples: all but the first are examples of it."""
    things = things[:1] if examples else things
    return any(one.head in PICTURES for one in things)


def said_in(found: Found) -> Alternatives:
    """What is said of the things; nothing where they are only named."""
    said: Alternatives = found.get("tail") or found.get("doing") or ()
    not_over_at_once(found.get("doing") or ())
    return said


def not_over_at_once(said: Alternatives) -> None:
    """Refuses `may not enter the cage`: who is inside is not seen entering it, and has done so.

    Raises:
        Impossible: what is said is over once it is done.
    """
    for one in said:
        verb = lexicon.lemma(one.text.split()[0], verb=True)
        if verb in ("enter", "board"):
            raise Impossible(
                f"it is open whether `{one.text}` must be seen being done, or only that it is done",
                "say where nobody may be, as in `No person may be in the kitchen`",
            )


def needs_its_verb(found: Found) -> bool:
    """`seen through a window`, `shown in food photos`: what follows says something else than of the thing (another
    form reads it)."""
    if any(_OF_KIND.search(one.text) for one in said_in(found)):
        return True
    tail: Alternatives = found.get("tail") or ()
    needs = [one.text.split()[0] in _OF_THE_VIEW for one in tail]
    if any(needs) and not all(needs):
        raise Impossible(
            "it is open whether what follows says where a thing is, or how it is seen",
            "in place of `by` write `near` or `beside` where a place is meant",
        )
    return any(needs)


def shows(things: tuple[Thing, ...], said: Alternatives) -> bool:
    """A picture that shows something is no thing that does something; `shown` is no property."""
    if any(
        one.head in PICTURES | ELSEWHERE and one.behind in ("of", "showing", "that", "which", "with") for one in things
    ) or any(one.behind == "in" and one.words.split()[-1] in KINDS for one in things):
        return True  # `pictures of passports` are looked through: other forms read them so
    if any(one.animate and one.head not in PICTURES for one in things) and any(
        one.text.split()[0] in _POSTING for one in said
    ):
        raise Impossible(
            f"it is open whether `{things[0].inside}` must be seen, or only what they show",
            "write it of the pictures, as in `Photos must not show knives`, or `Photos must show the label`",
        )
    first = {one.text.split()[0] for one in said if not set(one.text.split()[1:2]) & _OF_THE_VIEW}
    shows = any(one.head in SHOWING for one in things)
    return bool(first & _SHOW) or (shows and any(one.text.split()[0] in _SHOWING for one in said))


def each_denied(each: tuple[Thing, ...], said: Alternatives) -> Groups:
    """What breaks that each of these things must be so."""
    return tuple(tuple(Clause(of_one(one), more) for one in each for more in group) for group in denied(said))
