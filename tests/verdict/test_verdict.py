"""Verdicts that earlier versions printed are still read, and still say the same under the same keys."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import jsonschema
import pytest

from judge.verdict import Verdict
from judge.verdict_schema import RECORDS, WORDS, meanings, meanings_of_words, verdict_schema
from tests.conftest import ROOT
from tests.verdict.storing import STORED
from tools import document_verdict_fields as page

VERDICTS = sorted(path for path in STORED.glob("*/*.json") if path.stem != "schema")
SCHEMAS = sorted(STORED.glob("*/schema.json"))
_SAYS = ("type", "$ref", "anyOf", "const", "items", "prefixItems", "additionalProperties")  # of what a key holds


def taken_back(then: dict, now: dict) -> list[str]:
    """What one schema promised and another does not keep. Keys and words may be added."""
    broken = []
    for name, old, new in _pairs(then, now):
        if new is None:
            broken.append(f"{name} is gone")
            continue
        broken += [f"{name}: {word} is gone" for word in old.get("enum", ()) if word not in new.get("enum", ())]
        broken += [f"{name}.{key} may be absent" for key in old.get("required", ()) if key not in new["required"]]
        for key, held in old.get("properties", {}).items():
            if key not in new["properties"]:
                broken.append(f"{name}.{key} is gone")
            elif _said(held) != _said(new["properties"][key]):
                broken.append(f"{name}.{key} changed its type")
    return broken


def _pairs(then, now):
    yield "Verdict", then, now
    for name, old in then["$defs"].items():
        yield name, old, now["$defs"].get(name)


def _said(held):
    if isinstance(held, list):
        return [_said(one) for one in held]
    if not isinstance(held, dict):
        return held
    said = {key: _said(held[key]) for key in _SAYS if key in held}
    return {**said, "enum": set(held["enum"]) <= set(held["enum"])} if "enum" in held else said


def test_verdicts_of_every_kind_are_stored():
    stored = {path.stem: Verdict.model_validate_json(path.read_bytes()) for path in (STORED / "0.1").glob("[!s]*.json")}
    assert {one.verdict for one in stored.values()} == {"violation", "no_violation", "needs_review"}
    assert stored["damaged"].failure and stored["parts"].image_facts.parts and stored["needs-review"].causes
    assert len(VERDICTS) >= 8


@pytest.mark.parametrize("path", VERDICTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_stored_verdict_is_read_and_written_again_as_it_was_and_meets_both_schemas(path):
    stored = json.loads(path.read_text(encoding="utf-8"))
    again = json.loads(Verdict.model_validate(stored).model_dump_json())
    assert _within(stored, again) == []
    for schema in (verdict_schema(), json.loads(path.with_name("schema.json").read_text(encoding="utf-8"))):
        jsonschema.Draft202012Validator(schema).validate(stored)
        jsonschema.Draft202012Validator(schema).validate(again)


def _within(then, now, where="verdict"):
    """Where what was stored is not what is written now; keys may have come."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [found for key, one in then.items() for found in _within(one, now.get(key), f"{where}.{key}")]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [
            found
            for place, pair in enumerate(zip(then, now, strict=True))
            for found in _within(*pair, f"{where}[{place}]")
        ]
    return [] if then == now else [f"{where}: {then} became {now}"]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.parent.name)
def test_what_a_version_promised_is_kept(path):
    assert taken_back(json.loads(path.read_text(encoding="utf-8")), verdict_schema()) == []


def test_taking_something_back_is_seen_and_adding_is_free():
    then = verdict_schema()
    now = copy.deepcopy(then)
    now["properties"]["more"] = {"type": "string"}
    now["$defs"]["Cause"]["enum"].append("another")
    assert taken_back(then, now) == []
    del now["properties"]["notes"]
    now["properties"]["reasons"]["items"] = {"type": "integer"}
    now["$defs"]["Answer"]["properties"]["p_yes"]["type"] = "string"
    now["$defs"]["Finding"]["required"].remove("relevance")
    now["$defs"]["Cause"]["enum"].remove("outside")
    del now["$defs"]["Part"]
    assert sorted(taken_back(then, now)) == [
        "Answer.p_yes changed its type", "Cause: outside is gone", "Finding.relevance may be absent", "Part is gone",
        "Verdict.notes is gone", "Verdict.reasons changed its type",
    ]  # fmt: skip


def test_the_schema_is_one_and_refuses_what_is_no_verdict():
    schema = verdict_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    stored = json.loads((STORED / "0.1/violation.json").read_text(encoding="utf-8"))
    for change in ({"verdict": "safe"}, {"violations": "fire"}, {"provenance": {}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate({**stored, **change})
    del stored["findings"]
    with pytest.raises(jsonschema.ValidationError, match="findings"):
        jsonschema.Draft202012Validator(schema).validate(stored)


def test_everything_that_a_verdict_holds_has_a_meaning():
    assert {one.__name__ for one in (*RECORDS[1:], *WORDS)} == set(verdict_schema()["$defs"])
    for record in RECORDS:
        assert all(meanings(record).values()), record
    for words in WORDS:
        assert list(meanings_of_words(words)) == [str(one) for one in words]


def test_the_page_is_what_the_models_say():
    written = (ROOT / "docs" / "verdict-reference.md").read_text(encoding="utf-8")
    assert written == page.text(), "python -m tools.document_verdict_fields"


def test_examples_on_the_page_are_what_a_field_may_hold():
    schema = verdict_schema()
    for record in RECORDS:
        fields = (schema if record is Verdict else schema["$defs"][record.__name__])["properties"]
        for name, held in fields.items():
            whole = {**held, "$defs": schema["$defs"]}
            jsonschema.Draft202012Validator(whole).validate(page.example(record, name))


def test_the_verb_prints_it():
    done = subprocess.run(
        [sys.executable, "-m", "judge", "schema", "--verdict"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == verdict_schema()
    refused = subprocess.run(
        [sys.executable, "-m", "judge", "schema", "--verdict", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert (refused.returncode, refused.stdout) == (2, "")
