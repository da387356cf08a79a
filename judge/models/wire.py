"""What goes over the wire to an OpenAI-compatible server: its answers as records, and how it is asked for what.

Pure functions and records; `remote` sends, `openai_server` puts together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field

from judge.errors import ModelError
from judge.models.constrained import json_pattern
from judge.models.protocols import Likely
from judge.models.spellings import folded

Body = dict[str, Any]
TOP = 20  # what OpenAI and vLLM list at most
LONGEST_STRING = 400  # characters, where a schema sets no bound of its own
_SPACE_MARKS = " \n\u2581\u0120"  # spaces as text, as SentencePiece and as byte-level BPE write them
_TOKEN_ID = "token_id:"  # noqa: S105  # how vLLM writes a token that it is to name by its id


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
    """The model's message."""

    content: str | None = None


class Choice(BaseModel):
    """One completion; `finish_reason` is `length` where it was cut off."""

    message: Message
    logprobs: Logprobs | None = None
    finish_reason: str | None = None


class Completion(BaseModel):
    """The answer of `/v1/chat/completions`."""

    choices: Annotated[list[Choice], Field(min_length=1)]


class Tokens(BaseModel):
    """The answer of `/tokenize`."""

    tokens: list[int]


class Text(BaseModel):
    """The answer of `/detokenize`."""

    prompt: str


@dataclass(frozen=True)
class Way:
    """How a server is asked for yes and no.

    yes, no: ids of the tokens that spell them; empty where they are to be found by their text among the likeliest.
    named: whether images carry their digest as a `uuid`, by which vLLM caches what it made of them.
    """

    yes: tuple[int, ...] = ()
    no: tuple[int, ...] = ()
    named: bool = True

    @property
    def body(self) -> Body:
        """What a request says besides its messages."""
        asked: Body = {"logprobs": True, "max_completion_tokens": 1, "temperature": 0}
        if not self.yes:
            return {**asked, "top_logprobs": TOP}
        return {**asked, "logprob_token_ids": [*self.yes, *self.no], "return_tokens_as_token_ids": True}

    def serves(self, completion: Completion) -> bool:
        """Whether an answer holds what was asked for: some servers pass over what they do not know."""
        tokens = {token for token, _ in _listed(completion)}
        if self.yes:
            return tokens >= {f"{_TOKEN_ID}{index}" for index in (*self.yes, *self.no)}
        return len(tokens) > 1

    def chances(self, completion: Completion) -> tuple[float, float]:
        """p(yes) and p(no).

        Among the likeliest tokens one side may be missing, which does not make it zero: one token of it has at
        most the least probability listed, and at most what the list leaves over. The lesser of the two is taken,
        so an answer never looks surer than the server said.

        Raises:
            ModelError: neither side is listed, or the answer holds nothing of what was asked for.
        """
        if not self.serves(completion):
            raise ModelError("the server left out the log-probabilities it was asked for", retryable=True)
        listed = _listed(completion)
        yes, no = (
            [p for token, p in listed if self._spells(token, word, ids)]
            for word, ids in (("yes", self.yes), ("no", self.no))
        )
        if not yes and not no:
            likeliest = sorted(listed, key=lambda one: -one[1])[:3]
            raise ModelError(
                f"neither yes nor no is among the tokens the server lists: {[token for token, _ in likeliest]}",
                hint="does the model answer questions with one word? a model that thinks aloud first cannot be asked",
            )
        at_most = min(min(p for _, p in listed), max(0.0, 1.0 - sum(p for _, p in listed)))
        return sum(yes) if yes else at_most, sum(no) if no else at_most

    def _spells(self, token: str, word: str, ids: Sequence[int]) -> bool:
        if self.yes:
            return token in {f"{_TOKEN_ID}{index}" for index in ids}
        return token.strip(_SPACE_MARKS).casefold() == word


def _listed(completion: Completion) -> set[tuple[str, float]]:
    """Tokens and their probabilities. A set: the generated token is usually listed twice."""
    logprobs = completion.choices[0].logprobs
    if logprobs is None or not logprobs.content:
        return set()
    first = logprobs.content[0]
    return {(one.token, math.exp(min(one.logprob, 0.0))) for one in (first, *first.top_logprobs)}


def likeliest(completion: Completion, words: Sequence[str]) -> list[Likely]:
    """The tokens that a server lists, likeliest first, and whether they spell one of the (folded) words."""
    listed = sorted(_listed(completion), key=lambda one: -one[1])
    return [Likely(token, chance, folded(token.strip(_SPACE_MARKS)) in words) for token, chance in listed]


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
    """The schema with a bound on every free string: one without may run into the token limit and never close."""
    if isinstance(schema, Mapping):
        own = {key: _bounded(value) for key, value in schema.items()}
        if own.get("type") == "string" and not own.keys() & {"maxLength", "enum", "const", "pattern", "format"}:
            own["maxLength"] = LONGEST_STRING
        return own
    return [_bounded(one) for one in schema] if isinstance(schema, list) else schema
