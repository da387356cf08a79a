"""Writes docs/verdict-reference.md: every field of a verdict, its type, its meaning and an example.

Types come from the JSON Schema, meanings from the docstrings in `judge/verdict.py` and `judge/settings.py`, examples
from the verdicts that are stored in `tests/verdict/stored/`. `python -m tools.document_verdict_fields` writes the page,
and `tests/verdict` says when that is due.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from judge.verdict_schema import RECORDS, WORDS, meanings, meanings_of_words, verdict_schema

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "verdict-reference.md"
STORED = ROOT / "tests" / "verdict" / "stored" / "0.1"
LONGEST = 60  # characters of an example; a longer text or list is cut
# What no stored verdict has: other models, options or days.
UNSEEN: dict[str, Any] = {
    "Answer.answered_by": "samples", "Answer.samples": 8,
    "RegionEvidence.crop": {"p_yes": 0.913204, "p_no": 0.086511, "probability": 0.913472, "label_mass": 0.999715},
    "ReasoningEvidence.cut_off": True, "ReasoningEvidence.reasoned_with": "thinking",
    "ReasoningEvidence.refused": True,
    "Evidence.debate": {"turns": [], "decision": None, "deciding": None, "unclear": None, "ended": "refused"},
    "DebateEvidence.turns": [{"side": "for", "reasons": ["flames are drawn above the roof"]}],
    "DebateEvidence.decision": "Yes", "DebateEvidence.deciding": "Flames are drawn above the roof.",
    "DebateEvidence.unclear": "Whether the roof burns, too.", "DebateEvidence.ended": "refused",
    "DebateTurn.side": "for", "DebateTurn.reasons": ["flames are drawn above the roof"],
    "Evidence.committee": {
        "votes": [], "agreement": "majority", "outcome": "holds", "stronger": None, "rereading": None,
    },
    "CommitteeEvidence.votes": [], "CommitteeEvidence.agreement": "majority", "CommitteeEvidence.outcome": "holds",
    "CommitteeEvidence.stronger": None, "CommitteeEvidence.rereading": None, "CommitteeEvidence.of_all": True,
    "Vote.model": "org/other", "Vote.outcome": "holds", "Vote.failed": "no answer within 60 s",
    "Vote.barred": "outside", "Evidence.failed": "no answer within 60 s",
    "Vote.answer": {"p_yes": 0.913204, "p_no": 0.086511, "probability": 0.913472, "label_mass": 0.999715},
    "Vote.prior": {"p_yes": 0.313204, "p_no": 0.686511, "probability": 0.313294, "label_mass": 0.999715},
    "Verdict.context": {"caption": "a walk in the park"},
    "Evidence.reads": ["caption"], "Evidence.sees": "image",
    "Verdict.offence": {"frames": [], "prompts": {}},
    "Offence.frames": [], "Offence.left_out": ["insults"], "Offence.prompts": {"offence": "c31d9ab24e07f586"},
    "OffenceFrame.rule": "mocking", "OffenceFrame.view": "image", "OffenceFrame.shown": True,
    "OffenceFrame.reads": ["caption"], "OffenceFrame.untold": ["caption"],
    "OffenceFrame.intent": "To have others laugh at the boy.", "OffenceFrame.target_group": "boys who dance",
    "OffenceFrame.implication": "That boys ought not to dance.",
    "OffenceFrame.would_change": "That the boy wrote the caption himself.",
    "OffenceFrame.cause": "offence_refused", "OffenceFrame.reason": "the model refused to explain it",
    "Provenance.escalate": ["reasoning", "debate"],
    "Failure.hint": "is the server running?",
    "Provenance.lock_digest": "9f2c41d07be3a586", "Provenance.calibration_digest": "51b7e9a2c04d8f63",
    "Provenance.without_logprobs": "sample:8",
    "Provenance.probe": {"digest": "e0a94c7d12f8b635", "date": "2026-11-29", "outcome": "pass"},
    "Probed.digest": "e0a94c7d12f8b635", "Probed.date": "2026-11-29", "Probed.outcome": "pass",
}  # fmt: skip
HEADER = """# Verdict reference

What `judge check --json` prints for each image, what `Verdict.model_dump_json()` gives, and what the review app keeps.
`judge schema --verdict` prints the same as a JSON Schema. How it comes about: [how a verdict comes
about](how-a-verdict-comes-about.md); the words: [glossary](glossary.md).

