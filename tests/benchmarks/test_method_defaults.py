"""The settings that are tried for the bundled model: the truth they are tried on, and what a view or a box adds."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from benchmarks.drawn_os_bench.truth import statements_of
from benchmarks.method_defaults import SHIFT, SHOWN, TOUCHING, SecondOpinion, Views, statements
from judge.constitution import load_constitution
from judge.ports import Ask, Box
from judge.verdict import Answer, ModelIdentity
from tools.train_bundled.truth import Scene
from tools.train_bundled.vocabulary import INDEX


class SeesLeft:
    """Says yes with 0.9 where the left edge is dark, else with 0.1."""

    identity = ModelIdentity(role="mllm", name="left", digest="0")

    def answer(self, asks):
        return [
            Answer(p_yes=yes, p_no=round(1 - yes, 6))
            for ask in asks
            for yes in [0.9 if ask.image is not None and np.asarray(ask.image)[0, 0].max() < 50 else 0.1]
        ]


class Box09:
    def detect(self, image, queries):
        return [Box((0, 0, 1, 1), 0.9 if query == "knife" else 0.1, query) for query in queries]


@pytest.fixture
def picture():
    pixels = np.full((40, 40, 3), 255, np.uint8)
    pixels[:, :3] = 0
    return Image.fromarray(pixels)


def scene(touch, *names):
    count = len(names)
    return Scene(
        [INDEX[name] for name in names], [1.0] * count, [[0, 0, 1, 1]] * count, [[touch] * count] * count, [[]] * count
    )


def test_every_statement_of_the_demo_has_a_truth():
    assert {*SHOWN, *TOUCHING} == set(statements_of(load_constitution("demo")))


def test_what_may_be_argued_is_left_out():
    held = statements(scene(1, "woman", "dagger", "coffin"))
    assert held["a person is holding a weapon"] is True and held["blood is visible"] is False
    assert "human remains are visible" not in held and held["a skull is visible"] is False
    assert statements(scene(0, "woman", "dagger"))["a person is holding a weapon"] is False
    assert "a person is holding a weapon" not in statements(scene(-1, "woman", "dagger"))


def test_views_average_log_odds_and_leave_the_prior_alone(picture):
    asks = [Ask(picture, "Is it so?", "fire is visible"), Ask(None, "Is it so?", "fire is visible")]
    assert [one.p_yes for one in Views(SeesLeft(), [], True).answer(asks)] == [0.5, 0.1]
    shifted = Views(SeesLeft(), [(SHIFT, 0)], False)  # the edge is drawn out, so it stays dark
    assert shifted.answer(asks)[0].p_yes == pytest.approx(0.9)
    (moved,) = shifted._of(picture)
    assert (np.asarray(moved)[:, : SHIFT + 3] == 0).all() and (np.asarray(moved)[:, SHIFT + 3 :] == 255).all()


def test_a_second_opinion_is_of_what_is_visible_only(picture):
    words = {"a knife is visible": ("knife", "dagger"), "the body is bloody": ("knife",)}
    model = SecondOpinion(SeesLeft(), Box09(), words, (1.0, 1.0, 0.0))
    seen, other = model.answer([Ask(picture, "Is it so?", text) for text in words])
    assert seen.p_yes == pytest.approx(81 / 82, abs=1e-5)  # odds of 9 and of 9
    assert other.p_yes == 0.9
