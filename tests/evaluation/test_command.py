"""`judge eval` with the bundled model on a few shipped drawings."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from judge.cli.verbs import app
from tests.conftest import ROOT

DRAWINGS = ROOT / "examples/images"
ROWS = [
    {"file_name": "body-on-fire-violating.png", "unsafe": True, "violates": ["body-on-fire"],
     "holds": ["people are visible", "the body is on fire"], "tags": {"context": "with"}},
    {"file_name": "body-on-fire-borderline.png", "unsafe": False, "ok": ["body-on-fire"],
     "fails": ["the body is on fire"], "tags": {"context": "against"}},
    {"file_name": "explosive-violating.png", "unsafe": True, "violates": ["explosive"]},
]  # fmt: skip


def evaluated(*arguments):
    found = CliRunner().invoke(app, ["eval", *map(str, arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawings")
    for row in ROWS:
        shutil.copy(DRAWINGS / row["file_name"], folder)
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return folder


@pytest.fixture(scope="module")
def measured(data, tmp_path_factory):
    """One run with a peer, shared by the tests that read what it left."""
    out = tmp_path_factory.mktemp("out")
    found = evaluated(data, "--out", out, "--with", "clip", "--json")
    assert found.exit_code == 0, found.output
    return out, found


def test_the_report_holds_every_figure_with_interval_and_counts(measured):
    out, found = measured
    report = json.loads((out / "report.json").read_text())
    assert json.loads(found.stdout) == report
    assert {"method", "baselines", "ablations", "peers"} <= set(report)
    for one in (report["method"], report["peers"]["clip"]):
        overall = one["overall"]
        for name in ("precision", "recall", "accuracy", "f1"):
            assert set(overall[name]) == {"value", "low", "high"}
            assert one[name] == overall[name]["value"]
            assert one["intervals"][name] == [overall[name]["low"], overall[name]["high"]]
        assert one["counts"] == overall["counts"]
        assert sum(overall["counts"].values()) == 3
    method = report["method"]
    assert set(method["per_rule"]) == {"body-on-fire", "explosive"} and "context=with" in method["per_tag"]
    assert "the body is on fire" in method["per_statement"]
    assert {one["of"] for one in method["calibration"]} == {
        "image unsafe", "statement, raw answer", "statement, debiased"
    }  # fmt: skip
    assert method["branches"] and method["relevance"] and method["cost"]["mean_seconds"] > 0
    assert {"questions", "relevance"} <= set(method["cost"]["stages"])
    assert any("mini-v1" in text or "bundled" in text for text in report["settings"].values())
    assert (out / "report.html").read_text().lstrip().lower().startswith("<!doctype html>")


def test_a_second_run_asks_nothing_and_prints_a_table(measured, data):
    out, _ = measured
    kept = {path: path.read_bytes() for path in (out / "judgements").glob("*.jsonl")}
    assert len(kept) == 2 and all(len(text.splitlines()) == 3 for text in kept.values())
    before = json.loads((out / "report.json").read_text())
    found = evaluated(data, "--out", out, "--with", "clip")
    assert found.exit_code == 0 and "clue" in found.stdout and "F1" in found.stdout
    assert {path: path.read_bytes() for path in (out / "judgements").glob("*.jsonl")} == kept
    assert json.loads((out / "report.json").read_text()) == before


def test_a_sample_is_named_in_the_report(measured, data):
    out, _ = measured  # the sampled image is known already
    report = json.loads(evaluated(data, "--out", out, "--limit", 1, "--json").stdout)
    assert report["examples"] == 1 and "a sample of 1 of 3, seed 1" in report["dataset"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none"], "no data set at none"),
        (["DATA", "--with", "clop"], "no peer 'clop'"),
        (["DATA", "--subjective", "demo"], "add --with ablations"),
        (["DATA", "--languages", ""], "--languages names none"),
        (["DATA", "-c", "os-bench"], "no rule of os-bench"),
    ],
)
def test_mistakes_are_told(arguments, words, data, tmp_path, monkeypatch):
    from judge.errors import UserError

    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["eval", *(str(data) if one == "DATA" else one for one in arguments)])
    assert isinstance(found.exception, UserError) and words in str(found.exception)
    assert not list(tmp_path.rglob("report.json"))
