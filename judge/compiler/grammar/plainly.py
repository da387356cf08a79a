"""A rule in the words that the forms know: who must not, what must be worn by whom, how many there may be of each.

Each turn says the same as the sentence, word for word; what has two meanings is left as it is. Knows no form.
"""

from __future__ import annotations

import re
from functools import lru_cache

from judge.compiler.grammar import english, lexicon, nets
from judge.compiler.grammar.asides import without_asides
from judge.compiler.grammar.everyday import everyday
from judge.compiler.grammar.lexicon import word_set
from judge.compiler.grammar.permissions import in_forms
from judge.compiler.grammar.pictures import KINDS
from judge.compiler.grammar.tokens import PREPOSITIONS

_YOUR = re.compile(r"\b(?:your|our|my)\b(?! (?:photo|picture|image))", re.IGNORECASE)
_WITH_NO = re.compile(r"\bwith no (?!more\b|less\b|fewer\b|one\b|other\b|doubt\b)", re.IGNORECASE)
_EVERY_ONE = re.compile(
    r"\bevery(?:one|body)\b|^any(?:one|body)\b(?=.* (?:must|should|has to|have to) (?!not\b|never\b))", re.IGNORECASE
)
# `Somebody must hold the rope`: one is enough; where nothing is demanded of them, a person.
_SOMEONE_MUST = re.compile(
    r"(?P<before>^|[,;.:] (?:(?:and|but|then) )?)some(?:one|body)\b(?!['\u2019])"
    r"(?=[^,;.]*? (?:must|should|shall|has to|have to|may|can|needs?|is required)\b)",
    re.IGNORECASE,
)
_MUST_SOMEONE = re.compile(
    r"(?P<before>\b(?:must|should|shall|has to|have to) (?!not\b|never\b)[^,;.]*?)"
    r"\bsome(?:one|body)\b(?!['\u2019]| else)",
    re.IGNORECASE,
)
_SOMEONE = re.compile(r"\bsome(?:one|body)\b(?! else\b)(?P<whose>['\u2019]s\b)?", re.IGNORECASE)
_ANYONE = re.compile(r"\bany(?:one|body)\b", re.IGNORECASE)
# Said for emphasis; of a room, that it is for one.
_EVERY_SINGLE = re.compile(
    r"\b(every|each) single (?!(?:bed|room|cabin|mattress|sheet|garage|parent)\b)", re.IGNORECASE
)
_YOU = re.compile(r"^you (?:(must|should|may|can) (?:not|never)|(must|should|have to|need to))\b", re.IGNORECASE)
_MAY = r"(?= (?:may|must|can|should|shall|is)\b)"
_NOBODY = re.compile(rf"\b(?:no one|no-one|no person){_MAY}", re.IGNORECASE)
_WORN_BY = re.compile(
    r"(?P<things>[^,]+?) (?P<must>must|should) be (?P<verb>worn|carried) by (?P<who>[^,.;]+)", re.IGNORECASE
)
# `No flags, other than national flags, may be shown`: the commas part nothing.
_OTHERS_APART = re.compile(
    rf"^(?P<of>(?:(?!(?:{'|'.join(sorted(PREPOSITIONS))}|or|and)\b)[\w'-]+ ){{0,3}}[\w'-]+), "
    r"(?P<but>(?:other than|except(?: for)?|apart from|excluding) [^,;.]+), (?=(?:may|must|can|should|shall|is|are)\b)",
    re.IGNORECASE,
)
# `If a dog is visible, it must be on a leash`: every dog.
_IF_SEEN = re.compile(
    r"(?:if|when|whenever|where|wherever) (?P<one>an? )?(?P<thing>[^,;.]+?) (?:is|are) (?:visible|shown|seen|present), "
    r"(?P<they>it|they) (?P<must>must|should|shall) (?P<not>(?:not|never) )?(?P<rest>[^,;.]+)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\b(?:and|or|no|not|every|each|all|than|both|any|some|\d+|the)\b", re.IGNORECASE)
