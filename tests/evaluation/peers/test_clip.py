"""The zero-shot classifier with the bundled eyes, and with a tiny CLIP."""

from __future__ import annotations

import pytest
from PIL import Image

from judge.constitution.load import load_constitution
from judge.evaluation.methods.peers import load_peer
from judge.evaluation.methods.peers.clip import described
from judge.settings import Settings
from tests import tiny
from tests.conftest import ROOT

CPU = Settings(device="cpu", dtype="float32")
DEMO = load_constitution("demo")


@pytest.fixture(scope="module")
def clip():
    return load_peer("clip", DEMO, CPU)


def path(name):
    return str(ROOT / "examples" / "images" / f"{name}.png")


def test_it_tells_drawings_apart(clip):
    explosive, slots = clip.judge([path("explosive-violating-alone"), path("gambling-for-money-borderline")])
    assert explosive.verdict == "violation" and "explosive" in explosive.violations
    assert slots.verdict == "no_violation" and slots.violations == ()
    assert explosive.score > 0.5 > slots.score
    assert set(slots.rule_scores) == {rule.id for rule in DEMO.rules}


def test_rules_in_shadow_count(clip):
    """What is measured is whether a rule is judged right, not whether it counts today."""
    assert next(rule.status for rule in DEMO.rules if rule.id == "bathing-person") == "shadow"
    bathing = next(clip.judge([path("bathing-person-violating")]))
    assert bathing.score == max(bathing.rule_scores.values())
    assert bathing.violations == tuple(rule for rule, score in bathing.rule_scores.items() if score > 0.5)
    assert "bathing-person" in bathing.rule_scores


def test_texts_say_what_a_violation_looks_like():
    assert (
        described(DEMO.rules[0]) == "a picture in which people are visible and fire is visible and the body is on fire"
    )
    bare = DEMO.rules[0].model_copy(update={"preconditions": ()})
    assert DEMO.rules[0].text in described(bare)


def test_another_encoder_or_policy_is_another_identity(clip, tmp_path):
    folder = tiny.build("clip", tmp_path / "clip")
    other = load_peer("clip", DEMO, CPU.model_copy(update={"encoder": str(folder)}))
    Image.new("RGB", (40, 40), "red").save(tmp_path / "red.png")
    said = next(other.judge([str(tmp_path / "red.png")]))
    assert said.failure is None and set(said.rule_scores) == {rule.id for rule in DEMO.rules}
    shorter = load_peer("clip", DEMO.model_copy(update={"rules": DEMO.rules[1:]}), CPU)
    assert len({clip.identity, other.identity, shorter.identity}) == 3
    assert clip.identity == load_peer("clip", DEMO, CPU).identity
