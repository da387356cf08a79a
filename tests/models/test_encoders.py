"""CLIP, SigLIP and OWLv2 as encoders: the common suite, and equality with transformers' own forward passes."""

from __future__ import annotations

import pytest
import torch

from judge.errors import ModelError
from tests.models import conformance as suite
from tests.models.conftest import anew


@pytest.fixture(params=["clip", "siglip", "owlv2"])
def encoder(request, loaded):
    return loaded(request.param)


class TestEncoders(suite.EncoderConformance):
    @pytest.fixture
    def subject(self, encoder, pictures):
        return suite.EncoderSubject(lambda: anew(encoder), pictures)

    def test_a_text_too_long_for_the_model_is_cut(self, encoder, pictures):
        (row,) = anew(encoder).similarity(pictures[:1], ["a person with a knife and a beer " * 20])
        assert -1.0 <= row[0] <= 1.0

    def test_texts_are_computed_once_and_each_by_itself(self, encoder, pictures, monkeypatch):
        mine, seen = anew(encoder), []
        side = getattr(mine._model, "owlv2", mine._model)
        features = side.get_text_features
        monkeypatch.setattr(
            side,
            "get_text_features",
            lambda *args, **more: (seen.append(len(more["input_ids"])), features(*args, **more))[1],
        )
        mine.similarity(pictures[:1], suite.STATEMENTS)
        mine.similarity(pictures[1:], [*suite.STATEMENTS, "something new"])
        assert seen == [1] * (len(suite.STATEMENTS) + 1)

    def test_a_model_that_raises_is_a_model_error(self, encoder, monkeypatch, pictures):
        mine = anew(encoder)
        monkeypatch.setattr(mine, "_processor", None)
        with pytest.raises(ModelError, match="failed"):
            mine.similarity(pictures[:1], ["a"])


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_cosines_are_those_of_the_models_own_forward_pass(loaded, pictures, family):
    encoder = loaded(family)
    model, processor = encoder._model, encoder._processor
    inputs = processor(
        text=list(suite.STATEMENTS), images=list(pictures), return_tensors="pt", padding="max_length", max_length=16
    )
    with torch.inference_mode():
        expected = (model(**inputs).logits_per_image - getattr(model, "logit_bias", 0.0)) / model.logit_scale.exp()
    found = anew(encoder).similarity(pictures, suite.STATEMENTS)
    assert sum(found, []) == suite.near(expected.flatten().tolist())
    assert float(expected.std()) > 0.01


def test_owlv2_cosines_are_those_of_its_clip_towers(loaded, pictures):
    owl = loaded("owlv2")
    made = owl._processor(text=list(suite.STATEMENTS), images=list(pictures), return_tensors="pt", max_length=16)
    with torch.inference_mode():
        expected = owl._model.owlv2(**made).logits_per_image / owl._model.owlv2.logit_scale.exp()
    assert sum(anew(owl).similarity(pictures, suite.STATEMENTS), []) == suite.near(expected.flatten().tolist())