_NO_PERSON = re.compile(r"\b(?:no one|no-one|nobody) (?!may|must|can|should|shall|is|are)(?=\w)", re.IGNORECASE)
# `Goggles must be worn when grinding`, `Hard hats are required on building sites`: by whoever does so, or is there.
_WORN_THEN = re.compile(
    r"(?P<things>[^,.;]+?) (?:must|should) (?:always )?be (?P<verb>worn|used) (?P<when>(?:when|while) \w+ing\b.*)",
    re.IGNORECASE,
)
_WORN_THERE = re.compile(
    r"(?P<things>[^,.;]+?) (?:(?:must|should) (?:always )?be worn|(?:is|are) (?:required|mandatory|compulsory)) "
    r"(?P<place>(?:in|on|at|near|inside) (?P<where>[^,.;]+))",
    re.IGNORECASE,
)
# `Gloves are required for surgeons`: by whom they are worn.
_WORN_FOR = re.compile(
    r"(?P<things>[^,.;]+?) (?:is|are) (?:required|mandatory|compulsory|obligatory) for (?:all |every )?(?P<who>[\w-]+)",
    re.IGNORECASE,
)
_PLACES = ("structure", "location", "area", "way", "vehicle")
_PLACES_TOO = word_set("train beach roof yard museum archive lab machine machinery water")
_WORN = word_set(
    "helmet hat cap glove goggles glasses mask hairnet apron boot shoe harness vest jacket belt uniform coat suit "
    "visor respirator earplug badge protection lanyard overall coverall jumpsuit earmuff armband wristband"
)
# `No more than one animal per cage may be visible`: no cage with more than one.
_PER_EACH = re.compile(
    r"^(?:no more than|not more than|at most) (?P<most>[\w{}]+) (?P<thing>[\w-]+(?: [\w-]+)?) per (?P<each>[\w-]+) "
    r"(?:may be \w+|(?:is|are) (?:allowed|permitted))(?P<rest> .+)?$",
    re.IGNORECASE,
)
_SHOWN_PER = re.compile(
    r"(?P<shows>.*\b(?:must|may|should) not (?:show|depict|contain|include|feature)) "
    r"(?P<thing>more than [\w{}]+ [\w-]+(?: [\w-]+)?) per (?P<each>[\w-]+)",
    re.IGNORECASE,
)
# `If minors are visible, alcohol must not be.`
_NOR_VISIBLE = re.compile(
    r"(?:if|when|whenever|where) [^,;.]+ (?:is|are) (?:visible|shown|seen|present), [^,;.]+ (?:must|may|should) not be",
    re.IGNORECASE,
)
# `Hands are the only body part that may be visible.`
_THE_ONLY = re.compile(
    r"(?P<but>[\w' -]+) (?:is|are) the only (?P<thing>[\w -]+?) (?:that|which|who) (?:may|can) be "
    r"(?:shown|visible|seen)",
    re.IGNORECASE,
)
# `People in adverts may not be shown smoking`: of adverts alone.
_IN_KIND = re.compile(
    rf"(?P<things>(?!no\b|in\b|nobody\b|only\b|neither\b)[^,.;]+?) (?P<kind>in (?:{'|'.join(sorted(KINDS))})) "
    r"(?P<rest>(?:may|must|should|can)(?: not| never)? (?!show\b|only\b)[^.;]+)",
    re.IGNORECASE,
)
# `When a fireplace is lit, a screen must be visible in front of it`: no lit one without.
_BESIDE_IT = re.compile(
    r"(?:if|when|whenever|where) an? (?P<thing>[\w-]+(?: [\w-]+)?) is (?P<state>[\w-]+(?: [\w-]+){0,2}), "
    r"(?P<other>an? [\w-]+(?: [\w-]+)?) must (?P<verb>be (?:visible |shown )?|hang |stand |lie )"
    rf"(?P<where>(?:next to|close to|{'|'.join(sorted(PREPOSITIONS))}) (?:[\w ]+ )?it)",
    re.IGNORECASE,
)
_ADDED = re.compile(r"^((?:do not|don't|never) add .+?) to (?:the|your|any) (?:photo|picture|image)s?$", re.IGNORECASE)


@lru_cache(256)  # a rule is looked at again with each of its readings
def plain(text: str) -> str:
    """The rule in one line, without its full stop and without saying that it speaks of one picture."""
    text = _EVERY_SINGLE.sub(r"\1 ", text)
    sentence = without_asides(everyday(_of_some_person(" ".join(text.split()).rstrip(" .!"))))
    if sentence.isupper():
        sentence = sentence.capitalize()
    sentence = in_forms(sentence)
    if worn := _WORN_BY.fullmatch(sentence):  # who must wear it is what the rule speaks of
        verb = "wear" if worn["verb"].casefold() == "worn" else "carry"
        sentence = f"{worn['who']} {worn['must']} {verb} {_lower(worn['things'])}"
    if _NOR_VISIBLE.fullmatch(sentence):
        sentence = f"{sentence} visible"
    if only := _THE_ONLY.fullmatch(sentence):
        sentence = f"no {only['thing']} other than {_lower(only['but'])} may be shown"
    if kind := _IN_KIND.fullmatch(sentence):
        sentence = f"{kind['kind']}, {_lower(kind['things'])} {kind['rest']}"
    if beside := _BESIDE_IT.fullmatch(sentence):
        state = "" if beside["state"] in ("visible", "shown", "seen") else f" that is {beside['state']}"
        doing = "" if beside["verb"].startswith("be") else f"{english.ing(beside['verb'].strip())} "
        other = f"{beside['other']} {doing}{beside['where']}"
        if not {"not", "no", "without"} & set(state.split()):
            sentence = f"no {beside['thing']}{state} may be shown without {other}"
    sentence = _each_has(_ADDED.sub(r"\1", sentence))
    sentence = _YOU.sub(lambda found: f"nobody {found[1]}" if found[1] else "every person must", sentence)
    sentence = _ANYONE.sub("any person", _EVERY_ONE.sub("every person", sentence))
    sentence = _WITH_NO.sub("without ", _YOUR.sub("the", sentence))
    sentence = _OTHERS_APART.sub(r"\g<of> \g<but> ", _NO_PERSON.sub("no person ", sentence))
    sentence = re.sub(r"^not more than\b", "no more than", _of_each(sentence), flags=re.IGNORECASE)
    return (
        _NOBODY.sub("nobody", sentence) if re.search(r"^no one|^no-one| no one ", sentence, re.IGNORECASE) else sentence
    )


