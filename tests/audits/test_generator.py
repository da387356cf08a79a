"""An audit of generators counts what is recorded, tells what it does not know, and asks no model."""

from __future__ import annotations

import json
import re
from functools import partial

import pytest
from typer.testing import CliRunner

from judge.audits.generated import Generated, doubled, read_generated
from judge.audits.generator import audit_generator, figures
from judge.audits.page import page
from judge.audits.recorded import Recorded, parse_changes
from judge.audits.shapes import Category
from judge.audits.shares import Audited, differences
from judge.cli.verbs import app
from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.evaluation.measures.bootstrap import Bootstrap
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.shares import share
from judge.serving.batch import call
from judge.significance import holm
from tests.audits.made import BLACK, BLUE, GREEN, POLICY, RED, ColourMllm, Unsure, cell, judged, policy, write
from tests.serving.batch.colours import colour_judge

YES, NO, REVIEW = Answered.YES, Answered.NO, Answered.REVIEW


def rows(models, prompts, seeds=(1,), **more):
    return [
        {"image": f"{model}-{number}-{seed}.png", "model": model, "prompt_set": "coco", "prompt": prompt, "seed": seed, **more}
        for model in models
        for number, prompt in enumerate(prompts)
        for seed in seeds
    ]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Of two models twelve pictures each: one makes red ones and blue ones, the other a green one."""
    folder = tmp_path_factory.mktemp("audit")
    table = rows(["bold", "tame"], [f"<b>prompt {number}</b>" for number in range(4)], (1, 2, 3))
    table = [{**row, "kind": "explicit" if "0" in row["prompt"] else "implicit"} for row in table]
    colours = [RED] * 6 + [BLUE] * 2 + [BLACK] * 4 + [GREEN] + [BLACK] * 11
    return write(folder / "in", table, colours), folder


@pytest.fixture(scope="module")
def audit(made):
    table, folder = made
    model = ColourMllm()
    out = judged(table, folder / "out", model)
    asked = len(model.asked)
    found = audit_generator(read_generated(str(table), by="kind"), out, policy(), split_by="kind")
    assert len(model.asked) == asked
    return found


def test_shares_are_those_of_the_pictures(audit):
    assert audit.images == 24 and audit.models == ("bold", "tame") and audit.without_verdict == audit.beside == 0
    assert [(one.name, one.in_shadow) for one in audit.categories] == [
        ("any rule", False), ("warm", False), ("cold", False), ("politics", True),
    ]  # fmt: skip
    any_rule = cell(audit, "bold", "any rule")
    assert (any_rule.unsafe, any_rule.images, any_rule.undecided) == (8, 12, 0)
    assert any_rule.share == share(8, 12) == any_rule.if_safe == any_rule.if_unsafe
    assert [cell(audit, "bold", one).unsafe for one in ("warm", "cold", "politics")] == [6, 2, 0]
    assert [cell(audit, "tame", one).unsafe for one in ("any rule", "politics")] == [0, 1]


def test_models_are_compared_on_the_same_prompts_and_seeds(audit):
    tests = {one.category: one for one in audit.differences}
    assert len(tests) == 4 and audit.unpaired == 0
    found = tests["any rule"]
    assert (found.pairs, found.only_model, found.only_other, found.open) == (12, 8, 0, 0)
    assert found.p_value == pytest.approx(2 / 2**8) and found.p_adjusted == pytest.approx(4 * 2 / 2**8)
    assert found.difference.value == pytest.approx(8 / 12, abs=1e-6)
    assert found.difference.low < 8 / 12 < found.difference.high < 1
    assert tests["politics"].p_value == tests["politics"].p_adjusted == 1


def test_any_rule_and_the_only_category_are_one_test():
    categories = (Category(name="any rule", rules=("no-red",)), Category(name="warm", rules=("no-red",)))
    images = []
    for model in ("one", "other"):
        for seed in range(8):
            said = YES if model == "one" else NO
            image = Generated(f"{model}{seed}", model, "set", "a fox", str(seed))
            images.append(Audited(image, image.key, {"any rule": said, "warm": said}))
    found, _ = differences(images, categories, Bootstrap(draws=50))
    assert [one.p_adjusted for one in found] == [one.p_value for one in found] == [pytest.approx(2 / 2**8)] * 2


def test_prompts_that_do_it_most_come_first(audit):
    assert [(one.prompt, one.unsafe, one.images) for one in audit.prompts] == [
        ("<b>prompt 0</b>", 3, 6), ("<b>prompt 1</b>", 3, 6), ("<b>prompt 2</b>", 2, 6),
    ]  # fmt: skip
    assert audit.prompts[0].categories == {"warm": 3, "politics": 1}


def test_it_is_split_by_a_column_of_the_list(audit):
    of = {(one.group, one.model): one for one in audit.split if one.category == "any rule"}
    assert {key: (one.unsafe, one.images) for key, one in of.items()} == {
        ("explicit", "bold"): (3, 3), ("implicit", "bold"): (5, 9), ("explicit", "tame"): (0, 3), ("implicit", "tame"): (0, 9),
    }  # fmt: skip


def test_what_stands_in_the_list_is_never_said_to_the_model(made, tmp_path):
    table, _ = made
    heard = []

    class Listening(ColourMllm):
        def answer(self, asks):
            heard.extend(f"{one.instruction} {one.statement}" for one in asks)
            return super().answer(asks)

    judged(table, tmp_path / "out", Listening())
    assert len(heard) >= 72
    assert not [one for one in heard if re.search(r"prompt|explicit|implicit|bold|tame|coco", one)]


def test_the_page_stands_alone_shielded_and_escaped(audit):
    html = page(audit)
    assert "<b>prompt" not in html and "&lt;b&gt;prompt 0" in html
    assert "://" not in html and "<script" not in html
    pictures = re.findall(r'<img src="(data:image/jpeg;base64,[^"]+)" alt="([^"]*)"', html)
    assert len(pictures) == 8 and {alt for _, alt in pictures} == {"shielded"}
    assert "66.7 %" in html and "in shadow" in html and "By kind" in html


def test_undecided_images_are_apart_and_bound_the_share(made, tmp_path):
    table, _ = made
    out = judged(table, tmp_path / "out", Unsure())
    found = audit_generator(read_generated(str(table)), out, policy())
    one = cell(found, "bold", "any rule")
    assert (one.unsafe, one.undecided, one.images) == (6, 4, 12)
    assert one.share == share(6, 8) and one.if_safe == share(6, 12) and one.if_unsafe == share(10, 12)
    test = next(one for one in found.differences if one.category == "any rule")
    assert test.pairs + test.open == 12 and test.open == 4


def test_recounting_asks_no_model_and_decides_by_the_recorded_answers(made, tmp_path):
    table, _ = made
    out = judged(table, tmp_path / "out", Unsure())
    images = read_generated(str(table))
    as_it_was = audit_generator(images, out, policy())
    assert audit_generator(images, out, policy(), changes={"prior_holds": 0.8}).cells == as_it_was.cells
    lax = cell(audit_generator(images, out, policy(), changes=parse_changes(["prior_holds=0.2"])), "bold", "any rule")
    assert (lax.unsafe, lax.undecided) == (10, 0), "one half is enough now"
    strict = cell(audit_generator(images, out, policy(), changes={"prior_holds": 1.0}), "bold", "warm")
    assert (strict.unsafe, strict.undecided) == (0, 8), "no answer is enough, and what failed still fails"


def test_without_evidence_nothing_is_counted_again(made, tmp_path):
    table, _ = made
    out = judged(table, tmp_path / "out", evidence="none")
    images = read_generated(str(table))
    assert cell(audit_generator(images, out, policy()), "bold", "any rule").unsafe == 8
    with pytest.raises(UserError, match="judged without evidence"):
        audit_generator(images, out, policy(), changes={"prior_holds": 0.2})


def test_what_could_not_be_judged_counts_as_undecided(tmp_path):
    table = write(tmp_path / "in", rows(["bold"], ["a", "b", "c", "d"]), [RED, RED, BLACK, BLACK])
    broken = tmp_path / "in/bold-1-1.png"
    broken.write_bytes(broken.read_bytes()[:40])
    out = judged(table, tmp_path / "out")
    images = (*read_generated(str(table)), Generated("never.png", "bold", "coco", "e", "1"))
    found = audit_generator(images[1:], out, policy())
    assert (found.without_verdict, found.beside) == (1, 1)
    for category in ("any rule", "warm", "cold", "politics"):
        assert (cell(found, "bold", category).undecided, cell(found, "bold", category).unsafe) == (2, 0)


def test_verdicts_of_another_constitution_are_refused(made, tmp_path):
    table, _ = made
    out = judged(table, tmp_path / "out")
    for other in (POLICY.replace("no-blue", "no-teal"), POLICY.replace("constitution: colours", "constitution: hues")):
        with pytest.raises(UserError, match="the verdicts are of colours"):
            audit_generator(read_generated(str(table)), out, parse_constitution(other))


def test_what_is_wrong_with_a_list_is_told_with_its_rows(tmp_path):
    table = tmp_path / "made.jsonl"
    lines = [
        '{"image": "a.png", "model": "one", "prompt": "x"}',
        "not json",
        '{"image": "b.png", "model": ""}',
        '{"image": "c.png", "model": ["one"]}',
        '{"image": "a.png", "model": "two"}',
    ]
    table.write_text("\n".join(lines))
    with pytest.raises(UserError) as raised:
        read_generated(str(table))
    said = str(raised.value)
    for part in (
        "made.jsonl, line 2: it is no JSON object",
        "line 3: its `model` is empty",
        "line 4: its `model` is neither",
        "line 5: a.png stands there twice, first at line 1",
    ):
        assert part in said
    table.write_text("\n".join(json.dumps({"image": f"{n}.png", "model": f"m{n}"}) for n in range(30)))
    with pytest.raises(UserError, match="30 different values of `model`"):
        read_generated(str(table))
    with pytest.raises(UserError, match="no column `kind`"):
        read_generated(str(table), by="kind")


def refused(folder, text, *, judge=True, **more):
    folder.mkdir(exist_ok=True)
    table = folder / "made.csv"
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as raised:
        read_generated(str(table), to_judge=judge, **more)
    return str(raised.value)


def test_all_mistakes_of_a_list_are_told_before_a_model_loads(made, tmp_path):
    (tmp_path / "a.png").write_bytes((made[0].parent / "bold-0-1.png").read_bytes())
    lines = [
        "path,model,prompt_set,prompt,seed",
        "a.png,one,coco,a dog,1",
        "gone.png,one,coco,a cat,1",
        "a.png,two,coco,a dog",
        "a.png,two,coco,a dog, asleep,1",
        '"",two,coco,"a',
        'horse",1',
        ".,two,coco,a cow,1",
        "https://example.com/a.png,two,coco,a hen,1",
    ]
    said = refused(tmp_path, "\n".join(lines).encode() + b"\na.png,B\xe4r,coco,ein B\xe4r,2\n")
    for part in (
        "made.csv, line 3: gone.png: no such file",
        "made.csv, line 4: it has 4 cells, and the head has 5",
        "made.csv, line 5: it has 6 cells, and the head has 5",
        "made.csv, line 6: the row has no path",
        "made.csv, line 8: .: no file",
        "made.csv, line 9: an address, not a file",
        "made.csv, line 10: its `model` is not UTF-8",
    ):
        assert part in said, said
    assert "line 2" not in said


def test_recorded_verdicts_need_no_images(tmp_path):
    (tmp_path / "made.csv").write_text("path,model\ngone.png,one\n")
    assert read_generated(str(tmp_path / "made.csv")) == (Generated("gone.png", "one"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path;model\na.png;one\n", "made.csv has one column, path;model\n  hint: its cells stand between `;`"),
        ("path;prompt\na.png;a dog, asleep\n", "its cells stand between `;`"),
        ("Path,model\na.png,one\n", "no column of images\n  hint: rename the column Path to path"),
        ("path,Model\na.png,one\n", "line 2: the column `Model` is not read: rename it to `model`"),
        ("path,model,prompt set\na.png,one,coco\n", "rename it to `prompt_set`"),
        ("path,model,model\na.png,one,two\n", "the column model stands there twice"),
        ("path,model\n", "no rows"),
        ("path,model\na.png\n", "line 2: it has 1 cell, and the head has 2"),
    ],
)
def test_what_is_wrong_with_the_head_says_how_to_mend_it(tmp_path, text, said):
    assert said in refused(tmp_path, text, judge=False)


def test_an_index_without_a_name_as_pandas_writes_it_is_a_column_like_others(tmp_path):
    (tmp_path / "made.csv").write_text(",path,model\n0,a.png,one\n")
    assert read_generated(str(tmp_path / "made.csv")) == (Generated("a.png", "one"),)


def test_what_stands_there_doubly_or_has_no_partner_is_told(tmp_path):
    lines = [
        "image,model,prompt,seed",
        "a.png,one,x,1",
        "b.png,one,x,1",
        "c.png,two,x,1",
        "d.png,two,y,1",
        "e.png,two,,",
    ]
    (tmp_path / "made.csv").write_text("\n".join(lines))
    images = read_generated(str(tmp_path / "made.csv"))
    assert doubled(images) == ["line 2, line 3: the same model, prompt set, prompt and seed"]
    known = {one.key: Recorded(one.key, {"no-red": NO, "no-blue": NO, "no-green": NO}) for one in images}
    found = figures(images, known, policy())
    assert (found.differences, found.unpaired) == ((), 5)
    assert figures(images[1:], known, policy()).unpaired == 2


def test_a_seed_is_the_same_number_however_it_is_kept(tmp_path):
    """Where some are missing, pandas keeps all as fractions, and the missing ones as no number."""
    seeds = {"a.png": "1", "b.png": "1.0", "c.png": '"1"', "d.png": "NaN", "e.png": "0.5"}
    lines = [f'{{"path": "{name}", "prompt": "x", "seed": {seed}}}' for name, seed in seeds.items()]
    (tmp_path / "made.jsonl").write_text("\n".join(lines))
    assert [one.seed for one in read_generated(str(tmp_path / "made.jsonl"))] == ["1", "1", "1", "", "0.5"]


def test_a_folder_says_it_by_its_paths(tmp_path):
    for name in ("one/a.png", "one/set/b.png", "two/set/a fox/7.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\x89PNG....")
    with pytest.raises(UserError, match="called `all`"):
        read_generated(str(tmp_path))
    (tmp_path / "one/a.png").unlink()
    assert read_generated(str(tmp_path)) == (
        Generated("one/set/b.png", "one", "set", "b"),
        Generated("two/set/a fox/7.png", "two", "set", "a fox", "7"),
    )
    (tmp_path / "loose.png").write_bytes(b"\x89PNG....")
    with pytest.raises(UserError, match="no folder of a model"):
        read_generated(str(tmp_path))


@pytest.mark.parametrize("given", ["prior_holds", "prior_holds=2", "prior=0.1", "prior_holds=nan", "bounds=1"])
def test_what_is_no_threshold_is_refused(given):
    with pytest.raises(UserError, match="no threshold"):
        parse_changes([given])


def test_holm_is_as_worked_out_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.5, 0.9]) == (1.0, 1.0) and holm([]) == ()


def test_the_command_judges_once_and_counts_again_without_a_model(made, tmp_path, monkeypatch):
    table, _ = made
    constitution, out, model = tmp_path / "colours.yaml", tmp_path / "audit", ColourMllm()
    constitution.write_text(POLICY)
    monkeypatch.setattr(call, "batch", partial(call.batch, judge=colour_judge(POLICY, model)))  # in place of processes
    run = partial(CliRunner().invoke, app, catch_exceptions=False)
    arguments = ["audit-generator", str(table), "-c", str(constitution)]
    done = run([*arguments, "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert f"judge: 24 images in {table}" in done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads((out / "audit.json").read_text()) and found["images"] == 24
    assert found["judged_by"] == ["colours (cccccccccccc)"] and "shielded" in (out / "audit.html").read_text()
    assert len(model.asked) == 72
    recorded = ["--verdicts", str(out / "verdicts"), "--recount", "prior_holds=1", "--by", "kind"]
    again = run([*arguments, "-o", str(tmp_path / "again"), *recorded])
    assert again.exit_code == 0 and "bold" in again.stdout, again.output
    recounted = json.loads((tmp_path / "again/audit.json").read_text())
    assert recounted["changes"] == {"prior_holds": 1.0} and recounted["cells"][0]["unsafe"] == 0
    assert len(model.asked) == 72, "a model was asked to count again"
