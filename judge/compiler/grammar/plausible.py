"""Whether somebody can mean what an offer says: no `person on a jacket`, no `day with three people`.

An offer is the author's words in another order, so a phrase may have got to a noun that it was not said of. Held
against the statements of the offer; knows words and what they name, no form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from judge.compiler.grammar import lexicon, nets
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.lexicon import word_set

# What is done to a picture, and stands nowhere in it.
EDITS = word_set(
    "filter effect edit editing retouching adjustment correction noise grain distortion manipulation alteration "
    "enhancement resolution quality exposure"
)
_OF_A_PICTURE = re.compile(
    r"\b(?:photo|picture|image|selfie|snapshot|shot)s? (?:with|that have|having) (?:[\w-]+ )*?(?P<head>[\w-]+)\b",
    re.IGNORECASE,
)
_SOMEWHERE = re.compile(
    r"(?:an? |the )?(?:[\w-]+ )?(?P<thing>[\w-]+)(?P<be> (?:is|are)(?: not)?)? (?P<at>on|in) "
    r"(?:an? |the )?(?P<place>[\w-]+)"
)
_SEVERAL_OF_ONE = re.compile(r"\b(?:crowd|group|pack|herd|flock|pile|stack|bunch|row|set|queue|heap)s? of (?:an?|one) ")
_OTHER_THAN = re.compile(r"(?:an? |the )?(?P<thing>[\w-]+) other than (?P<kinds>.+?)(?: (?:is|are) |$)")
_BEHIND = re.compile(r" (?:on|in|at|with|of|by|from|that|who)\b.*")
# How a thing may be, and nobody.
_OF_THINGS = r"damaged|broken|cracked|torn|dented|chipped|empty|full|unplugged|sealed|faulty|expired|folded|rusty"
_STATE_OF = re.compile(rf"(?P<who>[\w-]+) (?:is|are) (?:.* )?(?:{_OF_THINGS})")
_IS_SOMEONE = re.compile(
    r"(?:an? |the |no )?(?P<thing>[\w-]+)(?: of [\w' -]+)? (?:is|are) (?:[^,]+ and )?(?:not )?(?:an? )?(?P<who>[\w-]+)"
)
_OF_ITSELF = re.compile(r"an? (?P<one>[\w-]+) (?:is|are) .*\bthe (?P<all>[\w-]+)$")
_WIDE = word_set("person people animal animals object objects thing things food")


def plausible(sentence: str, chains: Iterable[Parsed]) -> bool:
    """Whether every statement of an offer can be meant, by what its nouns name. chains: those of its rules."""
    texts = list(_texts(chains))
    plain = " ".join(re.findall(r"[\w-]+", sentence.casefold()))
    return not (_shows_an_edit(sentence, texts) or any(_is_nonsense(plain, text) for text in texts))


def _texts(chains: Iterable[Parsed]) -> Iterator[str]:
    for chain in chains:
        for group in chain.conditions:
            yield from (one.statement.casefold() for one in group.any)


def _shows_an_edit(sentence: str, texts: list[str]) -> bool:
    """`photos with filters` show no filters."""
    made = {lexicon.lemma(found["head"].casefold(), verb=False) for found in _OF_A_PICTURE.finditer(sentence)} & EDITS
    return any(lexicon.lemma(word, verb=False) in made for text in texts for word in text.split())


def _is_nonsense(sentence: str, text: str) -> bool:
    if _SEVERAL_OF_ONE.search(text):
        return True
    if (state := _STATE_OF.fullmatch(re.sub(r"^(?:an?|the|no) ", "", text))) and lexicon.kind(state["who"]) == "p":
        return True  # children are damaged
    someone = _IS_SOMEONE.fullmatch(text)
    if someone and lexicon.kind(someone["who"]) == "p" and lexicon.kind(someone["thing"]) not in ("p", "a", ""):
        return True  # faces are actors
    itself = _OF_ITSELF.match(text)
    if itself and lexicon.single(itself["all"]) == itself["one"] and f"the {itself['all']}" not in sentence:
        return True  # a worker is without a cone behind the workers
    first = re.match(r"(?:an? |the |no |more than \w+ )?(?P<thing>[\w-]+) (?:with|without) ", text)
    if first and lexicon.kind(first["thing"]) == "t":
        return True  # a day with people
    for found in _SOMEWHERE.finditer(text):
        before = "be" if found["be"] else found["thing"]
        if f"{before} {found['at']} " in sentence or found["at"] != "on":
            continue
        worn = nets.is_kind_of(found["place"], "clothing") or lexicon.kind(found["place"]) == "b"
        written = nets.is_kind_of(found["place"], "list")
        if written or (worn and lexicon.kind(found["thing"]) in tuple("paf")):
            return True  # a person on a jacket, a dish on a menu
    for found in _OTHER_THAN.finditer(text):
        if "other than" in sentence or found["thing"] in _WIDE:
            continue
        kinds = re.split(r", | and | or ", found["kinds"])
        heads = (_BEHIND.sub("", one).split()[-1] for one in kinds)
        if not any(nets.is_kind_of(head, found["thing"]) for head in heads):
            return True  # wolves other than foxes
    return False
