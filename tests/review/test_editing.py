"""A threshold put into the text of a draft: only that changes, however the text is laid out."""

from __future__ import annotations

import pytest

from judge.constitution.load import parse_constitution
from judge.errors import UserError
from judge.resources import shipped_constitutions
from judge.review.workbench.editing import with_threshold

HEAD = "constitution: house\nversion: 1.0.0\nrules:\n"
BLOCK = HEAD + "  - id: a\n    rule: No.  # why\n    # of fires\n    preconditions: [fire is visible]\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (BLOCK, "    thresholds: {prior_holds: 0.65}"),
        (HEAD + "  - {id: a, rule: No.}\n", "  - {id: a, rule: No., thresholds: {prior_holds: 0.65}}"),
        (HEAD + "  - rule: No.\n    id: a\n", "    thresholds: {prior_holds: 0.65}"),
        (BLOCK + "    thresholds: {prior_holds: 0.9}\n", "    thresholds: {prior_holds: 0.65}"),
        (BLOCK + "    thresholds: {prior_fails: 0.2}  # x\n", "    thresholds: {prior_fails: 0.2, prior_holds: 0.65}  # x"),
        (BLOCK + "    thresholds: {}\n", "    thresholds: {prior_holds: 0.65}"),
        (BLOCK + "    thresholds:\n      prior_fails: 0.2\n", "      prior_holds: 0.65"),
        (BLOCK + "    thresholds:\n      prior_fails: 0.2\n      region_drop: 0.2\n", "      prior_holds: 0.65"),
        (BLOCK.replace("No.", "Keine B\N{LATIN SMALL LETTER A WITH DIAERESIS}ume \N{FIRE}"), "    thresholds: {prior_holds: 0.65}"),
    ],
)  # fmt: skip
def test_only_the_threshold_changes(text, line):
    changed = with_threshold(text, ["a"], "prior_holds", 0.65)
    assert line in changed.splitlines()
    gone = [one for one in text.splitlines() if one not in changed.splitlines()]
    assert all("thresholds" in one or "{id: a" in one for one in gone)
    assert parse_constitution(changed).rules[0].thresholds.prior_holds == 0.65


def test_a_whole_shipped_constitution_keeps_every_other_line():
    for path in shipped_constitutions().values():
        text = path.read_text(encoding="utf-8")
        rules = [one.id for one in parse_constitution(text).rules if one.thresholds.region_drop is None]
        changed = with_threshold(text, rules, "region_drop", 1.0)
        kept = [one for one in changed.splitlines() if "region_drop: 1.0" not in one]
        assert kept == text.splitlines(), path.name
        assert {one.thresholds.region_drop for one in parse_constitution(changed).rules} == {1.0}


@pytest.mark.parametrize(
    ("text", "rules", "said"),
    [
        (BLOCK, ["b"], "the draft has no rule b"),
        (BLOCK, [], "no rule to put it into"),
        ("rules: [", ["a"], "does not load"),
        (
            BLOCK + "    thresholds: &t {prior_holds: 0.9}\n  - {id: b, rule: No., thresholds: *t}\n",
            ["b"],
            "cannot be changed from here",
        ),
    ],
)
def test_what_cannot_be_changed_safely_is_left_alone(text, rules, said):
    with pytest.raises(UserError, match=said):
        with_threshold(text, rules, "prior_holds", 0.5)
