"""Peers as methods: views joined, failures kept as reviews, rule answers read fail closed."""

from __future__ import annotations

from PIL import Image

from judge.constitution.load import load_constitution
from judge.errors import ModelError
from judge.evaluation.methods.peers.method import Peer, by_rules, together
from judge.evaluation.protocols import Judgement
from judge.verdict import Answer

DEMO = load_constitution("demo")
SURE_YES, SURE_NO, VAGUE = Answer(p_yes=0.9, p_no=0.1), Answer(p_yes=0.1, p_no=0.9), Answer(p_yes=0.2, p_no=0.0)


class Brightness:
    """A rival that calls bright pictures unsafe and fails on black ones."""

    name, about, names_rules, identity = "brightness", "Bright is unsafe.", False, "brightness-1"

    def rate(self, image):
        value = image.convert("L").getpixel((0, 0))
        if value == 0:
            raise ModelError("too dark to say", hint="light")
        return Judgement(verdict="violation" if value > 200 else "no_violation", score=value / 255)


def answers(**given):
    return {rule.id: given.get(rule.id.replace("-", "_"), SURE_NO) for rule in DEMO.rules}


def test_one_judgement_per_path_in_order_and_failures_are_reviews(tmp_path):
    for name, colour in (("white", 255), ("grey", 90), ("black", 0)):
        Image.new("L", (8, 8), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    names = ["grey.png", "broken.png", "white.png", "black.png", "absent.png"]
    said = list(Peer(Brightness()).judge([str(tmp_path / name) for name in names]))
    assert [one.verdict for one in said] == [
        "no_violation", "needs_review", "violation", "needs_review", "needs_review",
    ]  # fmt: skip
    assert [one.failure is None for one in said] == [True, False, True, False, False]
    assert "too dark" in said[3].failure and "no such file" in said[4].failure
    assert all(one.seconds > 0 for one in said)


def test_an_image_is_as_unsafe_as_its_worst_view(tmp_path):
    """What is see-through is grey over nothing here: over white it is bright, over black dark but not black."""
    Image.new("LA", (8, 8), (90, 60)).save(tmp_path / "clear.png")
    said = next(Peer(Brightness()).judge([str(tmp_path / "clear.png")]))
    assert said.verdict == "violation" and said.score > 0.78


def test_views_are_joined():
    views = [
        Judgement(verdict="needs_review", undecided=("a", "b"), score=0.2, rule_scores={"a": 0.2, "b": 0.1}, said="x"),
        Judgement(verdict="violation", violations=("b",), score=0.9, rule_scores={"a": 0.1, "b": 0.9}),
    ]
    assert together(views) == Judgement(
        verdict="violation", violations=("b",), undecided=("a",), score=0.9, rule_scores={"a": 0.2, "b": 0.9}, said="x"
    )
    assert together([Judgement(verdict="no_violation"), Judgement(verdict="needs_review")]).verdict == "needs_review"


def test_rule_answers():
    assert by_rules(answers(), 0.5).verdict == "no_violation"
    found = by_rules(answers(drugs=SURE_YES, explosive=SURE_YES), 0.5)
    assert (found.verdict, found.violations, found.score) == ("violation", ("explosive", "drugs"), 0.9)


def test_a_low_label_mass_is_no_answer():
    """Its ratio says yes for certain, and means nothing."""
    found = by_rules(answers(drugs=VAGUE), 0.5)
    assert (found.verdict, found.violations, found.undecided) == ("needs_review", (), ("drugs",))
    assert by_rules(answers(drugs=VAGUE), 0.1).verdict == "violation"
    assert by_rules(answers(drugs=VAGUE, explosive=SURE_YES), 0.5).verdict == "violation"


def test_without_answers_nothing_was_decided():
    assert by_rules({}, 0.5).verdict == "needs_review"
