"""What a sentence says, form by form: drafts of a chain. The forms themselves are data (`forms`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from judge.compiler import clauses, english, finite, lexicon, nouns, predicates
from judge.compiler.chart import Chart
from judge.compiler.clauses import PICTURES, VISIBLE, Clause, Groups
from judge.compiler.forms import BACKS, CORES, FRONTS, SHORT, Found, matches
from judge.compiler.things import Alternatives, Said, Thing, Things, listing

_SHOW = frozenset(SHORT["SHOW"].split("|")) | frozenset(SHORT["SHOWN"].split("|")) | {"appearing"}
_SHOWING = frozenset(english.ing(word) for word in SHORT["SHOW"].split("|")) | _SHOW
_MISSING = lexicon.word_set("wear use carry provide attach fit install supply fix add")
_MUTUAL = lexicon.word_set(
    "kiss hug fight touch meet embrace wrestle dance play talk argue share hold shake cuddle box"
)
PHRASES = {
    "things": clauses.subjects, "tail": predicates.tail, "clauses": clauses.clauses, "doing": finite.base_verb,
    "picture": clauses.picture, "posting": clauses.posting,
    "showing": clauses.showing, "count": clauses.count, "place": clauses.place,
    "others": nouns.others, "listed": clauses.listed, "clause_list": clauses.clause_list,
}  # fmt: skip
ANYONE = Thing("any", "person", "person")
PICTURE = Thing("the", "picture", "picture")


class Impossible(Exception):
    """A form matched, and cannot mean anything. The message says why; `hint` what to write."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@dataclass(frozen=True)
class Draft:
    """What one reading says.

    subjects: groups of things; one of each group must be visible. said: of them, one is enough. whole: the statements
    that stand for the subjects where they are not simply `visible`. conditions: must hold too. exceptions: lift it.
    """

    subjects: tuple[tuple[Thing, ...], ...] = ()
    said: Alternatives = ()
    place: Alternatives = ()
    whole: Groups = ()
    conditions: Groups = ()
    exceptions: tuple[Clause, ...] = ()

    @property
    def groups(self) -> Groups:
        """The preconditions."""
        seen = tuple(
            tuple(Clause(one, VISIBLE) for one in group)
            for group in self.subjects
            if not (self.said and any(map(nouns.measures, group)))  # of a share, only what is said can be seen
        )
        said: Groups = ()
        if self.said and self.place:
            placed = [one.with_behind(at) for group in self.subjects for one in group for at in self.place]
            said = (tuple(Clause(one, each.finite) for one in placed for each in self.said),)
        elif self.said or (self.place and not self.whole):
            said = (
                tuple(
                    Clause(one, each.finite)
                    for group in self.subjects
                    for one in group
                    for each in self.said or self.place
                ),
            )
        whole = self.whole
        if self.place and whole:
            whole = tuple(
                tuple(replace(one, subject=one.subject.with_behind(at)) for one in group for at in self.place)
                for group in whole
            )
        return (*seen, *whole, *said, *self.conditions)


def drafts(chart: Chart) -> Iterator[Draft]:
    """Every reading of the whole sentence."""
    yield from _fronted(chart, 0, ())


def _fronted(chart: Chart, place: int, fronts: tuple[tuple[str, Found], ...]) -> Iterator[Draft]:
    for form, meaning in CORES:
        for found, end in matches(chart, place, form, PHRASES):
            for draft in MEANINGS[meaning](found):
                yield from _backed(chart, end, (*fronts,), draft)
    if len(fronts) < 2:
        for form, meaning in FRONTS:
            for found, end in matches(chart, place, form, PHRASES):
                yield from _fronted(chart, end, (*fronts, (meaning, found)))


def _backed(chart: Chart, place: int, more: tuple[tuple[str, Found], ...], draft: Draft) -> Iterator[Draft]:
    if place == len(chart):
        yield from _with_all(draft, more)
        return
    if len(more) > 4:
        return
    for form, meaning in BACKS:
        for found, end in matches(chart, place, form, PHRASES):
            yield from _backed(chart, end, (*more, (meaning, found)), draft)


def _with_all(draft: Draft, more: tuple[tuple[str, Found], ...]) -> Iterator[Draft]:
    options = [draft]
    for meaning, found in more:
        options = [changed for one in options for changed in CHANGES[meaning](one, found)]
    yield from options


# ---- what the forms in the middle mean


def _things(found: Found) -> Things:
    things: Things = found["things"]
    if "more" in found:
        return Things(things.each + found["more"].each, "or")
    return things


