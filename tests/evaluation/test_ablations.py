"""The judge without one thing at a time: that this thing is gone, the rest is not, and the record says so."""

from __future__ import annotations

import json

import pytest

from judge import load_judge
from judge.caches.answers import CachedAnswers
from judge.constitution import load_constitution
from judge.errors import UserError
from judge.evaluation.methods.ablations import EvenPrior, ablations, in_one_statement
from judge.evaluation.methods.clue import the_judge
from judge.models.scripted import ScriptedDetector, ScriptedEncoder, ScriptedMllm
from tests.conftest import ROOT
from tests.evaluation.test_methods import pictures
from tests.judging.scenes import constitution, judge_with

DOG = "id: dogs, rule: no dogs, preconditions: [a dog is visible]"
SUBJECTIVE = ROOT / "benchmarks/subjective/demo.yaml"


def run(name, folder, answers, prior=0.5, *, rule=DOG, replies=(), method=False, **judging):
    """What the ablation (or the whole method) says of one image, and the evidence of its first statement."""
    mllm = ScriptedMllm({"a dog is visible": answers}, {"a dog is visible": prior}, replies)
    judge = judge_with((rule,), mllm, **judging)
    chosen = the_judge(judge) if method else next(one for one in ablations(judge) if one.name == name)
    (found,) = chosen.judge(pictures(folder, 1))
    finding = found.trace.findings[0]
    return found, finding.preconditions[0].alternatives[0], found.trace.provenance


def rated(rating):
    return ["A room.", json.dumps({"rating": rating, "rationale": "So."})]


def test_their_names():
    judge = judge_with((DOG,), ScriptedMllm())
    assert [one.name for one in ablations(judge)] == [
        "without-relevance", "without-preconditions", "without-prior-debiasing", "without-region-debiasing",
        "without-debiasing", "without-reasoning", "logit-debiasing",
    ]  # fmt: skip
    opinions = constitution("id: dogs, rule: no scary dogs, preconditions: [the dog looks scary]")
    with_all = ablations(judge, None, opinions)
    assert with_all[0].name == "without-objectification" and len({one.identity for one in with_all}) == 8
    assert {(one.kind, one.names_rules) for one in with_all} == {("ablation", True)}


def test_without_relevance_nothing_is_pruned_whatever_a_rule_wants(tmp_path):
    strict = f"{DOG}, thresholds: {{relevance: 0.9}}"
    cosine = {"no dogs": 0.3}
    whole, _, _ = run("", tmp_path, [], rule=strict, method=True, encoder=ScriptedEncoder(cosine))
    assert (whole.verdict, whole.trace.findings[0].outcome, whole.score) == ("no_violation", "pruned", 0.0)
    found, _, source = run("without-relevance", tmp_path, [0.95], rule=strict, encoder=ScriptedEncoder(cosine))
    assert found.verdict == "violation" and found.trace.findings[0].relevance == 0.3
    assert source.thresholds.relevance == -1.0


def test_without_the_prior_the_bundled_model_is_the_bundled_model():
    """It reads no texts, and knows one wording for a summary."""
    bundled = ScriptedMllm().identity.model_copy(update={"name": "bundled"})
    mllm = type("Bundled", (ScriptedMllm,), {"identity": bundled})()
    assert bundled.bundled and EvenPrior(mllm, ()).identity.bundled
    assert not EvenPrior(ScriptedMllm(), ()).identity.bundled


def test_without_the_prior_the_same_bounds_hold_for_the_raw_answer(tmp_path):
    whole, one, _ = run("", tmp_path, [0.95, *[0.95] * 16], 0.94, method=True, escalate=())
    assert (whole.verdict, one.outcome) == ("needs_review", "undecided"), "what the model says anyway decides nothing"
    found, one, source = run("without-prior-debiasing", tmp_path, [0.95], 0.94)
    assert (found.verdict, one.branch, one.prior.probability) == ("violation", "prior_holds", 0.5)
    assert "every prior taken for one half" in source.models[0].name, "the record says what was done"
    later, one, _ = run("without-prior-debiasing", tmp_path, [0.6, *[0.6] * 16], 0.94, replies=rated("Yes"))
    assert (later.verdict, one.branch) == ("violation", "reasoning"), "the other steps are still there"


@pytest.mark.parametrize(("answer", "verdict"), [(0.51, "violation"), (0.49, "no_violation"), (0.5, "needs_review")])
def test_without_debiasing_the_raw_answer_decides_alone(tmp_path, answer, verdict):
    own = f"{DOG}, thresholds: {{prior_holds: 0.9, bounds: {{fails_under: -9.0, holds_over: 9.0}}}}"
    for rule in (DOG, own):
        found, _, _ = run("without-debiasing", tmp_path, [answer, *[answer] * 16], 0.9, rule=rule)
        assert found.verdict == verdict


def test_without_regions_reasoning_comes_next(tmp_path):
    def detector():
        return ScriptedDetector({"a dog is visible": (10.0, 10.0, 90.0, 90.0, 0.9)})

    whole, one, _ = run("", tmp_path, [0.8, 0.05], method=True, detector=detector())
    assert (whole.verdict, one.branch) == ("violation", "region_holds")
    found, one, source = run(
        "without-region-debiasing", tmp_path, [0.8, 0.05], replies=rated("No"), detector=detector()
    )
    assert (found.verdict, one.branch) == ("no_violation", "reasoning")
    assert (source.thresholds.region_drop, source.thresholds.small_object) == (1.0, 0.0)


