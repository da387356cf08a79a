"""The forms of a rule's sentence, as data, and how a form is matched. Knows forms; what they mean is `reading`'s.

A form is words and holes. `a|b` is either word, `[x]` may be left out, `<things>` is a hole that a phrase fills and
`<name:phrase>` one with a name of its own. All matches are enumerated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from judge.compiler.grammar.chart import Chart

# Shorthand, put in for `$NAME`.
SHORT = {
    "MAY": "may|must|can|should|shall|could|will",
    "CAN": "may|can|could|will",
    "MUST": "must|should|shall|has|have",
    "SHOWN": "shown|visible|depicted|seen|displayed|pictured|portrayed|present|photographed|posted|published|uploaded"
    "|included|listed",
    "SEEN": "shown|visible|depicted|seen|displayed|present",
    "ALLOWED": "allowed|permitted|acceptable|accepted|welcome|okay|ok|fine",
    "BANNED": "forbidden|prohibited|banned|disallowed|unacceptable",
    "SHOW": "show|contain|depict|feature|include|display|portray|picture",
    "POST": "post|publish|upload|share|submit|use|show|display|include|depict|take|add",
    "PUT": "post|publish|upload|show|display|include|depict|add",
    "SHOWS": "show|shows|contain|contains|depict|depicts",
    "OF": "of|showing|with|containing|depicting|featuring",
    "SUBMIT": "post|publish|upload|submit",
    "SUBMITTED": "posted|published|uploaded|submitted|accepted",
    "REMOVED": "removed|rejected|deleted|declined|refused",
    "LEFT_OUT": "removed|rejected|deleted|declined|refused|forbidden|prohibited|banned|disallowed|unacceptable",
    "IFWHEN": "if|when|where|whenever|while|wherever",
}
_BE_SHOWN = "be [clearly|ever|directly|openly] $SHOWN"

# What a sentence may say, and which function of `reading` says what it means.
CORES: tuple[tuple[str, str], ...] = (
    ("no <things>", "bare"),
    ("no <picture> $OF <things>", "both_open"),
    *(("no <things> $MAY [ever|also] " + shown, "forbidden") for shown in (_BE_SHOWN, "appear")),
    *(("no <things> $MAY [ever|also] " + shown + " <tail>", "forbidden") for shown in (_BE_SHOWN, "appear")),
    ("no <things> is|are [ever] $ALLOWED", "forbidden"),
    ("no <things> is|are [ever] $ALLOWED <tail>", "forbidden"),
    ("no <things> $MAY [ever] <doing>", "forbidden"),
    ("no <things> is|are $ALLOWED to <doing>", "forbidden"),
    ("<things> $MAY not|never [ever|also] " + _BE_SHOWN, "each_not"),
    ("<things> $MAY not|never [ever|also] " + _BE_SHOWN + " <tail>", "each_not"),
    ("<things> $MAY not|never [ever] appear", "each_not"),
    ("<things> $MAY not|never [ever] appear <tail>", "each_not"),
    ("<things> is|are not|never [ever] $ALLOWED", "each_not"),
    ("<things> is|are not|never [ever] $ALLOWED <tail>", "each_not"),
    ("<things> is|are [strictly|also|always|generally] $BANNED", "each_forbidden"),
    ("<things> is|are [strictly|also|always|generally] $BANNED <tail>", "each_forbidden"),
    ("<things> $MAY not|never [ever] <doing>", "each_not"),
    ("neither <things> nor <more:things> $MAY [ever] be $SHOWN", "forbidden"),
    ("neither <things> nor <more:things> $MAY [ever] be $SHOWN <tail>", "forbidden"),
    ("neither <things> nor <more:things> is|are $ALLOWED", "forbidden"),
    ("neither <things> nor <more:things> is|are $ALLOWED <tail>", "forbidden"),
    ("nobody $MAY [ever] be $SHOWN <tail>", "nobody"),
    ("nobody is|are $ALLOWED to <doing>", "nobody"),
    ("nobody $MAY [ever] <doing>", "nobody"),
    ("[the|all|any|your|our|each|every] <picture> $MAY not|never [ever] <showing> <things>", "both_open"),
    ("[a|an] <picture> $MAY not|never [ever] <showing> <things>", "both_open"),
    ("no <picture> $MAY [ever] <showing> <things>", "both_open"),
    ("[the|all|any] <picture> $OF <shown:things> $MAY not|never [ever] <showing> <things>", "both_open"),
    ("no <picture> $OF <shown:things> $MAY [ever] <showing> <things>", "both_open"),
    ("[the|all] <picture> $MAY [ever] <showing> neither <things> nor <more:things>", "forbidden"),
    ("[the|all] <picture> $MAY [ever] <showing> no <things>", "forbidden"),
    ("do not|never <showing> <things>", "both_open"),
    ("never <showing> <things>", "both_open"),
    ("<showing> no <things>", "forbidden"),
    ("do not|never $PUT <things>", "both_open"),
    ("never $PUT <things>", "both_open"),
    ("do not|never <posting> [a|an|any] <picture> $OF <things>", "both_open"),
    ("never <posting> [a|an|any] <picture> $OF <things>", "both_open"),
    ("do not|never <posting> [a|an|any] <picture> that|which $SHOWS <things>", "both_open"),
    ("never <posting> [a|an|any] <picture> that|which $SHOWS <things>", "both_open"),
    ("it is not $ALLOWED to <showing> <things>", "both_open"),
    ("it is $BANNED to <showing> <things>", "both_open"),
    ("showing|depicting|displaying|posting|photographing <things> is|are [strictly] $BANNED", "both_open"),
    ("showing|depicting|displaying|posting|photographing <things> is|are not $ALLOWED", "both_open"),
    ("[the] <picture> of <things> is|are [strictly] $BANNED", "each_forbidden"),
    ("[the] <picture> of <things> is|are not $ALLOWED", "each_forbidden"),
    ("[the] <picture> of <things> $MAY not|never be $SHOWN", "each_forbidden"),
    ("no <picture> of <things> $MAY be $SHOWN", "forbidden"),
    ("no <picture> of <things> is|are $ALLOWED", "forbidden"),
    ("[any|all|no] <picture> $OF <things> is|are not $ALLOWED", "both_open"),
    ("[any|all] <picture> $OF <things> is|are [strictly] $BANNED", "both_open"),
    ("[any|all] <picture> that|which $SHOWS <things> is|are not $ALLOWED", "both_open"),
    ("[any|all] <picture> that|which $SHOWS <things> is|are [strictly] $BANNED", "both_open"),
    ("[any|all] <picture> $OF <things> will be $REMOVED", "both_open"),
    ("[any|all] <picture> that|which $SHOWS <things> will be $REMOVED", "both_open"),
    # what every picture must show
    ("[any|all|no] <picture> that|which do|does not <showing> <things> is|are $LEFT_OUT", "lacking"),
    ("[any|all|no] <picture> that|which do|does not <showing> <things> is|are not $ALLOWED", "lacking"),
    ("[any|all] <picture> that|which do|does not <showing> <things> will be $REMOVED", "lacking"),
    ("[a|any|all] <picture> without <things> is|are $LEFT_OUT", "lacking"),
    ("[a|any|all] <picture> without <things> is|are not $ALLOWED", "lacking"),
    ("[a|any|all] <picture> without <things> will be $REMOVED", "lacking"),
    ("no <picture> without <things> is|are $ALLOWED", "lacking"),
    ("no <picture> without <things> $MAY be $SHOWN", "lacking"),
    ("do not|never <posting> [a|an|any] <picture> without <things>", "lacking"),
    ("never <posting> [a|an|any] <picture> without <things>", "lacking"),
    ("do not|never <posting> [a|an|any] <picture> that|which do|does not <showing> <things>", "lacking"),
    # of the picture itself
    ("do not|never $SUBMIT <such_pictures>", "no_such"),
    ("never $SUBMIT <such_pictures>", "no_such"),
    ("we do not accept <such_pictures>", "no_such"),
    ("no <such_pictures> $MAY be $SUBMITTED", "no_such"),
    ("<such_pictures> $MAY not|never be $SUBMITTED", "no_such"),
    ("<such_pictures> is|are not accepted", "no_such"),
    ("<such_pictures> will be $REMOVED", "no_such"),
    ("<such_pictures> is|are not $ALLOWED", "no_such_looks"),
    ("no <such_pictures> is|are $ALLOWED", "no_such_looks"),
    ("no <such_pictures> $MAY be $SHOWN", "no_such_looks"),
    ("<such_pictures> $MAY not|never be $SHOWN", "no_such_looks"),
    ("<such_pictures> is|are [strictly] $BANNED", "no_such_looks"),
    ("[the|all] <picture> of <shown:things> $MUST [always|to] be <tail>", "picture_so"),
    ("[the|all] <picture> $MUST [always|to] be <tail>", "picture_so"),
    ("[the|all] <picture> of <shown:things> $MAY not|never be <tail>", "picture_not_so"),
    ("[the|all] <picture> $MAY not|never be <tail>", "picture_not_so"),
    ("[any|all] <picture> that|which is|are <tail> is|are not $ALLOWED", "picture_not_so"),
    ("[any|all] <picture> that|which is|are <tail> is|are [strictly] $BANNED", "picture_not_so"),
    ("[any|all] <picture> that|which is|are <tail> will be $REMOVED", "picture_not_so"),
    ("[the|all|any|every|each] <picture> $MUST [always|to] carry|bear|have <things>", "picture_has"),
    ("[the|all|any] <picture> $MAY not|never carry|bear|have <things>", "picture_has_no"),
    ("[the|all] <picture> for <for:things> $MAY not|never [ever] <showing> <things>", "both_open"),
    ("no <picture> for <for:things> $MAY [ever] <showing> <things>", "both_open"),
    ("[the|all] <picture> for <for:things> $MUST [always|to] <showing> <things>", "required"),
    ("we do not allow|permit|accept <things>", "both_open"),
    ("we do not allow|permit|accept [any] <picture> $OF <things>", "both_open"),
    ("we do not allow|permit|accept [any] <picture> that|which $SHOWS <things>", "both_open"),
    ("avoid showing|depicting|posting <things>", "both_open"),
    ("there must|should [always] be <things>", "required"),
    ("no <ing>", "no_doing"),
    ("there must|may|should be no <things>", "forbidden"),
    ("there must|may|should be no <things> <tail>", "forbidden"),
    ("<things> is|are not to be $SHOWN", "each_not"),
    ("<things> is|are not to be $SHOWN <tail>", "each_not"),
    ("neither <things> nor <more:things> $MAY [ever] <doing>", "forbidden"),
    # limits
    ("no more than <count> <things> $MAY be $SHOWN", "too_many"),
    ("no more than <count> <things> $MAY be $SHOWN <tail>", "too_many"),
    ("no more than <count> <things> is|are $ALLOWED", "too_many"),
    ("at most <count> <things> $MAY be $SHOWN", "too_many"),
    ("at most <count> <things> $MAY be $SHOWN <tail>", "too_many"),
    ("at most <count> <things> is|are $ALLOWED", "too_many"),
    ("a maximum of <count> <things> $MAY be $SHOWN", "too_many"),
    ("only <count> <things> $CAN be $SHOWN", "only_so_many"),
    ("only <count> <things> is|are $ALLOWED", "only_so_many"),
    ("[the|all] <picture> $MAY <showing> at most <count> <things>", "too_many"),
    ("[the|all] <picture> $MAY <showing> no more than <count> <things>", "too_many"),
    ("[the|all|each|every] <picture> $MAY carry|have at most <count> <things>", "too_many"),
    ("[the|all|each|every] <picture> $MAY carry|have no more than <count> <things>", "too_many"),
    ("at most <count> <things>", "too_many"),
    ("a maximum of <count> <things>", "too_many"),
    ("at most <count> <things> $MAY <doing>", "too_many"),
    ("a maximum of <count> <things> $MAY <doing>", "too_many"),
    # only
    ("<things> $CAN be $SHOWN only $IFWHEN <clauses>", "only_if"),
    ("<things> $MAY only be $SHOWN $IFWHEN <clauses>", "only_if"),
    ("<things> is|are only $ALLOWED $IFWHEN <clauses>", "only_if"),
    ("<things> is|are $ALLOWED only $IFWHEN <clauses>", "only_if"),
    ("[the] <picture> of <things> is|are $ALLOWED only $IFWHEN <clauses>", "only_if_theirs"),
    ("[the] <picture> of <things> $CAN be $SHOWN only $IFWHEN <clauses>", "only_if_theirs"),
    ("<things> $CAN be $SHOWN <tail> only $IFWHEN <clauses>", "only_if"),
    ("<things> is|are $ALLOWED <tail> only $IFWHEN <clauses>", "only_if"),
    ("<things> $CAN <doing> only $IFWHEN <clauses>", "only_if"),
    ("<things> $CAN only <doing> $IFWHEN <clauses>", "only_if"),
    ("[the|all|any] <picture> $CAN <showing> <things> only $IFWHEN <clauses>", "only_if"),
    ("<things> $CAN be $SHOWN only $IFWHEN <tail:state>", "only_so"),
    ("<things> $MAY only be $SHOWN $IFWHEN <tail:state>", "only_so"),
    ("<things> is|are $ALLOWED only $IFWHEN <tail:state>", "only_so"),
    ("<things> is|are only $ALLOWED $IFWHEN <tail:state>", "only_so"),
    ("<things> $MUST [always|to] be $SHOWN only $IFWHEN <clauses>", "must_only"),
    ("<things> $MUST [always|to] be $SHOWN <tail> only $IFWHEN <clauses>", "must_only"),
    ("<things> $MUST [always|to] <doing> only $IFWHEN <clauses>", "must_only"),
    ("<things> $MUST only <doing> $IFWHEN <clauses>", "must_only"),
    ("[the|all|any] <picture> $MUST [always|to] <showing> <things> only $IFWHEN <clauses>", "must_only"),
    ("only <things> $MAY be $SHOWN", "only_kind"),
    ("only <things> is|are $ALLOWED", "only_kind"),
    ("only <things>", "only_kind"),
    ("only <things> $MAY be $SHOWN <tail>", "only_those"),
    ("only <things> $CAN <doing>", "only_those"),
    ("<things> $MAY be $SHOWN only <tail>", "only_so"),
    ("<things> $MAY only be $SHOWN <tail>", "only_so"),
    ("<things> is|are $ALLOWED only <tail>", "only_so"),
    ("<things> $CAN <doing> only <tail>", "only_doing"),
    ("<things> $CAN only be <doing:participle> <tail>", "only_doing"),
    # what is allowed, and what is not
    ("<things> $CAN be $SHOWN [,] but not <more:things>", "but_not"),
    ("<things> is|are $ALLOWED [,] but not <more:things>", "but_not"),
    ("<things> $CAN be $SHOWN <tail> [,] but not <but:tail>", "but_not_so"),
    ("<things> is|are $ALLOWED <tail> [,] but not <but:tail>", "but_not_so"),
    ("[the|all] <picture> $CAN <showing> <things> [,] but not <more:things>", "but_not_shown"),
    ("[the|all] <picture> $OF <shown:things> $CAN <showing> <things> [,] but not <more:things>", "but_not_shown"),
    ("[the|all] <picture> for <for:things> $CAN <showing> <things> [,] but not <more:things>", "but_not_shown"),
    ("<things> is|are only $ALLOWED <tail>", "only_so"),
    # requirements
    ("<things> $MUST [always|to] be $SEEN", "required"),
    ("<things> $MUST [always|to] be shown|depicted|photographed|pictured|portrayed <tail>", "required_so"),
    ("<things> $MUST [always|to] be visible|seen|displayed|present <tail>", "required_there"),
    ("<things> $MUST [always|to] <doing>", "required_so"),
    ("[the|all|any|every|each] <picture> $MUST [always|to] <showing> <things>", "required"),
    ("[the|all|any|every|each] <picture> $OF <shown:things> $MUST [always|to] <showing> <things>", "required"),
    ("always <showing> <things>", "required"),
    ("<things> $MUST <doing> [,] and|but $MAY not|never <never:doing>", "must_and_must_not"),
    ("<things> $MAY not|never <never:doing> [,] and|but $MUST <doing>", "must_and_must_not"),
    # lists behind a colon
    ("[the] following [things|items|subjects] $MAY not|never be $SHOWN : <listed>", "forbidden"),
    ("[the] following [things|items|subjects] is|are [strictly] $BANNED : <listed>", "forbidden"),
    ("[the] following [things|items|subjects] is|are not $ALLOWED : <listed>", "forbidden"),
    ("[strictly] $BANNED : <listed>", "forbidden"),
    ("not $ALLOWED : <listed>", "forbidden"),
    ("[the|all] <picture> $MAY not|never <showing> [any] [of] [the] [following] [items] : <listed>", "forbidden"),
    ("do not|never <showing> : <listed>", "forbidden"),
    ("never <showing> : <listed>", "forbidden"),
)

# What may stand in front of a sentence.
FRONTS: tuple[tuple[str, str], ...] = (
    ("[but|and] $IFWHEN <clauses> ,", "condition"),
    ("<place> ,", "place"),
    ("in|on|for [all|any|the] <picture> ,", "of_picture"),
    ("in|on|for [all|any|the] <picture> of <shown:things> ,", "of_picture"),
    ("in [all|any] <picture> for <for:things> ,", "of_picture"),
    ("when|while <ing> ,", "doing"),
    ("unless <clauses> ,", "lifted"),
    ("unless <state> ,", "lifted_so"),
    ("if <state> ,", "where_it_is_so"),
    ("except $IFWHEN <clauses> ,", "lifted"),
    ("except|apart [for|from] <others> ,", "others"),
    ("except <place> ,", "lifted_there"),
    ("with the exception of <others> ,", "others"),
)

# What may follow it.
BACKS: tuple[tuple[str, str], ...] = (
    ("[,] $IFWHEN <clauses>", "condition_behind"),
    ("in [all|any|the] <picture>", "of_picture"),
    ("in [all|any|the] <picture> of <shown:things>", "of_picture"),
    ("in [all|any] <picture> for <for:things>", "of_picture"),
    ("[,] when|while <ing>", "doing_behind"),
    ("[,] unless <clauses>", "lifted_behind"),
    ("[,] unless <state>", "lifted_so_behind"),
    ("[,] unless <state:ing>", "lifted_so_behind"),
    ("[,] if <state>", "where_it_is_so"),
    ("[,] except $IFWHEN <clauses>", "lifted_behind"),
    ("[,] except [for] <others>", "others_behind"),
    ("[,] except <place>", "lifted_there"),
    ("[,] apart from <others>", "others_behind"),
    ("[,] other than <others>", "other_than_behind"),
    ("[,] with the exception of <others>", "others_behind"),
    ("[,] excluding <others>", "others_behind"),
    (". this|it [rule] does not apply $IFWHEN <clauses>", "lifted_behind"),
    (". exception|exceptions : <clause_list>", "lifted_behind"),
    (". <things> is|are $ALLOWED", "allowed"),
    ("; <things> is|are $ALLOWED", "allowed"),
    (", [but] <things> is|are $ALLOWED", "allowed"),
    ("but <things> is|are $ALLOWED", "allowed"),
    ("[,] but <things> may be $SHOWN", "allowed"),
    (". this|it [rule] does not apply to <listed>", "exempt"),
    (". <things> may be $SHOWN", "allowed"),
    (". <things> is|are exempt", "exempt"),
    (". exception|exceptions : <listed>", "exempt"),
)

Found = Mapping[str, Any]
Phrases = Mapping[str, Callable[[Chart, int], tuple[tuple[Any, int], ...]]]


@dataclass(frozen=True)
class FormPart:
    """One place of a form: words, or a hole."""

    words: frozenset[str] = frozenset()
    hole: str = ""
    name: str = ""
    optional: bool = False


@cache
def parts_of(form: str) -> tuple[FormPart, ...]:
    """A form, taken apart."""
    text = re.sub(r"\$(\w+)", lambda match: SHORT[match.group(1)], form)
    parts = []
    for piece in re.findall(r"\[[^\]]+\]|<[^>]+>|\S+", text):
        if piece.startswith("<"):
            name, _, hole = piece[1:-1].partition(":")
            parts.append(FormPart(hole=hole or name, name=name))
        else:
            parts.append(FormPart(frozenset(piece.strip("[]").split("|")), optional=piece.startswith("[")))
    return tuple(parts)


def matches(chart: Chart, place: int, form: str, phrases: Phrases) -> Iterator[tuple[Found, int]]:
    """Every way to match a form from a place on: what fills its holes, and where it ends."""
    parts = parts_of(form)
    first = parts[0]
    if first.words and not first.optional and chart.word(place) not in first.words:
        return iter(())  # most forms begin with another word
    return _matches(chart, place, parts, phrases, {})


def fitting(words: frozenset[str], where: str) -> tuple[tuple[str, str], ...]:
    """The forms of one kind (`core`, `front`, `back`) of which every word that they need is among the words."""
    return _fitting(words & _form_words(), where)


@cache
def _form_words() -> frozenset[str]:
    return frozenset(
        word for forms in (CORES, FRONTS, BACKS) for form, _ in forms for part in parts_of(form) for word in part.words
    )


@lru_cache(2048)
def _fitting(words: frozenset[str], where: str) -> tuple[tuple[str, str], ...]:
    forms = {"core": CORES, "front": FRONTS, "back": BACKS}[where]
    return tuple(
        (form, meaning)
        for form, meaning in forms
        if all(part.optional or part.hole or not part.words.isdisjoint(words) for part in parts_of(form))
    )


def _matches(
    chart: Chart, place: int, parts: tuple[FormPart, ...], phrases: Phrases, found: Found
) -> Iterator[tuple[Found, int]]:
    if not parts:
        yield found, place
        return
    part, rest = parts[0], parts[1:]
    if part.optional:
        yield from _matches(chart, place, rest, phrases, found)
    if part.hole:
        for value, end in phrases[part.hole](chart, place):
            yield from _matches(chart, end, rest, phrases, {**found, part.name: value})
    elif place < len(chart) and chart.word(place) in part.words:
        chart.furthest = max(chart.furthest, place + 1)
        yield from _matches(chart, place + 1, rest, phrases, found)