**What stays.** Until the next major version (while that is 0, the next minor one) no key goes away, changes its type
or stops being printed, and `verdict` has its three words. Keys may be added, and so may words of `branch` and `cause`:
pass over keys that you do not know, and take a word that you do not know for "a person looks". A later version reads
what an earlier one printed.

**What is absent.** A key whose type does not say *always* is left out where it says nothing. All others are printed, as
null where there is nothing.

Written by `python -m tools.document_verdict_fields`.
"""


def text() -> str:
    """The page."""
    schema = _schema()
    parts = [HEADER]
    for record in RECORDS:
        described = schema if record.__name__ == "Verdict" else schema["$defs"][record.__name__]
        parts.append("\n".join(_table(record, described)))
    for words in WORDS:
        rows = [f"| `{word}` | {meaning} |" for word, meaning in meanings_of_words(words).items()]
        doc = _flowing(inspect.cleandoc(words.__doc__ or ""))
        parts.append("\n".join([f"## {words.__name__}", "", doc, "", "| word | |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def example(record: type[BaseModel], name: str) -> Any:
    """A value of a field: the first in the stored verdicts that says something."""
    key = f"{record.__name__}.{name}"
    if key in UNSEEN:
        return UNSEEN[key]
    empty = None
    for held in _found(record):
        if name in held:
            value = held[name]
            if value not in (None, [], {}, ""):
                return value
            empty = value
    if empty is None:
        raise LookupError(f"no stored verdict has {key}: give an example in UNSEEN")
    return empty


def _table(record: type[BaseModel], described: dict[str, Any]) -> Iterator[str]:
    yield f"## {record.__name__}"
    yield ""
    yield _flowing(described["description"])
    yield ""
    yield "| key | type | meaning | example |"
    yield "|---|---|---|---|"
    always = set(described["required"])
    for name, meaning in meanings(record).items():
        kind = _kind(described["properties"][name]) + (", always" if name in always else "")
        yield f"| `{name}` | {kind} | {meaning} | {_shown(example(record, name))} |"
    yield ""


def _kind(held: dict[str, Any]) -> str:
    if "$ref" in held:
        name = held["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in held:
        return " or ".join(_kind(one) for one in held["anyOf"])
    if "enum" in held:
        return " or ".join(f"`{word}`" for word in held["enum"])
    if "const" in held:
        return f"`{held['const']}`"
    if held["type"] == "array":
        return f"{len(held['prefixItems'])} numbers" if "prefixItems" in held else f"list of {_kind(held['items'])}"
    if held["type"] == "object":
        return f"mapping to {_kind(held['additionalProperties'])}"
    return {"string": "text", "boolean": "true or false", "integer": "whole number"}.get(held["type"], held["type"])


def _shown(value: Any) -> str:
    if isinstance(value, dict) and any(isinstance(one, dict | list) for one in value.values()):
        return ""  # a record of its own table
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ""
    shown = json.dumps(value, ensure_ascii=False)
    cut = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
    return "`" + cut.replace("|", "\\|") + "`"


_schema = cache(verdict_schema)


@cache
def _found(record: type[BaseModel]) -> list[dict[str, Any]]:
    """Every mapping in the stored verdicts that is such a record."""
    schema, found = _schema(), []
    for path in sorted(STORED.glob("*.json"), key=lambda path: (path.stem != "violation", path.stem)):
        if path.stem != "schema":
            stored = json.loads(path.read_text(encoding="utf-8"))
            found += _inside(stored, schema, schema, record.__name__)
    return found


def _inside(value: Any, held: dict[str, Any], schema: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    if held is schema and name == "Verdict":
        yield value
    for choice in held.get("anyOf", [held]):
        if "$ref" in choice and isinstance(value, dict):
            called = choice["$ref"].rpartition("/")[2]
            if called == name:
                yield value
            yield from _inside(value, schema["$defs"][called], schema, name)
        elif "items" in choice and isinstance(value, list):
            for one in value:
                yield from _inside(one, choice["items"], schema, name)
        elif "properties" in choice and isinstance(value, dict):
            for key, one in value.items():
                yield from _inside(one, choice["properties"].get(key, {}), schema, name)


def _flowing(words: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in words.split("\n\n"))


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
