"""A rule's sentence as tokens. Knows words and marks; no sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.lexicon import word_set

PREPOSITIONS = word_set(
    "above across against along among around as at behind below beneath beside between beyond by during for from "
    "in inside into near of off on onto out outside over past per than through to toward towards under underneath "
    "up upon with within without"
)
# Several words that act as one preposition, longest first.
COMPOUND_PREPOSITIONS = tuple(
    tuple(phrase.split())
    for phrase in (
        "in front of",
        "on top of",
        "next to",
        "out of",
        "close to",
        "at the back of",
        "at the side of",
        "together with",
        "in the middle of",
        "on the side of",
        "away from",
        "far from",
        "outside of",
        "inside of",
    )
)
_BEFORE_CAN = word_set("a an the no any each every this that one open empty closed")
_AFTER_CAN = word_set("may must should shall will is are was of with on in near beside")
# `or` behind these may ask for one, or for all: `outside a kitchen or a restaurant` is outside both.
LACKING = frozenset({"without", "outside", "off", "beyond", "away from", "far from", "outside of"})
ARTICLES = frozenset({"a", "an", "the"})
OWNERS = word_set("his her its their")
DETERMINERS = ARTICLES | OWNERS | word_set("any some each every all both other another this that these those")
NUMBERS = word_set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand"
)
COLOURS = word_set("white black grey gray red green blue yellow orange brown pink purple beige cream")
OPEN_PRONOUNS = word_set("it they them he she him this these those such there here something anything")
# Words of the grammar itself: never nouns, verbs or adjectives.
CLOSED = (
    PREPOSITIONS
    | DETERMINERS
    | OPEN_PRONOUNS
    | NUMBERS
    | word_set(
        "no not never neither nor either or and but if unless when whenever where wherever while whether who whom "
        "which whose that except only may must can cannot should shall could will would might is are was were be been "
        "being am do does did has have had more less fewer most least so too very also ever always i we you your our "
        "my us nobody "
        "nothing none next than because what how why e.g i.e etc including excluding"
    )
)
_TOKEN = re.compile(
    r"(?P<param>\{[^{}\s]*\})|(?P<quote>\"[^\"]+\"|\u201c[^\u201d]+\u201d|`[^`]+`)|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<word>[^\W\d_]+(?:[-'\u2019.&][^\W\d_]+|-\d+)*(?:'|\u2019(?=\s))?)|(?P<mark>\S)",
)


@dataclass(frozen=True)
class Token:
    """A word, a number, a parameter, a quotation or a mark. `text` as written, `word` to compare with."""

    text: str
    word: str
    kind: str
    first: bool = False
    is_can: bool = False  # `a can of beer`, and no verb

    @cached_property
    def tags(self) -> frozenset[str]:
        """What the word can be; nothing for words of the grammar and for marks."""
        if self.kind == "quote" or self.is_name:
            return frozenset({lexicon.NOUN})
        if self.is_can:
            return frozenset({lexicon.NOUN})
        if self.kind != "word" or self.word in CLOSED or self.is_owner:
            return frozenset()
        return lexicon.tags(self.word)

    @property
    def is_name(self) -> bool:
        """A word written with a capital though no sentence begins here: a name; so is one of capitals only."""
        shouted = len(self.text) > 1 and self.text.isupper()
        letter = self.text[1:2] == "-" and lexicon.known(self.word)  # `X-ray` has its capital everywhere
        return self.kind == "word" and self.text[0].isupper() and not letter and (not self.first or shouted)

    @property
    def is_owner(self) -> bool:
        """`sponsor's`, `children's`, `sellers'`."""
        return self.kind == "word" and (self.word.endswith("'s") or self.word.endswith("s'"))

    @property
    def is_unknown(self) -> bool:
        """A plain word that the lexicon does not have."""
        word = self.word.removesuffix("'s").removesuffix("'")
        return self.kind == "word" and not self.is_name and word not in CLOSED and not lexicon.known(word)

    def can(self, *tags: str) -> bool:
        """Whether the word can be any of these."""
        return not self.tags.isdisjoint(tags)


@lru_cache(4096)
def tokens_of(sentence: str) -> tuple[Token, ...]:
    """The tokens of one sentence, `n't` apart."""
    sentence = sentence.replace("%", " percent")
    sentence = re.sub(r"\b(can)(?:not|['\u2019]t)\b", r"\1 not", sentence, flags=re.IGNORECASE)
    sentence = re.sub(r"(?<=\w)n['\u2019]t\b", " not", sentence)
    found: list[Token] = []
    for match in _TOKEN.finditer(sentence):
        text, kind = match.group().replace("\u2019", "'"), str(match.lastgroup)
        first = not found or found[-1].text in ".;:"
        found.append(Token(text, text if kind in ("param", "quote") else text.casefold(), kind, first))
    return tuple(_cans(found))


def _cans(found: list[Token]) -> Iterator[Token]:
    """`No can may be shown`, `a beer can is open`: no verb where another one follows, or only `a` or `no` stands before
    it."""
    for at, token in enumerate(found):
        before = found[at - 1].word if at else ""
        after = found[at + 1].word if at + 1 < len(found) else ""
        verbless = after in ("or", "and", ",") or before in _BEFORE_CAN or after in _AFTER_CAN
        yield replace(token, is_can=True) if token.word == "can" and verbless else token