def _scope(found: Found) -> Groups:
    words = found.get("picture", "")
    return ((Clause(PICTURE, Said(f"BE {english.article(words)} {words}")),),) if words else ()


def _of_pictures(things: tuple[Thing, ...]) -> bool:
    return any(one.head in PICTURES for one in things)


def _said(found: Found) -> Alternatives:
    said: Alternatives = found.get("tail") or found.get("doing") or ()
    return said


def forbidden(found: Found) -> Iterator[Draft]:
    """`No A or B may be shown`; behind `no` nothing has an article of its own."""
    things = found["listed"] if "listed" in found else _things(found)
    if (
        "listed" not in found
        and any(one.determiner.split(" ")[0] in ("a", "an", "the") for one in things.each)
        and "more" not in found
    ):
        return
    any_of = tuple(one if one.determiner else replace(one, determiner="any") for one in things.each)
    yield from _both(Things(any_of, things.joint), {name: value for name, value in found.items() if name != "more"})


def each_forbidden(found: Found) -> Iterator[Draft]:
    """`A and B are prohibited`: each of them."""
    things, said = _things(found), _said(found)
    if _shows(things.each, said):
        return
    if _of_pictures(things.each):
        yield from _of_the_picture(things, said)
        return
    if [one.text for one in said] == ["together"]:
        if things.joint == "and":
            yield Draft(tuple((one,) for one in things.each))
        return
    if things.joint == "and" and any(lexicon.lemma(one.text.split()[0], verb=True) in _MUTUAL for one in said):
        # `A and B must not be shown kissing` may be the two together
        yield from _both(things, found)
        return
    yield Draft((things.each,), said, conditions=_scope(found))


def _is_quality(said: Said) -> bool:
    """`blurry`, `a screenshot`; not `hung above a bed`, which is no matter of the picture that is judged."""
    return " " not in said.text or said.text.startswith(("a ", "an "))


