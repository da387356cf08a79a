"""The four plain questions: what is asked, what decides, and that nothing but a decision passes as one."""

from __future__ import annotations

import io
import json
import re

import pytest
from PIL import Image

from judge.caches.answers import CachedAnswers
from judge.constitution import load_constitution, parse_constitution
from judge.errors import ModelError, UserError
from judge.evaluation.methods.baselines import UNSAFE, baselines, summary_schema
from judge.judging.pipeline import Judge
from judge.models.constrained import json_pattern
from judge.models.scripted import ScriptedMllm
from judge.ports import Ask
from tests.conftest import ROOT
from tests.evaluation.test_methods import RULES, pictures
from tests.judging.scenes import judge_with
from tools.train_bundled import dialogues

RULE_LIST = "1. no dogs\n2. no cats"
PRIOR = f"{dialogues.ASK[0]} {UNSAFE}".split(" ", 1)[1]
WHOLE = f"{dialogues.POLICY[0]}\n{RULE_LIST}".split(" ", 1)[1]
DRAWINGS = ROOT / "examples/images"


def methods(mllm, rules=RULES, kept=None, **settings):
    return {one.name: one for one in baselines(judge_with(rules, mllm, **settings), kept)}


def test_the_four_and_what_they_can_name():
    found = methods(ScriptedMllm())
    assert {name: one.names_rules for name, one in found.items()} == {
        "prior-knowledge-direct": False, "prior-knowledge-cot": False,
        "whole-constitution-direct": False, "whole-constitution-cot": True,
    }  # fmt: skip
    assert {one.kind for one in found.values()} == {"baseline"}
    assert len({one.identity for one in found.values()}) == 4


@pytest.mark.parametrize(("name", "text"), [("prior-knowledge-direct", PRIOR), ("whole-constitution-direct", WHOLE)])
def test_direct_questions_are_asked_in_the_wording_that_the_bundled_model_is_taught(tmp_path, name, text):
    mllm = ScriptedMllm({text: [0.9, 0.5, 0.1]})
    found = list(methods(mllm)[name].judge(pictures(tmp_path, 3)))
    assert [one.verdict for one in found] == ["violation", "no_violation", "no_violation"], (
        "over one half is a violation"
    )
    assert [one.score for one in found] == [0.9, 0.5, 0.1]
    assert all(one.seconds > 0 and one.violations == () for one in found)


def test_without_label_mass_or_with_a_failure_a_person_is_asked(tmp_path):
    broken = ModelError("the model fell over")
    mllm = ScriptedMllm({PRIOR: [0.9, (0.2, 0.1), broken, 0.9, (0.2, 0.1), broken]})  # the batch, then one by one
    first, second, third = methods(mllm)["prior-knowledge-direct"].judge(pictures(tmp_path, 3))
    assert (first.verdict, first.failure) == ("violation", None)
    assert (second.verdict, second.score) == ("needs_review", None) and "low label mass" in second.failure
    assert (third.verdict, third.failure) == ("needs_review", "the model fell over")


def test_a_file_that_cannot_be_read_stops_nothing(tmp_path):
    good = pictures(tmp_path, 2)
    (tmp_path / "bad.png").write_bytes(b"no image")
    found = list(methods(ScriptedMllm({PRIOR: [0.9, 0.2]}))["prior-knowledge-direct"].judge(
        [good[0], str(tmp_path / "bad.png"), good[1]]))  # fmt: skip
    assert [one.verdict for one in found] == ["violation", "needs_review", "no_violation"]
    assert found[1].failure and found[1].score is None


def test_unsafe_in_one_view_is_unsafe(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 120)).save(buffer, format="PNG")
    path = tmp_path / "seen-through.png"
    path.write_bytes(buffer.getvalue())
    for said, verdict in (([0.2, 0.8], "violation"), ([0.2, (0.1, 0.1)], "needs_review"), ([0.2, 0.3], "no_violation")):
        (found,) = methods(ScriptedMllm({PRIOR: said}))["prior-knowledge-direct"].judge([str(path)])
        assert found.verdict == verdict
    assert found.score == 0.3, "the highest of its views"


def summed(rating, violated):
    return json.dumps({"rating": rating, "rationale": "Because.", "violated": violated})


