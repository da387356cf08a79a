"""Walks every branch of the paper's algorithm with scripted probabilities: outcome, branch and the questions asked."""

from __future__ import annotations

import json

import pytest

from judge.chain import Outcome
from judge.errors import ModelError, ScriptExhausted
from judge.judging.ladder import Further
from judge.models.scripted import ScriptedDetector, ScriptedEncoder, ScriptedMllm
from judge.verdict import Branch, Evidence, Verdict
from tests.judging.scenes import judge_with, png

FIRE = "id: fire, rule: no fire, preconditions: [{statement: fire is visible, central_objects: [flame]}]"
STATEMENT = "fire is visible"
LARGE = {"flame": (10, 10, 60, 60, 0.9)}
SMALL = {"flame": (10, 10, 20, 20, 0.9)}  # 100 of 20,000 pixels: under 1 %
DOUBTED = {"flame": (10, 10, 60, 60, 0.05)}
YES = ["I see a flame.", '{"rating": "Yes", "rationale": "A flame is there."}']
NO = ["I see a lamp.", '{"rating": "No", "rationale": "It is a lamp."}']
TURN = '{"reasons": ["It is a lamp."]}'
DEBATE = [TURN, TURN, TURN, TURN, '{"decision": "No", "reason": "It is a lamp.", "unclear": ""}']


def run(
    answers, *, prior=0.5, boxes=LARGE, replies=(), others=(), **settings
) -> tuple[Evidence, Verdict, ScriptedMllm]:
    mllm = ScriptedMllm({STATEMENT: answers}, {STATEMENT: prior}, replies)
    members = {str(said): ScriptedMllm({STATEMENT: [said]}, {STATEMENT: prior}) for said in others}
    further = Further(members=members)
    verdict = judge_with((FIRE,), mllm, detector=ScriptedDetector(boxes), further=further, **settings).judge(png())
    return verdict.findings[0].preconditions[0].alternatives[0], verdict, mllm


