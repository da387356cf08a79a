"""Tables of a policy: what a column is called says whether its cells are forbidden, demanded or allowed."""

from __future__ import annotations

import pytest

from judge.constitution import parse_constitution
from judge.importers.csv_file import import_csv
from judge.importers.markdown import import_markdown


def imported(*rows: str):
    head, *rest = rows
    table = "\n".join([head, "|".join(["", *["---"] * (head.count("|") - 1), ""]), *rest])
    made = import_markdown(f"# Policy\n\n{table}\n\n- No ladders.\n", file="p.md")
    *rules, _ = [one.rule for one in parse_constitution(made.text).rules]
    return rules, [(one.line, one.what) for one in made.skipped]


def test_an_order_is_forbidden_or_demanded_by_its_column():
    assert imported(
        "| Do | Don't |",
        "| Show the whole building | Show licence plates |",
        "| Every photo must show a tree. | Post pictures of dogs |",
    ) == (
        [
            "Always show the whole building",
            "Do not show licence plates",
            "Every photo must show a tree.",
            "Do not post pictures of dogs",
        ],
        [],
    )


def test_a_typographic_apostrophe_is_an_apostrophe():
    assert imported("| Dos | Don\u2019ts |", "| Show trees | Show bins |")[0] == [
        "Always show trees",
        "Do not show bins",
    ]


def test_what_is_named_is_forbidden_or_must_be_there():
    assert imported("| Required | Forbidden |", "| A label | A dog on a sofa |") == (
        ["A label must be visible.", "Not allowed: A dog on a sofa"],
        [],
    )


@pytest.mark.parametrize(
    ("head", "row", "rules", "skipped"),
    [
        # what is allowed is no rule, and may lift one: it is named
        ("| Allowed | Not allowed |", "| Bicycles | Cars |", ["Not allowed: Cars"], ["Bicycles"]),
        # an order of which nobody knows what it asks of a picture
        ("| Do | Don't |", "| Close the lid | Wear a hat |", ["Do not wear a hat"], ["Close the lid"]),
        ("| Do | Don't |", "| Trees | Show cars |", ["Do not show cars"], ["Trees"]),
        # what is done to flowers, or cut flowers
        ("| Don't | Severity |", "| Cut flowers | low |", [], ["Cut flowers"]),
        # a demand where a ban should stand
        ("| Not allowed | Severity |", "| Photos must show a label | low |", [], ["Photos must show a label"]),
        ("| Rule | Why |", "| No saws. | They cut. |", ["No saws."], ["Why"]),
        ("| Do | Don't |", "| - | |", [], ["-"]),
    ],
)
def test_whatever_is_not_taken_is_named(head, row, rules, skipped):
    found, left_out = imported(head, row)
    assert found == rules
    assert [what for _, what in left_out] == skipped


def test_two_columns_called_alike_are_no_table_of_rules():
    rules, skipped = imported("| Forbidden | Banned |", "| Cars | Dogs |")
    assert rules == [] and len(skipped) == 1


def test_an_exception_of_a_row_with_two_rules_is_open():
    with pytest.raises(Exception, match="open which rule it lifts"):
        imported("| Required | Forbidden | Exceptions |", "| A label | Dogs | unless a guard is visible |")


def test_a_csv_file_has_the_same_columns():
    made = import_csv("Do,Don't,id\nShow a tree,Show bins,a\nTrees,Show cars,b\n", file="p.csv")
    assert [(one.id, one.rule) for one in parse_constitution(made.text).rules][::2] == [
        ("a", "Always show a tree"),
        ("b", "Do not show cars"),
    ]
    assert [(one.line, one.what) for one in made.skipped] == [(3, "Trees")]


def test_every_rule_of_such_a_table_is_read_as_its_column_says():
    from judge.compiler.grammar.chains import Parsed
    from tests.compiler.parsing import parse_rule

    rules, _ = imported("| Required | Don't |", "| A label | Show licence plates |")
    read = [parse_rule(rule) for rule in rules]
    assert all(isinstance(one, Parsed) for one in read)
    assert [one.statement for made in read for each in made.preconditions for one in each.any] == [
        "a label is not visible",
        "licence plates are visible",
    ]
