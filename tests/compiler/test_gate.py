"""An LLM's chain is held against its rule: checked, compared with the grammar's, and said back. None of it is mended."""

from __future__ import annotations

import json
import re

import pytest

from judge.chain import chain_of_conditions
from judge.compiler.compile import compile_constitution
from judge.compiler.gate import complaint, disagreement
from judge.constitution import Precondition
from judge.locks.said import said_back
from judge.models.scripted import ScriptedMllm
from judge.resources import shipped
from tests.compiler.test_compile import CHAIN, POSE, SPLIT, VAGUE, compared, objects, rated, said, split
from tests.judging.scenes import constitution

WIDE = "legs wider than {most} degrees are visible"
# The grammar cannot read this one, so that the LLM stands alone.
ALONE = 'id: pose, rule: "Legs wider than {most} degrees: never.", parameters: {most: 90}'


def compiled(rule: str, *replies: str):
    llm = ScriptedMllm(replies=[rated(9), *replies])
    lock = compile_constitution(constitution(rule), llm)
    return lock.rules["pose"], lock, llm


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (split([WIDE, "a dog is visible"]), "`dog` in `a dog is visible` stands nowhere in the rule"),
        (split(["degrees of {most} are visible"]), "stands in the rule and in none of its statements"),
        (split(["legs wider than {most} degrees"]), "has no verb"),
        (split([WIDE], unless=("consent is visible",)), "cannot be seen"),
    ],
)
def test_a_failed_check_is_told_back_and_then_there_is_no_chain(bad, told):
    mended, _, llm = compiled(POSE, bad, *CHAIN)
    assert mended.made_by == "llm" and told in said(llm)[2]
    entry, lock, first = compiled(POSE, bad, bad)
    assert (entry.made_by, entry.preconditions, entry.score) == ("nothing", (), 9)
    assert entry.warnings[0].startswith("not taken: ") and told in entry.warnings[0]
    assert lock.llm == first.identity  # the lock says which LLM tried
    assert compile_constitution(constitution(POSE), ScriptedMllm(), lock).rules["pose"] == entry  # and asks no more


def test_grammar_and_llm_that_disagree_are_shown_side_by_side_and_neither_is_taken():
    apart = split(["legs are visible"], ["legs are wider than {most} degrees"])
    entry, _, _ = compiled(POSE, apart, objects(), objects())
    assert (entry.made_by, entry.preconditions) == ("nothing", ())
    assert f"by the grammar: Flagged when: {WIDE}." in entry.warnings[0]
    assert "By the LLM: Flagged when: legs are visible; and legs are wider than {most} degrees." in entry.warnings[0]


def test_agreement_is_of_meaning_and_not_of_letters():
    rule = "No person or dog may be shown, unless a vet is visible."
    chain = conditions([["the dogs are visible", "a person is visible"]]), conditions([["the vet is visible"]])
    assert disagreement((rule,), *chain) == ""
    bitten = conditions([["a dog is visible"], ["a dog is biting a person"]])
    assert disagreement(("No dog may be shown biting a person.",), bitten, ()) == ""
    turned = conditions([["a dog is visible"], ["a person is biting a dog"]])
    assert "read it differently" in disagreement(("No dog may be shown biting a person.",), turned, ())
    for preconditions, exceptions in (
        ([["a dog is visible"]], [["a vet is visible"]]),
        ([["a dog is visible"], ["a person is visible"]], [["a vet is visible"]]),
        ([["a dog is visible", "a person is visible"]], []),
        ([["a dog is visible", "a person is not visible"]], [["a vet is visible"]]),
        ([["two dogs are visible", "a person is visible"]], [["a vet is visible"]]),
    ):
        assert "read it differently" in disagreement((rule,), conditions(preconditions), conditions(exceptions))


def test_what_is_said_back_may_be_vetoed_and_is_never_rewritten():
    entry, _, llm = compiled(ALONE, SPLIT, objects(), compared(False, "arms would be flagged, too"))
    assert (entry.made_by, entry.preconditions) == ("nothing", ())
    assert "arms would be flagged, too" in entry.warnings[0]
    asked = said(llm)[-1]
    assert "Legs wider than {most} degrees: never." in asked and f"Flagged when: {WIDE}." in asked
    taken, _, _ = compiled(ALONE, SPLIT, objects(), compared(True))
    assert taken.made_by == "llm"


def test_a_rewording_is_compared_with_the_rule_that_people_wrote():
    reworded = json.dumps({"rule": "No legs wider than {most} degrees may be shown."})
    llm = ScriptedMllm(replies=[rated(2), reworded, rated(9), *CHAIN])
    assert compile_constitution(constitution(VAGUE), llm).rules["pose"].made_by == "llm"
    assert "Nothing suggestive, and no pose wider than" in said(llm)[-1]


def test_other_languages_are_vetoed_though_their_words_cannot_be_checked():
    german = constitution("id: pose, rule: Keine Waffen.").model_copy(update={"language": "de"})
    chain = (split(["eine Waffe ist sichtbar"]), objects())
    no = compile_constitution(german, ScriptedMllm(replies=[rated(9), *chain, compared(False, "x")])).rules["pose"]
    yes = compile_constitution(german, ScriptedMllm(replies=[rated(9), *chain, compared(True)])).rules["pose"]
    assert (no.made_by, yes.made_by) == ("nothing", "llm")


def test_the_examples_of_the_prompt_pass_the_gate():
    text = (shipped("prompts") / "en" / "decompose.j2").read_text(encoding="utf-8")
    examples = re.findall(r"Rule: (.*)\nJSON: (\{.*\})", text)
    assert len(examples) == 3
    for rule, answer in examples:
        read = json.loads(answer)
        chain = conditions(read["preconditions"]), conditions([[one] for one in read["exceptions"]])
        assert complaint(rule, *chain) == "" and disagreement((rule,), *chain) == ""


def test_the_llm_is_shown_the_words_that_people_read():
    entry, _, llm = compiled(POSE, *CHAIN)
    for line in said_back(chain_of_conditions(entry.preconditions, entry.exceptions)):
        assert line in said(llm)[-1]


def conditions(groups):
    return tuple(Precondition(any=tuple({"statement": text} for text in group)) for group in groups)
