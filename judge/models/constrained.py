"""Constrains generation to a JSON Schema with outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import LogitsProcessor, PreTrainedModel, ProcessorMixin

# A little white space, before and between tokens. Without it a model is pushed off the spelling it was
# trained on (` {"rating": "No"`), and what it then writes contradicts its own reasoning; without a bound
# it can idle until the token limit.
_SPACE = r"[ \n]{0,4}"


def json_pattern(schema: str) -> str:
    """A regular expression for text of the JSON Schema `schema`, with a little white space where models put it."""
    from outlines_core.json_schema import build_regex_from_schema

    return str(_SPACE + build_regex_from_schema(schema, _SPACE))


def json_processor(model: PreTrainedModel, processor: ProcessorMixin, schema: str) -> LogitsProcessor:
    """A logits processor that admits only text of the JSON Schema `schema`; call `reset()` before each use."""
    import outlines
    from outlines.backends import get_regex_logits_processor

    wrapped: Any = outlines.from_transformers(model, processor)
    made: Any = get_regex_logits_processor("outlines_core", wrapped, json_pattern(schema))
    return made
