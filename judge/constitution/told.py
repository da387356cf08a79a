"""What is told beside a picture, held against what its constitution declares. Knows no picture and no model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from judge.constitution.context import undeclared
from judge.constitution.schema import Constitution, Rule
from judge.errors import UserError


def checked_context(constitution: Constitution, context: Any) -> dict[str, str]:
    """A context that fits what the constitution declares.

    Raises:
        UserError: it is no mapping, names a field that is not declared, or holds a text that is none or too long:
            nothing is cut.
    """
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        said = f"the context must be a mapping of field to text, not {type(context).__name__}"
        raise UserError(said, hint='such as {"caption": "..."}')
    return {name: _text(constitution, name, text) for name, text in context.items()}


def context_digest(told: Mapping[str, Any] | None) -> str:
    """SHA-256 of what is told beside an image, whatever it is; empty where nothing is."""
    if not told:
        return ""
    return hashlib.sha256(json.dumps(dict(told), sort_keys=True, default=repr).encode()).hexdigest()


def subject(sha256: str, digest: str) -> str:
    """What is judged: an image, and what is told beside it. Both decide, so both are in it."""
    return f"{sha256}:{digest}" if digest else sha256


def fields_read(rule: Rule) -> tuple[str, ...]:
    """The fields of the context that statements of a rule read, each once; none where it is about the image alone."""
    readings = (one for one in rule.readings.values() if one is not None)
    return tuple(dict.fromkeys(field for reading in readings for field in reading.fields))


def _text(constitution: Constitution, name: Any, text: Any) -> str:
    declared = constitution.context.get(name) if isinstance(name, str) else None
    if declared is None:
        message, hint = undeclared(str(name)[:80], constitution.context)
        raise UserError(message, hint=hint)
    if not isinstance(text, str):
        raise UserError(
            f"`{name}` of the context must be text, not {type(text).__name__}",
            hint="leave it out where nothing is known; an empty text says that there was none",
        )
    if len(text) > declared.most:
        raise UserError(
            f"`{name}` of the context has {len(text):,} characters, and at most {declared.most:,} are read",
            hint=f"give the part that matters, or raise `{name}` under `context` in the constitution: nothing is cut",
        )
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise UserError(f"`{name}` of the context is no text: it holds half a character", hint="decode it as UTF-8")
    return text
