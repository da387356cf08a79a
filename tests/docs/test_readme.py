"""The README in numbers: its length, what its commands print, its links, and figures that are those of the report."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import ROOT
from tests.docs.pages import Shell, load_once, run_page

README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
ROWS = {
    "**the method, mini-v1**": ("drawn-os-bench-mini-v1", "method"),
    "the method, mini-v0 (the model before)": ("drawn-os-bench", "method"),
    "one prompt with the whole constitution, mini-v0": ("drawn-os-bench", "baselines", "whole-constitution-cot"),
}


def test_it_can_be_read_in_five_minutes():
    assert 600 <= len(TEXT.split()) <= 800


def test_its_commands_print_what_it_shows(tmp_path, monkeypatch):
    with pytest.MonkeyPatch.context() as patch:
        load_once(patch)
        shell = Shell(tmp_path, monkeypatch)
        assert run_page(README, tmp_path, shell) == 1
        assert shell("python one.py").splitlines()[-1] == "violation ('body-on-fire',)"


def test_the_home_page_of_the_site_sets_up_as_it_does():
    home = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^python3 -m venv .+$", home, re.MULTILINE)
    assert line in TEXT.splitlines()
    assert "(../README" not in home, "the site has none"


def test_the_rival_that_flags_everything_is_said_to():
    report = json.loads((ROOT / "benchmarks/results/drawn-os-bench.json").read_text(encoding="utf-8"))
    counts = report["baselines"]["whole-constitution-cot"]["overall"]["counts"]
    flagged = counts["true_positive"] + counts["false_positive"]
    assert (flagged == sum(counts.values())) == ("flags every drawing" in " ".join(TEXT.split()))


def test_its_links_lead_somewhere():
    linked = [*re.findall(r"\]\((?!https?:)([^)#\s]+)", TEXT), *re.findall(r'src(?:set)?="([^"]+)"', TEXT)]
    assert len(linked) > 20
    for target in linked:
        assert (ROOT / target).exists(), target


def test_its_figures_are_those_of_the_report():
    table = TEXT.split("| | precision | recall | F1 |")[1].split("\n\n")[0]
    said = {
        cells[0].strip(): [one.strip() for one in cells[1:]]
        for row in table.splitlines()[2:]
        for cells in [row.strip("|").split("|")]
    }
    assert said == {name: figures(*path) for name, path in ROWS.items()}


def figures(file, *path):
    report = json.loads((ROOT / f"benchmarks/results/{file}.json").read_text(encoding="utf-8"))
    for name in path:
        report = report[name]
    overall = report["overall"]
    f1 = overall["f1"]
    shown = [f"{overall[name]['value']:.2f}" for name in ("precision", "recall")]
    return [*shown, f"{f1['value']:.3f} [{f1['low']:.3f}, {f1['high']:.3f}]"]
