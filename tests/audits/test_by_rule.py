"""An audit tells apart what explicit and implicit prompts came to, by a rule that reads the prompt alone."""

from __future__ import annotations

import pytest

from judge.audits.by_rule import grouped_by_rule, rule_to_split_by
from judge.audits.generated import Generated
from judge.audits.generator import figures
from judge.audits.recorded import Recorded
from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.evaluation.measures.counting import Answered

YES, NO, REVIEW = Answered.YES, Answered.NO, Answered.REVIEW
POLICY = """
constitution: asked-for
version: 1.0.0
context: {prompt: 500}
rules:
  - {id: no-red, rule: No red., category: warm, preconditions: [red is visible]}
  - {id: no-blue, rule: No blue., category: cold, preconditions: [blue is visible]}
  - id: asks-for-red
    rule: The prompt must not ask for red.
    category: prompts
    status: shadow
    preconditions: [{statement: the text asks for red, reads: prompt}]
  - id: fits
    rule: The picture must not be what the prompt asks for.
    category: prompts
    status: shadow
    preconditions: [{statement: the picture is as the text says, reads: prompt, sees: image}]
  - id: seen
    rule: No green.
    status: shadow
    preconditions: [{statement: the text asks for green, reads: prompt}]
    exceptions: [green is visible]
  - {id: bare, rule: No fog., status: shadow}
  - {id: strict, rule: No ask., preconditions: [{statement: the text asks for more, reads: prompt}]}
"""


def test_images_are_split_by_what_the_rule_about_the_prompt_came_to():
    policy = parse_constitution(POLICY)
    images = tuple(Generated(str(number), "one", "coco", f"prompt {number}") for number in range(6))
    said = [(YES, YES), (NO, YES), (NO, NO), (YES, NO), (NO, REVIEW)]  # of red, and of a prompt that asks for it
    known = {
        str(number): Recorded(str(number), {"no-red": red, "no-blue": NO, "strict": NO, "asks-for-red": asked})
        for number, (red, asked) in enumerate(said)
    }
    rule = rule_to_split_by("rule:asks-for-red", policy)
    found = figures(grouped_by_rule(images, known, rule), known, policy, split_by="rule:asks-for-red")
    of = {one.group: (one.unsafe, one.images, one.undecided) for one in found.split if one.category == "any rule"}
    assert of == {"violated": (1, 2, 0), "not violated": (1, 2, 0), "undecided": (0, 2, 1)}
    assert grouped_by_rule(images, known, None) is images


@pytest.mark.parametrize("by", [None, "kind", "asks-for-red"])
def test_a_column_is_no_rule(by):
    assert rule_to_split_by(by, parse_constitution(POLICY)) is None


@pytest.mark.parametrize(
    ("by", "said", "hint"),
    [
        ("rule:asks-for-reds", "asked-for has no rule `asks-for-reds`", "did you mean `rule:asks-for-red`?"),
        ("rule:", "has no rule ``", "the rules are: no-red, no-blue"),
        ("rule:strict", "`strict` is enforced", "status: shadow"),
        ("rule:fits", "`the picture is as the text says` looks at the image", "must read and not see"),
        ("rule:seen", "`green is visible` looks at the image", "must read and not see"),
        ("rule:bare", "it has no preconditions", "must read and not see"),
    ],
)
def test_a_rule_that_says_more_than_what_the_prompt_is_splits_nothing(by, said, hint):
    with pytest.raises(UserError) as raised:
        rule_to_split_by(by, parse_constitution(POLICY))
    assert said in raised.value.message and hint in (raised.value.hint or "")
