"""What a picture without a violation came nearest to."""

from __future__ import annotations

import pytest

from judge.judging.nearest import Nearest, nearest
from judge.models.scripted import ScriptedMllm
from tests.judging.scenes import judge_with, png

RULES = (
    "id: body-on-fire, rule: No body may be on fire., "
    "preconditions: [{any: [people are visible, animals are visible]}, fire is visible, the body is on fire]",
    "id: weapon-in-hand, rule: Nobody may hold a weapon., preconditions: [people are visible, a weapon is visible], "
    "exceptions: [{any: [police officers are visible, cooks are visible]}]",
    "id: hidden, rule: No cup., status: shadow, preconditions: [people are visible, a cup is visible]",
)
STATEMENTS = (
    "people are visible", "animals are visible", "fire is visible", "the body is on fire", "a weapon is visible",
    "police officers are visible", "cooks are visible", "a cup is visible",
)  # fmt: skip
HELD, NOT, PRIOR = 0.99, 0.01, 0.5


@pytest.mark.parametrize(
    ("true", "expected"),
    [
        ((), None),
        (("fire is visible",), None),  # the first precondition failed, so that it was not asked
        (("animals are visible",), Nearest("body-on-fire", "fire is visible", lifted=False)),
        (("people are visible",), Nearest("weapon-in-hand", "a weapon is visible", lifted=False)),
        (("people are visible", "fire is visible"), Nearest("body-on-fire", "the body is on fire", lifted=False)),
        (
            ("people are visible", "fire is visible", "a weapon is visible", "cooks are visible"),
            Nearest("weapon-in-hand", "cooks are visible", lifted=True),
        ),
    ],
)
def test_the_rule_of_which_most_held_and_what_it_was_wanting(true, expected):
    script = {one: [HELD if one in true else NOT] for one in STATEMENTS}
    judge = judge_with(RULES, ScriptedMllm(script, dict.fromkeys(STATEMENTS, PRIOR)))
    verdict = judge.judge(png())
    assert verdict.verdict == "no_violation"
    assert nearest(verdict.findings) == expected
