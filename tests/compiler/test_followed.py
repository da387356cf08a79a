"""Advice followed to the letter: the share of refused sentences that come out as their authors meant them."""

from __future__ import annotations

from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.checks import faults_of_statements
from judge.constitution import Rule
from tests.compiler.parsing import parse_rule
from tests.compiler.test_sentences import LEAST_FOLLOWED, sentences
from tests.compiler.test_turns import alike, chains
from tests.compiler.worlds import written

FOLLOWED = sentences("followed")


def way(entry: dict) -> tuple[str, ...]:
    """What was written: rules, or preconditions."""
    return (entry["followed"],) if isinstance(entry["followed"], str) else tuple(entry["followed"])


def comes_out_right(entry: dict) -> bool:
    """Whether what was written is read, and flags what its author wants to be flagged."""
    found = way(entry)
    if found[0].startswith("preconditions: "):
        (chain,) = chains(found)
        groups = [{"any": list(group)} for group in chain.groups]
        rule = Rule.model_validate({"id": "a", "rule": entry["rule"], "preconditions": groups})
        if faults_of_statements(rule.preconditions, ()):
            return False
    elif not all(isinstance(parse_rule(text), Parsed) for text in found):
        return False
    return alike(written(entry["flag"], entry.get("unless", "")), found)


def test_nine_of_ten_come_out_right():
    wrong = [entry["rule"] for entry in FOLLOWED if not comes_out_right(entry)]
    assert len(wrong) <= (1 - LEAST_FOLLOWED) * len(FOLLOWED), wrong


def test_the_advice_that_was_followed_still_stands():
    refused = [(entry, found) for entry in FOLLOWED if isinstance(found := parse_rule(entry["rule"]), Unparsed)]
    assert len(refused) > 0.8 * len(FOLLOWED)  # the others are read by now
    assert [entry["rule"] for entry, found in refused if entry["advice"] not in found.hint] == []
