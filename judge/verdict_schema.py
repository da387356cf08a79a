"""The JSON Schema of a verdict (draft 2020-12), made from the models: what `--json` prints, each key with its meaning.

Meanings are the docstrings under the fields, read from the source only when somebody asks: a verdict costs nothing more
for them. Knows no model and no image.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from enum import StrEnum
from textwrap import dedent
from typing import Any

from pydantic import BaseModel

from judge.causes import Cause
from judge.chain import Outcome
from judge.settings import Bounds, Limits, Thresholds
from judge.verdict import (
    Answer,
    Branch,
    CommitteeEvidence,
    Condition,
    DebateEvidence,
    DebateTurn,
    Evidence,
    Failure,
    Finding,
    ImageFacts,
    ModelIdentity,
    Offence,
    OffenceFrame,
    Part,
    Probed,
    Provenance,
    ReasoningEvidence,
    RegionEvidence,
    RuleOutcome,
    Verdict,
    Vote,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# All that a verdict holds, in the order in which somebody reads it.
RECORDS: tuple[type[BaseModel], ...] = (
    Verdict, Finding, Condition, Evidence, Answer, RegionEvidence, ReasoningEvidence, DebateEvidence, DebateTurn,
    CommitteeEvidence, Vote, Offence, OffenceFrame, ImageFacts, Part, Failure, Provenance, ModelIdentity, Probed,
    Thresholds, Bounds, Limits,
)  # fmt: skip
WORDS: tuple[type[StrEnum], ...] = (RuleOutcome, Outcome, Branch, Cause)
_MEMBER = re.compile(r'^\s+[A-Z_]+ = "(\w+)"  # (.+)$', re.MULTILINE)


def verdict_schema() -> dict[str, Any]:
    """The schema as plain data. It lets keys pass that it does not know: a later release may add some."""
    schema = Verdict.model_json_schema(mode="serialization")
    definitions = schema["$defs"]
    for record in RECORDS:
        described = schema if record is Verdict else definitions[record.__name__]
        _describe(described, record)
    for words in WORDS:
        definitions[words.__name__]["description"] = inspect.cleandoc(words.__doc__ or "")
    return {"$schema": DIALECT, **_tidied(schema)}


def schema_text() -> str:
    """The schema as `judge schema --verdict` prints it."""
    return json.dumps(verdict_schema(), indent=2, ensure_ascii=False) + "\n"


def meanings(record: type[BaseModel]) -> dict[str, str]:
    """What each key of a record means; of computed ones, too."""
    (body,) = (one for one in ast.parse(dedent(inspect.getsource(record))).body if isinstance(one, ast.ClassDef))
    found = {}
    for field, under in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(under, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(under.value)).split())
    computed = {name: one.description or "" for name, one in record.model_computed_fields.items()}
    return {**{name: found[name] for name in record.model_fields}, **computed}


def meanings_of_words(words: type[StrEnum]) -> dict[str, str]:
    """What each word of an enumeration means: the comment beside it."""
    return dict(_MEMBER.findall(inspect.getsource(words)))


def _describe(schema: dict[str, Any], record: type[BaseModel]) -> None:
    schema["description"] = inspect.cleandoc(record.__doc__ or "")
    for name, meaning in meanings(record).items():
        schema["properties"][name]["description"] = meaning
    absent = {name for name, field in record.model_fields.items() if field.exclude_if is not None}
    schema["required"] = [name for name in schema["properties"] if name not in absent]
    schema.pop("additionalProperties", None)


def _tidied(value: Any) -> Any:
    """Without machine-made titles, and without defaults: what is printed is all there, and says its own value."""
    if isinstance(value, list):
        return [_tidied(one) for one in value]
    if not isinstance(value, dict):
        return value
    # A property may be called `title`: what is machine-made is text.
    return {
        key: _tidied(one)
        for key, one in value.items()
        if key != "default" and not (key == "title" and isinstance(one, str))
    }
