"""The hardening reaches the model in every question and conversation, and changes who it says it is."""

from __future__ import annotations

from benchmarks.text_in_images.hardened import Hardened
from judge import prompts
from judge.evaluation.methods.clue import the_judge
from judge.models.scripted import ScriptedMllm
from judge.ports import Ask, Conversation, Turn

WORDS = prompts.render("hardening")


def test_every_text_begins_with_it(drawing):
    script = ScriptedMllm(answers={"x is visible": [0.9]}, priors={"x is visible": 0.3}, replies=["I see x."])
    told = Hardened(script)
    seen, prior = told.answer([Ask(drawing, "Look.", "x is visible"), Ask(None, "Look.", "x is visible")])
    assert (seen.probability, prior.probability) == (0.9, 0.3)
    assert [one.instruction for one in script.asked] == [f"{WORDS} Look."] * 2
    assert [one.image for one in script.asked] == [drawing, None]
    turns = (Turn("user", "Think."), Turn("assistant", "Hm."), Turn("user", "Sum up."))
    assert told.reply([Conversation(drawing, turns)], max_tokens=8) == ["I see x."]
    assert script.talked[0].turns == (Turn("user", f"{WORDS} Think."), *turns[1:])


def test_it_is_another_model_to_whatever_keeps_answers(bundled):
    assert Hardened(bundled).identity.digest != bundled.identity.digest
    assert Hardened(bundled).identity == Hardened(bundled).identity


def test_a_judge_with_it_answers_otherwise_and_says_so(drawing):
    from judge import load_judge

    judge = load_judge("demo", device="cpu", dtype="float32", escalate=())
    told = judge.derive(model=Hardened(judge.mllm))
    bare, hard = judge.judge(drawing), told.judge(drawing)
    assert hard.provenance.models != bare.provenance.models
    answers = [
        {
            one.statement: one.answer
            for finding in verdict.findings
            for each in finding.preconditions
            for one in each.alternatives
        }
        for verdict in (bare, hard)
    ]
    assert answers[0] != answers[1]
    assert the_judge(judge).identity != the_judge(told).identity
