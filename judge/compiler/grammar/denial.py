"""What must be so, turned into what is not so: how far `not` reaches over lists, pairs and numbers of things.

`must wear a helmet and a vest` is broken where either is missing, `must be on a leash or in a cage` where neither
holds, `at least two must be open` where fewer than two are. Knows phrases, no form of a sentence.
"""

from __future__ import annotations

import re
from dataclasses import replace

from judge.compiler.grammar import english, lexicon, nouns
from judge.compiler.grammar.closed import in_two_places, is_lacking
from judge.compiler.grammar.lexicon import ADJECTIVE, ING, PAST, word_set
from judge.compiler.grammar.things import BE, Alternatives, Said, Thing
from judge.compiler.grammar.tokens import NUMBERS, OWNERS, PREPOSITIONS

# How many is left open by these, and `not` may stand for none or for not all.
VAGUE = word_set("some several many few most half numerous various certain multiple")
_QUANTITY = re.compile(r"\b(?:at least|at most|exactly|up to|no more than|more than|fewer than|less than) [\w{]")
EACH = frozenset({"every", "each", "all", "both"})
# What to put in a sentence for what: each pair once; an empty first stands for the end.
Swaps = tuple[tuple[str, str], ...]


class Impossible(Exception):
    """A form matched, and cannot mean anything. The message says why; `hint` what to write; `instead`, where it can be
    told, what to put for what in the sentence itself; `blocked` the words that stand in the way; `gone` those that
    `instead` leaves out."""

    def __init__(
        self, reason: str, hint: str, instead: tuple[Swaps, ...] = (), *, blocked: str = "", gone: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.instead, self.blocked, self.gone = reason, hint, instead, blocked, gone


def denied(said: Alternatives) -> tuple[Alternatives, ...]:
    """What breaks `must be` said: groups of which each must hold, one of a group is enough.

    Raises:
        Impossible: pairs stand in alternatives, or what is said of parts does; or it says when, and not what.
    """
    if any(one.text.startswith(("when ", "while ")) for one in said):
        raise Impossible(
            "it is open what holds at other times", "write what is forbidden, as in `No dog may be shown running`"
        )
    if len(said) == 1 and said[0].text.startswith("neither "):
        if " and " in said[0].text:
            raise Impossible("it is open how far `neither` reaches", "write a rule for each thing that must be so")
        each = said[0].text.removeprefix("neither ").split(" nor ")
        return (tuple(Said(f"{BE} {one}", said[0].about) for one in each),)
    if any(re.search(r".(?: neither | not | without | no )", one.text) and not one.both for one in said):
        raise Impossible("it has two negations", "write what is forbidden, as in `No dog may be shown without a leash`")
    if len(said) == 1 and said[0].both and in_two_places(f"x is {said[0].text}"):
        raise Impossible(
            "it is open whether each must be in both places, or some in one and some in the other",
            "write a rule for each place, as in `At least one sign must be in the kitchen`",
        )
    if len(said) == 1:
        return (tuple(map(_not, said[0].both or said)),)
    if all(is_lacking(" ".join(one.text.split()[:2])) for one in said):
        return (tuple(map(_not, said)),)  # `free of dishes or bottles`: of both
    if any(one.both or one.owned or one.text.startswith(("not ", "without ", "neither ")) for one in said):
        raise Impossible(
            "it is open which of the things that must be so belong together",
            "write a rule for each: `Every A must be B`, `Every A must be C`",
        )
    if all(one.text.startswith("with ") for one in said):
        text = " and ".join(f"without {one.text.removeprefix('with ')}" for one in said)
    else:
        text = "neither " + " nor ".join(one.text for one in said)
    return ((Said(f"{BE} {text}", said[0].about, said[-1].inner),),)


_PLACE = (
    r"(?:indoors|outdoors|inside|outside|(?:in|on|at|near|under|behind|inside|outside|beside|next to|in front of"
    r"|on top of|by|against|along|over|around|across|off|away from|between)(?= \w))"
)
_DOING_SOMEWHERE = re.compile(rf"(?:not )?\w+ing (?!{_PLACE}\b|in\b)(?:.+ )?{_PLACE}\b")


# What is done to somebody or something for as long as it is somewhere: the place is no part of it.
_KEPT_SO = word_set(
    "leash muzzle supervise accompany cover tie blur pixelate close lock shut unplug switch guard watch attend clothe "
    "dress"
)


def _place_of(text: str) -> str:
    """`on scaffolds` of `wearing a helmet on scaffolds`; nothing that is no place, as `in two colours`."""
    found = re.search(r".* (?P<place>(?:in|on|at|near|inside|outside|under|behind|in front of) .+)$", text)
    where = found is not None and not {*NUMBERS, *OWNERS, *EACH} & set(text.split())
    before = text.removesuffix(found["place"]).split() if found else []
    if len(before) > 1 and PAST in lexicon.tags(before[-1]):
        return ""  # `with the ingredients listed on the menu`
    return found["place"] if found and where and lexicon.kind(found["place"].split()[-1]) in tuple("osl") else ""


def _not(said: Said) -> Said:
    somewhere = re.search(rf" {_PLACE}\b", said.owned[1]) if said.owned else _DOING_SOMEWHERE.match(said.text)
    first, _, rest = said.text.partition(" ")
    state = first in ("without", "closed", "locked", "sealed", "lit") or lexicon.tags(first) & {
        ADJECTIVE,
        ING,
        PAST,
    } == {ADJECTIVE}
    settled = first in ("keeping", "placing", "resting", "staying", "remaining")  # what they say is where
    settled = settled or bool(OWNERS & set(said.text.split()) or (" by " in said.text and said.inner[:1] in ("p", "a")))
    # `leashed in parks`: there alone; `parked in garages` and `covered in snow` say it of the thing
    dressed = lexicon.lemma(first, verb=True) in _KEPT_SO and re.search(rf"(?:^| ){_PLACE}\b", rest) is not None
    dressed = dressed and not (rest.startswith("in ") and first in ("covered", "dressed", "clothed"))
    indoors = first == "covered" and rest.startswith("in ") and said.inner[:1] in ("o", "l")  # not `in snow`
    # `without people in them` says where the people are
    placed = state and re.search(rf"(?:^| ){_PLACE}\b", re.sub(r" \w+ (?:it|them)$", "", rest))
    if ((somewhere or dressed or placed) and not settled) or indoors:
        raise Impossible(
            f"it is open whether `{said.text}` must be so everywhere, or only there",
            "if it must be so everywhere, and be there as well, write a rule for each",
            (((place, ""), ("^", f"{place[0].upper()}{place[1:]}, ")),) if (place := _place_of(said.text)) else (),
        )
    if (said.counts or _QUANTITY.search(said.text)) and not said.owned:
        return _fewer(said)
    if said.owned:
        return replace(said, owned=(said.owned[0], f"not {said.owned[1]}"), both=())
    if first == "with" and said.text.startswith("with both "):
        return Said(f"{BE} with fewer than two {said.text.removeprefix('with both ')}", said.about, said.inner)
    if first in ("with", "without") and rest.split(" ")[0] in ("all", "every", "each", "both"):
        raise Impossible(
            f"it is open whether not `{said.text}` means that one is lacking, or all are",
            "say the least number, as in `Every car must have at least four wheels`",
        )
    if first == "with" and re.search(r" (?:on|at|in) (?:both|all) ", rest):
        raise Impossible(
            f"it is open whether not `{said.text}` means that one is lacking, or all are",
            "say what is visible where one is lacking",
        )
    lacking = re.sub(r"\b(on|in|at) (?:each|every) (?=\w)", r"\1 a ", rest)  # `a label on every side`: one lacks it
    turned = {"with": f"{BE} without {lacking}", "without": f"{BE} with {rest}", "not": f"{BE} {rest}"}.get(first)
    return Said(turned or f"{BE} not {said.text}", said.about, said.inner)


# What somebody or something can be seen doing for as long as it must be so.
_LASTING = word_set(
    "wear hold carry use face look watch stand sit lie kneel lean hang float rest point smile walk ride drive swim run "
    "sleep work play touch show display cover contain fill match fit form stretch reach extend support protect "
    "surround separate cross stay remain keep have occupy hide block frame line include depict feature grip face grasp "
    "push pull lead follow accompany guard overlap sport bear read say state identify match dominate span tower hover "
    "burn glow shine flow balance dangle squat crouch jump dance sing laugh wave wait queue travel fly sail row pedal "
    "train practise practice cook eat drink take move indicate overhang rise enclose flank obscure resemble"
)

_LASTING_OF_THINGS = word_set("cover contain fill protect separate hide block obscure take move frame flank enclose")


def ends_in_a_state(said: Said, *, acts: bool) -> None:
    """Refuses `must fasten the seat belt`: who has done so is not seen doing it. acts: of people or animals, whose
    `cover` is an act; a lid that covers does so all the time.

    Raises:
        Impossible: what is demanded is over once it is done.
    """
    for one in said.both or (said,):
        verb, _, rest = one.text.partition(" ")
        base = lexicon.lemma(verb, verb=True)
        lasting = base in _LASTING and not (acts and base in _LASTING_OF_THINGS)
        if verb.endswith("ing") and (not lasting or rest.split(" ")[0] in ("up", "down", "off", "away")):
            raise Impossible(
                f"it is open whether `{one.text}` must be seen being done, or only that it is done",
                "say how it looks once it is done, as in `Every seat belt must be fastened`",
            )


def _fewer(said: Said) -> Said:
    """`with at least four wheels`: with fewer than four."""
    turned = re.sub(r"\bat least (?:one|1)\b", "no", said.text, count=1)
    turned = re.sub(r"\bat least(?= half\b| \S+ (?:percent|degrees?)\b)", "less than", turned, count=1)
    turned = re.sub(r"\bat least\b", "fewer than", turned, count=1)
    counted = said.text.partition(" ")[2]
    if turned == said.text or turned.startswith(("without ", "not ")):
        raise Impossible(
            f"it is open whether `{said.text}` means at least or exactly so many",
            "say `at least`, as in `Every car must have at least four wheels`; a limit is a rule with `No`, as in "
            "`No car may have more than four wheels`",
            () if _QUANTITY.search(said.text) else (((counted, f"at least {counted}"),),),
        )
    return Said(f"{BE} {turned}", said.about, said.inner)


def not_vague(one: Thing, *, every: bool = False) -> None:
    """Refuses `No several dogs`, and with `every` also `must not show all doors`.

    Raises:
        Impossible: it is open how many, or whether any are too many.
    """
    first, *rest = [*one.determiner.split(), *one.words.split()]
    if first in VAGUE or (first == "a" and rest[:1] == ["few"]) or (every and first in EACH - {"both"}):
        raise Impossible(
            f"it is open how many `{one.inside}` are too many",
            "say that none may be, as in `No door may be open`, or a limit, as in `No more than two doors may be open`",
        )


_OF_EVERY = re.compile(r"\b(of|on|in) (?:each|every) (?=(\w+))")


def of_one(one: Thing) -> Thing:
    """`the label of a cup` of `the label of every cup`: that it is not visible is said of one of them."""
    words = _OF_EVERY.sub(lambda found: f"{found[1]} {english.article(found[2])} ", one.words)
    return replace(one, words=words)


def whose(things: tuple[Thing, ...]) -> tuple[Thing, ...]:
    """`a cup` of `the label of every cup`: where none is in the picture, no label is asked for. Empty where it is said
    of no such thing.

    Raises:
        Impossible: it is said of different ones, or of some that are nobody's.
    """
    found = [_OF_EVERY.split(one.words, maxsplit=1)[3] if _OF_EVERY.search(one.words) else "" for one in things]
    if not any(found):
        return ()
    if len(set(found)) > 1:
        raise Impossible(
            "it is open which of these must be so for each one",
            "write a rule for each, as in `The lid of every jar must be visible`",
        )
    words = found[0].split()
    end = next((at for at, word in enumerate(words) if word in PREPOSITIONS or word in _RELATIVE), len(words))
    head = words[end - 1]
    behind = words[end] if end < len(words) else ""
    return (Thing(english.article(found[0]), found[0], head, modified=end > 1, behind=behind),)


_RELATIVE = word_set("that which who whose")


def too_few(one: Thing) -> tuple[Thing, ...] | None:
    """Things of which one kind is seen where `one`, a number of things, is not there as it must be: `fewer than two
    dogs` of `at least two dogs`. None where no number is said; `the` and `every` are none.

    Raises:
        Impossible: how many there must be is open.
    """
    first, *rest = [*one.determiner.split(), *one.words.split()]
    if first in EACH and rest[:1] in (["second"], ["third"], ["other"]):
        raise Impossible(f"it is open which `{one.inside}` are", "say `Every door must be open`, or a least number")
    if first == "both":
        return (replace(one, determiner="fewer than two"),)
    if first == "all" and english.counted(one.determiner):
        return (replace(one, determiner=f"fewer than {one.determiner.removeprefix('all ')}"),)
    if first in VAGUE or (first == "a" and rest[:1] == ["few"]) or nouns.measures(one):
        raise Impossible(
            f"it is open how many `{one.inside}` are at least",
            "say the least number, as in `At least two doors must be open`, or all, as in `Every door must be open`",
        )
    if not english.counted(one.determiner):
        return None
    quantity, _, number = one.determiner.rpartition(" ")
    fewer = replace(one, determiner="no" if number in ("one", "1") else f"fewer than {number}")
    more = replace(one, determiner=f"more than {number}")
    if quantity == "at least":
        return (fewer,)
    if quantity == "exactly":
        return fewer, more
    if quantity == "more than":
        return (replace(one, determiner=f"at most {number}"),)
    raise Impossible(
        f"it is open whether `{one.inside}` means at least or exactly so many",
        f"write `at least {number}` or `exactly {number}`; a limit says `may`, as in `At most two doors may be open`",
        () if quantity else tuple(((one.inside, f"{how} {one.inside}"),) for how in ("at least", "exactly")),
    )


def stays_open(one: Thing, acts: bool) -> None:
    """Refuses `Some doors must not be open`: which, how many, or not all? `acts`: whether anything is said of them.

    Raises:
        Impossible: it is open.
    """
    not_vague(one)
    first = [*one.determiner.split(), *one.words.split()][0]
    quantity = one.determiner.rpartition(" ")[0]
    number = english.counted(one.determiner) and quantity not in ("more than", "fewer than", "less than", "over")
    if number and quantity == "at least":
        raise Impossible(
            f"it is open whether `{one.inside}` with `not` leaves room for others that are so",
            "say that none may be, as in `No door may be open`, or how the least number must be, as in "
            "`At least one door must be closed`",
        )
    if number and (acts or quantity):
        raise Impossible(
            f"it is open how many `{one.inside}` are too many",
            "say that none may be, as in `No door may be open`, or a limit, as in `No more than two doors may be open`",
        )
    if acts and (first in EACH or nouns.measures(one)):
        raise Impossible(
            f"`{first}` with `not`: it is open whether none may be so, or only not all",
            "if none may be, begin with `No`, as in `No door may be open`",
        )
