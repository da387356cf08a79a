"""The eyes that ship: the common suites, what they see on the shipped drawings, and what they keep out."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from judge import load_judge, resources
from judge.causes import Cause
from judge.models.transformers.guard import DrawingGuard, Statistics
from judge.models.transformers.owlv2 import load_owlv2
from judge.settings import Settings, Thresholds
from tests.models import conformance as suite
from tests.models.conftest import FULL, IMAGES, anew

FOLDER = resources.bundled_eyes()


@pytest.fixture(scope="module")
def eyes():
    return load_owlv2(str(FOLDER), FULL, "encoder+detector")


class TestEncoder(suite.EncoderConformance):
    @pytest.fixture
    def subject(self, eyes, pictures):
        return suite.EncoderSubject(lambda: anew(eyes), pictures)


class TestDetector(suite.DetectorConformance):
    @pytest.fixture
    def subject(self, eyes, pictures):
        return suite.DetectorSubject(lambda: anew(eyes), pictures)


@pytest.fixture(scope="module")
def judge():
    return load_judge("demo", device="cpu", dtype="float32", escalate=())


@pytest.fixture(scope="module")
def guard():
    return DrawingGuard(load_owlv2(str(FOLDER), FULL, "guard"), Statistics.load(FOLDER))


@pytest.mark.parametrize(
    ("name", "word", "centre", "side"),
    [("body-on-fire-borderline", "fire", (190, 176), 90), ("explosive-violating", "bomb", (90, 136), 130)],
)
def test_a_box_lies_on_its_object(eyes, name, word, centre, side):
    (box,) = eyes.detect(Image.open(IMAGES / f"{name}.png").convert("RGB"), [word])
    left, top, right, bottom = box.corners
    assert abs((left + right) / 2 - centre[0]) < side / 3 and abs((top + bottom) / 2 - centre[1]) < side / 3


def test_what_is_seen_of_a_text_does_not_depend_on_the_texts_before_it(eyes):
    texts = ["child", "flames", "people are visible", "a knife", "alcohol", "a slot machine", "a skull", "swimwear"]
    picture = Image.open(IMAGES / "child-with-alcohol-borderline-adult.png").convert("RGB")
    together, apart = anew(eyes), anew(eyes)
    together.similarity([picture], texts)
    for text in texts:
        assert apart.detect(picture, [text]) == together.detect(picture, [text])
    assert apart.similarity([picture], texts) == together.similarity([picture], texts)


def test_the_bundled_model_brings_its_eyes_and_their_threshold(judge):
    assert [model.role for model in judge.provenance.models] == ["mllm", "encoder+detector"]
    assert judge.settings.thresholds.relevance != Thresholds().relevance
    own = load_judge("demo", device="cpu", thresholds={"relevance": -0.5})
    assert own.settings.thresholds.relevance == -0.5


def test_none_turns_the_eyes_off_but_not_the_guard():
    judge = load_judge("demo", Settings(encoder="none", detector="none", device="cpu"))
    assert [model.role for model in judge.provenance.models] == ["mllm", "guard"]
    assert judge.settings.thresholds == Thresholds()


def photographs() -> list[Path]:
    """The photographs that scikit-image carries in its package."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    names = (
        "astronaut.png",
        "camera.png",
        "chelsea.png",
        "coffee.png",
        "coins.png",
        "gravel.png",
        "rocket.jpg",
        "retina.jpg",
    )
    return [folder / name for name in names]


@pytest.mark.parametrize("path", photographs(), ids=lambda path: path.stem)
def test_a_photograph_is_never_judged(judge, path):
    verdict = judge.judge(path)
    assert verdict.verdict == "needs_review" and verdict.causes == (Cause.OUTSIDE,)
    assert verdict.violations == () and verdict.shadow_violations == ()


def test_shipped_drawings_are_let_in(guard):
    drawings = [Image.open(path).convert("RGB") for path in sorted(IMAGES.glob("*.png"))]
    assert max(guard.strangeness(drawings)) <= 1.0