def test_without_reasoning_the_rest_goes_to_a_person(tmp_path):
    whole, _, _ = run("", tmp_path, [0.8, *[0.8] * 16], replies=rated("Yes"), method=True)
    found, one, _ = run("without-reasoning", tmp_path, [0.8, *[0.8] * 16])
    assert (whole.verdict, found.verdict, found.undecided) == ("violation", "needs_review", ("dogs",))
    assert one.reasoning is None


def test_in_logits_another_bound_decides(tmp_path):
    whole, one, _ = run("", tmp_path, [0.3, *[0.3] * 16], 0.02, replies=rated("No"), method=True)
    assert (whole.verdict, one.branch) == ("no_violation", "reasoning")
    found, one, source = run("logit-debiasing", tmp_path, [0.3], 0.02)
    assert (found.verdict, one.branch, source.thresholds.debias) == ("violation", "prior_holds", "logit")


def test_one_statement_says_what_the_chain_says():
    (rule,) = in_one_statement(
        constitution(
            "id: a, rule: no a, preconditions: [{any: [a dog is visible, {statement: a cat is visible, "
            "central_objects: [cat]}]}, {statement: 'the pet weighs {most} kg', central_objects: [pet]}], "
            "exceptions: [a leash is visible, a cage is visible], parameters: {most: 9}"
        )
    ).rules
    ((only,),) = [one.any for one in rule.preconditions]
    assert rule.fill(only.statement) == (
        "a dog is visible or a cat is visible, and the pet weighs 9 kg, unless a leash is visible or a cage is visible"
    )
    assert only.central_objects == ("cat", "pet") and rule.exceptions == ()


def test_bounds_chosen_for_a_chain_do_not_decide_its_joined_statement(tmp_path):
    """A calibrated rule: its bounds are about the scores of its preconditions, and say nothing of another statement's."""
    whole = "id: dogs, rule: no dogs, preconditions: [a dog is visible, a bone is visible]"
    own = f"{whole}, thresholds: {{bounds: {{fails_under: -9.0, holds_over: 9.0}}}}"
    text = "a dog is visible, and a bone is visible"
    judge = judge_with((own,), ScriptedMllm({text: [0.95]}, {text: 0.5}))
    (found,) = next(one for one in ablations(judge) if one.name == "without-preconditions").judge(pictures(tmp_path, 1))
    assert (found.verdict, found.trace.findings[0].thresholds.bounds) == ("violation", None)


def test_what_cannot_be_ablated_is_a_mistake_that_is_told():
    judge = judge_with((DOG,), ScriptedMllm())
    with pytest.raises(UserError, match="only one has: cats, dogs"):
        ablations(judge, None, constitution("id: cats, rule: no cats, preconditions: [a cat is visible]"))
    with pytest.raises(UserError, match="language 'de'"):
        ablations(judge.derive(constitution=load_constitution("os-bench-de")))
    many = ", ".join(f"thing number {n} of the list is visible" for n in range(80))
    with pytest.raises(UserError, match="rule dogs: its chain is too long"):
        in_one_statement(constitution(f"id: dogs, rule: no dogs, preconditions: [{many}]"))


def test_all_of_them_ask_the_model_what_the_whole_method_asked_only_once(tmp_path):
    texts = ["a dog is visible", "a cat is visible"]
    mllm = ScriptedMllm({text: [0.95] for text in texts}, dict.fromkeys(texts, 0.5))  # it raises if asked once more
    rules = tuple(f"id: {text[2:5]}, rule: no {text[2:5]}, preconditions: [{text}]" for text in texts)
    judge, kept = judge_with(rules, mllm), CachedAnswers(tmp_path / "answers.sqlite")
    for method in (the_judge(judge, kept), *ablations(judge, kept)):
        (found,) = method.judge(pictures(tmp_path, 1))
        assert (found.verdict, found.violations) == ("violation", ("dog", "cat")), method.name
        assert (found.seconds is None) is (method.name != "clue")


def test_the_bundled_model_on_drawings(tmp_path):
    judge = load_judge(load_constitution("demo"), device="cpu")
    paths = [
        str(ROOT / "examples/images" / name)
        for name in ("body-on-fire-violating.png", "child-with-alcohol-borderline.png")
    ]
    kept = CachedAnswers(tmp_path / "answers.sqlite")
    found = {one.name: list(one.judge(paths)) for one in (the_judge(judge, kept),
             *ablations(judge, kept, load_constitution(SUBJECTIVE)))}  # fmt: skip
    ids = [rule.id for rule in judge.constitution.rules]
    for name, said in found.items():
        assert [finding.rule for one in said for finding in one.trace.findings] == 2 * ids, name
        assert all(one.failure is None for one in said)
    assert "body-on-fire" in found["clue"][0].violations
    pruned = [finding.rule for finding in found["clue"][0].trace.findings if finding.outcome == "pruned"]
    kept_in = {finding.rule for finding in found["without-relevance"][0].trace.findings if finding.outcome != "pruned"}
    assert pruned and set(pruned) <= kept_in
    texts = {one.trace.provenance.constitution for one in found["without-objectification"]}
    assert texts == {"demo-unobjectified"}
