"""When one statement denies another, and what that makes of a chain: what no picture can break, what every one does.

`a hand is visible` and `a hand is out of sight` cannot both hold, so a rule that asks for both is never violated. Held
against every chain, whoever made it, and by `judge lint`. Knows statements alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from judge.compiler.grammar import lexicon

_NOT = re.compile(r"\b(is|are|does|do|has|have|can|was|were) not\b|\b(is|are|does|do|has|have|was|were)n't\b")
_NO = re.compile(r"^(?:no|there (?:is|are) no) ")
_ARTICLE = re.compile(r"^(?:a|an|the|some|any) ")
# What says of a thing that it is not in sight. A closed list: what it lacks is asked as it stands.
OUT_OF_SIGHT = (
    r"invisible|missing|absent|gone|out of (?:the )?(?:sight|view|shot|frame|picture|photo|photograph|image)"
    r"|(?:outside|off)(?: of)? (?:the )?(?:picture|photo|photograph|image|frame|shot|camera)|off-?camera|off-?screen"
)
# The same of somebody who is there: hands in pockets are hidden, and a picture shows that.
HIDDEN = "hidden|concealed"
_GONE = re.compile(rf"(?P<thing>.+) (?P<be>is|are) (?:{OUT_OF_SIGHT}|{HIDDEN}|not (?:seen|shown|there|present))")
_SEEN = re.compile(r"(?P<thing>.+) (?:is|are) (?:seen|shown|there|present|not hidden|not concealed|not invisible)")


def positive(text: str) -> tuple[str, bool]:
    """A statement without its negation and leading article, in lower case, and whether it was affirmed.

    Two statements are opposites when the first parts are equal and the second ones differ.
    """
    return _positive(" ".join(text.casefold().split()).rstrip(" ."))


@lru_cache(4096)
def _positive(text: str) -> tuple[str, bool]:
    affirmed = True
    if seen := _SEEN.fullmatch(text):
        text = f"{seen['thing']} is visible"
    elif gone := _GONE.fullmatch(text):
        text = f"{gone['thing']} {gone['be']} not visible"
    bare, count = _NOT.subn(lambda match: match.group(1) or match.group(2), text, count=1)
    if count:
        affirmed = False
    elif _NO.match(bare):
        bare, affirmed = _NO.sub("", bare, count=1), False
    return _one(_ARTICLE.sub("", bare)), affirmed


_BEFORE_BE = re.compile(r"(?P<thing>.*?)(?P<noun>[\w-]+) (?:is|are) (?P<rest>.+)")


def _one(text: str) -> str:
    """`eye is open` of `eyes are open`."""
    found = _BEFORE_BE.fullmatch(text)
    if not found:
        return text
    noun = lexicon.single(found["noun"]) if lexicon.PLURAL in lexicon.tags(found["noun"]) else ""
    return f"{found['thing']}{noun or found['noun']} is {found['rest']}"


def opposite(one: str, other: str) -> bool:
    """Whether one of the two says that the other is not so."""
    (left, first), (right, second) = positive(one), positive(other)
    return left == right and first != second


@dataclass(frozen=True)
class Clash:
    """A statement that another one denies. group, which: where it stands. always: the two stand in one group, of which
    one then always holds."""

    group: int
    which: int
    text: str
    other: str
    always: bool = False

    @property
    def sure(self) -> bool:
        """Whether it is said of one and the same: that it is visible, or of `the lid`. One door may be open, and
        another one not."""
        return positive(self.text)[0].endswith(" is visible") or self.text.casefold().startswith("the ")


def clashes(groups: Sequence[Sequence[str]]) -> Iterator[Clash]:
    """Statements of groups, of which one each must hold, that can never hold with the rest, or always do."""
    for number, group in enumerate(groups):
        for which, text in enumerate(group):
            if other := next((one for one in group[:which] if opposite(text, one)), ""):
                yield Clash(number, which, text, other, always=True)
                continue
            denied = (
                one for at, one in enumerate(groups) if at != number and all(opposite(text, each) for each in one)
            )
            if other := next(denied, ("",))[0]:
                yield Clash(number, which, text, other)
