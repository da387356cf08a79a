"""What is said of the picture that is judged, and must or must not be so: `blurry`, `in colour`. Knows no form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.clauses import VISIBLE, Clause, Groups
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.filled import PICTURE, each_denied, scope
from judge.compiler.grammar.forms import SHORT, Found
from judge.compiler.grammar.pictures import EITHER, ELSEWHERE, ITSELF, KINDS, PARTS
from judge.compiler.grammar.things import BE, Alternatives, Said, Thing, Things

_IN_STYLE = re.compile(r"(?:not )?in (?:colour|color|focus|black and white|portrait|landscape|greyscale|grayscale)")


# Where it was taken from and in which light, as far as that is seen.
_TAKEN = re.compile(
    r"(?:not )?taken (?:outdoors|indoors|in (?:daylight|direct sunlight|the dark|front of (?:an? |the )?[\w-]+)"
    r"|through (?:an? |the )?(?:[\w-]+ )?(?:window|glass|fence)s?|from (?:above|below|behind|the (?:front|side|back))"
    r"|against (?:an? |the )?(?:[\w-]+ ){0,3}(?:wall|background))"
)


def _is_quality(said: Said) -> bool:
    """`blurry`, `a screenshot`; not `hung above a bed`, which is no matter of the picture that is judged."""
    if said.text.removeprefix("not ").split()[0] in SHORT["SHOWN"].split("|"):
        return False  # that it is shown is no look of it
    return " " not in said.text or said.text.startswith(("a ", "an ", "too ", "very ")) or said.text == "upside down"


def of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must not be blurry`: of the picture that is judged; other pictures, in it, need naming."""
    one = things.each[0]
    if not said or len(things.each) > 1 or one.modified or one.behind or not all(map(_is_quality, said)):
        return
    yield Draft(whole=(tuple(Clause(PICTURE, each.finite) for each in said),), conditions=_scope_of(one))


def _scope_of(one: Thing) -> Groups:
    """Of `screenshots`, that the picture is one."""
    return scope({"picture": "" if one.head in ITSELF else KINDS.get(one.head, one.head)})


def so_of_the_picture(things: Things, said: Alternatives) -> Iterator[Draft]:
    """`Photos must be square`, `The picture must be in colour`."""
    one = things.each[0]
    plain = len(things.each) == 1 and not one.modified and not one.behind and one.head in ITSELF
    if plain and all(_is_quality(each) or _IN_STYLE.fullmatch(each.text) for each in said):
        yield Draft(whole=each_denied((PICTURE,), said))


def _shows_itself(said: Said) -> bool:
    return bool(_is_quality(said) or _IN_STYLE.fullmatch(said.text) or _TAKEN.fullmatch(said.text))


def _elsewhere(found: Found) -> bool:
    return (found["picture"].split() or [""])[-1] in ELSEWHERE


def picture_so(found: Found) -> Iterator[Draft]:
    """`Photos of the item must be taken against a plain wall`, `Photos must be sharp and bright`."""
    said: Alternatives = found["tail"]
    if _elsewhere(found):
        return
    if all(_shows_itself(part) for one in said for part in one.both or (one,)) and not said[0].text.startswith("not "):
        yield Draft(whole=each_denied((PICTURE,), said), conditions=scope(found))


def picture_not_so(found: Found) -> Iterator[Draft]:
    """`Photos must not be blurred or taken through a window`."""
    said: Alternatives = found["tail"]
    if _elsewhere(found):
        return
    if all(map(_shows_itself, said)) and not any(one.both or one.text.startswith("not ") for one in said):
        yield Draft(whole=(tuple(Clause(PICTURE, each.finite) for each in said),), conditions=scope(found))


def no_such(found: Found) -> Iterator[Draft]:
    """`Do not upload blurry photos or screenshots`: what is uploaded is the picture."""
    each = tuple(Said(f"{BE} {english.article(one)} {one}") for one in found["such_pictures"])
    yield Draft(whole=(tuple(Clause(PICTURE, one) for one in each),))


def no_such_looks(found: Found) -> Iterator[Draft]:
    """`Blurry photos are not allowed`: of the picture; `selfies`, of which people take some in it, are open."""
    if all(" " in one for one in found["such_pictures"]):
        yield from no_such(found)


def of_that_kind(things: Things, said: Alternatives, found: Found) -> Iterator[Draft]:
    """`Drawings are not accepted`: perhaps the picture itself is one, as a screenshot is."""
    plain = [not one.behind and not one.modified and one.head in EITHER for one in things.each]
    if said or "picture" in found or "shown" in found or not any(plain):
        return
    each = (
        Clause(PICTURE, Said(f"{BE} {english.article(kind)} {kind}")) if itself else Clause(one, VISIBLE)
        for one, itself in zip(things.each, plain, strict=True)
        for kind in (lexicon.single(one.head) or one.head,)
    )
    yield Draft(whole=(tuple(each),))


def has_its_own(things: Things) -> bool:
    """Whether it is the picture that has these: a border, and no dog."""
    return all(
        lexicon.lemma(one.words.split()[-1], verb=False) in PARTS
        and one.behind in ("", one.words.split()[-1])  # `an age warning`: an age that warns, and a warning
        and not one.parts
        for one in things.each
    )
