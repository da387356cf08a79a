"""The JSON Schema of a constitution file (draft 7, which editors understand), made from the pydantic models.

It knows what a file may look like as YAML, short forms included. What only the whole file shows (ids used
twice, parameters that do not exist) stays with the loader.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from judge.constitution.schema import Constitution, Statement
from judge.resources import shipped

DIALECT = "http://json-schema.org/draft-07/schema#"
# What an editor shows beside a key. The models' own docstrings describe the mappings; these, their keys.
_KEYS: dict[str, dict[str, str]] = {
    "Constitution": {
        "constitution": "Name of the constitution: lower-case letters, digits and hyphens.",
        "version": "MAJOR.MINOR.PATCH. A change that can change a verdict is at least a MINOR one.",
        "description": "What the constitution is for, for people.",
        "categories": "Each category of the rules, and the moderation keys it is reported under.",
        "language": "Language of its rules and statements.",
        "escalate": "Steps for what is still open, in order: `reasoning`, `debate`, `committee`, `person`.",
        "require_approval": "Judge rules as `shadow` until a person has approved their chain in the lock file.",
        "context": "Fields of text that may come with a picture, each with the most characters that it may have.",
        "rules": "The rules. Each is judged on its own.",
    },
    "Rule": {
        "id": "Name of the rule in verdicts and tests. Keep it when the text changes.",
        "rule": "The rule as people read it: what may not be shown.",
        "category": "One of `categories`, where there are any.",
        "severity": "How grave a violation is.",
        "status": "`shadow` judges and records the rule without enforcing it.",
        "preconditions": "All of them must hold for a violation. Each is one thing a picture shows or does not.",
        "exceptions": "Any of them lifts the rule.",
        "parameters": "Values for {name} in this rule's texts.",
        "thresholds": "This rule's own thresholds, where the run's do not fit.",
        "clip": "How long or how often the rule must hold in a clip. Without it one frame is enough.",
    },
    "ClipBound": {
        "at_least": "An amount of the clip, all stretches together: `2 frames`, `1.5 s` or `20 %`.",
    },
    "Bounds": {
        "fails_under": "Debiased log odds under which a precondition fails.",
        "holds_over": "Debiased log odds over which a precondition holds.",
    },
    "Statement": {
        "statement": "One yes/no statement about the picture.",
        "central_objects": "Words a detector looks for, to find what the statement is about.",
        "reads": "Fields of `context` that it is about, instead of the picture.",
        "sees": "`image` where it is about the picture as well as what it reads.",
    },
    "ContextField": {
        "most": "Longest text, in characters. A longer one is refused, never cut.",
    },
}


def constitution_schema() -> dict[str, Any]:
    """The schema as plain data."""
    schema = Constitution.model_json_schema(ref_template="#/definitions/{model}")
    definitions = schema.pop("$defs")
    definitions["ShortStatement"] = definitions["Statement"]["properties"]["statement"]
    definitions["Precondition"] = _precondition(definitions["Precondition"])
    for name, model in (*definitions.items(), ("Constitution", schema)):
        for key, described in _KEYS.get(name, {}).items():
            if key in model["properties"]:
                model["properties"][key] = {**model["properties"][key], "description": described}
    return {"$schema": DIALECT, **_tidied(schema), "definitions": _tidied(definitions)}


def schema_text() -> str:
    """The schema as the file that ships has it."""
    return json.dumps(constitution_schema(), indent=2, ensure_ascii=False) + "\n"


def shipped_schema() -> Path:
    """Where the generated schema lies, beside the shipped constitutions that refer to it."""
    return shipped("constitutions") / "constitution.schema.json"


def _precondition(long_form: dict[str, Any]) -> dict[str, Any]:
    """The three ways to write a precondition; the model itself knows only the last, as it reads them all into it."""
    text, statement = {"$ref": "#/definitions/ShortStatement"}, {"$ref": f"#/definitions/{Statement.__name__}"}
    long_form["properties"]["any"]["items"] = {"anyOf": [text, statement]}
    return {"description": long_form.pop("description"), "anyOf": [text, statement, long_form]}


def _tidied(value: Any) -> Any:
    """Draft 7 as editors want it: no machine-made titles, no open mappings, no words beside a `$ref`."""
    if isinstance(value, list):
        return [_tidied(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _tidied(one) for key, one in value.items() if key != "title" or not isinstance(one, str)}
    if "patternProperties" in kept:  # pydantic lets a key that fits no pattern pass
        kept["additionalProperties"] = False
    if "$ref" in kept and len(kept) > 1:  # draft 7 ignores what stands beside a `$ref`
        return {"allOf": [{"$ref": kept.pop("$ref")}], **kept}
    return kept
