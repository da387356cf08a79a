"""Tells whether a model will not answer: in reasoning, in looking again, in a debate. Refusing is no agreement.

Where it is not clear it counts as a refusal, because a person looks then. Seeing nothing is an answer: `I cannot see
any flames` is none. The words are those of `prompts/LANGUAGE/refusals.yaml`, and the English ones, which many models
fall into.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from judge.languages import Language, RefusalWords

_GAP = "\N{HORIZONTAL ELLIPSIS}"  # in a phrase: some words more
_GAPS = {False: r"\s+(?:\S+\s+){0,6}?", True: r".{0,10}?"}  # by whether words are written without spaces
_APOSTROPHES = str.maketrans(
    dict.fromkeys("\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}`\N{ACUTE ACCENT}", "'")
)
_ENDS = re.compile(
    r"[.!?;:,()\n\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u061f\u060c\u061b\u3001]|\s[-\u2013\u2014]+\s|[\u2013\u2014]"
)
_NO_WORDS = re.compile(r"[^\w'\s]+|(?<!\w)'+|'+(?!\w)")
_LINKS = r"(?:(?:to|de|a|zu)\s+|d')?"  # between `I am not able` and what


def refuses(said: str, language: Language) -> bool:
    """Whether a text says that its writer will not answer, or says nothing at all."""
    if not re.search(r"\w", said):
        return True
    return any(one.among(said) for one in _read(language.refusals))


class _Refusals:
    """The words of one language, as patterns."""

    def __init__(self, words: RefusalWords) -> None:
        self._asides, self._joins = _any(words.asides), _any(words.joins)
        self._begins, self._cannot = _any(words.begins), _any(words.cannot)
        sees = _one_of(words.sees)
        unspaced = any(_is_unspaced(_plain(one)) for one in words.sees)
        self._seeing = re.compile(f"(?:{sees})" if unspaced else f"^{_LINKS}(?:{sees})|(?:{sees})$")

    def among(self, said: str) -> bool:
        """Whether one of the clauses of a text is a refusal."""
        clauses = (self._asides.sub(" ", _plain(one)) for one in _ENDS.split(said.translate(_APOSTROPHES)))
        return any(self._is_one(" ".join(part.split())) for one in clauses for part in self._joins.split(one))

    def _is_one(self, clause: str) -> bool:
        if self._begins.match(clause):
            return True
        return any(not self._seeing.search(clause[one.end() :].strip()) for one in self._cannot.finditer(clause))


@lru_cache(maxsize=32)
def _read(words: tuple[RefusalWords, ...]) -> tuple[_Refusals, ...]:
    return tuple(_Refusals(one) for one in words)


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
