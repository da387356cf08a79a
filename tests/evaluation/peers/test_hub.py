"""Hub models by family, on tiny random weights of their classes: plumbing, not quality."""

from __future__ import annotations

from functools import cache

import pytest
import torch
import transformers

from judge.constitution.load import load_constitution
from judge.errors import UserError
from judge.evaluation.methods.peers import load_peer
from judge.settings import Settings, Thresholds
from tests.conftest import ROOT
from tests.evaluation.peers import tiny_rivals

CPU = Settings(device="cpu", dtype="float32")
DEMO = load_constitution("demo")
SMALL = DEMO.model_copy(update={"rules": tuple(rule for rule in DEMO.rules if rule.id in ("drugs", "bathing-person"))})
IMAGES = [str(ROOT / "examples" / "images" / name) for name in ("body-on-fire-violating.png", "drugs-borderline.png")]
FAMILIES = {
    "shieldstral": "shieldstral", "llama-guard-3": "llama-guard", "llama-guard-4": "llama-guard",
    "llavaguard": "llavaguard", "shieldgemma2": "shieldgemma2",
}  # fmt: skip


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    return cache(lambda family: tiny_rivals.build(family, tmp_path_factory.mktemp("rivals") / family))


@pytest.fixture(scope="session")
def peer(checkpoint):
    @cache
    def load(family):
        try:
            return load_peer(f"{FAMILIES[family]}:{checkpoint(family)}", SMALL, CPU)
        except UserError as error:
            if family != "llama-guard-4":
                raise
            # Refused with the reason is right where Llama 4 fails inside the installed transformers, as in 5.24.
            assert f"transformers {transformers.__version__} cannot run" in str(error)
            return pytest.skip(str(error))

    return load


@pytest.mark.parametrize("family", FAMILIES)
def test_every_image_gets_a_judgement_and_the_same_again(family, peer):
    method = peer(family)
    said = list(method.judge(IMAGES))
    assert [one.failure for one in said] == [None, None]
    assert method.name == f"{FAMILIES[family]}:{family}" and method.kind == "peer"
    again = list(method.judge(IMAGES))
    assert [one.model_copy(update={"seconds": 0}) for one in again] == [
        one.model_copy(update={"seconds": 0}) for one in said
    ]


@pytest.mark.parametrize("family", ["shieldstral", "llama-guard-3", "llama-guard-4", "llavaguard"])
def test_the_picture_reaches_the_model(family, peer, drawing):
    model = peer(family)._rival._model
    text = model.written(
        [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "x"}]}], categories={}
    )
    one, other = model.chances(text, drawing), model.chances(text, drawing.rotate(90).point(lambda value: 255 - value))
    assert one.sum() == pytest.approx(1.0, abs=1e-4)
    assert (one - other).abs().max() > 1e-4


@pytest.mark.parametrize("family", ["llama-guard-3", "llama-guard-4", "llavaguard"])
def test_a_random_reply_is_for_a_person(family, peer):
    for said in peer(family).judge(IMAGES):
        assert said.verdict == "needs_review" and said.said
        assert said.score is None or 0.0 <= said.score <= 1.0


def test_safe_with_little_mass_on_either_word_is_for_a_person(peer, monkeypatch):
    """The reply is the format's; the first token's probabilities say that it was nearly anything else."""
    rival = peer("llama-guard-3")._rival
    real = rival._model.reply

    def says_safe(*asked):
        return type(real(*asked))("safe", real(*asked).first)

    monkeypatch.setattr(rival._model, "reply", says_safe)
    said = next(peer("llama-guard-3").judge(IMAGES))
    assert said.verdict == "needs_review" and said.said == "safe"


def test_shieldgemma_agrees_with_its_own_classifier(peer, drawing):
    rival = peer("shieldgemma2")._rival
    inputs = rival._processor(
        images=[drawing], custom_policies=rival._policies, policies=["drugs"], return_tensors="pt"
    )
    with torch.inference_mode():
        own = rival._model(**inputs).probabilities[0]
    asked = rival._answer(drawing, "drugs")
    assert asked.probability == pytest.approx(float(own[0]), abs=2e-3)  # kept to six decimals of little mass
    assert 0.0 < asked.label_mass < 1.0


@pytest.mark.parametrize("family", ["shieldstral", "shieldgemma2"])
def test_rule_by_rule_with_no_bound_on_the_mass_something_is_decided(family, checkpoint):
    free = CPU.model_copy(update={"thresholds": Thresholds(label_mass=0.0)})
    method = load_peer(f"{family}:{checkpoint(family)}", SMALL, free)
    said = next(method.judge(IMAGES))
    assert set(said.rule_scores) == {"drugs", "bathing-person"}
    assert said.undecided == () and said.score == max(said.rule_scores.values())
    assert said.verdict == ("violation" if said.score > 0.5 else "no_violation")


@pytest.mark.parametrize("family", ["shieldstral", "llama-guard-3", "llavaguard"])
def test_the_rules_reach_the_model(family, checkpoint, peer):
    rival = peer(family)._rival
    written = str(rival._asked) if family == "shieldstral" else rival._text
    drugs = next(rule.text for rule in SMALL.rules if rule.id == "drugs")
    assert drugs in written
    changed = SMALL.model_copy(update={"rules": SMALL.rules[:1]})
    assert load_peer(f"{FAMILIES[family]}:{checkpoint(family)}", changed, CPU).identity != rival.identity


def test_a_template_without_categories_is_refused(checkpoint):
    with pytest.raises(UserError, match="takes no categories"):
        load_peer(f"llama-guard:{checkpoint('llama-guard-of-fixed-categories')}", SMALL, CPU)


@pytest.mark.parametrize(("name", "family"), [("llama-guard", "llavaguard"), ("llavaguard", "shieldstral")])
def test_a_checkpoint_of_another_family_is_refused(name, family, checkpoint):
    with pytest.raises(UserError, match="such as"):
        load_peer(f"{name}:{checkpoint(family)}", SMALL, CPU)
