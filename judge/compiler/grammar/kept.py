"""Whether an offer keeps what its sentence says of how many, of what stands together, and of who does what.

Each check goes by the words of the sentence and the statements of the offer's chains: what a picture must show to be
flagged. It knows no form, so it holds of whatever was offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.tokens import NUMBERS, PREPOSITIONS

_NUMBER = rf"(?:a dozen|half|{'|'.join(sorted(NUMBERS, key=len, reverse=True))}|\d+(?:\.\d+)?|\{{\w+\}})"
# What compares, as it is flagged where the rule does not deny it: `at most two` is broken by `more than two`.
_COMPARED = (
    (r"(?:no|not) more than|at most|up to|a maximum of|only", "more"),
    (r"(?:no|not) (?:fewer|less) than|at least|a minimum of", "fewer"),
    (r"more than|over", "most"),
    (r"fewer than|less than|under", "least"),
)
_OTHER_SIDE = {"more": "most", "fewer": "least", "most": "more", "least": "fewer"}
_CALLED = {"more": "more than", "fewer": "fewer than", "most": "at most", "least": "at least"}
_COUNT = re.compile(
    "|".join(rf"\b(?P<{name}>{words}) (?P<{name}_n>{_NUMBER})\b" for words, name in _COMPARED), re.IGNORECASE
)
_DENIAL = re.compile(
    r"\b(?:no|not|never|nobody|neither|nor|cannot|don't|mustn't|without|forbidden|prohibited|banned)\b|n't\b",
    re.IGNORECASE,
)
_LIFTING = re.compile(r"\b(?:unless|except|other than|apart from|excluding)\b.*", re.IGNORECASE | re.DOTALL)
_CONDITION = re.compile(r"\b(?:when|while|if|where|whenever|who|that|which|whose)\b", re.IGNORECASE)
_TOGETHER = re.compile(
    r"\b(?:in|on) the same (?:picture|photo|photograph|image|shot|frame)\b|\btogether\b|\bboth\b(?= .+ and )",
    re.IGNORECASE,
)
# What those do who make rules and those who send pictures, not those who are in them.
_OF_THE_POLICY = re.compile(
    r"(?:a |no )?(?:person|people) (?:is|are) (?:not )?(?:allowing|permitting|letting|forbidding|prohibiting|banning"
    r"|accepting|rejecting|posting|uploading|publishing|submitting|sharing|showing|displaying|including|containing"
    r"|featuring|depicting|having|wanting|flagging|minding)\b"
)
_BE = lexicon.word_set("is are was be being")
_ALLOWED = lexicon.word_set("allowed permitted fine ok acceptable welcome accepted exempt excepted allow permit accept")
_SEEN = re.compile(r"(?P<thing>.+?) (?:is|are) visible")


def keeps(sentence: str, chains: tuple[Parsed, ...]) -> bool:
    """Whether an offer keeps its sentence: it turns no count, parts nothing, makes no deed of the policy's verbs, and
    lifts the whole rule by nothing but what the sentence says is to be seen. chains: those of its rules."""
    return not (
        _turns_a_count(sentence, chains)
        or _parts(sentence, chains)
        or any(map(_OF_THE_POLICY.match, _asked(chains)))
        or _lifts_by_a_thing(sentence, chains)
    )


def _asked(chains: Iterable[Parsed]) -> Iterator[str]:
    for chain in chains:
        for group in chain.conditions:
            yield from (one.statement for one in group.any)


def counts_of(text: str) -> Iterator[tuple[int, str, str]]:
    """Each number that a text compares with: where, the number, and how a count that breaks it is called; for a text
    that says what must be so."""
    for found in _COUNT.finditer(text):
        name = next(name for _, name in _COMPARED if found[name])
        yield found.start(), found[f"{name}_n"].casefold(), name


def _turns_a_count(sentence: str, chains: tuple[Parsed, ...]) -> bool:
    """Whether a number that the sentence compares with is flagged on the other side of it."""
    wanted: dict[str, set[str]] = {}
    ruled = _LIFTING.sub("", sentence)
    for at, number, broken in counts_of(ruled):
        wanted.setdefault(number, set()).add(_OTHER_SIDE[broken] if _denied(ruled, at) else broken)
    found: dict[str, set[str]] = {}
    for chain in chains:
        for place, group in enumerate(chain.conditions):
            lifts = place >= len(chain.preconditions)
            for one in group.any:
                for at, number, broken in counts_of(one.statement):
                    turned = bool(_DENIAL.search(one.statement[:at])) != lifts
                    found.setdefault(number, set()).add(broken if turned else _OTHER_SIDE[broken])
    return any(number in found and not sides <= found[number] for number, sides in wanted.items())


def _denied(sentence: str, at: int) -> bool:
    """Whether what is counted at a place must not be so, or only says what the rule speaks of."""
    plain = _COUNT.sub(lambda found: "x" * len(found.group()), sentence)
    denials = len(_DENIAL.findall(re.sub(r"\bwithout\b", "", plain))) > 0
    lacking = re.search(r"\bwithout\b(?!.*\b(?:must|may)\b)", plain[:at]) is not None
    return (denials or _CONDITION.search(plain[:at]) is not None) != lacking


def flagged_count(sentence: str) -> tuple[str, str]:
    """The one number that a sentence compares with, and how a count that breaks it is called, as `four` and `fewer
    than`; two empty texts where it has none, several, or it is not certain on which side it is broken."""
    found = list(counts_of(sentence))
    if len(found) != 1:
        return "", ""
    ((at, number, broken),) = found
    after = sentence[at:]
    plain = _COUNT.sub(lambda each: "x" * len(each.group()), sentence)
    open_side = _CONDITION.search(plain) or re.search(r"\b(?:without|unless|except|only if)\b", plain)
    if open_side or _DENIAL.search(_COUNT.sub("", after)):
        return "", ""
    return number, _CALLED[_OTHER_SIDE[broken] if _denied(sentence, at) else broken]


def _parts(sentence: str, chains: tuple[Parsed, ...]) -> bool:
    """Whether things that the sentence forbids together are forbidden one by one."""
    if not (_TOGETHER.search(sentence) and _DENIAL.search(sentence)):
        return False
    return any(
        len(chain.preconditions) == 1
        and (len(chains) > 1 or len(chain.preconditions[0].any) > 1)
        and all(_SEEN.fullmatch(one.statement) for one in chain.preconditions[0].any)
        for chain in chains
    )


def _lifts_by_a_thing(sentence: str, chains: tuple[Parsed, ...]) -> bool:
    """Whether a thing that is merely allowed would pass the whole picture: only a clause lifts a rule."""
    words = _bases(sentence)
    for chain in chains:
        for group in chain.exceptions:
            for seen in filter(None, (_SEEN.fullmatch(one.statement) for one in group.any)):
                thing = _bases(seen["thing"])
                found = [at for at in range(len(words)) if words[at : at + len(thing)] == thing]
                if found and not any(_in_a_clause(words, at, at + len(thing)) for at in found):
                    return True
    return False


def _in_a_clause(words: list[str], start: int, end: int) -> bool:
    """Whether the words around a thing say that it is there, or where: not merely that it is allowed."""
    there = words[end : end + 1] == ["be"] and not _ALLOWED & set(words[end + 1 : end + 3])
    return there or (start > 0 and words[start - 1] in PREPOSITIONS - {"for", "of", "to", "from", "than"})


def _bases(text: str) -> list[str]:
    found = [word for word in re.findall(r"[\w'{}%-]+", text.casefold()) if word not in ("a", "an", "the", "any")]
    return ["be" if word in _BE else lexicon.lemma(word, verb=False) for word in found]
