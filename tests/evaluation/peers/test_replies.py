"""Replies are read by the letter: whatever is not in a rival's format is for a person."""

from __future__ import annotations

import json

import pytest

from judge.errors import ModelError
from judge.evaluation.methods.peers import llama_guard, llavaguard, nudenet, open_nsfw

RULES = {"S1": "fire", "S2": "blood", "S10": "drugs"}
POLICY = {"O1": "fire", "O2": "blood"}


@pytest.mark.parametrize(
    ("reply", "verdict", "violations"),
    [
        ("safe", "no_violation", ()),
        ("unsafe\nS2", "violation", ("blood",)),
        ("unsafe\nS10,S1", "violation", ("drugs", "fire")),
        ("unsafe\nS1, S1", "violation", ("fire",)),
        ("unsafe", "needs_review", ()),  # unsafe by no category that was given
        ("unsafe\nS3", "needs_review", ()),
        ("unsafe\nS1,S3", "needs_review", ()),
        ("Safe", "needs_review", ()),
        ("safe\nS1", "needs_review", ()),
        ("this is safe", "needs_review", ()),
        ("not unsafe\nS1", "needs_review", ()),
        ("", "needs_review", ()),
    ],
)
def test_llama_guard(reply, verdict, violations):
    found = llama_guard.judged(reply, RULES)
    assert (found.verdict, found.violations, found.said) == (verdict, violations, reply)


@pytest.mark.parametrize(
    ("rating", "category", "verdict", "violations"),
    [
        ("Safe", "NA: None applying", "no_violation", ()),
        ("Safe", "O1: fire", "no_violation", ()),
        ("Unsafe", "O2: blood", "violation", ("blood",)),
        ("Unsafe", "O2", "violation", ("blood",)),
        ("Unsafe", "O7: something else", "violation", ()),
        ("unsafe", "O2: blood", "needs_review", ()),
        ("Review Needed", "O2: blood", "needs_review", ()),
    ],
)
def test_llavaguard(rating, category, verdict, violations):
    reply = json.dumps({"rating": rating, "category": category, "rationale": "seen"})
    found = llavaguard.judged(reply, POLICY)
    assert (found.verdict, found.violations) == (verdict, violations)


@pytest.mark.parametrize("reply", ["Safe", '{"rating": "Safe"', '{"rating": "Safe"}', "[]", "the rating is Safe", ""])
def test_llavaguard_without_json(reply):
    assert llavaguard.judged(reply, POLICY).verdict == "needs_review"


def test_nudenet_counts_exposed_intimate_parts_only():
    face = {"class": "FACE_FEMALE", "score": 0.9, "box": [0, 0, 9, 9]}
    part = {"class": "BUTTOCKS_EXPOSED", "score": 0.4, "box": [0, 0, 9, 9]}
    assert (nudenet.judged([face]).verdict, nudenet.judged([face]).score) == ("no_violation", 0.0)
    assert (nudenet.judged([face, part]).verdict, nudenet.judged([face, part]).score) == ("violation", 0.4)
    assert nudenet.judged([]).said == "nothing detected"


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(0.0, "no_violation"), (0.19, "no_violation"), (0.2, "needs_review"), (0.8, "needs_review"), (0.81, "violation")],
)
def test_open_nsfw_between_its_bounds_is_for_a_person(score, verdict):
    assert open_nsfw.judged(score).verdict == verdict


@pytest.mark.parametrize("score", [float("nan"), 1.5, -0.5])
def test_open_nsfw_without_a_probability_failed(score):
    with pytest.raises(ModelError, match="no probability"):
        open_nsfw.judged(score)


def test_open_nsfw_prepares_pictures_as_its_authors_do(drawing):
    made = open_nsfw.prepared(drawing)
    assert made.shape == (1, 224, 224, 3) and made.dtype == "float32"
    plain = open_nsfw.prepared(drawing.resize((64, 64)).point(lambda _: 0))
    assert plain[0, 0, 0].tolist() == [-104.0, -117.0, -123.0]  # blue first
