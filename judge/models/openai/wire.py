"""What goes over the wire to an OpenAI-compatible server: its answers as records, and how it is asked for JSON.

Pure functions and records; `plan` says how it is asked for all else, `remote` sends, `server` puts
together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from judge.models.constrained import json_pattern

Body = dict[str, Any]
_REFUSAL = 200  # characters of a refusal that are passed on
_ENDING = 40  # characters of what a server calls the end of an answer
_CUT = frozenset({"length", "max_tokens"})
_WHOLE = frozenset({"stop", "eos_token", "stop_sequence", "end_turn"})  # the middle two are TGI's
LONGEST_STRING = 400  # characters, where a schema sets no bound of its own


class Served(BaseModel):
    """A model as `/v1/models` lists it; `root` and `max_model_len` are vLLM's."""

    id: str
    root: str | None = None
    max_model_len: int | None = None


class Models(BaseModel):
    """The answer of `/v1/models`."""

    data: list[Served]


class Listed(BaseModel):
    """A token with its log-probability."""

    token: str
    logprob: float


class Position(Listed):
    """A generated token, and what else might have stood in its place."""

    top_logprobs: list[Listed] = []


class Logprobs(BaseModel):
    """Log-probabilities of a completion, per generated token."""

    content: list[Position] | None = None


class Message(BaseModel):
    """The model's message. `reasoning_content` or `reasoning`: thoughts that a server keeps apart from it. refusal:
    what it said in place of an answer."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None

    def text(self, *, thoughts: bool) -> str:
        """What was said, after what was thought where that is wanted."""
        thought = (self.reasoning_content or self.reasoning or "") if thoughts else ""
        return "\n\n".join(part for part in (thought, self.content or "") if part)


class Choice(BaseModel):
    """One completion; `finish_reason` says how it ended: `length` where it was cut off, `content_filter` where
    something was left out of it on purpose, and nothing where a server does not say."""

    message: Message
    logprobs: Logprobs | None = None
    finish_reason: str | None = None

    @property
    def declined(self) -> str | None:
        """How the answer was declined, where it was: by the model, or by a filter before or behind it."""
        if self.message.refusal:
            said = " ".join(self.message.refusal.split())
            return f"the model behind the server refused to answer: '{said[:_REFUSAL]}'"
        filtered = self._ended == "content_filter"
        return "the server's content filter held the answer back" if filtered else None

    @property
    def cut(self) -> bool:
        """Whether the limit of tokens ended it."""
        return self._ended in _CUT

    @property
    def broken(self) -> str | None:
        """What ended it, where that is neither the model nor the limit: of such an answer nothing is known."""
        known = self._ended in {None, "content_filter"} | _CUT | _WHOLE
        return None if known else str(self._ended)[:_ENDING]

    @property
    def _ended(self) -> str | None:
        return self.finish_reason.strip().lower() if self.finish_reason is not None else None


class Completion(BaseModel):
    """The answer of `/v1/chat/completions`; `model` and `system_fingerprint` say who answered."""

    model: str | None = None
    system_fingerprint: str | None = None
    choices: Annotated[list[Choice], Field(min_length=1)]


class Tokens(BaseModel):
    """The answer of `/tokenize`."""

    tokens: list[int]


class PromptText(BaseModel):
    """The answer of `/detokenize`."""

    prompt: str


def json_forms(schema: Mapping[str, Any], *, is_vllm: bool) -> list[Body]:
    """What to add to a request so that its reply keeps to a schema: OpenAI's way, and vLLM's own.

    vLLM is given a pattern first: its JSON grammar admits no space before the brace, which pushes a model off
    the spelling it was trained on, and what it then writes contradicts its own reasoning (see `constrained`).
    """
    bounded = _bounded(schema)
    named = {"name": "reply", "schema": bounded, "strict": True}
    patterned = [{"structured_outputs": {"regex": json_pattern(json.dumps(bounded))}}] if is_vllm else []
    return [
        *patterned,
        {"response_format": {"type": "json_schema", "json_schema": named}},
        {"structured_outputs": {"json": bounded}},
    ]


def _bounded(schema: Any) -> Any:
    """The schema with a bound on every free string: one without may run into the token limit and never close. Without
    descriptions: they are notes on our code, and some servers show them to the model."""
    if isinstance(schema, Mapping):
        kept = {key: value for key, value in schema.items() if key != "description" or not isinstance(value, str)}
        own = {key: _bounded(value) for key, value in kept.items()}  # a property may be called description
        if own.get("type") == "string" and not own.keys() & {"maxLength", "enum", "const", "pattern", "format"}:
            own["maxLength"] = LONGEST_STRING
        return own
    return [_bounded(one) for one in schema] if isinstance(schema, list) else schema
