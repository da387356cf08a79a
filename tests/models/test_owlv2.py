"""OWLv2 as detector: the common suite, boxes equal to transformers' own, and one image forward for both jobs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

from judge.errors import ModelError
from judge.models.transformers import owlv2
from tests.models import conformance as suite
from tests.models.conftest import anew


class TestDetector(suite.DetectorConformance):
    @pytest.fixture
    def subject(self, loaded, pictures):
        return suite.DetectorSubject(lambda: anew(loaded("owlv2")), pictures)


@pytest.fixture
def forwards(loaded, monkeypatch) -> list[int]:
    """Grows by one for every forward pass over an image."""
    model, seen = loaded("owlv2")._model, []
    embed = model.image_embedder
    monkeypatch.setattr(model, "image_embedder", lambda *args, **more: (seen.append(1), embed(*args, **more))[1])
    return seen


def own_boxes(owl: Any, image: Image.Image, queries: list[str]) -> list[tuple[list[float], float]]:
    """Box and confidence per query from transformers' own forward pass, cut to the image; boxes with no part
    in the image are passed over."""
    inputs = owl._processor(text=[queries], images=image, return_tensors="pt", max_length=16)
    with torch.inference_mode():
        output = owl._model(**inputs)
    found = []
    for query in range(len(queries)):
        best = ([0.0] * 4, -1.0)
        for (x, y, w, h), logit in zip(output.pred_boxes[0].tolist(), output.logits[0, :, query], strict=True):
            left, top, right, bottom = (
                max(image.size) * share for share in (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            )
            cut = [max(left, 0.0), max(top, 0.0), min(right, image.width), min(bottom, image.height)]
            if float(logit.sigmoid()) > best[1] and cut[0] < cut[2] and cut[1] < cut[3]:
                best = (cut, float(logit.sigmoid()))
        found.append(best)
    return found


@pytest.mark.parametrize("which", range(4), ids=["square", "square too", "wide", "tall"])
def test_boxes_are_those_of_the_models_own_forward_pass(loaded, pictures, which):
    owl, image, queries = loaded("owlv2"), pictures[which], ["person", "a knife", "the fire", "beer", "smoke"]
    expected = own_boxes(owl, image, queries)
    for box, (corners, confidence) in zip(anew(owl).detect(image, queries), expected, strict=True):
        assert box.corners == pytest.approx(corners, abs=1e-2)
        assert box.confidence == suite.near(confidence)


def test_a_sure_box_in_the_padding_is_passed_over(loaded, pictures, monkeypatch):
    """A wide image is padded below: what the model sees there is nothing of the image."""
    owl, image = anew(loaded("owlv2")), pictures[2]
    count = 64
    monkeypatch.setattr(
        owl._model, "box_predictor",
        lambda *_: torch.tensor([[[0.5, 0.9, 0.2, 0.1]] * (count - 1) + [[0.5, 0.25, 0.2, 0.1]]]),
    )  # fmt: skip
    sure = torch.full((1, count, 1), 4.0)
    sure[0, -1] = -1.0
    monkeypatch.setattr(owl._model, "class_predictor", lambda *_: (sure, None))
    (box,) = owl.detect(image, ["person"])
    assert box.corners == pytest.approx((102.4, 51.2, 153.6, 76.8), abs=1e-3)
    assert box.confidence == pytest.approx(0.2689, abs=1e-3)


def test_both_jobs_take_one_forward_pass_an_image(loaded, pictures, forwards):
    both = anew(loaded("owlv2"))
    both.similarity(pictures, suite.STATEMENTS)
    boxes = [both.detect(image, ["person", "a knife"]) for image in pictures]
    both.similarity(pictures, ["another text"])
    assert len(forwards) == len(pictures)
    apart = [anew(loaded("owlv2")).detect(image, ["person", "a knife"]) for image in pictures]
    assert sum(map(suite.flat, boxes), []) == suite.near(sum(map(suite.flat, apart), []))


def test_what_was_seen_of_a_whole_batch_is_kept_from_stage_to_stage(loaded, pictures, forwards):
    images = [pictures[0].rotate(3 * turn) for turn in range(40)]
    eyes = anew(loaded("owlv2"))
    eyes.watch((1,))
    for image in images:
        eyes.layer_means(image)
    eyes.similarity(images, ["person"])
    for image in images:
        eyes.detect(image, ["person"])
    assert len(forwards) == len(images)


def test_more_images_than_are_kept_get_their_own_boxes(loaded, pictures, forwards, monkeypatch):
    eyes = anew(loaded("owlv2"))
    eyes.similarity(pictures[:1], ["person"])
    (seen,) = eyes._images.values()
    assert seen.bytes >= seen.feature_map.nbytes + seen.vector.nbytes > 0
    monkeypatch.setattr(owlv2, "KEPT_BYTES", 16 * seen.bytes)
    forwards.clear()
    images = [pictures[0].rotate(15 * turn) for turn in range(20)]
    for _ in range(2):
        found = [cosine for row in eyes.similarity(images, ["person"]) for cosine in row]
    assert len(eyes._images) == 16
    assert len(forwards) > len(images)  # some were forgotten and computed again
    alone = [anew(eyes).similarity([image], ["person"])[0][0] for image in images]
    assert found == suite.near(alone)
    assert len({round(cosine, 4) for cosine in alone}) > 10


def test_a_detector_that_raises_is_a_model_error(loaded, pictures, monkeypatch):
    eyes = anew(loaded("owlv2"))
    monkeypatch.setattr(eyes._model, "class_predictor", lambda *_: 1 / 0)
    with pytest.raises(ModelError, match="ZeroDivisionError") as caught:
        eyes.detect(pictures[0], ["person"])
    assert caught.value.retryable
