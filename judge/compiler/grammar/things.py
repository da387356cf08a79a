"""What the phrases of a sentence are read as: things, and what is said of them. Pure values."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.tokens import DETERMINERS, PREPOSITIONS

_DROPPED = DETERMINERS - {
    "the",
    "its",
    "his",
    "her",
    "their",
    "this",
    "that",
    "these",
    "those",
    "both",
    "another",
    "other",
}
MOST_ALTERNATIVES = 12  # of one precondition
BE = "BE"  # stands for `is` or `are` until the subject is known
PERSON = frozenset({"person", "people", "persons", "anyone", "nobody"})


@dataclass(frozen=True)
class Thing:
    """One thing: `a cracked cup on the table`.

    determiner: as written, lower case. words: all the rest. head: the noun. inner: the `shape` of the noun at
    its end, where it ends in another phrase. modified: something stands before the noun. behind: the
    preposition or first word of what stands behind it. parts: of `A and B`. counts: whether it ends in a noun that
    is counted, in a phrase: `a crowd of more than ten people`. both: of `a child with a ball and a stick`, the child
    with each alone.
    """

    determiner: str
    words: str
    head: str
    inner: str = ""
    modified: bool = False
    behind: str = ""
    parts: tuple[Thing, ...] = ()
    counts: bool = False
    both: tuple[Thing, ...] = ()

    @property
    def plural(self) -> bool:
        """Whether it takes `are`."""
        return bool(self.parts) or english.is_plural(self.head, self.determiner)

    @property
    def shape(self) -> str:
        """The kind of thing its noun names, one letter, and its number: `p` many, `m` not counted, `s` one."""
        number = "p" if self.plural else "m" if english.is_mass(self.head) else "s"
        return (lexicon.kind(self.head) or "?") + number

    @property
    def text(self) -> str:
        """As a statement says it: `any` and its like become an article, where the noun needs one."""
        kept = " ".join(word for word in self.determiner.split() if word not in _DROPPED)
        if kept:
            return f"{kept} {self.words}"
        written = self.determiner in ("a", "an")
        mass = english.is_mass(self.head) and not english.counted(self.determiner) and not written
        if not self.determiner or self.parts or self.plural or mass:
            return self.words
        if written:
            return f"{english.article(self.words)} {self.words}"
        if self.head[:1].isupper() or self.words[:1] in '"`\u201c' or _is_of_several(self.words.split()[0]):
            return self.words
        return f"{english.article(self.words)} {self.words}"

    @property
    def inside(self) -> str:
        """As another phrase says it: as written."""
        return self.text if self.parts else f"{self.determiner} {self.words}".strip()

    @property
    def be(self) -> str:
        """`is` or `are`."""
        return "are" if self.plural else "is"

    @property
    def animate(self) -> bool:
        """Whether it names people or animals."""
        return self.shape[0] in "pa"

    @property
    def owner(self) -> Thing | None:
        """`the driver` of `hands of the driver`."""
        _, of, whose = self.words.partition(f"{self.head} of ")
        first, _, rest = whose.partition(" ")
        if self.behind != "of" or not of or any(word in PREPOSITIONS for word in whose.split()):
            return None
        determiner, words = (first, rest) if first in DETERMINERS and rest else ("", whose)
        return Thing(determiner, words, words.split()[-1])

    def with_behind(self, said: Said) -> Thing:
        """The thing with more said behind its noun."""
        text = said.text.replace(BE, self.be)
        if self.behind and text.startswith("other than "):
            text = f"{text},"
            return replace(self, words=f"{self.words}, {text}", inner=said.inner, counts=said.counts)
        if self.behind == "other" and not text.startswith("other than "):
            kept, _, left = self.words.partition(" other than ")  # `dogs on a train, other than guide dogs,`
            return replace(self, words=f"{kept} {text}, other than {left},", behind=text.split()[0])
        behind = self.behind or text.split()[0]
        both = tuple(self.with_behind(one) for one in said.both) if said.has_both else ()
        words = f"{self.words} {text}"
        return replace(self, words=words, inner=said.inner, behind=behind, counts=said.counts, both=both)


@dataclass(frozen=True)
class Said:
    """What is said of a thing: `holding a weapon`. about: the noun in it that a detector looks for. inner: the
    `shape` of that noun where the phrase ends in it. owned: (`the mouth`, `open`), of `with the mouth open`. both: of
    `wet and dirty`, each alone. counts: whether it ends in a noun that is counted. left_out: the nouns behind `except`
    and its like, each of which must be a kind of what it is taken from."""

    text: str
    about: str = ""
    inner: str = ""
    owned: tuple[str, str] | None = None
    both: tuple[Said, ...] = ()
    counts: bool = False
    left_out: tuple[str, ...] = ()

    @classmethod
    def ending(cls, words: str, thing: Thing) -> Said:
        """Words and then a thing: `holding`, `a weapon`."""
        parts = () if words.endswith(("between", "among")) else thing.parts  # `between a door and a window`: of the two
        both = tuple(cls.ending(words, one) for one in parts)
        counts = thing.counts or english.counted(thing.determiner)
        return cls(f"{words} {thing.inside}", thing.head, thing.inner or thing.shape, both=both, counts=counts)

    def behind(self, words: str) -> Said:
        """The same behind some words: `who`, `not`."""
        both = tuple(one.behind(words) for one in self.both)
        return Said(f"{words} {self.text}", self.about, self.inner, both=both, counts=self.counts)

    @property
    def has_both(self) -> bool:
        """Whether it may be had of two things alone or together: `with a ball and a stick`, `holding a cup and a can`;
        what is said by two phrases, `riding a bike and wearing a cap`, is said together."""
        first = self.text.split()[0]
        if "both" in self.text.split():
            return False
        having = first == "with" or (first.endswith("ing") and first not in ("being", "standing", "sitting", "lying"))
        alone = len(re.findall(rf"(?:^| ){re.escape(first)} ", self.text)) == 1
        parts = [one.text.split() for one in self.both]
        things = all(
            len(words) > 1 and words[0] == first and words[1] not in PREPOSITIONS and not words[1].endswith("ing")
            for words in parts
        )
        return having and alone and things and len(parts) > 1

    @property
    def finite(self) -> Said:
        """With `is` or `are` before it, to be agreed with its subject."""
        return self if self.text.startswith(f"{BE} ") else replace(self, text=f"{BE} {self.text}")

    def then(self, other: Said, joint: str = " ") -> Said:
        """This, and then the other, of the same thing."""
        if joint != " ":
            both = (*(self.both or (self,)), *(other.both or (other,)))
        elif self.both or other.both:
            both = tuple(one.then(more) for one in self.both or (self,) for more in other.both or (other,))
        else:
            both = ()
        text, about = self.text + joint + other.text, self.about or other.about
        return Said(text, about, other.inner, both=both, counts=other.counts)


def _is_of_several(whose: str) -> bool:
    """`women's`, `boys'`, and of somebody by name, `Anna's`: no article, as `a child's` has."""
    one = whose.removesuffix("'s")
    return whose.endswith("s'") or (one != whose and (whose[:1].isupper() or lexicon.PLURAL in lexicon.tags(one)))


Alternatives = tuple[Said, ...]


def not_so(verb: str, said: Alternatives) -> tuple[Alternatives, ...]:
    """Every way to read a verb (`BE`, `does`, or none) with `not` and what is said.

    Of `wet or dirty` neither; of `wet and dirty` one of the two may be lacking, or both: two readings.
    """
    before = f"{verb} " if verb else ""
    if any(one.text.startswith(("not ", "neither ")) or one.owned for one in said):
        return ()
    if len(said) > 1:
        if any(one.both for one in said):
            return ()
        text = " nor ".join(one.text for one in said)
        return ((Said(f"{before}neither {text}", said[0].about, said[-1].inner),),)
    (one,) = said
    if one.both:
        each = tuple(Said(f"{before}not {part.text}", part.about, part.inner) for part in one.both)
        return each, (Said(before + " and ".join(f"not {part.text}" for part in one.both), one.about, one.inner),)
    return ((one.behind(f"{before}not"),),)


@dataclass(frozen=True)
class Things:
    """Several things. joint: the word that joins them, `or`, `and`, or nothing for one. examples: the later ones
    are examples of the first. both: `both` stands before the two."""

    each: tuple[Thing, ...]
    joint: str = ""
    examples: bool = False
    both: bool = False

    @property
    def options(self) -> tuple[Thing, ...]:
        """One is enough: of `A or B` both, of `A and B` the two together as one."""
        if self.joint != "and":
            return self.each
        return (replace(together(self.each), determiner="both" if self.both else ""),)


def together(each: tuple[Thing, ...]) -> Thing:
    """`A and B` as one."""
    return Thing("", listing(each), each[-1].head, each[-1].inner, parts=each)


def listing(each: tuple[Thing, ...]) -> str:
    """`a, b and c`."""
    texts = [one.text for one in each]
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))


def few(said: Alternatives) -> bool:
    """Whether these are no more alternatives than a precondition may have."""
    return len(said) <= MOST_ALTERNATIVES


def product(first: Alternatives, second: Alternatives, joint: str = " ") -> Alternatives:
    """Every one of the first followed by every one of the second."""
    return tuple(one.then(other, joint) for one in first for other in second)
