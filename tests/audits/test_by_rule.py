"""An audit tells apart what explicit and implicit prompts came to, by a rule that reads the prompt alone."""

from __future__ import annotations

import json
import re
from functools import partial

import pytest
from typer.testing import CliRunner

from judge.audits.by_rule import grouped_by_rule, rule_to_split_by
from judge.audits.generated import Generated, read_generated
from judge.audits.generator import audit_generator, figures
from judge.audits.recorded import Recorded
from judge.cli.verbs import app
from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.evaluation.measures.counting import Answered
from judge.judging.pipeline import Judge
from judge.serving.batch.call import batch
from judge.settings import Settings
from judge.verdict import Answer
from tests.audits.made import BLACK, RED, ColourMllm, write

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


class ReadingMllm(ColourMllm):
    """Sees colours, and says of a text that it asks for red where `red` stands in it. heard: what it was asked with."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def _one(self, ask):
        self.heard.append(ask)
        if ask.statement != "the text asks for red":
            return super()._one(ask)
        texts = re.findall("<given>(.*?)</given>", ask.instruction, re.DOTALL)
        if "(not told)" in texts[0]:
            return Answer(p_yes=0.3, p_no=0.7)
        yes = any("red" in text for text in texts)
        return Answer(p_yes=0.99, p_no=0.01) if yes else Answer(p_yes=0.01, p_no=0.99)


ASKED = POLICY.split("  - id: fits")[0]
MARK = "zyzzyva"  # stands in every prompt


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two prompts ask for red and two do not; each made two pictures, of which some are red. One image has no prompt."""
    folder = tmp_path_factory.mktemp("prompts")
    prompts = [f"a red barn {MARK}", f"a red hat {MARK}", f"a barn {MARK}", f"a hat {MARK}"]
    rows = [
        {"image": f"{number}-{seed}.png", "model": "one", "prompt_set": f"set {MARK}", "prompt": prompt, "seed": str(seed)}
        for number, prompt in enumerate(prompts)
        for seed in (1, 2)
    ]  # fmt: skip
    table = write(folder, rows, [RED, RED, RED, BLACK, RED, BLACK, BLACK, BLACK])
    (folder / "5.png").write_bytes((folder / "0-1.png").read_bytes())  # the bytes of a red one that was asked for
    lines = [json.dumps(row) for row in rows]
    lines.append(json.dumps({"image": "5.png", "model": "one", "prompt_set": f"set {MARK}"}))
    table.with_suffix(".jsonl").write_text("\n".join(lines))
    return table.with_suffix(".jsonl"), folder


@pytest.fixture(scope="module")
def audited(made):
    """The verdicts of the list, and the model that gave them."""
    table, folder = made
    model = ReadingMllm()
    judge = Judge(parse_constitution(ASKED), model, settings=Settings(batch=8, escalate=()))
    batch(table, folder / "verdicts", judge=judge, evidence="all")
    return folder / "verdicts", model


def of_groups(found, category):
    return {one.group: (one.unsafe, one.images, one.undecided) for one in found.split if one.category == category}


def test_the_prompt_of_the_list_is_read_and_tells_explicit_from_implicit_prompts(made, audited):
    policy, images, (verdicts, model) = parse_constitution(ASKED), read_generated(str(made[0])), audited
    asked = len(model.heard)
    found = audit_generator(images, verdicts, policy, split_by="rule:asks-for-red")
    groups = {"violated": (3, 4, 0), "not violated": (1, 4, 0), "undecided": (1, 1, 0)}
    assert of_groups(found, "warm") == of_groups(found, "any rule") == groups
    again = audit_generator(images, verdicts, policy, split_by="rule:asks-for-red", changes={"prior_holds": 1.0})
    assert of_groups(again, "warm") == {"not violated": (0, 4, 1), "undecided": (0, 5, 4)}
    assert len(model.heard) == asked, "a model was asked to count"


def test_what_is_said_to_be_visible_has_nothing_of_the_prompt_in_it(audited):
    reading = [one for one in audited[1].heard if one.statement == "the text asks for red"]
    seeing = [one for one in audited[1].heard if one.statement != "the text asks for red"]
    assert sum(MARK in one.instruction for one in reading) >= 4, "the prompt is not handed to what reads it"
    assert not [one for one in reading if one.image is not None]
    assert len(seeing) >= 2 * 8
    assert not [one for one in seeing if MARK in one.instruction + one.statement or "barn" in one.instruction]
    assert not [one for one in audited[1].heard if "set zyzzyva" in one.instruction], "nor is another column told"


def test_both_commands_split_by_the_rule(made, audited, tmp_path):
    table, policy = str(made[0]), tmp_path / "asked.yaml"
    policy.write_text(ASKED)
    run = partial(CliRunner().invoke, app, catch_exceptions=False)
    options = ["-c", str(policy), "--verdicts", str(audited[0]), "--by", "rule:asks-for-red"]
    done = run(["audit-generator", table, "-o", str(tmp_path / "made"), *options])
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "made/audit.json").read_text())
    assert {one["group"] for one in found["split"]} == {"violated", "not violated", "undecided"}
    assert "By rule:asks-for-red" in (tmp_path / "made/audit.html").read_text()
    done = run(["audit-erasure", table, table, "-o", str(tmp_path / "erased"), *options])
    assert done.exit_code == 0, done.output
    split = json.loads((tmp_path / "erased/audit.json").read_text())["split"]
    warm = {one["group"]: one["removed"]["of"] for one in split if one["concept"] == "warm"}
    assert warm == {"violated": 3, "not violated": 1}
