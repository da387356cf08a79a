"""Asks an LLM for JSON of one shape, and once more with the complaint when it answers nonsense."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from judge.errors import ModelError
from judge.models.protocols import Conversation, Turn
from judge.verdict import ModelIdentity

TRIES = 2
Shape = TypeVar("Shape", bound=BaseModel)


class Llm(Protocol):
    """What the compiler needs of a language model; every `Mllm` is one."""

    @property
    def identity(self) -> ModelIdentity: ...

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]: ...


class Nonsense(ModelError):
    """The LLM works, but what it says of this rule cannot be used."""


def ask(
    llm: Llm, prompt: str, shape: type[Shape], *, max_tokens: int, check: Callable[[Shape], str] = lambda _: ""
) -> Shape:
    """The LLM's reply to `prompt` as a `shape`. `check` says what is wrong with one, or nothing.

    Raises:
        Nonsense: no usable reply in `TRIES` tries.
        ModelError: the LLM failed.
    """
    turns = [Turn("user", prompt)]
    complaint = ""
    for _ in range(TRIES):
        (text,) = llm.reply([Conversation(None, tuple(turns))], max_tokens=max_tokens, schema=shape.model_json_schema())
        try:
            read = shape.model_validate_json(text)
            complaint = check(read)
        except ValidationError as error:
            complaint = _first(error)
        else:
            if not complaint:
                return read
        turns += [Turn("assistant", text.strip()), Turn("user", f"That cannot be used: {complaint}. Give JSON again.")]
    raise Nonsense(
        f"the LLM gave no usable answer in {TRIES} tries: {complaint}",
        hint="write the preconditions by hand, reword the rule, or choose a stronger LLM",
    )


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    if one["type"] == "json_invalid":
        return "it is no complete JSON"
    return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg'].lower()}"
