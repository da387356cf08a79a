"""What somebody who did not write the grammar found wrong in it: each sentence is read as they read it, or refused."""

from __future__ import annotations

import pytest

from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.checks import faults
from judge.constitution import Precondition
from tests.compiler.parsing import parse_rule
from tests.compiler.test_sentences import of_kind, rule_of, sentences
from tests.compiler.worlds import differences, plain, written
from tests.every import every


@pytest.mark.parametrize("kind", dict.fromkeys(entry["kind"] for entry in sentences("outsider")))
def test_what_an_outsider_found_is_read_rightly_or_refused(kind):
    def check(entry):
        found = parse_rule(entry["rule"])
        if "flag" in entry:
            assert isinstance(found, Parsed), found
            assert differences(written(entry["flag"], entry.get("unless", "")), plain(found)) == []
            assert [one for one in faults(entry["rule"], found.preconditions, found.exceptions) if one.refuses] == []
            return
        assert isinstance(found, Unparsed), plain(found)
        assert entry["refused"] in found.reason
        offered = [*found.rewordings, *(rule for pair in found.several for rule in pair), *found.examples]
        assert set(entry.get("writes", ())) <= set(offered), offered
        assert [text for text in offered for word in entry.get("never", ()) if word in text] == []

    every(of_kind("outsider", kind), check, rule_of)


def chain(*groups: str) -> tuple[Precondition, ...]:
    return tuple(Precondition.model_validate({"any": group.split(" | ")}) for group in groups)


def contradicted(*groups: str, unless: tuple[str, ...] = ()) -> list[str]:
    rule = " ".join((*groups, *unless)).replace("|", "or")
    return [one.message for one in faults(rule, chain(*groups), chain(*unless)) if one.check == "contradiction"]


def test_a_chain_with_a_statement_and_its_denial_is_unfit_whoever_made_it():
    assert contradicted("eyes are visible", "an eye is not open | eyes are not visible")
    assert contradicted("a hand is visible", "no hand is visible")
    assert contradicted("a hand is visible", "a hand is out of sight")
    assert contradicted("the label is visible", "the label is invisible")
    assert contradicted("people are visible", "the lid is open", "the lid is not open")
    assert contradicted("a dog is visible", "ears are visible | ears are not visible")
    assert contradicted("a dog is visible", unless=("a leash is visible", "a leash is not visible"))


def test_two_doors_may_differ_and_hands_may_be_hidden_by_something():
    assert not contradicted("a door is open", "a door is not open")
    assert not contradicted("a face is visible", "a face is hidden behind a mask")
    assert not contradicted("a dog is visible", "a leash is not visible")
    assert not contradicted("a dog is visible | a cat is visible", "a dog is not on a leash")