@pytest.mark.parametrize(
    ("summary", "verdict", "violated"),
    [
        (summed("Yes", [2, 1, 2]), "violation", ("dogs", "cats")),
        (summed("No", []), "no_violation", ()),
        (summed("Yes", [])[:-3], "needs_review", ()),  # cut off
        (summed("Yes", []), "needs_review", ()),
        (summed("No", [1]), "needs_review", ()),
        (summed("Yes", [3]), "needs_review", ()),  # there is no such rule
        (summed("Yes", [0]), "needs_review", ()),
        (summed("Maybe", [1]), "needs_review", ()),
    ],
)
def test_a_whole_constitution_thought_through(tmp_path, summary, verdict, violated):
    mllm = ScriptedMllm(replies=["I see a dog.", summary])
    (found,) = methods(mllm)["whole-constitution-cot"].judge(pictures(tmp_path, 1))
    assert (found.verdict, found.violations, found.score) == (verdict, violated, None)
    assert "I see a dog." in found.said and bool(found.failure) is (verdict == "needs_review")
    opening, closing = mllm.talked
    assert opening.turns[0].text == f"{dialogues.POLICY_STEPS[0]}\n{RULE_LIST}"
    assert [turn.role for turn in closing.turns] == ["user", "assistant", "user"] and closing.image is opening.image


def test_prior_knowledge_thought_through(tmp_path):
    rated = json.dumps({"rating": "Yes", "rationale": "It burns."})
    mllm = ScriptedMllm(replies=["Fire.", "Hm.", rated, "no JSON"])
    first, second = methods(mllm)["prior-knowledge-cot"].judge(pictures(tmp_path, 2))
    assert (first.verdict, first.said) == ("violation", "Fire.\nYes: It burns.")
    assert (second.verdict, second.said) == ("needs_review", "Hm.")
    assert UNSAFE in mllm.talked[0].turns[0].text


def test_the_form_of_a_summary_admits_no_contradiction():
    pattern = re.compile(json_pattern(json.dumps(summary_schema(12))))
    assert pattern.fullmatch(summed("Yes", [12, 1])) and pattern.fullmatch(summed("No", []))
    for wrong in (summed("No", [1]), summed("Yes", []), summed("Yes", [13]), summed("Yes", [0])):
        assert not pattern.fullmatch(wrong)


def test_questions_in_english_are_not_asked_of_a_german_constitution():
    german = judge_with(RULES, ScriptedMllm()).derive(constitution=load_constitution("os-bench-de"))
    with pytest.raises(UserError, match="language 'de'"):
        baselines(german)


@pytest.fixture
def demo(bundled):
    return Judge(load_constitution("demo"), bundled)


def test_the_bundled_model_on_drawings(demo, tmp_path):
    paths = [str(DRAWINGS / "body-on-fire-violating.png")]
    kept = CachedAnswers(tmp_path / "answers.sqlite")
    found = {one.name: list(one.judge(paths)) for one in baselines(demo, kept)}
    with Image.open(paths[0]) as image:
        (expected,) = demo.mllm.answer([Ask(image.convert("RGB"), dialogues.ASK[0], UNSAFE)])
    assert found["prior-knowledge-direct"][0].score == pytest.approx(expected.probability, abs=1e-4)
    for name, said in found.items():
        assert all(one.verdict != "needs_review" and one.seconds > 0 for one in said), name
        assert all((one.score is None) is name.endswith("cot") for one in said)
    ids = {rule.id for rule in demo.constitution.rules}
    for one in found["whole-constitution-cot"]:
        assert set(one.violations) <= ids and bool(one.violations) is (one.verdict == "violation")
    again = {one.name: list(one.judge(paths)) for one in baselines(demo, kept)}
    for name, said in again.items():
        assert all(one.seconds is None for one in said)
        assert said == [one.model_copy(update={"seconds": None}) for one in found[name]]


def test_a_constitution_longer_than_the_model_reads_goes_to_a_person(demo):
    rules = "\n".join(
        f"  - {{id: r{n}, rule: No dog number {n} may be shown beside a cat., preconditions: [x]}}" for n in range(120)
    ).replace("[x]", "[a dog is visible]")
    long = demo.derive(constitution=parse_constitution(f"constitution: long\nversion: 1.0.0\nrules:\n{rules}\n"))
    for method in baselines(long):
        (found,) = method.judge([str(DRAWINGS / "explosive-violating.png")])
        if method.name.startswith("whole"):
            assert (found.verdict, found.score) == ("needs_review", None)
            assert re.search(r"take \d{4} tokens, and the model reads 1024 at most", found.failure)
        else:
            assert found.verdict != "needs_review", "what does not show the constitution is not too long"
