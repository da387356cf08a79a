"""The author's own sentence with something to be seen where no picture settles what it says: a pattern to follow.

`No employee may be shown unless the employee has agreed` becomes `No employee may be shown unless a sign is visible`.
What stands there is an example, in the place that it has in the sentence; the pattern is shown only if it is read and
the example is in what it asks. Knows places of a sentence; what they mean is the reading's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.lexicon import ADJECTIVE, ADVERB, BASE, ING, NOUN, PAST, PLURAL
from judge.compiler.grammar.tokens import CLOSED, COMPOUND_PREPOSITIONS, PREPOSITIONS, tokens_of

Read = Callable[[str], object]
MOST_TRIED = 8
_MODAL = r"(?:must|may|should|shall|can|has to|have to|is|are|was|were|will)"
_ENDS = rf"(?=$|[,;.:)]| (?:{_MODAL}|unless|except|when|if|where|while|even|only)\b)"
_WHEN = r"(?:only )?(?:unless|except (?:when|if|where)|when|whenever|if|where|wherever|while|as long as)"
_PLACES = [*(" ".join(each) for each in COMPOUND_PREPOSITIONS), *PREPOSITIONS - {"of", "than"}]
_PLACED = "|".join(sorted(_PLACES, key=len)[::-1])
_STOPS = rf"(?:{_PLACED}|and|or|but|that|which|who|whose|{_WHEN})"
# What a picture shows of a time, where it shows anything.
_TIMES = tuple(
    (re.compile(words, re.IGNORECASE), fill)
    for words, fill in (
        (
            r"(?:at|by|in the|after|during the) (?:nights?|midnight|evenings?|dark|sunset)|tonight",
            "when the sky is dark",
        ),
        (r"(?:at|by|in the|during the) (?:noon|days?|daytime|mornings?|afternoons?)", "when the sky is bright"),
        (r"(?:in|during)(?: the)? winter", "when snow is visible"),
        (r"(?:in|during)(?: the)? (?:summer|autumn|spring)", "when green trees are visible"),
        (r"(?:at|over|on)(?: the)? (?:christmas|halloween|easter|holidays?)", "when decorations are visible"),
        (
            rf"(?:during|(?:on|at|in|over) (?:the )?\w+(?:days?|ends?|times|mas))"
            rf"(?:(?! {_MODAL}\b)[^,;.])*",
            "when a sign is visible",
        ),
    )
)
# What came first is in no picture, whatever is put there.
_ORDER = re.compile(r"(?:before|after|until|till|since|yet|already|now|then)\b", re.IGNORECASE)
# Who looks as old as that.
_UNDER = r"(?:under|below|younger than)(?: the age of)? (?:\d+|[a-z]+|\{\w+\})(?: years?(?: old)?)?"
_AGES = tuple(
    (re.compile(words, re.IGNORECASE), fill)
    for words, fill in (
        (rf"(?:children|kids|people|persons|models|minors) {_UNDER}", "children"),
        (rf"(?:child|kid|person|one|model|minor) {_UNDER}", "child"),
        (rf"\bnobody {_UNDER}", "no child"),
        (r"(?:at least|older than|over) \S+(?: years old)?", "adults"),
        (r"(?P<n>[\w-]+) (?:younger|lighter|newer|smaller) than \S+ \w+", "small <n>"),
        (r"(?P<n>[\w-]+) (?:older|heavier|larger) than \S+ \w+", "large <n>"),
    )
)
# An example for a word, by what the word is.
_EXAMPLES = {
    PLURAL: "boxes",
    NOUN: "box",
    PAST: "covered",
    ADVERB: "alone",
    ADJECTIVE: "red",
    ING: "holding",
    BASE: "hold",
}
# Stretches of a sentence that say one thing, and examples for them.
_STRETCHES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(form, re.IGNORECASE), fills)
    for form, fills in (
        (
            rf"(?P<n>[\w-]+) (?P<rel>that|which|who) (?:(?!\b{_WHEN}\b)[^,;.])+?{_ENDS}",
            ("<r>",),
        ),
        (rf"\bwith (?:(?!\b{_STOPS}\b)[^,;.])+?{_ENDS}", ("with a label",)),
        (rf"\bwithout (?:(?!\b{_STOPS}\b)[^,;.])+?{_ENDS}", ("without a label",)),
        (rf"\b(?:{_PLACED}|for|to) (?:(?!\b{_STOPS}\b)[^,;.])+?{_ENDS}", ("on a table", "on tables")),
        (rf"\b(?P<w>{_WHEN}) [^,;.]+", ("<w> a sign is visible",)),
        (r"(?:, )?\b(?:except|besides|instead of|rather than)\b [^,;.]+", (", unless a sign is visible",)),
        (rf"^(?:{_PLACED}|for|{_WHEN}) [^,]+(?=, )", ("when a sign is visible",)),
        (rf"\b(?:{_PLACED}|for|to) [^,;.]+", ("on a table", "when a sign is visible")),
    )
)


@dataclass(frozen=True)
class Pattern:
    """What to replace, what stands there in the example, and the example as a whole sentence."""

    gone: str
    fill: str
    text: str

    def __str__(self) -> str:
        return f"put what is visible in place of `{self.gone}`, as `{self.fill}` in `{self.text}`"


def pattern(sentence: str, blocked: str, read: Read) -> Pattern | None:
    """The first of the patterns that is read, with the fewest words replaced; None where none is."""
    if _ORDER.match(blocked):
        return None
    tried: set[str] = set()
    for start, end, fill in _places(sentence, blocked):
        text = _whole(sentence[:start], fill, sentence[end:])
        if not fill or text in tried:
            continue
        tried.add(text)
        if len(tried) > MOST_TRIED:
            return None
        made = read(text)
        if isinstance(made, Parsed) and _asked(fill, made):
            return Pattern(sentence[start:end].strip(" ,"), fill.strip(" ,"), text)
    return None


def _whole(before: str, fill: str, after: str) -> str:
    text = " ".join(f"{before}{fill}{after}".split()).strip(" ,.").replace(" ,", ",")
    text = re.sub(r"\ban? (?=(\w+))", lambda each: f"{english.article(each[1])} ", text)
    return f"{text[:1].upper()}{text[1:]}."


def _asked(fill: str, chain: Parsed) -> bool:
    """Whether the example's last word is in what the chain asks."""
    texts = " ".join(one.statement for each in (*chain.preconditions, *chain.exceptions) for one in each.any)
    said = {lexicon.lemma(token.word) for token in tokens_of(texts)}
    wanted = [lexicon.lemma(token.word) for token in tokens_of(fill) if token.tags and token.word != "visible"]
    return not wanted or wanted[-1] in said


