"""How long or how often a rule must hold in a clip: what is read, and what is refused with its readings."""

from __future__ import annotations

import pytest

from judge.constitution import parse_constitution
from judge.errors import ConstitutionError

TEXT = "constitution: t\nversion: 1.0.0\nrules:\n  - id: a\n    rule: No fire.\n    preconditions: [fire is visible]\n"


@pytest.mark.parametrize(
    ("written", "amount", "unit", "said"),
    [
        ("2 frames", 2, "frames", "2 frames"),
        ("1 frame", 1, "frames", "1 frame"),
        ("1.5 s", 1.5, "s", "1.5 s"),
        ("20 %", 20, "%", "20 %"),
        ("20%", 20, "%", "20 %"),
    ],
)
def test_amounts(written, amount, unit, said):
    bound = parse_constitution(f"{TEXT}    clip: {{at_least: {written}}}\n").rules[0].clip
    assert (bound.amount, bound.unit, bound.at_least) == (amount, unit, said)


@pytest.mark.parametrize(
    ("written", "readings"),
    [
        ("2", ("`2 frames`", "`2 s`")),
        ("0.2", ("`0.2 s`", "`20 %`")),
        ("1.5", ("`1.5 s`", "`1.5 %`")),
        ("'1,5 s'", ("`1.5 s`", "`15 s`")),
        ("'1:30'", ("`90 s`", "`5400 s`")),
        ("1.5 frames", ("`1 frame`", "`2 frames`")),
        ("0.5 frames", ("write `1 frame`",)),
        ("2 f", ("`2 s`", "`2 frames`", "`2 %`")),
        ("200 f", ("`200 s` or `200 frames`:",)),
        ("25 percent", ("write `25 %`",)),
        ("1 minute", ("write `60 s`",)),
        ("2 hours", ("write `7200 s`",)),
        ("500 milliseconds", ("write `0.5 s`",)),
        ("500 ms", ("`0.5 s`",)),
        ("120 %", ("`100 %`",)),
        ("0 s", ("`1 frame`",)),
        ("soon", ("`2 frames`", "`1.5 s`", "`20 %`")),
        ("true", ("`2 frames`",)),
    ],
)
def test_what_is_not_plain_is_refused_with_its_readings(written, readings):
    with pytest.raises(ConstitutionError) as raised:
        parse_constitution(f"{TEXT}    clip:\n      at_least: {written}\n", file="c.yaml")
    (problem,) = raised.value.problems
    assert (problem.file, problem.line) == ("c.yaml", 8)
    assert all(one in problem.message for one in readings), problem.message


@pytest.mark.parametrize("written", ["1,5 s", "1, 5 s"])
def test_a_decimal_comma_that_ends_an_entry_for_yaml(written):
    with pytest.raises(ConstitutionError) as raised:
        parse_constitution(f"{TEXT}    clip: {{at_least: {written}}}\n", file="c.yaml")
    (problem,) = raised.value.problems
    assert "`1,5 s` may mean `1.5 s` or `15 s`: write one of them" in problem.message
    assert problem.line == 7
    with pytest.raises(ConstitutionError, match="unknown key `at_most`"):
        parse_constitution(f"{TEXT}    clip: {{at_least: 1 s, at_most: 2 s}}\n")


def test_a_constitution_without_it_keeps_its_digest():
    plain, bound = parse_constitution(TEXT), parse_constitution(f"{TEXT}    clip: {{at_least: 2 s}}\n")
    assert "clip" not in plain.model_dump_json()
    assert plain.digest != bound.digest
