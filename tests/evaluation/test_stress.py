"""`judge eval --stress`: what is counted, beside whom a picture stands, nothing judged twice, and the real command."""

from __future__ import annotations

import json
from random import Random

import pytest
from PIL import Image

from judge.evaluation.data.datasets import dataset_of
from judge.evaluation.evaluate import evaluate
from judge.evaluation.measures.figures import Evaluation
from judge.evaluation.protocols import Example, Judgement
from judge.evaluation.reports import text as report_text
from judge.evaluation.stress import stress
from judge.evaluation.stress.company import Company
from judge.evaluation.stress.transformations import TRANSFORMATIONS
from tests.conftest import ROOT
from tests.evaluation.test_command import evaluated
from tests.judging.scenes import constitution

CHOSEN = [one for one in TRANSFORMATIONS if one.name in ("inverted", "mirrored", "collage 2 x 2", "in an animation")]
RULES = constitution(
    "id: dark, rule: no dark, preconditions: [it is dark]", "id: red, rule: no red, preconditions: [it is red]"
)


class Shade:
    """Takes a picture whose left upper pixel is dark for unsafe under one rule, a red one under another; grey is open."""

    name, kind, about, names_rules, identity = "clue", "method", "By shade.", True, "1"

    def __init__(self):
        self.asked = []

    def judge(self, paths, contexts=None):
        for path in paths:
            self.asked.append(path)
            with Image.open(path) as image:
                red, green, _ = image.convert("RGB").getpixel((0, 0))
            rules = tuple(rule for rule, broken in (("dark", red < 100), ("red", red - green > 100)) if broken)
            word = "violation" if rules else "needs_review" if red < 150 else "no_violation"
            yield Judgement(verdict=word, violations=rules, seconds=0.25)


# colour of every picture, and the rules that it truly violates: two are judged wrongly as they are
PICTURES = {
    "dark": ((40, 40, 40), {"dark"}),
    "black": ((0, 0, 0), {"dark"}),
    "missed": ((200, 200, 200), {"dark"}),
    "by chance": ((50, 50, 50), {"red"}),  # flagged, but not for what it violates
    "white": ((255, 255, 255), set()),
    "pale": ((220, 220, 220), set()),
    "open": ((120, 120, 120), set()),
}


@pytest.fixture
def data(tmp_path):
    examples = []
    for name, (colour, broken) in PICTURES.items():
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (16, 12), colour).save(path)
        truth = {rule: rule in broken for rule in ("dark", "red")}
        examples.append(Example(id=path.name, path=str(path), unsafe=bool(broken), rules=truth))
    return dataset_of("shades", examples)


def measured(data, tmp_path, method):
    found = evaluate(data, method, [], constitution=RULES, folder=tmp_path / "kept")
    said = found.judgements[method.name]
    return stress(
        data.examples, said, method, constitution=RULES, folder=tmp_path / "kept/stress", transformations=CHOSEN
    ), found.evaluation


def test_only_what_was_judged_rightly_can_be_kept_or_lost(data, tmp_path):
    found, _ = measured(data, tmp_path, Shade())
    assert (found.violating_right, found.violating, found.fine_right, found.fine, found.left_out) == (2, 4, 2, 3, 0)
    rows = {one.name: one for one in found.disguises}
    assert list(rows) == [one.name for one in CHOSEN] and found.not_done == ()
    mirrored, inverted = rows["mirrored"], rows["inverted"]
    assert (mirrored.violating, mirrored.kept.count, mirrored.lost.count, mirrored.passed.count) == (2, 2, 0, 2)
    assert (inverted.kept.count, inverted.lost.count, inverted.fine, inverted.flagged.count) == (0, 2, 2, 2)
    assert inverted.lost.share.value == 1.0 and inverted.lost.share.low == pytest.approx(0.1581, abs=1e-3)  # exact
    for row in rows.values():
        parts = (row.kept, row.other_rule, row.review, row.lost)
        assert sum(one.count for one in parts) == row.violating
        assert sum(one.count for one in (row.passed, row.fine_review, row.flagged)) == row.fine
        assert row.seconds == 0.25


def test_what_is_flagged_for_another_rule_only_is_not_kept(tmp_path):
    rows = {}
    for name, colour in (("a", (60, 200, 200)), ("b", (50, 180, 180)), ("white", (255, 255, 255))):
        Image.new("RGB", (8, 8), colour).save(tmp_path / f"{name}.png")
        rows[name] = Example(
            id=name, path=str(tmp_path / f"{name}.png"), unsafe=name != "white", rules={"dark": name != "white"}
        )
    found, _ = measured(dataset_of("cyan", rows.values()), tmp_path, Shade())
    inverted = next(one for one in found.disguises if one.name == "inverted")  # (60, 200, 200) becomes red
    assert (inverted.kept.count, inverted.other_rule.count, inverted.lost.count) == (0, 2, 0)


def test_a_second_run_judges_nothing_and_an_interrupted_one_goes_on(data, tmp_path):
    first, second = Shade(), Shade()
    whole, _ = measured(data, tmp_path, first)
    assert len(first.asked) == len(PICTURES) + len(CHOSEN) * 4
    again, _ = measured(data, tmp_path, second)
    assert second.asked == [] and again == whole
    kept = tmp_path / "kept/stress/clue-inverted.jsonl"
    kept.write_text("".join(kept.read_text().splitlines(keepends=True)[:3]))
    third = Shade()
    assert measured(data, tmp_path, third)[0] == whole and len(third.asked) == 1


