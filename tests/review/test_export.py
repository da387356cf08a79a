"""What goes in and out of the store by the command line, the samples, and what of an image may be shown."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from scipy.fft import dctn
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.errors import ImageError, UserError
from judge.review import samples as shipped
from judge.review.audit import audit
from judge.review.export import export
from judge.review.shield import FIELDS, revealed, shielded
from judge.review.store import Decision, Filters, GoldReads, ReviewSettings, SecondReads, Store
from tests.conftest import ROOT
from tests.review.shelf import DRAWINGS, drawing, samples
from tests.review.test_near import copies, put

FIRE = "body-on-fire-violating.png"
FORMULA = '=HYPERLINK("http://example.org")'


@pytest.fixture
def store(tmp_path):
    """A decision that was taken back, and one after a reveal that overrides the judge."""
    with Store.open(tmp_path / "data") as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        item = opened.add(samples()[FIRE], drawing(FIRE), "upload")
        opened.take(item, "ann")
        opened.decide(item, "ann", Decision(action="violation", rules=("body-on-fire", "drugs"), seconds=4.2))
        opened.undo("ann")
        opened.reveal(item, "ann")
        opened.decide(item, "ann", Decision(action="no_violation", reason=FORMULA))
        yield opened


def run(*arguments, typed=None):
    return CliRunner().invoke(app, [str(one) for one in arguments], input=typed)


def test_json_lines_have_everything(store):
    out = run("export", "--data", store.folder, "--json")
    first, second = map(json.loads, out.stdout.splitlines())
    assert (first["action"], first["rules"], first["seconds"]) == ("violation", ["body-on-fire", "drugs"], 4.2)
    assert first["superseded_by"] == first["seq"] + 1 and second["superseded_by"] is None
    assert (first["overrides"], second["overrides"]) == (False, True)
    assert (first["reveals"], second["reveals"]) == (0, 1)
    assert second["reason"] == FORMULA
    verdict = samples()[FIRE]
    assert second["image_sha256"] == verdict.image_facts.sha256
    assert second["constitution_digest"] == verdict.provenance.constitution_digest
    evidence = {one["rule"]: one for one in second["evidence"]}["body-on-fire"]
    told = next(one for one in verdict.findings if one.rule == "body-on-fire")
    asked = [one for condition in told.preconditions for one in condition.alternatives]
    assert evidence["outcome"] == told.outcome
    assert [one["statement"] for one in evidence["statements"]] == [one.statement for one in asked]
    assert [one["probability"] for one in evidence["statements"]] == [
        one.answer and one.answer.probability for one in asked
    ]
    assert 0 <= second["scores"]["body-on-fire"] <= 1


def test_the_three_formats_say_the_same(store, tmp_path):
    written = {form: tmp_path / f"decisions.{form}" for form in ("csv", "jsonl", "parquet")}
    for form, path in written.items():
        assert run("export", "--data", store.folder, "--format", form, "--out", path).exit_code == 0
    lines = [json.loads(line) for line in written["jsonl"].read_text().splitlines()]
    with written["csv"].open(newline="") as file:
        cells = list(csv.DictReader(file))
    table = pq.read_table(written["parquet"]).to_pylist()
    assert len(lines) == len(cells) == len(table) == 2
    for line, cell, row in zip(lines, cells, table, strict=True):
        assert list(line) == list(cell) == list(row)
        assert json.loads(cell["evidence"]) == json.loads(row["evidence"]) == line["evidence"]
        assert {name: row[name] for name in ("seq", "score", "rules", "overrides")} == {
            name: line[name] for name in ("seq", "score", "rules", "overrides")
        }
        assert cell["rules"] == ";".join(line["rules"])
    assert cells[1]["reason"] == f"'{FORMULA}"  # a spreadsheet shows it and runs nothing
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "data",
        "decisions.csv",
        "decisions.jsonl",
        "decisions.parquet",
    ]


def test_what_was_decided_together_is_told(tmp_path):
    with Store.open(tmp_path / "data") as store:
        store.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        ids = [put(store, FIRE, image) for image in copies(FIRE, 2)]
        store.take(ids[0], "ann")
        store.decide_together(ids[0], "ann", Decision(action="violation", rules=("body-on-fire",)), (ids[1],))
        buffer = io.BytesIO()
        export(store, "jsonl", buffer)
    first, second = map(json.loads, buffer.getvalue().splitlines())
    assert (first["item"], first["like"]) == (ids[0], None)
    assert (second["item"], second["like"]) == (ids[1], first["seq"])


def test_an_empty_store_exports_a_header(tmp_path):
    with Store.open(tmp_path / "new") as store:
        buffer = io.BytesIO()
        assert export(store, "csv", buffer) == 0
    assert {"who", "action", "reason", "evidence"} <= set(buffer.getvalue().decode().strip().split(","))
    assert buffer.getvalue().count(b"\n") == 1


def test_what_cannot_be_exported(store, tmp_path):
    for arguments, why in (
        (["--format", "parquet"], "not written to stdout"),
        (["--out", tmp_path / "no" / "folder.csv"], "cannot write"),
    ):
        out = run("export", "--data", store.folder, *arguments)
        assert isinstance(out.exception, UserError) and why in str(out.exception)
    missing = run("export", "--data", tmp_path / "nothing")
    assert isinstance(missing.exception, UserError) and "no review store" in str(missing.exception)
    assert not (tmp_path / "nothing").exists()


def test_a_batch_comes_in_with_its_images(tmp_path):
    lines = [samples()[name].model_dump_json() for name in (FIRE, "drugs-violating.png")]
    lines.append(samples()["drugs-borderline.png"].model_copy(update={"image": "lost.png"}).model_dump_json())
    data = ["--data", tmp_path / "data"]
    first = run("review", "add", "-", "--images", DRAWINGS, *data, "--json", typed="\n".join(lines))
    assert json.loads(first.stdout) == {"given": 3, "added": 3, "without_image": ["lost.png"], "without_evidence": 0}
    assert "1 added without an image, such as lost.png" in first.stderr
    again = run("review", "add", "-", "--images", DRAWINGS, *data, "--json", typed="\n".join(lines))
    assert json.loads(again.stdout)["added"] == 0
    with Store.open(tmp_path / "data") as store:
        assert [one.has_image for one in store.list()] == [True, True, False]
        assert store.image(store.list()[0].id) == drawing(FIRE)
        assert {one.source for one in store.list()} == {"batch"}


def test_a_line_that_is_no_verdict_is_named(tmp_path):
    file = tmp_path / "verdicts.jsonl"
    file.write_text(samples()[FIRE].model_dump_json() + '\n{"verdict": "violation"}\n')
    out = run("review", "add", file, "--data", tmp_path / "data")
    assert isinstance(out.exception, UserError) and f"{file}:2: no verdict" in str(out.exception)


def test_data_stands_behind_the_command(tmp_path):
    out = run("review", "--data", tmp_path / "a", "settings")
    assert isinstance(out.exception, UserError) and "put it behind" in str(out.exception)


def test_settings_are_kept_and_logged(store):
    out = run("review", "settings", "--second-reads", 0.25, "--break-every", 50, "--data", store.folder, "--json")
    assert json.loads(out.stdout)["second_reads"]["share"] == 0.25
    assert (store.settings.breaks.every_minutes, store.settings.gold.share) == (50, 0.0)
    assert [one.kind for one in store.log()].count("settings_changed") == 2
    run("review", "settings", "--data", store.folder)  # showing changes nothing
    run("review", "settings", "--break-every", 0, "--data", store.folder)
    assert store.settings.breaks.every_minutes is None
    assert [one.kind for one in store.log()].count("settings_changed") == 3


def test_a_new_store_begins_with_marked_samples(tmp_path):
    with Store.open(tmp_path / "data") as store:
        assert shipped.fill(store) == len(samples()) == len(list(DRAWINGS.glob("*.png")))
        assert store.count(Filters(source="sample")).total == store.count().total
        assert {one.who for one in store.decisions()} <= {shipped.FIRST, shipped.SECOND}
        counts = store.count()
        assert counts.decided >= 8 and counts.second_read >= 1 and counts.open >= 20
        assert {one.agrees for one in store.decisions() if one.read == "second"} <= {True, None}
        for one in store.list(limit=100):
            assert store.image(one.id) == drawing(one.image)
        assert audit(store).problems == ()
        assert shipped.fill(store) == 0
    agreed = run("review", "agreement", "--data", tmp_path / "data", "--json")
    assert agreed.exit_code == 0 and json.loads(agreed.stdout)["agreement"][0]["rule"] == "any rule"


def test_samples_are_of_the_shipped_constitution():
    from judge.constitution.load import load_constitution

    demo = {rule.id for rule in load_constitution(ROOT / "constitutions" / "demo.yaml").rules}
    assert all({one.rule for one in verdict.findings} == demo for verdict in samples().values())
    assert shipped.VERDICTS.stat().st_size < 60_000


@pytest.mark.parametrize("mode", ["blur", "grey"])
def test_nothing_finer_than_the_colour_fields_is_in_a_shielded_picture(mode):
    scene = np.full((300, 400, 3), 60, np.uint8)
    scene[:, :200] = (200, 90, 70)
    noise = np.random.default_rng(1).integers(-30, 31, (300, 400, 1))
    pictures = [_png(scene), _png((scene + noise).astype(np.uint8))]
    plain, detailed = (np.asarray(Image.open(io.BytesIO(shielded(one, 240, mode))), float) for one in pictures)
    assert plain.shape == (180, 240, 3)
    assert np.abs(plain - detailed).mean() < 4  # the detail, 15 grey levels on average, is gone
    waves = dctn(detailed.mean(axis=2)) ** 2
    waves[0, 0] = 0.0  # how bright it is on the whole
    assert waves[: 2 * FIELDS, : 2 * FIELDS].sum() > 0.99 * waves.sum()
    colours = np.ptp(detailed, axis=2).max()
    assert colours < 3 if mode == "grey" else colours > 50


def test_a_shielded_picture_is_made_once_and_of_anything(monkeypatch):
    made = shielded(drawing(FIRE), 96)
    monkeypatch.setattr("judge.review.shield._shielded", None)
    assert shielded(drawing(FIRE), 96) is made
    monkeypatch.undo()
    broken = Image.open(io.BytesIO(shielded(b"no image", 96)))
    assert broken.size == (96, 96) and len(set(broken.tobytes())) == 1


def test_a_revealed_picture_is_upright_small_enough_and_bare():
    original = Image.new("RGB", (600, 300), "red")
    exif = original.getexif()
    exif[0x0112], exif[0x010E] = 6, "secret words"  # turned by 90 degrees
    buffer = io.BytesIO()
    original.save(buffer, format="JPEG", exif=exif)
    assert b"secret words" in buffer.getvalue()
    shown = revealed(buffer.getvalue(), 400)
    picture = Image.open(io.BytesIO(shown))
    assert picture.size == (200, 400) and not picture.getexif() and b"secret words" not in shown
    clear = Image.open(io.BytesIO(revealed(drawing(FIRE), 400)))
    with Image.open(DRAWINGS / FIRE) as drawn:
        assert np.array_equal(np.asarray(clear), np.asarray(drawn.convert("RGB")))
    with pytest.raises(ImageError, match="no view 1"):
        revealed(drawing(FIRE), 400, view=1)


def _png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
