"""The whole judge with the bundled model and with scripted ones: determinism, fail-closed, batches, bad input."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from judge import Judge, Verdict, load_constitution, load_judge
from judge.errors import UserError
from judge.models.scripted import ScriptedDetector, ScriptedMllm
from judge.settings import Settings
from judge.verdict import Branch
from tests.conftest import ROOT
from tests.judging.scenes import constitution, judge_with, png

EXAMPLES = ROOT / "examples" / "images"


@pytest.fixture(scope="module")
def demo(bundled) -> Judge:
    return Judge(load_constitution("demo"), bundled)


def test_a_drawing_is_judged_with_evidence(demo):
    verdict = demo.judge(EXAMPLES / "body-on-fire-violating-animal.png")
    assert verdict.verdict == "violation" and "body-on-fire" in verdict.violations
    finding = next(one for one in verdict.findings if one.rule == "body-on-fire")
    asked = [e for c in finding.preconditions for e in c.alternatives if e.branch is not Branch.NOT_ASKED]
    assert asked and all(e.answer and e.prior and e.score is not None and e.answer.label_mass > 0.9 for e in asked)
    assert [f.rule for f in verdict.findings] == [rule.id for rule in demo.constitution.rules]
    assert len(verdict.provenance.constitution_digest) == 64
    assert set(verdict.provenance.prompts) == {"ask", "reason", "summarise", "answers", "refusals"}
    assert verdict.image_facts.sha256 and verdict.timings["total"] > 0


def test_the_neighbour_is_not_a_violation(demo):
    assert demo.judge(EXAMPLES / "body-on-fire-borderline.png").verdict == "no_violation"


def test_equal_inputs_give_equal_bytes_and_json_round_trips(demo, bundled):
    path = EXAMPLES / "body-on-fire-violating.png"
    first = demo.judge(path)
    again = Judge(load_constitution("demo"), bundled).judge(path)
    assert first.canonical_json() == again.canonical_json()
    assert Verdict.model_validate_json(first.model_dump_json()) == first


def test_path_bytes_and_picture_are_the_same_image(demo):
    path = EXAMPLES / "human-remains-borderline.png"
    with Image.open(path) as image:
        verdicts = [demo.judge(path), demo.judge(str(path)), demo.judge(path.read_bytes()), demo.judge(image, name="x")]
    assert {v.verdict for v in verdicts} == {verdicts[0].verdict}
    assert [v.findings for v in verdicts[1:]] == [verdicts[0].findings] * 3
    assert verdicts[3].image == "x"


def test_one_bad_file_never_stops_the_others(demo, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes((EXAMPLES / "drugs-violating.png").read_bytes()[:400])
    good = EXAMPLES / "human-remains-borderline.png"
    verdicts = list(demo.judge_many([good, broken, tmp_path / "missing.png", b"", good]))
    assert [v.verdict for v in verdicts] == [verdicts[0].verdict, *["needs_review"] * 3, verdicts[0].verdict]
    assert [v.failure.kind for v in verdicts[1:4]] == ["image"] * 3
    assert all(v.reasons for v in verdicts[1:4])


def test_judging_in_a_batch_changes_no_outcome(demo):
    paths = [EXAMPLES / f"{name}.png" for name in ("human-remains-borderline", "explosive-violating-alone")]
    together = list(demo.judge_many(paths))
    for path, verdict in zip(paths, together, strict=True):
        alone = demo.judge(path)
        assert [f.outcome for f in verdict.findings] == [f.outcome for f in alone.findings]


def test_content_hidden_behind_alpha_is_seen(demo):
    """A drawing in black on transparent black shows nothing over black and a shape over white."""
    layered = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    layered.paste((0, 0, 0, 255), (20, 20, 44, 44))
    buffer = io.BytesIO()
    layered.save(buffer, format="PNG")
    verdict = demo.judge(buffer.getvalue())
    assert verdict.image_facts.views == ("over white", "over black")
    assert {f.view for f in verdict.findings} == {"over white", "over black"}


def test_a_violation_in_any_view_is_a_violation():
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green")]
    buffer = io.BytesIO()
    frames[0].save(buffer, format="GIF", save_all=True, append_images=frames[1:])
    mllm = ScriptedMllm({"aa": [0.1, 0.95]}, {"aa": 0.5})
    verdict = judge_with(("id: r, rule: rr, preconditions: [aa]",), mllm).judge(buffer.getvalue())
    assert (verdict.verdict, verdict.violations) == ("violation", ("r",))
    assert [(f.view, f.outcome) for f in verdict.findings] == [("frame 1", "not_violated"), ("frame 2", "violated")]


def test_what_is_no_image_source_is_a_mistake(demo):
    with pytest.raises(UserError, match="cannot judge a int"):
        demo.judge(7)


def test_load_judge_takes_settings_whole_or_by_field():
    with pytest.raises(UserError, match="setting quantise"):
        load_judge("demo", quantise="4bit")
    judge = load_judge(ROOT / "constitutions/demo.yaml", Settings(escalate=()), dtype="bfloat16")
    assert judge.settings.dtype == "bfloat16" and judge.settings.escalate == ()
    assert judge.provenance.models[0].dtype == "bfloat16"
    assert judge.provenance.models[0].name == "bundled"


def test_priors_are_asked_once_and_kept_on_disk():
    rule = ("id: r, rule: rr, preconditions: [aa]",)
    first = ScriptedMllm({"aa": [0.01, 0.01]}, {"aa": 0.123456})
    judge = judge_with(rule, first)
    judge.judge(png())
    judge.judge(png())
    assert [ask.image for ask in first.asked].count(None) == 1
    second = ScriptedMllm({"aa": [0.01]}, {"aa": 0.123456})
    verdict = judge_with(rule, second).judge(png())
    assert None not in [ask.image for ask in second.asked], "read from the disk"
    assert verdict.findings[0].preconditions[0].alternatives[0].prior.probability == 0.123456


def test_a_damaged_prior_cache_is_computed_again(monkeypatch, tmp_path):
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path))
    rule = ("id: r, rule: rr, preconditions: [aa]",)
    judge_with(rule, ScriptedMllm({"aa": [0.1]}, {"aa": 0.5})).judge(png())
    (cache,) = Path(tmp_path, "priors").glob("*.json")
    for damage in ("{", "[1]", '{"aa": [7, 8]}', '{"aa": 3}', ""):
        cache.write_text(damage)
        mllm = ScriptedMllm({"aa": [0.1]}, {"aa": 0.5})
        assert judge_with(rule, mllm).judge(png()).verdict == "no_violation"
        assert json.loads(cache.read_text()) == {"aa": [0.5, 0.5]}


RULES = (
    "id: r, rule: rr, preconditions: [aa, {any: [bb, cc]}], exceptions: [dd]",
    "id: s, rule: ss, preconditions: [bb, dd]",
)
probabilities = st.floats(0, 1).map(lambda value: round(value, 6))
said = probabilities | st.tuples(st.floats(0, 0.3), st.floats(0, 0.3))


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({text: st.tuples(said, said, said) for text in ("aa", "bb", "cc", "dd")}),
    st.fixed_dictionaries(dict.fromkeys(("aa", "bb", "cc", "dd"), probabilities)),
    st.lists(st.sampled_from(['{"rating": "Yes", "rationale": "x"}', '{"rating": "No", "rationale": "x"}', "?"])),
    st.floats(0, 1),
)
def test_no_violation_rests_on_decided_chains_only(answers, priors, summaries, confidence):
    """Whatever the models say: `no_violation` only when every chain is decided, and every reason is given."""
    replies = [text for summary in [*summaries, *["?"] * 16] for text in ("thinking", summary)]
    mllm = ScriptedMllm(answers, priors, [replies.pop(0) if replies else "?" for _ in range(64)])
    detector = ScriptedDetector(dict.fromkeys(answers, (0, 0, 9, 9, confidence)))
    verdict = Judge(constitution(*RULES), mllm, detector=detector).judge(png())
    outcomes = {finding.outcome for finding in verdict.findings}
    if verdict.verdict == "no_violation":
        assert outcomes == {"not_violated"}
    elif verdict.verdict == "needs_review":
        assert "undecided" in outcomes and verdict.reasons
    else:
        assert "violated" in outcomes and verdict.violations
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
