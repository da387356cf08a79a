"""Which words say something of several things at once: `together`, `side by side`, `kissing`. Knows words alone."""

from __future__ import annotations

import re
from functools import lru_cache

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.lexicon import word_set
from judge.compiler.grammar.things import BE, Said

# Those that several do with each other, where nobody else is named.
_WITH_EACH_OTHER = word_set(
    "kiss hug embrace cuddle fight wrestle meet collide crash mingle mix blend overlap touch match differ cross "
    "intersect merge intertwine entwine box spar quarrel converse gather assemble gang cluster huddle coincide "
    "correspond marry date mate compete duel clash socialise socialize"
)
# What two may do with each other, or each by itself.
_PERHAPS = re.compile(
    r"^(?:\w+ing )?alone$|^(?:\w+ing )?alone (?!with\b|together\b)|^(?:dancing|playing|talking|arguing|racing|chatting)"
    r"(?! with\b| against\b| to\b)|^(?:sharing|exchanging|swapping)\b|^(?:holding|shaking|clasping|joining)"
)
_WITH_HANDS = re.compile(r"^(?:holding|shaking|joining) hands\b(?! with\b)")
_ALIKE = word_set(
    "parallel perpendicular adjacent alike identical equal different similar separate unequal matching united mixed "
    "blended combined stacked crossed intertwined entwined entangled tangled merged aligned connected joined linked "
    "separated divided level even huddled grouped paired gathered nested interlocked touching overlapping abreast"
)
_PLACED = r"(?:in|on|inside|under|behind|at|from|into|by|around)"
# Behind these it is said of the two with each other, of however many.
_SURELY = re.compile(
    r"\btogether\b(?! with\b)|\bside by side\b|\bapart\b(?! from\b)|\bseparately\b|\b(?:each other|one another)\b"
    r"|\b(?:hand in hand|arm in arm|back to back|face to face|cheek to cheek|shoulder to shoulder|nose to nose)\b"
    r"|\bin (?:physical |close |direct )?contact\b(?! with\b)|\bin unison\b"
    r"|\b(?:separated|divided) by\b"
    rf"|\b{_PLACED} (?:one|an? single|the same|an? shared|an? common|one single|a joint) (?!another\b|of\b)[\w-]+",
    re.IGNORECASE,
)
_GATHERED = re.compile(
    r"\bin (?:pairs|twos|threes|couples|rows|groups|stacks|piles|order|an? (?:row|line|circle|queue|pile|stack|heap"
    r"|group|pair|ring|cluster|crowd|pattern|grid))\b|\b(?:lined|piled|stacked|bunched|queued) up\b",
    re.IGNORECASE,
)
_BEHIND_OTHERS = ("with", "to", "from", "against", "than", "by", "like", "as")


@lru_cache(4096)
def is_joint(said: Said) -> bool:
    """Whether it is said of several together: of one alone it says nothing, or something else."""
    text = _bare(said.text)
    if are_together(said) or _GATHERED.search(text):
        return True
    first, *rest = text.split()
    if first in ("sitting", "standing", "lying", "being", "lined", "placed", "kept", "parked") and rest:
        first, *rest = rest
    if _WITH_HANDS.match(text):
        return True
    base = lexicon.lemma(first, verb=True)
    mutual = (first.endswith("ing") and base in _WITH_EACH_OTHER) or first in _ALIKE
    if not mutual or not rest:
        return mutual
    # `touching a ball`, `fighting with dogs`, `parallel to a wall`: another one is named
    placed = rest[0] in _PLACES and rest[0] not in _BEHIND_OTHERS
    return placed or (rest[0] == "with" and said.inner[:1] not in ("p", "a") and first.endswith("ing"))


@lru_cache(4096)
def may_be_joint(said: Said) -> bool:
    """Whether it is said of several together, or perhaps of each: `alone`, `dancing`, `sharing a bowl`."""
    return is_joint(said) or bool(_PERHAPS.search(_bare(said.text)))


_PLACES = word_set("in on at near under behind inside outside beside above below by while indoors outdoors for over")


def are_together(said: Said) -> bool:
    """Whether it surely says so of the ones that are named, with each other."""
    return bool(_SURELY.search(_bare(said.text)))


def _bare(text: str) -> str:
    return re.sub(rf"^(?:{BE} )?(?:not )?", "", text) or text
