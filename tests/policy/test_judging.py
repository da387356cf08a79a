"""Images under two constitutions: one model, asked once for what both ask."""

from __future__ import annotations

import pytest

from judge.diff.judging import judge_both
from judge.diff.policy import compare
from judge.diff.report import in_plain_words
from judge.diff.verdicts import McNemar, compare_verdicts
from judge.errors import ModelError
from judge.models.scripted import ScriptedMllm
from tests.judging.scenes import constitution, judge_with, png

OLD = ("id: knives, rule: no knives, preconditions: [a knife is visible]",)
NEW = ("id: knives, rule: no knives, preconditions: [a knife is visible, a hand is visible]",)
PRIORS = {"a knife is visible": 0.5, "a hand is visible": 0.5}


def found(tmp_path, knife, hand, images=2):
    """The comparison on images of which the model says these things; its script raises when asked once too often."""
    paths = [tmp_path / f"{index}.png" for index in range(images)]
    for index, path in enumerate(paths):
        path.write_bytes(png(colour=("white", "red")[index]))
    first = judge_with(OLD, ScriptedMllm({"a knife is visible": knife, "a hand is visible": hand}, PRIORS))
    new = constitution(*NEW)
    pairs = judge_both(first, first.derive(constitution=new), list(map(str, paths)), keep=False)
    return compare_verdicts(compare(constitution(*OLD), new), pairs)


def test_what_both_ask_is_asked_once_and_the_flip_names_what_decided_it(tmp_path):
    diff = found(tmp_path, knife=[0.95, 0.96], hand=[0.97, 0.02])
    (flip,) = diff.flips
    assert (flip.before, flip.after) == ("violation", "no_violation")
    (rule,) = flip.rules
    assert (rule.decided.statement, rule.decided.branch, rule.under) == ("a hand is visible", "prior_fails", "new")
    assert (diff.violations, diff.mcnemar.b, diff.mcnemar.c) == ((2, 1), 1, 0)
    assert [one.questions for one in diff.cost] == [1.0, 2.0]


def flipped(old, new, answers):
    """The one rule that flips on one image between two texts of a rule."""
    first = judge_with((old,), ScriptedMllm(answers, dict.fromkeys(answers, 0.5)))
    second = constitution(new)
    both = judge_both(first, first.derive(constitution=second), [png()], keep=False)
    (flip,) = compare_verdicts(compare(constitution(old), second), both).flips
    return flip.rules[0]


def test_a_changed_status_is_named_as_the_cause_and_no_statement_that_came_out_as_before():
    enforced, shadow = OLD[0], OLD[0] + ", status: shadow"
    for old, new in ((enforced, shadow), (shadow, enforced)):
        one = flipped(old, new, {"a knife is visible": [0.95]})
        words = "status: enforce -> shadow" if old == enforced else "status: shadow -> enforce"
        assert (one.changed, one.decided) == (words, None)
    both = flipped(NEW[0] + ", status: shadow", enforced, {"a knife is visible": [0.95], "a hand is visible": [0.02]})
    assert both.changed == "status: shadow -> enforce"
    assert (both.decided.statement, both.under) == ("a hand is visible", "old"), "it would not have been violated then"


def test_a_rule_that_is_new_or_gone_says_so():
    other = "id: hats, rule: no hats, preconditions: [a hat is visible]"
    one = flipped(other, OLD[0], {"a knife is visible": [0.95], "a hat is visible": [0.02]})
    assert (one.rule, one.before, one.after, one.changed) == ("knives", "no such rule", "violated", "the rule is new")


def test_an_image_on_which_the_model_fails_is_compared_with_nothing(tmp_path):
    broken = ModelError("the model fell over", retryable=True)
    diff = found(tmp_path, knife=[broken, broken], hand=[0.97], images=1)
    assert (diff.images, len(diff.failures), diff.flips, diff.violations) == (1, 1, (), (0, 0))


def test_mcnemar():
    assert McNemar(b=0, c=0).p_value == 1.0
    assert abs(McNemar(b=8, c=1).p_value - 2 * (1 + 9) / 2**9) < 1e-12, "two tails of a fair coin"


@pytest.mark.parametrize(
    ("b", "c", "said"),
    [
        (0, 0, "under one of the two only"), (1, 0, "this unequal nearly always"), (4, 0, "about 12 of 100 times"),
        (10, 0, "hardly chance"), (1, 12, "hardly chance"),
    ],
)  # fmt: skip
def test_what_the_counts_say_needs_no_statistics_to_read(b, c, said):
    words = in_plain_words(McNemar(b=b, c=c))
    assert said in words and "McNemar" not in words and "p=" not in words
