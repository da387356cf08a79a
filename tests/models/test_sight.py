"""How much of a picture a processor lets through to its model."""

from __future__ import annotations

import pytest

from judge import load_judge
from judge.models.transformers.sight import PROBE, side_seen
from tests import tiny


def test_the_bundled_model_sees_128_pixels_a_side():
    assert load_judge("demo", encoder="none", detector="none").mllm.sees == 128


@pytest.mark.parametrize("family", tiny.MLLMS)
def test_every_family_has_a_side(family, loaded):
    assert 16 <= loaded(family).sees <= PROBE


def test_what_has_no_image_processor_is_not_known():
    assert side_seen(object()) is None
