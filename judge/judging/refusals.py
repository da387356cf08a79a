"""Tells whether a model answers: in reasoning, in looking again, in a debate. Refusing is no agreement.

Where it is not clear it counts as a refusal, because a person looks then. Seeing nothing is an answer: `I cannot see
any flames` is none. The words are those of `prompts/LANGUAGE/refusals.yaml` of every language, whatever the model was
asked in. No list of phrases is whole, so a text is an answer only where a clause of it is about something else than who
speaks and who asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from judge.languages import Language, RefusalWords
from judge.settings import Frozen

_GAP = "\N{HORIZONTAL ELLIPSIS}"  # in a phrase: some words more
_GAPS = {False: r"\s+(?:\S+\s+){0,6}?", True: r".{0,10}?"}  # by whether words are written without spaces
_APOSTROPHES = str.maketrans(
    dict.fromkeys("\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}`\N{ACUTE ACCENT}", "'")
)
_ENDS = re.compile(
    r"[.!?;:,()\n\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u061f\u060c\u061b\u3001]|\s[-\u2013\u2014]+\s|[\u2013\u2014]"
)
_NO_WORDS = re.compile(r"[^\w'\s]+|(?<!\w)'+|'+(?!\w)")
_SCRIPTS = ("LATIN", "FULLWIDTH LATIN", "ARABIC", "CJK", "MODIFIER LETTER", "FEMININE", "MASCULINE")
_SHORT = 2  # letters
_OWN = 2  # of the lists of all languages: that which was asked in, and English
_LINKS = r"(?:(?:to|de|a|zu)\s+|d')?"  # between `I am not able` and what


def refuses(said: str, language: Language) -> bool:
    """Whether a text says that its writer will not answer, or says nothing at all."""
    if not re.search(r"\w", said):
        return True
    return any(one.among(said) for one in _read(language.refusals))


def answers(said: str, language: Language) -> bool:
    """Whether a text refuses nothing and describes something: what is concluded from it may be believed. One in a
    script of which no refusal is known (Cyrillic, say) may be anything."""
    if sum(_is_foreign(letter) for letter in said) * 2 > sum(map(str.isalpha, said)):
        return False
    return not refuses(said, language) and all(one.describes(said) for one in _read(language.refusals))


def refuses_in(reply: Frozen, language: Language) -> bool:
    """Whether any text of a reply in a form refuses; an empty one says nothing, and is allowed where the form does."""
    return any(said and refuses(said, language) for said in _texts(reply.model_dump()))


@lru_cache(maxsize=10_000)
def _is_foreign(letter: str) -> bool:
    """Whether a sign is a letter of a script that no language is written in that ships."""
    return letter.isalpha() and not unicodedata.name(letter, "").startswith(_SCRIPTS)


def _texts(held: object) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, Mapping):
        for one in held.values():
            yield from _texts(one)
    elif isinstance(held, Sequence):
        for one in held:
            yield from _texts(one)


class _Refusals:
    """The words of one language, as patterns. foreign: whether it is neither the language that was asked in nor
    English: then short words for persons count for nothing, since they mean other things elsewhere (`me`, `tu`)."""

    def __init__(self, words: RefusalWords, foreign: bool) -> None:
        self._asides, self._joins = _any(words.asides), _any(words.joins)
        self._begins, self._about, self._cannot = _any(words.begins), _any(words.about), _any(words.cannot)
        self._persons = _any([one for one in words.persons if not foreign or len(one) > _SHORT or not one.isascii()])
        self._empty, self._sees = frozenset(map(_plain, words.empty)), _any(words.sees)
        sees = _one_of(words.sees)
        unspaced = any(_is_unspaced(_plain(one)) for one in words.sees)
        self._seeing = re.compile(f"(?:{sees})" if unspaced else f"^{_LINKS}(?:{sees})|(?:{sees})$")

    def among(self, said: str) -> bool:
        """Whether one of the clauses of a text is a refusal."""
        return any(self._is_one(clause) for clause in self._clauses(said))

    def describes(self, said: str) -> bool:
        """Whether one of the clauses is about something else than persons, or says what one of them sees."""
        return any(
            clause and clause not in self._empty and (self._sees.search(clause) or not self._persons.search(clause))
            for clause in self._clauses(said)
        )

    def _clauses(self, said: str) -> Iterator[str]:
        clauses = (self._asides.sub(" ", _plain(one)) for one in _ENDS.split(said.translate(_APOSTROPHES)))
        return (" ".join(part.split()) for one in clauses for part in self._joins.split(one))

    def _is_one(self, clause: str) -> bool:
        if self._begins.match(clause) or self._about.search(clause):
            return True
        return any(not self._seeing.search(clause[one.end() :].strip()) for one in self._cannot.finditer(clause))


@lru_cache(maxsize=32)
def _read(words: tuple[RefusalWords, ...]) -> tuple[_Refusals, ...]:
    return tuple(_Refusals(one, foreign=place >= _OWN) for place, one in enumerate(words))


def _plain(said: str) -> str:
    """Small letters without accents, marks and quotes, single spaces."""
    apart = unicodedata.normalize("NFKD", said.translate(_APOSTROPHES))
    bare = "".join(each for each in apart if unicodedata.category(each) not in ("Mn", "Cf")).casefold()
    return " ".join(_NO_WORDS.sub(" ", bare.replace("_", " ")).split())


def _is_unspaced(word: str) -> bool:
    return bool(word) and ord(word[-1]) >= 0x2E80


def _any(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(_one_of(phrases) or r"(?!)")


def _one_of(phrases: Sequence[str]) -> str:
    """One of them, the longest first, as whole words where words have spaces between them."""
    return "|".join(_phrase(one) for one in sorted(phrases, key=len, reverse=True))


def _phrase(phrase: str) -> str:
    parts = [_plain(one) for one in phrase.split(_GAP)]
    unspaced = _is_unspaced(parts[0])
    edges = ("", "") if unspaced else (r"(?<![\w'])", r"(?![\w'])")
    return edges[0] + _GAPS[unspaced].join(re.escape(one) for one in parts) + edges[1]
