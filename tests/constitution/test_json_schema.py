"""The JSON Schema of a constitution: draft 7, and as strict as the loader on what a schema can say."""

from __future__ import annotations

import pytest
import yaml
from jsonschema import Draft7Validator

from judge.constitution import parse_constitution
from judge.constitution.json_schema import constitution_schema
from judge.errors import ConstitutionError
from judge.resources import shipped_constitutions

SCHEMA = constitution_schema()
VALIDATOR = Draft7Validator(SCHEMA)
RULE = {"id": "a", "rule": "No knife may be shown."}


def whole(**rule) -> dict:
    return {"constitution": "c", "version": "1.0.0", "rules": [{**RULE, **rule}]}


def test_it_is_a_draft_7_schema_without_later_words():
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert not {"$defs", "prefixItems", "unevaluatedProperties", "dependentRequired"} & set(keys(SCHEMA))


def keys(value):
    if isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from keys(one)
    elif isinstance(value, list):
        for one in value:
            yield from keys(one)


@pytest.mark.parametrize("name", shipped_constitutions())
def test_shipped_constitutions_fit_and_name_it(name):
    text = shipped_constitutions()[name].read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=./constitution.schema.json\n")
    assert list(VALIDATOR.iter_errors(yaml.safe_load(text))) == []


GOOD = [
    whole(),
    whole(preconditions=["a knife is visible", {"statement": "it is held", "central_objects": ["knife"]},
                         {"any": ["one thing", {"statement": "two things"}]}]),
    whole(exceptions=["a cook is visible"], parameters={"n": 1, "m": 1.5, "o": "90 degrees"}),
    whole(thresholds={"prior_fails": 0.2, "relevance": None}, status="shadow", severity="critical"),
    {**whole(category="weapons"), "categories": {"weapons": ["violence", "illicit/violent"]}, "description": "x"},
]  # fmt: skip
BAD = [
    [], "text", None, {}, {"constitution": "c", "version": "1.0.0", "rules": []},
    {**whole(), "constitution": "Not An Identifier"}, {**whole(), "version": "1"}, {**whole(), "version": 1.0},
    {**whole(), "unknown": 1}, {**whole(), "categories": {"weapons": ["violnce"]}}, {**whole(), "categories": {"We": []}},
    whole(id="A"), whole(rule=True), whole(rule="x"), whole(severity="grave"), whole(status="on"), whole(unknown=1),
    whole(preconditions="a knife is visible"), whole(preconditions=[7]), whole(preconditions=[{"any": []}]),
    whole(preconditions=[{"any": "a knife"}]), whole(preconditions=[{"any": ["one"], "statement": "two"}]),
    whole(preconditions=[{"statment": "one"}]), whole(preconditions=[{"any": [{"any": ["one"]}]}]),
    whole(exceptions=[{"statement": "one", "central_objects": "knife"}]), whole(parameters={"max-age": 1}),
    whole(parameters={"n": True}), whole(parameters={"n": [1]}), whole(thresholds={"prior_fails": 2}),
    whole(thresholds={"label_mass": 0.5}),
]  # fmt: skip


@pytest.mark.parametrize("data", GOOD)
def test_what_loads_fits(data):
    parse_constitution(yaml.safe_dump(data))
    assert list(VALIDATOR.iter_errors(data)) == []


@pytest.mark.parametrize("data", BAD, ids=str)
def test_what_does_not_load_does_not_fit(data):
    with pytest.raises(ConstitutionError):
        parse_constitution(yaml.safe_dump(data))
    assert not VALIDATOR.is_valid(data)


def test_every_key_is_described_for_the_editor():
    models = {"Constitution": SCHEMA, **{name: SCHEMA["definitions"][name] for name in ("Rule", "Statement")}}
    for name, model in models.items():
        assert [key for key, said in model["properties"].items() if "description" not in said] == [], name