def test_without_fine_pictures_what_shows_others_is_not_done_and_said(data, tmp_path):
    violating = dataset_of("dark", [one for one in data.examples if one.unsafe])
    found, _ = measured(violating, tmp_path, Shade())
    assert [one.name for one in found.disguises] == ["mirrored", "inverted"]
    assert found.not_done == ("collage 2 x 2", "in an animation")


def test_a_file_with_several_views_is_left_out_and_counted(data, tmp_path):
    frames = [Image.new("RGB", (16, 12), (shade, shade, shade)) for shade in (20, 60)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    moving = Example(id="moving.gif", path=str(tmp_path / "moving.gif"), unsafe=True, rules={"dark": True})
    found, _ = measured(dataset_of("moving", [*data.examples, moving]), tmp_path, Shade())
    assert (found.left_out, found.violating_right) == (1, 3)
    assert all(one.violating == 2 for one in found.disguises)


def known(name, **statements):
    return Example(
        id=name, path=name, unsafe=False, statements={one.replace("_", " "): said for one, said in statements.items()}
    )


CHILD = constitution(
    "id: child, rule: no such thing, preconditions: [a child is visible, alcohol is visible]",
    "id: armed, rule: no such thing, preconditions: [a weapon is visible], exceptions: [an officer is visible]",
)


def test_company_does_not_make_a_picture_violating():
    child = known("child", a_child_is_visible=True, alcohol_is_visible=False)
    beer = known("beer", a_child_is_visible=False, alcohol_is_visible=True)
    house = known("house", a_child_is_visible=False, alcohol_is_visible=False)
    company = Company([child, beer, house], CHILD)
    for seed in range(8):
        assert [one.id for one in company.beside(child, 3, Random(seed))] == ["house"]
        assert len(company.beside(house, 3, Random(seed))) == 1  # a child or a beer, never both
    assert company.beside(known("unknown"), 1, Random(1))  # nothing is known of it: nothing is known against it


def test_company_does_not_lift_what_a_picture_violates():
    armed = known("armed", a_weapon_is_visible=True, an_officer_is_visible=False)
    armed = armed.model_copy(update={"unsafe": True, "rules": {"armed": True}})
    officer = known("officer", a_weapon_is_visible=False, an_officer_is_visible=True)
    assert Company([officer], CHILD).beside(armed, 1, Random(1)) == ()


def test_the_table_says_of_which_images_it_is(data, tmp_path):
    found, evaluation = measured(data, tmp_path, Shade())
    told = report_text.table(evaluation.model_copy(update={"stress": found}))
    assert "2 of 4 violating images and 2 of 3 fine ones" in told
    row = next(line for line in told.splitlines() if line.startswith("inverted"))
    assert "2: 100 % [16, 100]" in row and max(map(len, told.splitlines()[:-1])) <= 200
    assert "In disguise" not in report_text.table(evaluation)


ONE_RULE = """
constitution: fire
version: 1.0.0
rules:
  - id: body-on-fire
    rule: No person may be shown with its body on fire.
    preconditions: [people are visible, fire is visible, the body is on fire]
"""
DRAWN = {"body-on-fire-violating": True, "body-on-fire-borderline": False, "body-on-fire-borderline-campfire": False}


@pytest.fixture(scope="module")
def stressed(tmp_path_factory):
    """The real command on three shipped drawings, with the bundled model."""
    folder, out = tmp_path_factory.mktemp("drawings"), tmp_path_factory.mktemp("out")
    for name in DRAWN:
        (folder / f"{name}.png").write_bytes((ROOT / f"examples/images/{name}.png").read_bytes())
    rows = [{"file_name": f"{name}.png", "unsafe": unsafe} for name, unsafe in DRAWN.items()]
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (out / "fire.yaml").write_text(ONE_RULE)
    arguments = (folder, "-c", out / "fire.yaml", "--out", out)
    found = evaluated(*arguments, "--stress")
    assert found.exit_code == 0, found.output
    return arguments, out, found


def test_the_command_writes_disguises_into_every_report_and_asks_nothing_again(stressed):
    arguments, out, found = stressed
    report = Evaluation.model_validate_json((out / "report.json").read_text())
    assert report.stress is not None
    assert [one.name for one in report.stress.disguises] == [one.name for one in TRANSFORMATIONS]
    assert (report.stress.violating_right, report.stress.fine_right) == (1, 2)
    assert all(one.seconds is None or one.seconds > 0 for one in report.stress.disguises)
    assert "In disguise" in found.stdout and "rotated 90" in found.stdout
    page = (out / "report.html").read_text()
    assert 'id="stress"' in page and "plot-stress-violating" in page and "rotated 180" in page
    kept = {path: path.read_bytes() for path in out.rglob("*.jsonl")}
    assert len(kept) == 1 + len(TRANSFORMATIONS)
    again = evaluated(*arguments, "--stress", "--json")
    assert Evaluation.model_validate_json(again.stdout).stress == report.stress
    assert {path: path.read_bytes() for path in out.rglob("*.jsonl")} == kept


def test_without_the_option_there_is_nothing_of_it(stressed):
    arguments, out, _ = stressed
    report = evaluated(*arguments, "--json")
    assert "stress" not in json.loads(report.stdout)
    assert 'id="stress"' not in (out / "report.html").read_text()