def _places(sentence: str, blocked: str) -> Iterator[tuple[int, int, str]]:
    """Where a stretch with the blocked words begins and ends, and what may stand there; the shortest first."""
    at = re.search(rf"(?<![\w-]){re.escape(blocked)}(?![\w-])", sentence, re.IGNORECASE)
    if not at:
        return
    for words, fill in (*_TIMES, *_AGES):
        if (found := words.search(sentence)) and found.start() <= at.end() and at.start() <= found.end():
            yield found.start(), found.end(), _example(found, fill)
    alone = [(at.start(), at.end(), fill) for fill in _words(sentence, at)]
    abstract = lexicon.kind(blocked.casefold()) not in tuple("oafpbgs") and NOUN in lexicon.tags(blocked.casefold())
    abstract = abstract and not any(fill == "red" for _, _, fill in alone[:1])
    yield from () if abstract else alone
    behind = re.compile(rf"(?P<n>[\w-]+) {re.escape(blocked)}(?: [^,;.]*?)?{_ENDS}", re.IGNORECASE)
    for form, fills in ((behind, ("<r>",)), *_STRETCHES):
        for found in form.finditer(sentence):
            if found.start() <= at.start() and at.end() <= found.end() and not _of_its_bearer(found.group()):
                yield from ((found.start(), found.end(), _example(found, fill)) for fill in fills)
    yield from alone if abstract else ()


_ON_SOMEBODY = re.compile(rf"(?:, )?except(?: for)? (?:{_PLACED}|of)\b (?P<whom>.+)", re.IGNORECASE)


def _of_its_bearer(stretch: str) -> bool:
    """`except on police officers`: who has it. That one is in the picture lifts nothing from anybody else's."""
    found = _ON_SOMEBODY.match(stretch)
    words = re.findall(r"[\w'-]+", found["whom"].casefold()) if found else []
    return any(lexicon.kind(lexicon.lemma(word, verb=False)) in ("p", "a") for word in words)


def _example(found: re.Match[str], fill: str) -> str:
    """An example with the words in it that stay: the conjunction, the noun that something is said of."""
    if fill == "<r>":
        if not lexicon.kind(found["n"].casefold()):
            return ""
        noun, be = found["n"], "are" if lexicon.PLURAL in lexicon.tags(found["n"].casefold()) else "is"
        return f"{noun} who {be} asleep" if lexicon.kind(noun) == "p" else f"{noun} that {be} red"
    return re.sub(r"<(\w)>", lambda hole: found.groupdict().get(hole[1]) or "", fill)


def _words(sentence: str, at: re.Match[str]) -> Iterator[str]:
    """Examples for the blocked words alone: of the same part of speech."""
    word = at.group().split()[-1].casefold()
    tags = lexicon.tags(word)
    after = tokens_of(sentence[at.end() :])[:2]
    if word in CLOSED or " " in at.group() or (after and after[0].word in ("way", "manner")):
        return
    named = bool(after) and any(one.can(NOUN, PLURAL) for one in after[: 1 + after[0].can(ADJECTIVE)])  # no `red alive`
    if named and (tags & {ADJECTIVE, PAST, ING} or not tags):
        yield "red"
    if not tags:
        yield from ("holding",) if word.endswith("ing") else ("boxes", "box") if word.endswith("s") else ("box",)
    manner = ADVERB not in tags or word.endswith("ly")
    yield from (fill for tag, fill in _EXAMPLES.items() if tag in tags and manner)
