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

# How many is left open by these, and `not` may stand for none or for not all.
VAGUE = word_set("some several many few most half numerous various certain multiple")
_QUANTITY = re.compile(r"\b(?:at least|at most|exactly|up to|no more than|more than|fewer than|less than) [\w{]")
EACH = frozenset({"every", "each", "all", "both"})
# What to put in a sentence for what: each pair once; an empty first stands for the end.
Swaps = tuple[tuple[str, str], ...]


class Impossible(Exception):
    """A form matched, and cannot mean anything. The message says why; `hint` what to write; `instead`, where it can be
    told, what to put for what in the sentence itself."""

    def __init__(self, reason: str, hint: str, instead: tuple[Swaps, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.instead = reason, hint, instead


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
    if any(" neither " in one.text for one in said):
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
    r"(?:in|on|at|near|under|behind|inside|outside|beside|indoors|outdoors|next to|in front of|on top of|by|against"
    r"|along|over|around|across|off|away from|between)"
)
_DOING_SOMEWHERE = re.compile(rf"(?:not )?\w+ing (?!{_PLACE}\b|in\b)(?:.+ )?{_PLACE}\b")


def _not(said: Said) -> Said:
    somewhere = re.search(rf" {_PLACE}\b", said.owned[1]) if said.owned else _DOING_SOMEWHERE.match(said.text)
    first, _, rest = said.text.partition(" ")
    state = first in ("without", "closed", "locked", "sealed", "lit") or lexicon.tags(first) & {
        ADJECTIVE,
        ING,
        PAST,
    } == {ADJECTIVE}
    if somewhere or (state and re.search(rf"(?:^| ){_PLACE}\b", rest)):
        raise Impossible(
            f"it is open whether `{said.text}` must be so everywhere, or only there",
            "only if nothing is asked elsewhere, put the place first, as in `On scaffolds, every worker must wear a "
            "helmet`; if the place must be so as well, write a rule for each, as in `Every dog must be on a leash`",
        )
    if (said.counts or _QUANTITY.search(said.text)) and not said.owned:
        return _fewer(said)
    if said.owned:
        return replace(said, owned=(said.owned[0], f"not {said.owned[1]}"), both=())
    turned = {"with": f"{BE} without {rest}", "without": f"{BE} with {rest}", "not": f"{BE} {rest}"}.get(first)
    return Said(turned or f"{BE} not {said.text}", said.about, said.inner)


def _fewer(said: Said) -> Said:
    """`with at least four wheels`: with fewer than four."""
    turned = re.sub(r"\bat least (?:one|1)\b", "no", said.text, count=1)
    turned = re.sub(r"\bat least(?= \S+ (?:percent|degrees?)\b)", "less than", turned, count=1)
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
    if number and (acts or quantity):
        raise Impossible(
            f"it is open how many `{one.inside}` are too many",
            "say that none may be, as in `No door may be open`, or a limit, as in `No more than two doors may be open`",
        )
    if acts and first in EACH:
        raise Impossible(
            f"`{first}` with `not`: it is open whether none may be so, or only not all",
            "if none may be, begin with `No`, as in `No door may be open`",
        )
