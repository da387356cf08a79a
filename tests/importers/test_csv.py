"""Policies that are tables in a file: one rule a row, or a refusal that says which columns are wanted."""

from __future__ import annotations

import csv
import subprocess
import sys
from functools import partial

import pytest

from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.importers.csv_file import import_csv

POLICY = """\
id,rule,exception,category,severity,remarks
W-1,"No guns, rifles or knives may be shown.",unless a museum is visible; a guard is visible,Weapons,high,
W-2,No swords may be shown.,,Weapons,grave,seen in 2024
,,,,,
A-1,"Dogs must not be
shown on a train.",guide dogs,Animals,,
"""


def test_every_row_is_a_rule_with_its_id_exceptions_category_and_line():
    made = import_csv(POLICY, file="p.csv")
    guns, swords, dogs = parse_constitution(made.text).rules
    assert (guns.id, guns.rule, guns.category, guns.severity) == (
        "w-1", "No guns, rifles or knives may be shown.", "weapons", "high",
    )  # fmt: skip
    assert [one.any[0].statement for one in guns.exceptions] == ["a museum is visible", "a guard is visible"]
    assert (swords.id, swords.severity) == ("w-2", "medium")
    assert dogs.rule == "Dogs must not be shown on a train, except guide dogs."
    assert [line for line in made.text.splitlines() if line.startswith("  # p.csv:")] == [
        "  # p.csv:2", "  # p.csv:3", "  # p.csv:5",
    ]  # fmt: skip
    assert [(one.line, one.what) for one in made.skipped] == [(1, "remarks"), (3, "grave")]


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_what_stands_between_cells_is_known_from_the_head(between):
    made = import_csv(f"Category{between}Not allowed\nFire{between}burning cars\n", file="p.csv")
    assert parse_constitution(made.text).rules[0].rule == "Not allowed: burning cars"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "p.csv: no rules found"),
        ("id,rule\n", "p.csv: no rules found"),
        ("name,text\nW-1,guns\n", "no column is plainly the rules"),
        ("rule,policy\nNo guns,No knives\n", "no column is plainly the rules"),
        ("id,rule\nW-1,No guns, no knives\n", "p.csv:2: 3 cells, where the first line names 2"),
        ('id,rule\nW-1,"No guns\n', "p.csv:2: "),
        ("id,rule,id\nW-1,No guns,W-2\n", "p.csv:1: the column `id` stands twice"),
        ("rule\n" + "a" * 200_000 + "\n", "p.csv:2: "),
        ("id,rule\nW-1,No guns.\nw 1,No axes.\n", "p.csv:3: the id `w-1` is taken"),
    ],
)
@pytest.mark.parametrize("limit", [2**17, 2**27])  # of the whole process: tables of pictures raise it
def test_what_cannot_be_imported_says_why(text, said, limit, request):
    request.addfinalizer(partial(csv.field_size_limit, csv.field_size_limit(limit)))
    with pytest.raises(UserError) as refused:
        import_csv(text, file="p.csv")
    assert said in refused.value.message and refused.value.hint


def judge(*given):
    return subprocess.run([sys.executable, "-m", "judge", "import", *given], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["p.csv", "p.CSV", "p.tsv", "p.txt", "p.md"])
def test_the_command_knows_a_table_by_its_name_or_its_first_line(tmp_path, name):
    policy = tmp_path / name
    policy.write_text(POLICY if name != "p.tsv" else "id\trule\nW-1\tNo guns.\n", encoding="utf-8")
    done = judge(str(policy))
    assert done.returncode == 0, done.stderr
    assert parse_constitution(done.stdout).rules[0].id == "w-1"
