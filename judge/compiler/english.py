"""The few facts of English that the rule grammar needs: articles, plurals, prepositions, verbs. Knows no rules.

Small closed word lists on purpose: what a list does not hold is refused by the grammar, or read as an ordinary
singular noun, and a person reads every statement in the lock file.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PREPOSITIONS = _words(
    "above across against around at behind below beneath beside between by from in inside into near next of on onto "
    "out outside over through toward towards under with within without"
)
DETERMINERS = _words(
    "a an the another any each every all both some two three four five six several many at more less fewer "
    "his her its their"
)
ADJECTIVES = _words(
    "alive bare bloody broken burnt closed dead drunk empty exposed filled full hidden intact loose missing naked "
    "nude open pregnant severed spread torn unconscious visible wet wounded wide"
)
_PLURALS = _words("children feet genitals men organs people police remains teeth women")
_SINGULARS_IN_S = _words("bus gas glass grass dress cross mass glass lens")
_MASS = _words(
    "alcohol ammunition beer blood clothing cocaine dynamite fire food gore jewellery meat medicine money nudity smoke "
    "skin swimwear text tobacco underwear urine vomit water wine decay"
)
VERB = re.compile(
    r"\b(?:is|are|has|have|does|do|looks?|shows?|holds?|wears?|carries|carry|touch(?:es)?|points?|lies|lie|sits?|"
    r"stands?|kneels?|appears?|contains?|covers?|bleeds?|burns?|exceeds?|rests?|treats?|hangs?|lean(?:s)?|bends?)\b"
)
_SOUNDS_LIKE_YOU = re.compile(r"(?:uni[cfqtv]|use|eu|one\b|u[- ])")


def is_preposition(word: str) -> bool:
    """Whether the word begins a prepositional phrase."""
    return word.casefold() in PREPOSITIONS


def is_participle(word: str) -> bool:
    """`holding`, `exposed`: words that say what a subject does or what was done to it."""
    return len(word) > 4 and word.endswith(("ing", "ed")) and word.casefold() not in {"thing", "anything", "nothing"}


def is_predicate(word: str) -> bool:
    """Whether the word can begin what is said of a noun in `the mouth open`, `its body on fire`."""
    return word.casefold() in ADJECTIVES or is_participle(word) or (is_preposition(word) and word != "of")


def head(phrase: str) -> str:
    """The main noun: the last word before a preposition, a relative clause or a comma."""
    words = phrase.split()
    for index, word in enumerate(words):
        if index and (is_preposition(word) or word in ("who", "that", "which", "whose")):
            return words[index - 1].casefold()
    return words[-1].casefold() if words else ""


def is_plural(phrase: str) -> bool:
    """Whether the phrase takes `are`."""
    noun = head(phrase)
    if noun in _PLURALS:
        return True
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is")) and noun not in _SINGULARS_IN_S


def be(phrase: str) -> str:
    """`is` or `are`."""
    return "are" if is_plural(phrase) else "is"


def bare(phrase: str) -> str:
    """The phrase without what stands before its noun: articles, `any`, `other`."""
    words = phrase.split()
    while len(words) > 1 and words[0].casefold() in {"a", "an", "the", "any", "other", "another", "some", "such"}:
        words = words[1:]
    return " ".join(words)


def with_article(phrase: str) -> str:
    """`weapon` to `a weapon`; plurals, uncountable nouns and phrases that have a determiner stay."""
    words = phrase.split()
    counted = words[0].casefold() in DETERMINERS or words[0][0].isdigit() or words[0].startswith("{")
    if counted or is_plural(phrase) or head(phrase) in _MASS:
        return phrase
    first = words[0].casefold()
    vowel = first[0] in "aeiou" and not _SOUNDS_LIKE_YOU.match(first)
    return f"{'an' if vowel or first.startswith(('hour', 'honest', 'x-ray')) else 'a'} {phrase}"


def core(phrase: str) -> str:
    """What a detector would look for: the noun without determiners, shares and places."""
    if re.search(r"\b(?:percent|part|parts|half|share)\b", phrase):
        phrase = phrase.rpartition(" of ")[2] or phrase
    words = bare(phrase).split()
    while len(words) > 1 and words[0].casefold() in DETERMINERS:
        words = words[1:]
    for index, word in enumerate(words):
        if index and (is_preposition(word) or word in ("or", "and")):
            return " ".join(words[:index])
    return " ".join(words)