def _of_some_person(sentence: str) -> str:
    sentence = _SOMEONE_MUST.sub(r"\g<before>at least one person", sentence)
    sentence = _MUST_SOMEONE.sub(r"\g<before>at least one person", sentence)
    return _SOMEONE.sub(lambda found: f"a person{found['whose'] or ''}", sentence)


def _of_each(sentence: str) -> str:
    """The rule about each thing that is seen, of one that says so in a condition."""
    found = _IF_SEEN.fullmatch(sentence)
    if not found or _SEVERAL.search(found["thing"]):
        return sentence
    words = found["thing"].casefold().split()
    they = not found["one"] or lexicon.kind(words[-1]) == "p"
    others = {"it", "they", "them", "its", "their"} & set(found["rest"].casefold().split())
    if others or not PREPOSITIONS.isdisjoint(words) or they != (found["they"].casefold() == "they"):
        return sentence
    many = f"every {found['thing']}" if found["one"] else found["thing"]
    if found["not"]:
        many = f"{found['one'] or ''}{found['thing']}"
    return f"{many} {found['must']} {found['not'] or ''}{found['rest']}"


def _each_has(sentence: str) -> str:
    """The sentence about what has too many, or about whoever must wear a thing."""
    if (found := _PER_EACH.fullmatch(sentence)) and _can_hold(found["each"]):
        return f"no {found['each']} with more than {found['most']} {found['thing']} may be shown{found['rest'] or ''}"
    if (found := _SHOWN_PER.fullmatch(sentence)) and _can_hold(found["each"]):
        return f"{found['shows']} {english.article(found['each'])} {found['each']} with {found['thing']}"
    if found := _WORN_THEN.fullmatch(sentence):
        verb = "wear" if found["verb"].casefold() == "worn" else "use"
        return f"{found['when']}, every person must {verb} {_lower(found['things'])}"
    if (found := _WORN_FOR.fullmatch(sentence)) and _is_worn(found["things"]) and _are_people(found["who"]):
        return f"{found['who']} must wear {_lower(found['things'])}"
    if (found := _WORN_THERE.fullmatch(sentence)) and _is_worn(found["things"]) and _is_place(found["where"]):
        place = re.sub(r" (?:all|any|every|each) ", " ", found["place"], count=1)
        if " worn " in sentence:
            return f"{place}, every person must wear {_lower(found['things'])}"
        return f"{place}, no person may be shown without {_lower(found['things'])}"
    return sentence


def _lower(things: str) -> str:
    return things if things[1:2].isupper() else things[0].lower() + things[1:]


def _can_hold(noun: str) -> bool:
    """Whether something can be in, on or with it: no hour, no order."""
    return lexicon.kind(noun) in tuple("oapf") and lexicon.lemma(noun, verb=False) == noun


def _is_worn(things: str) -> bool:
    words = things.split()
    joined = {"and", "or", "nor", "of", "with"} & set(words)
    return not joined and lexicon.lemma(words[-1].casefold(), verb=False) in _WORN | {words[-1].casefold()} & _WORN


def _are_people(who: str) -> bool:
    return lexicon.PLURAL in lexicon.tags(who.casefold()) and lexicon.kind(who.casefold()) == "p"


def _is_place(where: str) -> bool:
    """`building sites`, and neither `the chest` nor `a jacket`."""
    words = where.casefold().split()
    noun = lexicon.lemma(words[-1], verb=False)
    if {"and", "or", "which", "that", "their", "its", "the wearer's"} & set(words) or PREPOSITIONS & set(words):
        return False
    body = lexicon.kind(noun) == "b" or nets.is_kind_of(noun, "garment") or noun in ("head", "face", "hand", "foot")
    return not body and (noun in _PLACES_TOO or any(nets.is_kind_of(noun, one) for one in _PLACES))