def _of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must not be blurry`: of the picture that is judged; other pictures, in it, need naming."""
    one = things.each[0]
    if not said or len(things.each) > 1 or one.modified or one.behind or not all(map(_is_quality, said)):
        return
    yield Draft(whole=(tuple(Clause(PICTURE, one.finite) for one in said),))


def both_open(found: Found) -> Iterator[Draft]:
    """`must not show A and B`: either, or the two together."""
    yield from _both(_things(found), found)


def _both(things: Things, found: Found) -> Iterator[Draft]:
    said = _said(found)
    if _shows(things.each, said):
        return
    if _of_pictures(things.each) and "picture" not in found:
        yield from _of_the_picture(things, said)
        return
    yield Draft((things.each,), said, conditions=_scope(found))
    if things.joint == "and":
        if said:
            yield Draft(whole=tuple(tuple(Clause(one, each.finite) for each in said) for one in things.each))
        else:
            yield Draft(tuple((one,) for one in things.each), conditions=_scope(found))


def _shows(things: tuple[Thing, ...], said: Alternatives) -> bool:
    """A picture that shows something is no thing that does something; `shown` is no property."""
    if any(one.head in PICTURES and one.behind in ("of", "showing", "that", "which", "with") for one in things):
        return True  # `pictures of passports` are looked through: other forms read them so
    first = {one.text.split()[0] for one in said}
    return bool(first & _SHOW) or (_of_pictures(things) and bool(first & _SHOWING))


def nobody(found: Found) -> Iterator[Draft]:
    """`Nobody may be shown climbing`, `Nobody may climb`."""
    if not _shows((), _said(found)):
        yield Draft(((ANYONE,),), _said(found))


def _counted(found: Found, quantity: str) -> Thing | None:
    things: Things = found["things"]
    one = things.each[0]
    if len(things.each) > 1 or one.determiner:
        return None
    return replace(one, determiner=quantity if quantity == "no" else f"{quantity} {found['count']}")


def too_many(found: Found) -> Iterator[Draft]:
    """`No more than three people`: four are too many."""
    if one := _counted(found, "more than"):
        yield Draft(((one,),), _said(found))


def too_few(found: Found) -> Iterator[Draft]:
    """`At least two exits must be visible`; of `at least one`, that there is none."""
    few = "no" if found["count"] in ("one", "1") else "fewer than"
    if one := _counted(found, few):
        yield Draft(((one,),), _said(found))


def only_if(found: Found) -> Iterator[Draft]:
    """`A may be shown only if B is visible`: forbidden unless."""
    for draft in each_forbidden({"things": found["things"]}):
        yield from lifted(draft, found)


def _negated(said: Said) -> Said:
    if said.owned:
        return replace(said, owned=(said.owned[0], f"not {said.owned[1]}"))
    first, _, rest = said.text.partition(" ")
    turned = {"with": f"BE without {rest}", "without": f"BE with {rest}", "not": f"BE {rest}"}.get(first)
    return Said(turned or f"BE not {said.text}", said.about, said.inner)


def only_so(found: Found) -> Iterator[Draft]:
    """`Dogs may be shown only on a leash`: a dog that is not."""
    things, said = _things(found), _said(found)
    if not _shows(things.each, said):
        yield Draft(
            (things.each,), whole=tuple(tuple(Clause(one, _negated(each)) for one in things.each) for each in said)
        )


def required(found: Found) -> Iterator[Draft]:
    """`The price must be shown`: violated where it is not. `A and B`: where either is missing; `A or B`: both."""
    things = _things(found)
    if things.each[0].determiner.split(" ")[0] in ("every", "each", "all") or english.counted(
        things.each[0].determiner
    ):
        return
    gone = tuple(Clause(one, Said("BE not visible")) for one in things.each)
    yield Draft(whole=(gone,) if things.joint == "and" else tuple((one,) for one in gone), conditions=_scope(found))


def _may_be_missing(said: Said) -> bool:
    """`Helmets must be worn`: where none is in the picture, whose fault it is stays open."""
    first = said.text.split()[0]
    return not first.endswith("ing") and lexicon.lemma(first, verb=True) in _MISSING


def required_so(found: Found) -> Iterator[Draft]:
    """`Every rider must wear a helmet`: a rider who does not."""
    things, said = _things(found), _said(found)
    if _shows(things.each, said) or _of_pictures(things.each) or any(_may_be_missing(one) for one in said):
        return
    denied = tuple(tuple(Clause(one, _negated(each)) for one in things.each) for each in said)
    definite = all(one.determiner.startswith("the") for one in things.each)
    yield Draft(() if definite else (things.each,), whole=denied)


# ---- what stands before and behind


def condition(draft: Draft, found: Found) -> Iterator[Draft]:
    """`when C`."""
    yield replace(draft, conditions=(*draft.conditions, *found["clauses"]))


def placed(draft: Draft, found: Found) -> Iterator[Draft]:
    """`On platforms, ...`: the things are there."""
    if any(one.about in PICTURES for one in found["place"]):
        if all(one.text.split()[-1] in PICTURES for one in found["place"]):
            yield draft
        return
    if not draft.place:
        yield replace(draft, place=found["place"])


def lifted(draft: Draft, found: Found) -> Iterator[Draft]:
    """`unless C`."""
    groups: Groups = found.get("clauses") or found["clause_list"]
    if len(groups) > 1:
        raise Impossible(
            "an exception of two conditions that must both hold",
            "write a rule for each: `unless A is visible` in one, `unless B is visible` in the other",
        )
    if draft.exceptions:
        raise Impossible("more than one exception", "join them: `unless A or B is visible`")
    yield replace(draft, exceptions=groups[0])


def others(draft: Draft, found: Found) -> Iterator[Draft]:
    """`except A`: the things, other than A. Of several things, of the last alone or of all."""
    behind: Said = found["others"]
    if not draft.subjects:
        return
    (*before, last) = draft.subjects
    yield replace(draft, subjects=(*before, tuple(one.with_behind(behind) for one in last)))
    if len(last) > 1:
        yield replace(draft, subjects=(*before, (*last[:-1], last[-1].with_behind(behind))))


def allowed(draft: Draft, found: Found) -> Iterator[Draft]:
    """A second sentence that allows one kind of what the first forbids."""
    things: Things = found["things"]
    heads = {lexicon.lemma(one.head, verb=False) for group in draft.subjects for one in group}
    if {lexicon.lemma(one.head, verb=False) for one in things.each} <= heads and len(heads) == 1:
        yield from others(draft, {"others": Said(f"other than {listing(things.each)}")})


MEANINGS: dict[str, Callable[[Found], Iterator[Draft]]] = {
    "forbidden": forbidden, "each_forbidden": each_forbidden, "both_open": both_open, "nobody": nobody,
    "too_many": too_many, "too_few": too_few, "only_if": only_if, "only_so": only_so, "required": required,
    "required_so": required_so,
}  # fmt: skip
CHANGES: dict[str, Callable[[Draft, Found], Iterator[Draft]]] = {
    "condition": condition, "place": placed, "lifted": lifted, "others": others, "allowed": allowed,
}  # fmt: skip
