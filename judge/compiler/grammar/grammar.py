"""The rule grammar: an English rule to a chain of statements, without a model (docs/rule-grammar.md).

1. the words are looked up (`tokens`, `lexicon`); 2. every bracketing of the sentence is enumerated, form by form
(`forms`, `reading`, over `clauses`, `finite`, `predicates`, `nouns`, `chart`); 3. readings that say the same are one;
4. the checks that hold for every chain (`checks`) drop what no chain may say; 5. one reading is left, or the rule is
refused: with the readings and how to write each (`reword`), or with the word at which reading ended (`refusal`);
of what it says to write, what is safe to follow is kept (`advice`).

It never chooses between two readings. It knows no model, no file and no other language.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from judge.compiler.grammar import checks, closed, lexicon, quantity
from judge.compiler.grammar.advice import Unparsed, advised, swapped
from judge.compiler.grammar.chains import Parsed, statement
from judge.compiler.grammar.chart import Chart, TooMany
from judge.compiler.grammar.denial import Impossible
from judge.compiler.grammar.draft import Draft
from judge.compiler.grammar.jointly import parted, said_of_each
from judge.compiler.grammar.plainly import plain
from judge.compiler.grammar.pronouns import named, open_inside
from judge.compiler.grammar.reading import drafts
from judge.compiler.grammar.refusal import between, not_read, not_seen
from judge.compiler.grammar.tokens import tokens_of

MOST_CHARACTERS = 600
MOST_READINGS = 40


@lru_cache(1024)  # a rule that is not read is asked for again, to say the way out
def parse_rule(text: str) -> Parsed | Unparsed:
    """Read one rule. Never raises, whatever the text."""
    known: dict[str, Parsed | Unparsed | list[Parsed]] = {}

    def ways(one: str) -> Parsed | Unparsed | list[Parsed]:
        if one not in known:  # what is offered was read to find it, and is read to be sure of it
            known[one] = _ways(one)
        return known[one]

    def only(one: str) -> Parsed | None:
        found = ways(one)
        return found if isinstance(found, Parsed) else None

    def read(one: str) -> Parsed | Unparsed:
        found = ways(one)
        return between(found, only) if isinstance(found, list) else found

    found = read(text)
    return advised(plain(text), found, read) if isinstance(found, Unparsed) else found


def _ways(text: str) -> Parsed | Unparsed | list[Parsed]:
    """The one reading of a rule, the several, or why there is none, with rewordings that nobody has read yet."""
    sentence = plain(text)
    if len(sentence) > MOST_CHARACTERS:
        return Unparsed(f"it is longer than {MOST_CHARACTERS} characters", "split it into several rules")
    seen = not_seen(sentence)
    if seen is not None:
        return seen
    chart = Chart(tokens_of(sentence))
    try:
        chains = readings(chart, text)
    except Impossible as error:
        offered = swapped(sentence, error.instead)
        return Unparsed(error.reason, error.hint, offered, blocked=error.blocked, gone=error.gone)
    except TooMany:
        return Unparsed("it can be read in more ways than anyone follows", "split it into several rules")
    if not chains:
        return not_read(sentence, chart)
    if len(chains) > 1:
        return chains
    (chain,) = chains
    found = checks.faults(text, chain.preconditions, chain.exceptions)
    return replace(chain, warnings=tuple(fault.message for fault in found))


def readings(chart: Chart, rule: str) -> list[Parsed]:
    """Every chain that the sentence can mean, each once, however it is bracketed; `rule` as it was written.

    Raises:
        Impossible: it says something no chain can say.
        TooMany: there are more than anyone follows.
    """
    found: dict[object, Parsed] = {}
    for draft in drafts(chart):
        chain = _chain(draft)
        if chain is not None:
            kept = found.get(chain.key)
            if kept is None or (_agreeing(kept) < _agreeing(chain)):
                found[chain.key] = chain
        if len(found) > MOST_READINGS:
            raise TooMany
    for chain in found.values():
        _closed(chain)
        _of_several(rule, chain)
    faulty = {key: wrong for key, chain in found.items() if (wrong := _fault(rule, chain))}
    if faulty and len(faulty) == len(found):
        wrong = next(iter(faulty.values()))
        instead = named(plain(rule)) if "stands for" in wrong else ()
        quoted = (lexicon.lemma(word, verb=True) for word in re.findall(r"^`([\w-]+)`", wrong))
        blocking = next((word for word in quoted if word in plain(rule).casefold()), "")
        raise Impossible(wrong, "", instead, blocked=blocking)
    return [chain for key, chain in found.items() if key not in faulty]


def _agreeing(chain: Parsed) -> int:
    """How many statements of several things have `are`: of two readings that are one, the better English is kept."""
    texts = [one.statement for group in (*chain.preconditions, *chain.exceptions) for one in group.any]
    return sum(lexicon.PLURAL in lexicon.tags(text.split()[0]) and " are " in text for text in texts)


def _closed(chain: Parsed) -> None:
    """Refuses the sentence for what is open in any of its readings: the word stands in the others as well."""
    for group in (*chain.preconditions, *chain.exceptions):
        for one in group.any:
            if words := closed.out_of_sight(one.statement):
                raise Impossible(
                    f"what is `{words}` is in no picture: it is open whether it must be in every one, or what else is "
                    "seen where it is not",
                    f"say what is visible in place of `{words}`, as in `No jar without a label may be shown`, or what "
                    "must be visible, as in `The label must be visible`",
                )
            if words := closed.left_open(one.statement):
                blocking = words.removeprefix("is ").removeprefix("are ")
                raise Impossible(
                    f"it is open what `{words}` says in `{one.statement}`",
                    "",
                    blocked="" if "same" in blocking else blocking,
                )


def _of_several(rule: str, chain: Parsed) -> None:
    """Refuses the sentence where a statement of any of its readings would hold only if it does so of all of several."""
    for group in (*chain.preconditions, *chain.exceptions):
        for one in group.any:
            if words := quantity.of_several(plain(rule), one.statement):
                raise Impossible(
                    f"it is open whether `{words}` in `{one.statement}` means all of them together, or any one",
                    quantity.instead_of_several(one.statement),
                    quantity.of_any(plain(rule), words, one.statement),
                )


def _fault(rule: str, chain: Parsed) -> str:
    """What makes a chain unfit, or nothing."""
    for group in (*chain.preconditions, *chain.exceptions):
        for one in group.any:
            if closed.in_two_places(one.statement):
                return f"it is open whether `{one.statement}` asks for one of the places or for both"
            if word := open_inside(one.statement):
                return f"it is open what `{word}` stands for"
    found = checks.faults(rule, chain.preconditions, chain.exceptions)
    return next((fault.message for fault in found if fault.refuses), "")


def _chain(draft: Draft) -> Parsed | None:
    if words := parted(draft.groups):
        raise Impossible(
            f"it is open of whom `{words}` is said: it takes several, and each is named by itself",
            "name both before it, as in `A child and an adult must not be swimming together`",
        )
    groups = tuple(tuple(statement(one) for one in group) for group in said_of_each(draft.groups))
    chain = Parsed.of(groups, tuple(statement(one) for one in draft.exceptions))
    return chain if chain.sound else None
