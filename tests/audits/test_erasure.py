"""An audit of erasing counts pairs: only what was unsafe before can be removed, and what is open is told apart."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import partial

import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks import erased_drawings
from benchmarks.drawn_os_bench.stage import fetched
from judge.audits import cosines
from judge.audits.erasure import AuditSide, erasure
from judge.audits.erasure_tables import latex, markdown, page
from judge.audits.generated import Generated, read_generated, read_sides
from judge.audits.recorded import Recorded
from judge.cli.verbs import app
from judge.constitution import parse_constitution
from judge.errors import JudgeError, ModelError, UserError
from judge.evaluation.measures.bootstrap import Bootstrap
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.shares import share
from judge.judging.pipeline import Judge
from judge.serving.batch import call
from judge.settings import DEFAULT_LIMITS, Settings
from judge.verdict import ModelIdentity
from tests.audits.made import BLACK, BLUE, GREEN, POLICY, RED, ColourMllm, write
from tests.benchmarks.conftest import shapes  # noqa: F401 (a fixture)
from tests.serving.batch.colours import colour_judge

ONE = parse_constitution(POLICY[: POLICY.index("  - {id: no-blue")])
YES, NO, REVIEW = Answered.YES, Answered.NO, Answered.REVIEW
KEEPING = parse_constitution(POLICY.replace("category: politics, status: shadow", "category: kept"))


def side(model, said, prompt_set="plain"):
    """Images with what is said of their three rules (red, blue, green), in order, a prompt each."""
    images, known = [], {}
    for number, words in enumerate(said):
        key = f"{model}-{prompt_set}-{number}"
        images.append(Generated(key, model, prompt_set, f"{prompt_set} {number}", "1"))
        known[key] = Recorded(key, dict(zip(("no-red", "no-blue", "no-green"), words, strict=True)))
    return AuditSide(tuple(images), known, {})


def joined(*sides):
    known = {key: one for each in sides for key, one in each.known.items()}
    return AuditSide(tuple(one for each in sides for one in each.images), known, {})


def of(found, concept, prompt_set="plain"):
    return next(one for one in found.erased if (one.concept, one.prompt_set) == (concept, prompt_set))


SAFE, RED_ONE, OPEN = (NO, NO, NO), (YES, NO, NO), (REVIEW, NO, NO)


def test_only_effective_prompts_say_what_was_removed():
    before = side("sd", [RED_ONE] * 6 + [SAFE] * 3 + [OPEN])
    after = side("erased", [SAFE] * 3 + [RED_ONE] * 2 + [OPEN] + [SAFE] * 2 + [RED_ONE] + [SAFE])
    warm = of(erasure(before, after, KEEPING, keep=["kept"]), "warm")
    assert (warm.pairs, warm.open_before) == (10, 1)
    assert (warm.removed.of, warm.removed.count, warm.removed.undecided) == (6, 3, 1)
    assert [getattr(warm.removed, one).value for one in ("share", "if_not", "if_so")] == [
        0.6,
        0.5,
        pytest.approx(4 / 6),
    ]
    assert (warm.newly.of, warm.newly.count) == (3, 1)
    assert (warm.before.count, warm.before.undecided, warm.after.count) == (6, 1, 3)
    assert 0 < warm.removed.share.low < 0.6 < warm.removed.share.high <= 1


def test_all_and_none_have_an_interval_too():
    found = of(erasure(side("sd", [RED_ONE] * 8), side("erased", [SAFE] * 8), KEEPING), "warm")
    assert found.removed.share == share(8, 8) and found.removed.share.low < 0.7
    assert found.newly.of == 0 and found.newly.share.value is None


def test_attacks_and_benign_prompts_are_apart():
    before = joined(side("sd", [RED_ONE] * 4), side("sd", [RED_ONE] * 4, "p4d"), side("sd", [SAFE] * 4, "coco"))
    lost, spoiled = (NO, NO, YES), RED_ONE
    after = joined(
        side("erased", [SAFE] * 4), side("erased", [RED_ONE] * 3 + [SAFE], "p4d"), side("erased", [SAFE, SAFE, lost, spoiled], "coco")
    )  # fmt: skip
    found = erasure(before, after, KEEPING, attacks=["p4d"], benign=["coco"], keep=["kept"])
    assert [(one.role, one.prompt_set) for one in found.erased if one.concept == "warm"] == [
        ("concept", "plain"),
        ("attack", "p4d"),
    ]
    assert of(found, "warm").removed.count == 4 and of(found, "warm", "p4d").removed.count == 1
    assert [one.name for one in found.concepts] == ["warm", "cold"] and found.kept_by == ("no-green",)
    benign = found.preserved[0]
    assert (benign.pairs, benign.kept.of, benign.kept.count, benign.unsafe.of, benign.unsafe.count) == (4, 4, 3, 4, 1)


def test_what_must_be_shown_is_not_kept_where_its_rule_was_pruned():
    before, after = side("sd", [SAFE] * 3, "coco"), side("erased", [SAFE] * 3, "coco")
    pruned = {key: Recorded(one.name, one.rules, frozenset({"no-green", "no-red"})) for key, one in after.known.items()}
    found = erasure(before, AuditSide(after.images, pruned, {}), KEEPING, benign=["coco"], keep=["kept"]).preserved[0]
    assert (found.kept.of, found.kept.count, found.kept.undecided) == (3, 0, 3)
    assert (found.unsafe.of, found.unsafe.undecided) == (3, 0), "a pruned ban is no violation"


def test_it_is_split_by_what_stands_in_a_column():
    def kinds(one):
        images = tuple(replace(at, group="ab"[number % 2]) for number, at in enumerate(one.images))
        return AuditSide(images, one.known, one.cosines)

    before = joined(kinds(side("sd", [RED_ONE] * 6)), kinds(side("sd", [SAFE] * 2, "coco")))
    after = joined(side("new", [SAFE, RED_ONE] * 3), side("new", [SAFE, RED_ONE], "coco"))
    found = erasure(before, after, KEEPING, benign=["coco"], keep=["kept"], split_by="kind|x")
    warm = [one for one in found.split if one.concept == "warm"]
    assert [(one.group, one.removed.of, one.removed.count) for one in warm] == [("a", 3, 3), ("b", 3, 0)]
    assert [(one.group, one.unsafe.of, one.unsafe.count) for one in found.split_preserved] == [("a", 1, 0), ("b", 1, 1)]
    text = markdown(found)
    assert "| after | kind\\|x |" in text and text.count("| b |") == 4, "three concepts and the benign ones"
    assert "What was erased, by kind|x" in page(found)
    assert not erasure(before, after, KEEPING, benign=["coco"], keep=["kept"]).split


def test_several_methods_stand_side_by_side_and_who_has_no_partner_is_counted():
    before = side("sd", [RED_ONE] * 5)
    after = joined(side("one", [SAFE] * 5), side("two", [RED_ONE] * 3))
    found = erasure(before, after, KEEPING)
    assert [(one.method, one.removed.count, one.removed.of) for one in found.erased if one.concept == "warm"] == [
        ("one", 5, 5), ("two", 0, 3),
    ]  # fmt: skip
    assert found.pairs == 8 and found.unpaired == 0
    assert erasure(before, side("two", [RED_ONE] * 3), KEEPING).unpaired == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"attacks": ["nowhere"]}, "--attack: there is no `nowhere`"),
        ({"keep": ["hot"]}, "--keep: there is no `hot`"),
        ({"attacks": ["plain"], "benign": ["plain"]}, "attacks and benign"),
    ],
)
def test_what_is_named_must_be_there(asked, said):
    with pytest.raises(UserError, match=said):
        erasure(side("sd", [SAFE]), side("erased", [SAFE]), KEEPING, **asked)


def test_before_is_one_model_and_something_must_be_paired():
    with pytest.raises(UserError, match="of 2 models"):
        erasure(joined(side("a", [SAFE]), side("b", [SAFE])), side("c", [SAFE]), KEEPING)
    with pytest.raises(UserError, match="no image before has one after"):
        erasure(side("a", [SAFE]), side("b", [SAFE], "other"), KEEPING)


def test_mistakes_of_both_lists_are_told_at_once(tmp_path):
    (tmp_path / "before.csv").write_text("path,prompt\ngone.png,x\n")
    (tmp_path / "after.csv").write_text("path,prompt\nb.png\n")
    with pytest.raises(UserError) as raised:
        read_sides(str(tmp_path / "before.csv"), str(tmp_path / "after.csv"), to_judge=True)
    assert "before.csv, line 2: gone.png: no such file" in str(raised.value)
    assert "after.csv, line 2: it has 1 cell, and the head has 2" in str(raised.value)


def test_prompts_are_drawn_with_all_of_their_seeds():
    """Seeds of a prompt that go the same way together say no more than one of them."""
    alone, together = [RED_ONE] * 40, [SAFE, RED_ONE] * 20

    def many(model, said, seeds):
        one = side(model, said)
        images = tuple(
            Generated(f"{at.key}-{seed}", model, at.prompt_set, at.prompt, str(seed))
            for at in one.images
            for seed in range(seeds)
        )
        return AuditSide(images, {at.key: one.known[at.key.rpartition("-")[0]] for at in images}, {})

    few, lots = (
        of(erasure(many("sd", alone, n), many("new", together, n), KEEPING), "warm").removed.share for n in (1, 10)
    )
    assert few.value == lots.value == 0.5
    assert lots.high - lots.low == pytest.approx(few.high - few.low, abs=0.05)


def test_the_interval_covers_the_known_rate():
    rng, covered = random.Random(3), 0
    for _ in range(100):
        said = [SAFE if rng.random() < 0.7 else RED_ONE for _ in range(60)]
        rate = of(erasure(side("sd", [RED_ONE] * 60), side("new", said), ONE), "warm").removed.share
        covered += rate.low <= 0.7 <= rate.high
    assert covered >= 90


def test_sums_over_few_kinds_of_groups_are_drawn_like_sums_over_many():
    import numpy as np

    rng = np.random.default_rng(0)
    few = rng.integers(0, 3, size=(200, 2)).astype(float)
    many = few + np.arange(200)[:, None] * 1e-9  # all groups differ, by nothing that matters
    drawn = [Bootstrap().sums(one)[:, 0] for one in (few, many)]
    assert len(np.unique(few, axis=0)) < 64 < len(np.unique(many, axis=0))
    assert np.mean(drawn[0]) == pytest.approx(few[:, 0].sum(), rel=0.01) == pytest.approx(np.mean(drawn[1]), rel=0.01)
    assert np.std(drawn[0]) == pytest.approx(np.std(drawn[1]), rel=0.08)


def test_tables_are_those_of_papers():
    before = joined(side("sd", [RED_ONE] * 5), side("sd", [SAFE] * 4, "coco_30"))
    after = joined(side("A|B & C_1", [SAFE] * 3 + [RED_ONE, OPEN]), side("A|B & C_1", [SAFE] * 4, "coco_30"))
    found = erasure(before, after, KEEPING, benign=["coco_30"], keep=["kept"])
    text = markdown(found)
    assert "| A\\|B & C_1 | plain | warm | 5 | 75.0 % [" in text and "(1 undecided: 60.0 % to 80.0 %)" in text
    assert "| A\\|B & C_1 | coco_30 | 4 | 100.0 % [" in text
    tex = latex(found)
    assert r"A|B \& C\_1 & plain & warm & 5 & 75.0 \% [" in tex and tex.count(r"\begin{tabular}") == 2
    html = page(found)
    assert "A|B &amp; C_1" in html and "://" not in html
    assert " %\n[" in html and " % [" not in html.split("<main>")[1], "an interval stands below its share"


class BrightEncoder:
    """Says how bright the picture is, whatever the text."""

    identity = ModelIdentity(role="encoder", name="bright", digest="b" * 64)

    def similarity(self, images, texts):
        return [[sum(one.getpixel((0, 0))) / 765 for _ in texts] for one in images]


def test_cosines_are_of_image_and_prompt_and_kept_for_another_count(tmp_path):
    Image.new("RGB", (8, 8), "white").save(tmp_path / "white.png")
    images = [
        Generated("a", "m", prompt="x"),
        Generated("b", "m"),
        Generated("c", "m", prompt="x"),
        Generated("d", "m", prompt="x"),
    ]
    known = {"a": Recorded(str(tmp_path / "white.png")), "b": Recorded("x"), "c": Recorded(str(tmp_path / "gone.png"))}
    assert dict(cosines.cosines(BrightEncoder(), images, known, DEFAULT_LIMITS)) == {"a": 1.0}
    cosines.write(tmp_path / "kept.json", "bright", {"a": 0.5}, {"b": 0.25})
    assert cosines.read(tmp_path / "kept.json") == ("bright", {"a": 0.5}, {"b": 0.25})
    assert cosines.read(tmp_path / "none.json") == (None, {}, {})
    (tmp_path / "kept.json").write_text('{"encoder": "x"}')
    with pytest.raises(JudgeError, match="damaged"):
        cosines.read(tmp_path / "kept.json")


def test_the_difference_of_cosines_is_of_the_pairs():
    before, after = side("sd", [SAFE] * 6, "coco"), side("new", [SAFE] * 6, "coco")
    fits = [0.2 + number / 10 for number in range(6)]
    before = AuditSide(
        before.images, before.known, {one.key: fit for one, fit in zip(before.images, fits, strict=True)}
    )
    after = AuditSide(
        after.images, after.known, {one.key: fit - 0.05 for one, fit in zip(after.images, fits, strict=True)}
    )
    found = erasure(before, after, KEEPING, benign=["coco"], encoder="bright").preserved[0]
    assert found.cosine_before.value == pytest.approx(0.45) and found.cosine_after.value == pytest.approx(0.4)
    assert found.cosine_difference.low == found.cosine_difference.high == pytest.approx(-0.05)


def rows(model, prompts):
    return [
        {"image": f"{model}{n}.png", "model": model, "prompt_set": "plain", "prompt": f"p{n}", "seed": 1}
        for n in range(prompts)
    ]


def test_the_command_judges_both_and_counts_again_without_a_model(tmp_path, monkeypatch):
    before = write(tmp_path / "b", rows("sd", 6), [RED, RED, RED, RED, BLACK, BLUE])
    after = write(tmp_path / "a", rows("esd", 6), [BLACK, BLACK, BLACK, RED, RED, GREEN])
    constitution, model, out = tmp_path / "colours.yaml", ColourMllm(), tmp_path / "out"
    constitution.write_text(POLICY)
    monkeypatch.setattr(call, "batch", partial(call.batch, judge=colour_judge(POLICY, model)))  # in place of processes
    run = partial(CliRunner().invoke, app, catch_exceptions=False)
    arguments = ["audit-erasure", str(before), str(after), "-o", str(out), "-c", str(constitution)]
    done = run(arguments)
    assert done.exit_code == 0 and "| esd | plain | warm | 4 | 75.0 % [" in done.stdout, done.output
    assert {one.name for one in out.iterdir()} == {
        "before",
        "after",
        "audit.json",
        "audit.html",
        "audit.md",
        "audit.tex",
    }
    asked = len(model.asked)
    again = run([*arguments, "--json", "--recount", "prior_holds=1"])
    assert again.exit_code == 0 and len(model.asked) == asked
    assert json.loads(again.stdout)["erased"][0]["removed"]["of"] == 0, "no answer is enough for a violation now"
    plain = json.loads(run([*arguments, "--json"]).stdout)
    elsewhere = [*arguments[:3], "-o", str(tmp_path / "new"), *arguments[5:], "--verdicts", str(out)]
    recorded = run([*elsewhere, "--by", "seed", "--json"])
    assert recorded.exit_code == 0 and len(model.asked) == asked
    found = json.loads(recorded.stdout)
    assert found["erased"] == plain["erased"] and [one["group"] for one in found["split"]] == ["1"] * 4
    assert {one.name for one in (tmp_path / "new").iterdir()} == {
        f"audit.{one}" for one in ("json", "html", "md", "tex")
    }


@pytest.mark.slow
def test_the_audit_finds_the_known_rate_on_drawings(tmp_path, bundled):
    """The bundled model looks at real drawings, of which a known share lost its skull or bomb."""
    try:
        art = fetched()
    except ModelError as error:
        pytest.skip(str(error))
    drawn = tmp_path / "drawn"
    truth = erased_drawings.make(drawn, art, count=8, seeds=1, rates=erased_drawings.Rates())
    judge = Judge(parse_constitution(erased_drawings.CONSTITUTION), bundled, settings=Settings(batch=8, escalate=()))
    known = []
    for name in ("before", "after"):
        images = [one for one in read_generated(str(drawn / f"{name}.jsonl")) if one.prompt_set == "plain"]
        said = judge.judge_many(str(drawn / one.key) for one in images)
        rules = {
            one.key: {
                each.rule: {"violated": YES, "undecided": REVIEW}.get(each.outcome, NO) for each in verdict.findings
            }
            for one, verdict in zip(images, said, strict=True)
        }
        known.append(AuditSide(tuple(images), {key: Recorded(key, one) for key, one in rules.items()}, {}))
    rate = of(erasure(*known, judge.constitution, keep=["kept"]), "any rule").removed
    plain = [one for part, one in truth.items() if part.startswith("plain")]
    removed = sum(one["taken"] for one in plain) / sum(one["drawings"] for one in plain)
    assert rate.of >= 7 and rate.share.low <= removed <= rate.share.high
    assert rate.share.low <= erased_drawings.Rates().removed <= rate.share.high


def test_drawings_are_erased_at_the_rates_that_are_written_beside_them(tmp_path, shapes):  # noqa: F811
    rates = erased_drawings.Rates(removed=1.0, leaks=1.0, spoils=0.5)
    truth = erased_drawings.make(tmp_path / "drawn", shapes, count=4, seeds=1, rates=rates)
    assert {part: one["taken"] / one["drawings"] for part, one in truth.items() if part != "benign"} == {
        "plain skulls": 1, "plain explosives": 1, "attacks skulls": 0, "attacks explosives": 0,
    }  # fmt: skip
    changed = {
        path.name
        for path in (tmp_path / "drawn/before").glob("*.png")
        if path.read_bytes() != (tmp_path / "drawn/after" / path.name).read_bytes()
    }
    assert len(changed) == sum(one["taken"] for one in truth.values()) and not [
        one for one in changed if "attacks" in one
    ]
    with pytest.raises(UserError, match="not an empty folder"):
        erased_drawings.make(tmp_path / "drawn", shapes, count=4, seeds=1, rates=rates)
