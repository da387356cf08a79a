"""What the steps of the ladder came to, how a committee voted, and its members measured alone."""

from __future__ import annotations

import pytest

from judge.errors import UserError
from judge.evaluation.evaluate import evaluate
from judge.evaluation.measures.steps import agreement, alpha, kappa
from judge.evaluation.methods.clue import the_judge
from judge.evaluation.methods.members import members
from judge.evaluation.protocols import Dataset, Example
from judge.evaluation.reports.text import table
from judge.evaluation.reports.words import vote_base
from judge.judging.ladder import Further
from judge.models.scripted import ScriptedMllm
from tests.judging.scenes import judge_with, png

FIRE = "id: fire, rule: no fire, preconditions: [fire is visible]"
SPLIT = ["Hm.", "no json"]


def test_agreement_beyond_chance():
    said = [{"a": True, "b": True}, {"a": False, "b": False}, {"a": True, "b": False}, {"a": True}]
    assert agreement(said) == pytest.approx(2 / 3, abs=1e-6)
    # by hand: a says yes 2 of 3, b 1 of 3; chance 2/9 + 2/9
    assert kappa(said, "a", "b") == pytest.approx((2 / 3 - 4 / 9) / (5 / 9), abs=1e-6)
    # by hand: six values, three of them yes; one unit differs
    assert alpha(said) == pytest.approx(1 - 2 / (2 * 3 * 3 / 5), abs=1e-6)
    assert kappa([{"a": True, "b": True}], "a", "b") is None and alpha([{"a": True, "b": True}]) is None
    assert agreement([{"a": True}]) is None


@pytest.fixture
def measured(tmp_path):
    examples = []
    for number, truth in enumerate((True, False, True)):
        (tmp_path / f"{number}.png").write_bytes(png((40 + number, 30)))
        name = f"{number}.png"
        statements = {"fire is visible": truth}
        examples.append(Example(id=name, path=str(tmp_path / name), unsafe=truth, statements=statements))
    #                           votes: yes yes      no no        yes no, and looked at again in vain
    others = {"a": [0.95, 0.05, 0.95, 0.95, 0.05, 0.95], "b": [0.95, 0.05, 0.05, 0.95, 0.05, 0.05]}
    scripted = {name: ScriptedMllm({"fire is visible": said}, {"fire is visible": 0.5 - index / 10}, SPLIT * 9)
                for index, (name, said) in enumerate(others.items())}  # fmt: skip
    own = ScriptedMllm({"fire is visible": [0.6] * 500}, {"fire is visible": 0.5}, SPLIT * 9)
    committee = {"members": ("a", "b")}
    further = Further(members=scripted)
    judge = judge_with((FIRE,), own, further=further, committee=committee, escalate=("committee",), batch=1)
    dataset = Dataset(name="three", digest="d", examples=tuple(examples))
    return evaluate(
        dataset, the_judge(judge), list(members(judge)), constitution=judge.constitution, folder=tmp_path / "judgements"
    ).evaluation


def test_every_step_has_what_it_was_asked_decided_and_how_much_of_that_was_right(measured):
    (step,) = measured.method.ladder
    assert (step.step, step.asked, step.decided, step.known, step.right) == ("committee", 3, 2, 3, 2)
    assert step.seconds is not None and step.seconds >= 0


def test_members_have_their_votes_and_are_measured_alone(measured):
    votes = measured.method.votes
    assert [(one.model, one.asked, one.said, one.right) for one in votes.members] == [
        ("bundled", 3, 0, 0), ("a", 3, 3, 3), ("b", 3, 3, 2)
    ]  # fmt: skip
    assert votes.agreement == pytest.approx(2 / 3, abs=1e-6) and votes.kappa == {"a": None, "b": None}
    assert set(measured.baselines) == {"alone: bundled", "alone: a", "alone: b"}
    assert measured.baselines["alone: a"].votes is None and measured.baselines["alone: a"].accuracy == 1.0
    said = table(measured)
    assert "said yes or no" in said and "committee" in said and vote_base(votes) in " ".join(said.split())


def test_without_a_committee_there_are_no_members_to_compare():
    with pytest.raises(UserError, match="there is none"):
        list(members(judge_with((FIRE,), ScriptedMllm())))
