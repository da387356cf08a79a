"""What lifts a rule is never lost on the way in: it belongs to the rule before it, or the import is refused aloud."""

from __future__ import annotations

import pytest

from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.importers.markdown import import_markdown

DOGS = "Dogs must not be shown on a train."
LIFTED = "Dogs must not be shown on a train, except guide dogs."
KNIVES = "No knives may be shown."


def rules_of(text: str) -> dict[str, list[str]]:
    """Every rule that is imported, with its exceptions."""
    rules = parse_constitution(import_markdown(text, file="p.md").text).rules
    return {rule.rule: [one.any[0].statement for one in rule.exceptions] for rule in rules}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (f"- {DOGS}\n- Except guide dogs.\n", {LIFTED: []}),
        (f"{DOGS}\n\nExcept guide dogs.\n", {LIFTED: []}),
        (f"{DOGS}\n\n- Except guide dogs.\n- Unless a vet is visible.\n", {LIFTED: ["a vet is visible"]}),
        (f"- {DOGS}\n\n  Except guide dogs.\n", {LIFTED: []}),
        (f"- {DOGS}\n\nExcept guide dogs.\n", {LIFTED: []}),
        (f"- {KNIVES}\n- Unless a cook is visible.\n", {KNIVES: ["a cook is visible"]}),
        (f"- {DOGS}\n- {KNIVES}\n- Unless a cook is visible.\n", {DOGS: [], KNIVES: ["a cook is visible"]}),
        (f"1. {KNIVES}\n2. This does not apply if a cook is visible.\n", {KNIVES: ["a cook is visible"]}),
        (f"- {DOGS}\n  - Exceptions:\n    - guide dogs\n    - a vet is visible\n", {LIFTED: ["a vet is visible"]}),
        (f"{DOGS}\n\nExcept when:\n\n- a vet is visible\n", {DOGS: ["a vet is visible"]}),
        ("- Knives may be shown.\n- Only if a cook is visible.\n", {"Knives may be shown only if a cook is visible.": []}),
        (f"- {DOGS}\n- Unless a guard is visible, guns must be in a case.\n",
         {DOGS: [], "Unless a guard is visible, guns must be in a case.": []}),
        (f"- {DOGS}\n- Only in a kitchen may knives be shown.\n", {DOGS: [], "Only in a kitchen may knives be shown.": []}),
        (f"- {DOGS}\n- Exceptions are granted by the picture desk.\n", {DOGS: []}),
        ("No weapons may be shown. Toy weapons are allowed.\n", {"No weapons may be shown. Toy weapons are allowed.": []}),
        ("- No weapons may be shown.\n- Toy weapons may still be shown!\n",
         {"No weapons may be shown. Toy weapons may still be shown!": []}),
        (f"- {DOGS}\n- Knives are allowed only in a kitchen.\n", {DOGS: [], "Knives are allowed only in a kitchen.": []}),
        (f"- {DOGS}\n\n## Toys\n\n- Toys are allowed.\n", {DOGS: [], "Toys are allowed.": []}),
        (f"# P\n\n## Scope\n\nThis covers photos. It does not apply to ads.\n\n## Animals\n\n- {DOGS}\n", {DOGS: []}),
        (f"This policy covers photos. It does not apply to ads.\n\n- {DOGS}\n", {DOGS: []}),
    ],
)  # fmt: skip
def test_an_exception_belongs_to_the_rule_before_it(policy, expected):
    assert rules_of(policy) == expected


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        ("Except guide dogs.\n\n" + DOGS, 1),
        (f"- {DOGS}\n- {KNIVES}\n\nExcept in a museum.\n", 4),  # of one of them, or of both
        (f"{DOGS} {KNIVES}\n\nUnless a guard is visible.\n", 3),
        (f"- {DOGS}\n  - {KNIVES}\n  - Except in a museum.\n", 3),  # of what it stands under, or beside
        (f"- {DOGS}\n\n## Trains\n\n- Except guide dogs.\n", 5),
        (f"- {DOGS}\n\n> A quotation.\n\nExcept guide dogs.\n", 5),
        (f"- {DOGS}\n- Version 1.2.3\n- Except guide dogs.\n", 3),
        (f"- {DOGS}\n\n## Exceptions\n\n- Guide dogs.\n", 5),
        (f"- {DOGS}\n- {KNIVES}\n\nExceptions:\n\n- guide dogs\n", 6),
        (f"- {DOGS}\n- Unless one of these holds:\n  - a vet is visible\n", 3),
        (f"- {DOGS}\n  - Except when\n", 2),
        ("- No " + "a" * 1990 + ".\n  - Except in a museum, a theatre or a school.\n", 2),
    ],
)
def test_one_that_may_lift_several_rules_or_none_refuses_the_import(policy, line):
    with pytest.raises(UserError) as refused:
        import_markdown(policy, file="p.md")
    assert f"p.md:{line}: " in refused.value.message and "rule" in refused.value.hint


def test_all_of_them_are_named_at_once():
    with pytest.raises(UserError) as refused:
        import_markdown(f"Except guide dogs.\n\n{DOGS}\n\n# Guns\n\nUnless a guard is visible.\n", file="p.md")
    assert [line.split(" ")[0] for line in refused.value.message.splitlines()] == ["p.md:1:", "p.md:7:"]


@pytest.mark.parametrize(
    ("cell", "rule", "exceptions"),
    [
        ("unless a terrarium is visible", "No snake may be shown.", ["a terrarium is visible"]),
        ("Except when a terrarium is visible.", "No snake may be shown.", ["a terrarium is visible"]),
        ("a terrarium is visible; unless a vet is visible", "No snake may be shown.",
         ["a terrarium is visible", "a vet is visible"]),
        ("in a bakery; a plate is visible", "No snake may be shown, except in a bakery.", ["a plate is visible"]),
        ("a terrarium is visible<br>a vet is visible", "No snake may be shown.",
         ["a terrarium is visible", "a vet is visible"]),
        ("toys; ", "No snake may be shown, except toys.", []),
        ("is a toy", "No snake may be shown, except is a toy.", []),  # says nothing by itself: the compiler refuses it
    ],
)  # fmt: skip
def test_a_column_of_exceptions_is_read_as_sentences_are(cell, rule, exceptions):
    table = f"| Rule | Exceptions |\n|---|---|\n| No snake may be shown. | {cell} |\n"
    assert rules_of(table) == {rule: exceptions}
