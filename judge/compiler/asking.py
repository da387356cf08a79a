"""Asks an LLM for JSON of one shape, and once more with the complaint when it answers nonsense.

Models that think first, though they are told not to, get room for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from judge.errors import ModelError
from judge.ports import Conversation, Turn
from judge.verdict import ModelIdentity

TRIES = 2
THINKING_TOKENS = 4096  # for a model that did not begin to answer within its limit; an answer ends by itself
_THOUGHT = ("<think>", "</think>")
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
        text, cut = _replied(llm, turns, max_tokens, shape.model_json_schema())
        try:
            read = shape.model_validate_json(text)
            complaint = check(read)
        except ValidationError as error:
            complaint = "it was cut off before its end" if cut else _first(error)
        else:
            if not complaint:
                return read
        turns += [Turn("assistant", text.strip()), Turn("user", f"That cannot be used: {complaint}. Give JSON again.")]
    raise Nonsense(
        f"the LLM gave no usable answer in {TRIES} tries: {complaint}",
        hint="write the preconditions by hand, reword the rule, or choose a stronger LLM",
    )


def _replied(llm: Llm, turns: Sequence[Turn], max_tokens: int, schema: Mapping[str, Any]) -> tuple[str, bool]:
    """What the LLM answers, without what it thought, and whether the limit ended it."""
    for limit in (max_tokens, THINKING_TOKENS):
        (reply,) = llm.reply([Conversation(None, tuple(turns))], max_tokens=limit, schema=schema)
        answer, cut = _said(reply), getattr(reply, "cut", False)
        if not cut or "{" in answer:
            break
    return answer, cut


def _said(reply: str) -> str:
    """A reply without the thoughts that a server left in it; the mark where they begin may have been the prompt's."""
    _, closed, after = reply.rpartition(_THOUGHT[1])
    if closed:
        return after
    return "" if reply.lstrip().startswith(_THOUGHT[0]) else reply


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    if one["type"] == "json_invalid":
        return "it is no complete JSON"
    return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg'].lower()}"
