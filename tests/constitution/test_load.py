"""Constitutions that are right: what ships, the short forms, parameters in texts, and a large one."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from judge.constitution import Constitution, load_constitution, parse_constitution
from judge.resources import shipped_constitutions

SHORT = """
constitution: short
version: 0.1.0-rc.1
rules:
  - id: drinking
    rule: Nobody under {age} may drink {drink}.
    parameters: {age: 18, drink: wine}
    preconditions:
      - a person under {age} is visible
      - statement: "{drink} is visible"
        central_objects: ["{drink}"]
      - any: [a glass is visible, {statement: a bottle is visible, central_objects: [bottle]}]
    exceptions: [it is a painting]
"""


@pytest.mark.parametrize("name", shipped_constitutions())
def test_what_ships_loads_by_name_and_can_judge_every_rule(name):
    found = load_constitution(name)
    assert found.constitution == name
    assert found.without_chain == ()
    assert all(rule.preconditions for rule in found.rules)
    assert all(rule.category in found.categories for rule in found.rules)
    assert load_constitution(shipped_constitutions()[name]) == found


def test_demo_ships():
    assert "demo" in shipped_constitutions()


def test_short_forms_mean_the_long_one():
    (rule,) = parse_constitution(SHORT).rules
    assert [[one.statement for one in condition.any] for condition in (*rule.preconditions, *rule.exceptions)] == [
        ["a person under {age} is visible"],
        ["{drink} is visible"],
        ["a glass is visible", "a bottle is visible"],
        ["it is a painting"],
    ]
    assert rule.preconditions[2].any[1].central_objects == ("bottle",)


def test_parameters_are_put_into_texts():
    (rule,) = parse_constitution(SHORT).rules
    assert rule.text == "Nobody under 18 may drink wine."
    assert rule.fill("{drink}, {drink} and {unclosed") == "wine, wine and {unclosed"


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")))
def test_parameters_reach_the_text_unchanged(value):
    data = yaml.safe_load(SHORT)
    data["rules"][0]["parameters"] = {"age": value, "drink": "{age}"}
    (rule,) = parse_constitution(yaml.safe_dump(data)).rules
    assert rule.text == f"Nobody under {value} may drink {{age}}."
    assert type(rule.parameters["age"]) is type(value)


def test_json_round_trip_and_digest_ignore_layout():
    found = parse_constitution(SHORT)
    assert Constitution.model_validate_json(found.model_dump_json()) == found
    assert parse_constitution("# a comment\n" + SHORT).digest == found.digest
    assert parse_constitution(SHORT.replace("18", "21")).digest != found.digest


def test_ten_thousand_rules_load_in_seconds():
    rule = (
        "  - id: rule-{0}\n    rule: No thing number {0} may be shown.\n    category: things\n    severity: high\n"
        "    preconditions:\n      - any: [people are visible, animals are visible]\n"
        "      - statement: thing {0} is visible\n        central_objects: [thing, object]\n"
    )
    text = "constitution: large\nversion: 1.0.0\nrules:\n" + "".join(rule.format(index) for index in range(10_000))
    begun = time.process_time()
    assert len(parse_constitution(text).rules) == 10_000
    assert time.process_time() - begun < 20  # about 3 s
