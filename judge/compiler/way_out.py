"""The way out of a refusal: what a rule that the grammar does not take may mean, ready to be picked or pasted.

Each thing that it may mean is said back from its chain, with the smallest pictures that tell them apart, and as lines
that can be pasted below the rule's text. Where none of them is meant, or nothing is read, lines to be filled in: a
statement with `___` in it is refused until somebody does. Picks nothing, writes nothing.
"""

from __future__ import annotations

import re

from judge.chain import chain_of_conditions
from judge.compiler.grammar import english, lexicon
from judge.compiler.grammar.advice import BY_HAND, Unparsed, broken_by
from judge.compiler.grammar.chains import Meant
from judge.compiler.grammar.either import either
from judge.compiler.grammar.grammar import parse_rule
from judge.compiler.grammar.kept import flagged_count
from judge.compiler.grammar.named import named_in
from judge.compiler.grammar.tokens import NUMBERS
from judge.constitution import Precondition, Rule
from judge.constitution.schema import TO_FILL
from judge.locks.apart import telling_apart
from judge.locks.chains import joined
from judge.locks.said import said_back
from judge.locks.text import chain_text
from judge.printable import printable
from judge.settings import Frozen

GUIDE = "docs/rule-grammar.md#preconditions-by-hand"
_READINGS = re.compile(r": flagged when .*", re.DOTALL)  # of the reason: each is an offer of its own
_BY_HAND = re.compile(rf"(?:; or )?{re.escape(BY_HAND)}.*", re.DOTALL)  # of the hint: that is what the scaffold is for


class Offer(Frozen):
    """One thing that a rule may mean. said_back: its chain in words, or of several rules that no chain says each.

    rules: what to write in place of the rule, where some rule says it, or several together. preconditions, exceptions:
    its chain, and what the rule excepts already; none where it takes several rules with exceptions of their own. yaml:
    the chain, to be pasted below the rule's text.
    """

    said_back: tuple[str, ...]
    rules: tuple[str, ...]
    preconditions: tuple[Precondition, ...] = ()
    exceptions: tuple[Precondition, ...] = ()
    yaml: str = ""


class WayOut(Frozen):
    """What to do about a rule that is not read.

    reason: why it is not. hint: what to do about that, in words. offers: what it may mean. apart: pictures that tell
    these apart. scaffold: lines to be filled in, where it means something else.
    """

    reason: str
    hint: str
    offers: tuple[Offer, ...]
    apart: tuple[str, ...]
    scaffold: str


def way_out(rule: Rule) -> WayOut | None:
    """The way out for a rule, in English; None where the grammar reads it."""
    refused = parse_rule(rule.rule)
    if not isinstance(refused, Unparsed):
        return None
    offers = tuple(_offer(rule, one) for one in refused.choices)
    chains = [chain_of_conditions(one.preconditions, one.exceptions, rule.fill) for one in offers if one.yaml]
    apart = telling_apart(chains) if len(chains) == len(offers) else ()
    return WayOut(
        reason=_READINGS.sub("", refused.reason),
        hint="" if offers else _BY_HAND.sub("", refused.hint),
        offers=offers,
        apart=tuple(map(str, apart)),
        scaffold=scaffold(rule),
    )


def _offer(rule: Rule, choice: Meant) -> Offer:
    made = either(choice.chains)
    if made is None:
        chains = [chain_of_conditions(one.preconditions, one.exceptions, rule.fill) for one in choice.chains]
        said = tuple(sentence for chain in chains for sentence in said_back(chain))
        return Offer(said_back=said, rules=choice.rules)
    exceptions = joined(rule.exceptions, made.exceptions)
    return Offer(
        said_back=said_back(chain_of_conditions(made.preconditions, exceptions, rule.fill)),
        rules=choice.rules,
        preconditions=made.preconditions,
        exceptions=exceptions,
        yaml=_pasted(made.preconditions, exceptions),
    )


def _pasted(preconditions: tuple[Precondition, ...], exceptions: tuple[Precondition, ...]) -> str:
    lines = chain_text(preconditions, exceptions).splitlines()
    return "\n".join(line for line in lines if line != "exceptions: []")


def scaffold(rule: Rule) -> str:
    """Lines to be filled in and pasted below a rule's text: the first thing that it names begins the first.

    Of how many it speaks stays, as the picture has it that breaks the rule. Where that is not certain, or the rule
    joins with `or`, nothing begins a line: filled in, it would be half of the rule, or the reverse of it.
    """
    named = tuple(_with_article(one) for one in named_in(rule.rule))
    if re.search(r"\b(?:or|nor)\b", rule.rule, re.IGNORECASE):
        return f"preconditions:{_EITHER}\n- {TO_FILL}\n- {TO_FILL}"
    if _HOW_MANY.search(rule.rule):
        number, side = flagged_count(rule.rule)
        if not number or not named or not named[0].casefold().startswith(f"{number} "):
            return f"preconditions:{_EITHER}\n- {TO_FILL}\n- {TO_FILL}"
        named = (f"{side} {named[0]}", *named[1:])
    first = f"{named[0]} {TO_FILL}" if named else TO_FILL
    more = f"  # it also names: {printable(', '.join(named[1:]))}" if named[1:] else ""
    return f"preconditions:{more}\n- {_scalar(first)}\n- {TO_FILL}"


# A rule that speaks of how many, in whatever words.
_HOW_MANY = re.compile(
    rf"\b(?:{'|'.join(sorted(NUMBERS))}|dozens?|half|few|fewer|many|several|most|more|less|least|both|all|only|once|twice"
    r"|pairs?|single|enough|too|maximum|minimum|up to|none|some|exactly)\b|\d|\{",
    re.IGNORECASE,
)
_EITHER = f"  # where one of several is enough, one line: - any: [{TO_FILL}, {TO_FILL}]"


def how_to_fill(rule: str) -> tuple[str, ...]:
    """What to put into the lines, for a rule of this kind."""
    return (
        "Each line says what is seen in a picture that BREAKS the rule, as in",
        f"  preconditions: [{broken_by(rule)}]",
        "A picture breaks it when all lines are true; of `any: [..., ...]` one is enough. Say what belongs to one",
        f"thing in one line, put words in place of every {TO_FILL}, and take out the lines that you do not need",
        f"({GUIDE}).",
    )


def to_fill_in(rule: Rule) -> str:
    """The same as a text to be edited by itself."""
    told = (printable(rule.rule), *how_to_fill(rule.rule), "Save and close to go on. An empty file leaves it as it is.")
    lines = [f"# {one}" for one in told]
    excepted = _pasted((), rule.exceptions).partition("\n")[2] if rule.exceptions else ""
    return "\n".join([*lines, scaffold(rule), *([excepted] if excepted else [])]) + "\n"


def _with_article(named: str) -> str:
    words = named.split(" of ")[0].split()
    head = words[-1].casefold()
    bare = words[0] not in ("a", "an", "the") and not head[:1].isdigit() and not any(map(str.isupper, named))
    owned = any(word.endswith(("'s", "s'")) for word in words)
    one = not english.is_plural(head) and not english.is_mass(head) and lexicon.kind(head) in tuple("oafpb")
    return f"{english.article(named)} {named}" if bare and one and not owned else named


def _scalar(text: str) -> str:
    import yaml

    return str(yaml.safe_dump(text, allow_unicode=True, width=10_000)).removesuffix("...\n").strip()
