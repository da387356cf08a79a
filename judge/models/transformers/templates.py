"""Runs chat templates within bounds. A template is a program that came with a checkpoint: the sandbox of transformers
keeps it from reaching anything, and not from going on for ever.

What is counted is the template's own steps and what it calls in Python; one step that takes long by itself (a power of
a power) cannot be broken off, so templates that compute powers are refused by `endless`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from jinja2 import nodes

from judge.errors import ModelError

SECONDS = 5.0  # of the processor, for one conversation; real templates take thousandths
MOST_ADDED = 10_000  # characters beside what is said, such as a system prompt; real templates add up to some thousands
MOST_CHARACTERS = 1_000_000  # that one conversation may become; the prompts of this package have some thousands
_ANSWER = "\N{WHITE SQUARE}answer\N{WHITE SQUARE}"
_COMPILED = "<template>"  # the file that compiled templates say they come from
_HINT = "mend the chat template of the checkpoint (chat_template.jinja), or choose another model"


def rendered(holder: Any, messages: list[dict[str, Any]], *, answering: bool = True, **values: Any) -> str:
    """The conversation as the chat template of `holder` (a processor or a tokenizer) writes it, up to where the next
    answer begins; not `answering`: to where the last message ends. `values` are names that the template knows.

    Raises:
        ModelError: it takes too long, writes too much, or writes something else than what is said.
        Exception: whatever else the template raises.
    """
    before = sys.gettrace()  # of this thread alone, as all that follows
    sys.settrace(_Bounds(time.thread_time() + SECONDS))
    try:
        text = str(holder.apply_chat_template(messages, add_generation_prompt=answering, tokenize=False, **values))
    finally:
        sys.settrace(before)
    _check_said(text, [part for message in messages for part in _texts(message["content"])])
    return text


def _texts(content: str | list[dict[str, Any]]) -> list[str]:
    parts = [content] if isinstance(content, str) else [part["text"] for part in content if part["type"] == "text"]
    return [part.strip() for part in parts]  # spaces at the ends are the template's to keep or drop


def _check_said(text: str, said: list[str]) -> None:
    """Whether all that is said stands in a rendered text, unaltered and in order, with little beside it.

    What a template does to one text it need not do to another, so this is looked at in every call.
    """
    end = 0
    for part in said:
        start = text.find(part, end)
        if start < 0:
            raise ModelError("the model's chat template alters the text of a message", hint=_HINT)
        end = start + len(part)
    if len(text) - sum(map(len, said)) > MOST_ADDED:
        raise ModelError(f"its chat template writes over {MOST_ADDED:,} characters beside what is said", hint=_HINT)


def begins_no_answer(written: Callable[..., str]) -> bool:
    """Whether a template leaves out what stands before an answer: whose turn it is. A model then goes on with the
    question. Templates that write nothing there are sound.

    written: renders turns, and takes `answering`, see `rendered`.
    """
    asked = ("user", "?")
    try:
        prompt = written([asked])
        if prompt != written([asked], answering=False):
            return False
        before, mark, _ = written([asked, ("assistant", _ANSWER)], answering=False).partition(_ANSWER)
    except Exception:  # a template is a program: one that fails on this alone takes no such conversation
        return False
    return bool(mark) and before.startswith(prompt) and bool(before[len(prompt) :].strip())


def endless(tree: nodes.Template) -> str | None:
    """What a template does that may take for ever in one step; None where nothing is found."""
    return "computes a power" if tree.find(nodes.Pow) is not None else None


class _Bounds:
    """A trace function: called at every call of a function, and at every step of a template."""

    def __init__(self, until: float) -> None:
        self._until, self._characters = until, 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> _Bounds | None:
        if time.thread_time() > self._until:
            raise ModelError(f"its chat template did not end within {SECONDS:g} s", hint=_HINT)
        if frame.f_code.co_filename != _COMPILED:
            return None
        if event == "return" and isinstance(argument, str):  # what is written is yielded, piece by piece
            self._characters += len(argument)
            if self._characters > MOST_CHARACTERS:
                raise ModelError(f"its chat template writes over {MOST_CHARACTERS:,} characters", hint=_HINT)
        return self