# answers: with the image, [then without the region], [then on the crop]
CASES = {
    "prior_fails": ([0.1], {}, Outcome.FAILS, Branch.PRIOR_FAILS, "no_violation"),
    "prior_holds": ([0.95], {}, Outcome.HOLDS, Branch.PRIOR_HOLDS, "violation"),
    "region_holds": ([0.7, 0.05], {}, Outcome.HOLDS, Branch.REGION_HOLDS, "violation"),
    "region_exactly_b": ([0.7, 0.1], {"replies": NO}, Outcome.FAILS, Branch.REASONING, "no_violation"),
    "box_doubted": ([0.7], {"boxes": DOUBTED, "replies": YES}, Outcome.HOLDS, Branch.REASONING, "violation"),
    "crop_holds": ([0.7, 0.6, 0.95], {"boxes": SMALL}, Outcome.HOLDS, Branch.CROP_HOLDS, "violation"),
    "crop_fails": ([0.7, 0.6, 0.1], {"boxes": SMALL}, Outcome.FAILS, Branch.CROP_FAILS, "no_violation"),
    "crop_undecided": (
        [0.7, 0.6, 0.7], {"boxes": SMALL, "replies": YES}, Outcome.HOLDS, Branch.REASONING, "violation",
    ),
    "reasoning_yes": ([0.7, 0.6], {"replies": YES}, Outcome.HOLDS, Branch.REASONING, "violation"),
    "reasoning_no": ([0.7, 0.6], {"replies": NO}, Outcome.FAILS, Branch.REASONING, "no_violation"),
    "reasoning_unreadable": (
        [0.7, 0.6], {"replies": ["Hm.", "not json"]}, Outcome.UNDECIDED, Branch.UNDECIDED, "needs_review",
    ),
    "debate_no": (
        [0.7, 0.6], {"escalate": ("debate",), "replies": DEBATE}, Outcome.FAILS, Branch.DEBATE, "no_violation",
    ),
    "committee_no": (
        [0.7, 0.6], {"others": [0.1, 0.2], "escalate": ("committee",)}, Outcome.FAILS, Branch.COMMITTEE, "no_violation",
    ),
    "reasoning_off": ([0.7, 0.6], {"escalate": ()}, Outcome.UNDECIDED, Branch.UNDECIDED, "needs_review"),
    "low_label_mass": ([(0.3, 0.1)], {}, Outcome.UNDECIDED, Branch.LOW_LABEL_MASS, "needs_review"),
    "model_error": ([ModelError("out of memory")], {}, Outcome.UNDECIDED, Branch.MODEL_ERROR, "needs_review"),
    "prior_error": (
        [0.7], {"prior": ModelError("broken")}, Outcome.UNDECIDED, Branch.MODEL_ERROR, "needs_review",
    ),
    "error_while_reasoning": (
        [0.7, 0.6], {"replies": [ModelError("broken")]}, Outcome.UNDECIDED, Branch.MODEL_ERROR, "needs_review",
    ),
    "error_in_summary": (
        [0.7, 0.6], {"replies": ["I see.", ModelError("broken")]}, Outcome.UNDECIDED, Branch.MODEL_ERROR, "needs_review",
    ),
    "detector_error_then_reasoning": (
        [0.7], {"boxes": {"flame": ModelError("broken")}, "replies": NO}, Outcome.FAILS, Branch.REASONING, "no_violation",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_branch(name):
    answers, options, outcome, branch, word = CASES[name]
    evidence, verdict, mllm = run(answers, **options)
    assert (evidence.outcome, evidence.branch, verdict.verdict) == (outcome, branch, word)
    if word == "needs_review":
        assert verdict.reasons and evidence.reason
    with_image = [ask for ask in mllm.asked if ask.image is not None]
    assert len(with_image) == len(answers), "every scripted answer was asked for"


def test_every_branch_of_the_enumeration_is_walked():
    elsewhere = {Branch.NO_CONTEXT, Branch.CANNOT_READ}  # see test_context.py
    walked = {case[3] for case in CASES.values()} | {Branch.NOT_ASKED} | elsewhere
    assert walked == set(Branch)


def test_the_region_is_blanked_and_the_small_object_cropped():
    _, _, mllm = run([0.7, 0.6, 0.95], boxes=SMALL)
    whole, without, crop = [ask.image for ask in mllm.asked if ask.image is not None]
    assert whole.getpixel((15, 15)) == (255, 255, 255)
    assert without.getpixel((15, 15)) == (128, 128, 128) and without.getpixel((25, 25)) == (255, 255, 255)
    assert crop.size == (32, 32), "widened to what vision processors accept"


def test_reasoning_about_a_small_object_looks_at_its_crop():
    evidence, _, mllm = run([0.7, 0.6, 0.7], boxes=SMALL, replies=YES)
    assert evidence.reasoning.on_crop
    assert {talk.image.size for talk in mllm.talked} == {(32, 32)}
    assert [turn.role for turn in mllm.talked[1].turns] == ["user", "assistant", "user"]
    assert mllm.talked[1].turns[1].text == YES[0]


def test_numbers_in_the_evidence():
    evidence, verdict, _ = run([0.7, 0.05], prior=0.5)
    assert evidence.score == pytest.approx(0.2)
    assert evidence.region.drop == pytest.approx(0.65)
    assert evidence.region.query == "flame" and evidence.region.confidence == 0.9
    assert evidence.region.share == pytest.approx(2500 / 20000)
    assert verdict.violations == ("fire",)


def test_without_a_detector_the_region_comes_from_occlusion():
    """One cell of sixteen matters: blanking it takes the answer to 0.02."""
    cells = [0.7] * 16
    cells[5] = 0.02
    mllm = ScriptedMllm({STATEMENT: [0.7, *cells, 0.02]}, {STATEMENT: 0.5})
    verdict = judge_with((FIRE,), mllm).judge(png())
    evidence = verdict.findings[0].preconditions[0].alternatives[0]
    assert evidence.branch is Branch.REGION_HOLDS
    assert evidence.region.source == "occlusion" and evidence.region.confidence is None
    assert evidence.region.box == (50, 25, 100, 50), "second column, second row of 200 x 100"


def test_occlusion_that_lowers_nothing_has_no_region():
    mllm = ScriptedMllm({STATEMENT: [0.7, *[0.9] * 16]}, {STATEMENT: 0.5}, NO)
    evidence = judge_with((FIRE,), mllm).judge(png()).findings[0].preconditions[0].alternatives[0]
    assert evidence.region is None and evidence.branch is Branch.REASONING


def test_a_pruned_rule_is_not_asked():
    encoder = ScriptedEncoder({"no fire": 0.2199})
    verdict = judge_with((FIRE,), ScriptedMllm(), encoder=encoder).judge(png())
    finding = verdict.findings[0]
    assert (finding.outcome, finding.relevance, verdict.verdict) == ("pruned", 0.2199, "no_violation")
    assert finding.preconditions[0].alternatives[0].branch is Branch.NOT_ASKED


@pytest.mark.parametrize(
    ("statement", "pruned"),
    [
        ("the label is not visible", False),
        ("fewer than two candles are visible", False),
        ("the plate isn't readable", False),
        ("das Etikett fehlt", False),
        ("no se ve la etiqueta", False),
        ("l'étiquette n'est pas visible", False),
        ("the label is visible", True),
        ("a poster without a frame is visible", True),  # needs a poster
        ("a notice is visible", True),
    ],
)
def test_a_rule_that_is_broken_by_what_is_missing_is_never_pruned(statement, pruned):
    rule = f"{{id: label, rule: show the label, preconditions: [{json.dumps(statement)}]}}"
    asked = {} if pruned else {statement: [0.95]}
    encoder, mllm = ScriptedEncoder({"show the label": 0.01}), ScriptedMllm(asked, {statement: 0.5})
    verdict = judge_with((rule[1:-1],), mllm, encoder=encoder).judge(png())
    assert (verdict.verdict, verdict.findings[0].outcome) == (
        ("no_violation", "pruned") if pruned else ("violation", "violated")
    )


def test_one_thing_that_must_be_seen_is_enough_to_prune():
    rule = "id: plates, rule: show plates, preconditions: [a car is visible, the number plate is not visible]"
    encoder = ScriptedEncoder({"show plates": 0.01})
    assert judge_with((rule,), ScriptedMllm(), encoder=encoder).judge(png()).findings[0].outcome == "pruned"


def test_relevance_at_the_threshold_is_kept():
    encoder = ScriptedEncoder({"no fire": 0.22})
    mllm = ScriptedMllm({STATEMENT: [0.1]}, {STATEMENT: 0.5})
    assert judge_with((FIRE,), mllm, encoder=encoder).judge(png()).findings[0].outcome == "not_violated"


def test_a_failed_encoder_prunes_nothing():
    encoder = ScriptedEncoder({"no fire": ModelError("encoder broken")})
    mllm = ScriptedMllm({STATEMENT: [0.95]}, {STATEMENT: 0.5})
    verdict = judge_with((FIRE,), mllm, encoder=encoder).judge(png())
    assert verdict.verdict == "violation"
    assert "relevance scanning failed" in verdict.notes[0]


CHAIN = "id: r, rule: rr, preconditions: [aa, {any: [bb, cc]}], exceptions: [ee]"


def chain_verdict(answers, replies=(), rules=(CHAIN,)):
    priors = dict.fromkeys(("aa", "bb", "cc", "ee", "ff"), 0.5)
    mllm = ScriptedMllm(
        {text: [one] if isinstance(one, float) else one for text, one in answers.items()}, priors, replies
    )
    detector = ScriptedDetector(dict.fromkeys(priors, (0, 0, 100, 100, 0.9)))
    return judge_with(rules, mllm, detector=detector).judge(png()), mllm


def test_a_failed_precondition_ends_the_asking():
    verdict, mllm = chain_verdict({"aa": 0.1})
    assert verdict.findings[0].outcome == "not_violated"
    assert [ask.statement for ask in mllm.asked if ask.image is not None] == ["aa"]
    assert verdict.findings[0].preconditions[1].outcome is Outcome.NOT_ASKED


def test_one_alternative_is_enough_and_the_exception_lifts():
    lifted, _ = chain_verdict({"aa": 0.95, "bb": 0.1, "cc": 0.95, "ee": 0.95})
    violated, _ = chain_verdict({"aa": 0.95, "bb": 0.1, "cc": 0.95, "ee": 0.1})
    assert (lifted.verdict, violated.verdict) == ("no_violation", "violation")


def test_an_undecided_exception_needs_review():
    verdict, _ = chain_verdict({"aa": 0.95, "bb": 0.95, "cc": 0.1, "ee": [0.6, 0.6]}, ["?", "?"])
    assert verdict.verdict == "needs_review"
    assert "'ee' is undecided" in verdict.reasons[0]


def test_reasoning_runs_only_where_it_can_change_the_verdict():
    """aa is undecided, but bb and cc fail: the chain is settled and aa is not reasoned about."""
    verdict, mllm = chain_verdict({"aa": 0.6, "bb": 0.1, "cc": 0.1})
    assert verdict.verdict == "no_violation" and mllm.talked == []


def test_reasoning_stops_when_its_rule_is_settled():
    """Both aa and bb are undecided; reasoning fails aa, so bb is left alone."""
    verdict, mllm = chain_verdict({"aa": [0.6, 0.6], "bb": 0.6, "cc": 0.1, "ee": 0.1}, NO)
    assert verdict.verdict == "no_violation" and len(mllm.talked) == 2


def test_rules_share_the_answers_of_a_shared_statement():
    other = "id: s, rule: ss, preconditions: [aa, ff]"
    verdict, mllm = chain_verdict({"aa": 0.95, "bb": 0.1, "cc": 0.1, "ff": 0.95}, rules=(CHAIN, other))
    assert verdict.violations == ("s",)
    assert [ask.statement for ask in mllm.asked if ask.image is not None].count("aa") == 1


def test_own_thresholds_decide_a_shared_statement_per_rule():
    strict = "id: s, rule: ss, preconditions: [aa], thresholds: {prior_holds: 0.95}"
    verdict, _ = chain_verdict({"aa": [0.95, 0.9]}, NO, rules=("id: r, rule: rr, preconditions: [aa]", strict))
    assert [finding.outcome for finding in verdict.findings] == ["violated", "not_violated"]


def test_low_label_mass_is_neither_looked_into_nor_reasoned_about():
    verdict, mllm = chain_verdict({"aa": [(0.2, 0.1)], "bb": 0.95, "cc": 0.95, "ee": 0.1})
    assert verdict.verdict == "needs_review" and "low label mass" in verdict.reasons[0]
    assert mllm.talked == []


def test_a_shadow_rule_is_recorded_and_not_enforced():
    shadow = "id: s, rule: ss, status: shadow, preconditions: [aa]"
    verdict, _ = chain_verdict({"aa": 0.95, "ff": 0.1}, rules=(shadow, "id: r, rule: rr, preconditions: [ff]"))
    assert (verdict.verdict, verdict.violations, verdict.shadow_violations) == ("no_violation", (), ("s",))


def test_an_open_shadow_rule_asks_for_no_review():
    shadow = "id: s, rule: ss, status: shadow, preconditions: [aa]"
    verdict, _ = chain_verdict({"aa": [(0.1, 0.1)], "ff": 0.1}, rules=(shadow, "id: r, rule: rr, preconditions: [ff]"))
    assert verdict.verdict == "no_violation"


def test_a_rule_without_preconditions_never_passes():
    verdict, _ = chain_verdict({}, rules=("id: r, rule: be nice",))
    assert verdict.verdict == "needs_review" and "no preconditions" in verdict.reasons[0]


def test_the_fake_raises_when_its_script_runs_out():
    with pytest.raises(ScriptExhausted, match="no answer is left"):
        chain_verdict({"aa": 0.95})


def test_one_images_failure_stays_its_own():
    mllm = ScriptedMllm({STATEMENT: [0.1, ModelError("broken"), 0.1, ModelError("broken")]}, {STATEMENT: 0.5})
    judge = judge_with((FIRE,), mllm, detector=ScriptedDetector(LARGE))
    good, bad = judge.judge_many([png(), png()])
    assert (good.verdict, bad.verdict) == ("no_violation", "needs_review")
    assert bad.failure.kind == "model" and bad.failure.message == "broken"


def test_a_violation_is_not_hidden_by_another_rules_failure():
    verdict, _ = chain_verdict(
        {"aa": [0.95, 0.95], "ff": [ModelError("broken")] * 3},
        rules=("id: r, rule: rr, preconditions: [aa]", "id: s, rule: ss, preconditions: [ff]"),
    )
    assert (verdict.verdict, verdict.violations) == ("violation", ("r",))
    assert json.loads(verdict.model_dump_json())["failure"]["kind"] == "model"
