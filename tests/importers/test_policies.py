"""Policies as people write them: what becomes a rule, what becomes an exception, what is left out and why."""

from __future__ import annotations

import pytest

from judge.constitution import parse_constitution
from judge.importers.markdown import import_markdown
from judge.importers.not_rules import why_no_rule

POLICY = """# Photo policy

Version 2.3. Last updated: 12 March 2025.
Owner: the picture desk

## 1. Scope

This policy applies to all photographs on our pages. It helps editors.
Photos must never show licence plates.

## 2. Definitions

- "Weapon" means any object made to hurt.
- Minor: a person under 16.

## 3. Weapons

3.1 No weapons may be shown. This does not apply when a museum is visible.
3.2 No knives may be shown; no axes may be shown.

- No guns may be shown. Except toys.
- Needles of 3.5 mm may not be shown. No syringes may be shown.
  - Unless a nurse is visible, no drip may be shown.

| Category | Not allowed | Exceptions | Severity |
|---|---|---|---|
| Fire | burning cars | a firefighter is visible | high |
| Smoke | No smoke may be shown | none | nobody knows |
| Water | - | | low |

## Version history

- 2.3: weapons must not be shown.
"""


@pytest.fixture(scope="module")
def made():
    return import_markdown(POLICY, file="p.md")


@pytest.fixture(scope="module")
def rules(made):
    return parse_constitution(made.text).rules


def test_every_sentence_that_forbids_is_a_rule_of_its_own(rules):
    assert [rule.rule for rule in rules] == [
        "Photos must never show licence plates.",
        "No weapons may be shown.",
        "No knives may be shown",
        "no axes may be shown.",
        "No guns may be shown, except toys.",
        "Needles of 3.5 mm may not be shown.",
        "No syringes may be shown.",
        "Unless a nurse is visible, no drip may be shown.",
        "Not allowed: burning cars",
        "No smoke may be shown",
    ]


def test_exceptions_belong_to_the_rule_before_them(rules):
    lifted = {rule.id: [one.any[0].statement for one in rule.exceptions] for rule in rules if rule.exceptions}
    assert lifted == {
        "no-weapons": ["a museum is visible"], "not-allowed-burning-cars": ["a firefighter is visible"],
    }  # fmt: skip


def test_rows_have_their_category_and_severity(rules):
    fire, smoke = rules[-2:]
    assert (fire.category, fire.severity) == ("fire", "high")
    assert (smoke.category, smoke.severity) == ("smoke", "medium")
    assert rules[1].category == "weapons"


def test_every_rule_names_the_line_it_stood_on(made):
    source, written = POLICY.splitlines(), made.text.splitlines()
    for told in ("licence plates", "No weapons", "No knives", "no axes", "No syringes", "drip", "burning cars"):
        at = next(index for index, line in enumerate(written) if line.strip().startswith("rule:") and told in line)
        line = int(written[at - 2].rsplit(":", 1)[1])
        assert told.casefold() in source[line - 1].casefold(), (told, line)


def test_what_is_no_rule_is_listed_with_its_line_and_the_reason(made):
    source = POLICY.splitlines()
    left_out = {one.what: one.why for one in made.skipped}
    assert list(left_out) == [
        "Version 2.3.", "Last updated: 12 March 2025.", "Owner: the picture desk",
        "This policy applies to all photographs on our pages.", "It helps editors.",
        '"Weapon" means any object made to hurt.', "Minor: a person under 16.", "nobody knows", "Water - low",
        "2.3: weapons must not be shown.",
    ]  # fmt: skip
    assert "a version" in left_out["Version 2.3."] and "defines words" in left_out["Minor: a person under 16."]
    for one in made.skipped:
        assert one.what.split()[0] in source[one.line - 1]


@pytest.mark.parametrize(
    "sentence",
    [
        "This policy prohibits pictures of weapons.", "Versions of the logo that are upside down are banned.",
        "Updated menus from 2020 must not be shown.", "These rules forbid smoking.", "Weapons.", "Toys are allowed.",
        "A mark that means danger must not be shown.", "Owner's initials are visible.", "May poles are not allowed.",
    ],
)  # fmt: skip
def test_a_sentence_that_may_be_a_rule_is_never_left_out(sentence):
    assert why_no_rule(sentence) == ""


def test_a_list_that_defines_or_limits_is_no_list_of_rules():
    text = "- No x may be shown.\n\nThis policy applies to:\n\n- photographs\n- drawings\n\nDefinitions:\n\n- gun: a firearm\n"
    made = import_markdown(text, file="p.md")
    assert (made.rules, [one.what for one in made.skipped]) == (1, ["photographs", "drawings", "gun: a firearm"])


def test_a_table_without_a_plain_column_of_rules_is_told_how_to_name_one():
    made = import_markdown("- No x.\n\n| a | b |\n|---|---|\n| c | d |\n", file="p.md")
    assert "call one `Rule`" in made.skipped[0].why
    by_words = import_markdown("| Nr | Text |\n|---|---|\n| 1 | No guns may be shown. |\n", file="p.md")
    assert by_words.rules == 1


def test_two_columns_that_could_be_the_rules_are_not_chosen_between():
    text = "- No x.\n\n| Rule | Policy |\n|---|---|\n| No guns | No knives |\n"
    assert "no column is plainly" in import_markdown(text, file="p.md").skipped[0].why
