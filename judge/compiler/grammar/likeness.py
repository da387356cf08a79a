"""Whether a word of a statement stands for a word of its rule: of one stem, of its kind, or a word that only joins.

Used where a person wrote a chain beside a rule: `blood on its body` is asked as `the body is bloody`. Knows words
alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from judge.compiler.grammar import lexicon, nets
from judge.compiler.grammar.lexicon import word_set

_ENDINGS = re.compile(
    r"(?:-like|less|ness|ment|able|ible|ation|ition|tion|sion|ing|ful|ous|ive|ity|ary|ial|ed|er|or|en|ic|al|ly|y|e|s)$"
)
_LEAST = 4  # letters of a stem that tell one word from another
# What only says how two things that the rule names belong together, in a picture.
_JOINING = word_set("hold wear have carry bear cover do perform together one body part area own near exactly only")
# What is so wherever a thing is held.
_HOLDING = word_set("hold hand touch")
# How many there are where the rule speaks of one and another.
_COUNTING = word_set("two three least")
_SEVERAL = re.compile(r"\b(?:an)?other\b|\beach other\b|\btwo\b|\bboth\b", re.IGNORECASE)
# `pills, syringes or other drugs`: the rule itself says what they are kinds of.
_DECLARED = re.compile(
    r"((?:[\w'-]+,? ){1,20})(?:or|and) (?:any )?other ((?:[\w-]+ ){0,3}?[\w-]+)(?= (?:may|must|is|are)\b|[,.;]|$)"
)


@cache
def _stem(word: str) -> str:
    for base in (word, lexicon.lemma(word, verb=True), lexicon.lemma(word, verb=False)):
        word = min(word, base, key=len)
    while (shorter := _ENDINGS.sub("", word)) != word and len(shorter) >= _LEAST:
        word = shorter
    return word[:-1] if len(word) > _LEAST and word[-1] == word[-2] else word


def one_stem(first: str, second: str) -> bool:
    """Whether two words are made of one: `blood` and `bloody`, `mask` and `masked`, `bath` and `bathtub`."""
    one, other = sorted((_stem(first), _stem(second)), key=len)
    return len(one) >= _LEAST and (one == other or (lexicon.known(one) and other.startswith(one)))


@dataclass(frozen=True)
class Likeness:
    """Which words stand for which between a rule and its statements.

    rule: its text. named, said: the words of the rule and of the statements that say something, in dictionary form.
    """

    rule: str
    named: frozenset[str]
    said: frozenset[str]

    def stands_for(self, word: str) -> bool:
        """Whether a word that only one side has says what some word of the other side says, or adds nothing."""
        there = self.said if word in self.named else self.named
        both = self.said & self.named
        if {word, lexicon.lemma(word, verb=True)} & _JOINING:
            return True
        if any(one_stem(word, one) for one in there) or any(nets.same(word, one) for one in there):
            return True
        if word in _COUNTING and _SEVERAL.search(self.rule):
            return True
        if word in _HOLDING and (self.said | self.named) & _HOLDING - {word}:
            return True
        if not lexicon.kind(word):
            return False  # no noun
        if any(nets.is_kind_of(word, one) for one in both) or self._declared(word, both):
            return True  # `knife` beside `weapon`, `bomb` beside `explosive`
        if word in self.said and any(nets.is_kind_of(one, word) for one in both):
            return True  # `the weapon`, of a gun
        alike = (one for one in there if any(one_stem(one, part) for part in self.named))
        return word in self.named and any(nets.is_kind_of(one, word) for one in alike)  # `alcohol`, of alcoholic drinks

    def _declared(self, word: str, both: Collection[str]) -> bool:
        """Whether the rule itself calls the word a kind of something that both sides name."""
        return any(
            re.search(rf"\b{re.escape(word)}", found[1], re.IGNORECASE) and any(one_stem(found[2], one) for one in both)
            for found in _DECLARED.finditer(self.rule)
        )
