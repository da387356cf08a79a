"""Somebody else's models: an installed package offers one under a name, as an entry point of the group `judge.models`.

`--model NAME` or `--model NAME:ARGUMENT` calls what the entry point names with the argument (empty where there is none)
and the run's `Settings`; it returns an `Mllm`. Knows no model, and trusts none: whatever a backend raises or gives
back becomes an answer, or an error with the backend's name.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from judge.errors import JudgeError, ModelError, ScriptExhausted, UserError
from judge.ports import Ask, Conversation, Mllm, checked_answer
from judge.settings import BUNDLED, Settings
from judge.verdict import Answer, ModelIdentity

GROUP = "judge.models"


def installed() -> tuple[str, ...]:
    """Names of the backends that installed packages offer, sorted; none can stand in for what ships or a hub id."""
    return tuple(sorted({one.name for one in entry_points(group=GROUP) if "/" not in one.name} - {BUNDLED}))


def is_backend(source: str) -> bool:
    """Whether `NAME` or `NAME:ARGUMENT` names an installed backend. What ships, and addresses, are none."""
    return "://" not in source and source.partition(":")[0] in installed()


def offered_by(source: str) -> str:
    """The package that a backend comes from, with its version.

    Raises as `load_backend` does where the name is not one thing.
    """
    return _package(_entry(source))


def check_name(source: str) -> None:
    """Refuse what is no name of a model, with the nearest that is one, before the hub is asked for it.

    Raises:
        UserError: a misspelt name, or an argument for a backend that is not installed.
    """
    if "://" in source:
        raise UserError(f"not the address of a server: {source}", hint="such as http://localhost:8000/v1")
    if Path(source).exists():
        return
    name, colon, _ = source.partition(":")
    close = difflib.get_close_matches(name.lower(), [BUNDLED, *installed()], n=1, cutoff=0.75)
    if close:
        raise UserError(f"no model '{source}'", hint=f"did you mean `{close[0]}`?")
    if colon:
        there = f"installed: {', '.join(installed())}" if installed() else "none is installed"
        raise UserError(f"no model backend '{name}'", hint=f"install the package that offers it; {there}")


def load_backend(source: str, settings: Settings) -> Mllm:
    """The model of an installed backend.

    Raises:
        UserError: two packages offer the name, a folder is called so too, or the backend refuses its argument.
        ModelError: the backend failed, or gave something else than an `Mllm`.
    """
    entry = _entry(source)
    said = f"model backend '{entry.name}' (of {_package(entry)})"
    with _named(said):
        make: Callable[[str, Settings], Any] = entry.load()
        made = make(source.partition(":")[2], settings)
        lacking = _lacking(made)
        identity = None if lacking else made.identity
    if lacking or identity is None:
        raise ModelError(f"{said} gave no model: {lacking}", hint=f"what it returns must be a `{Mllm.__module__}.Mllm`")
    return _Backend(made, identity, said)


def _entry(source: str) -> EntryPoint:
    name = source.partition(":")[0]
    found = {(one.value, _package(one)): one for one in entry_points(group=GROUP, name=name)}
    if len(found) != 1:
        raise UserError(
            f"{len(found)} packages offer a model '{name}': {', '.join(sorted(package for _, package in found))}",
            hint="uninstall all but one",
        )
    if source == name and Path(name).is_dir():
        raise UserError(
            f"'{name}' is a model of an installed package and a folder here",
            hint=f"say `{name}:` for the package's, `./{name}` for the folder",
        )
    return next(iter(found.values()))


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "an unnamed package"


def _lacking(made: Any) -> str:
    """What keeps it from being an `Mllm`; empty where nothing does."""
    lacking = [name for name in ("answer", "reply") if not callable(getattr(made, name, None))]
    if lacking:
        return f"{type(made).__name__} has no {' and no '.join(lacking)}"
    identity = getattr(made, "identity", None)
    if not isinstance(identity, ModelIdentity) or identity.role != "mllm":
        return "its identity is no ModelIdentity of the role mllm"
    return "" if identity.name and identity.digest else "its identity lacks a name or a digest"


class _Backend:
    """See `judge.ports.Mllm`. Somebody else's, whose errors carry its name and whose answers are checked.

    identity: as it was when it was loaded; what is kept of the model goes by it.
    """

    def __init__(self, theirs: Mllm, identity: ModelIdentity, said: str) -> None:
        self._theirs, self._said = theirs, said
        self.identity = identity

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`."""
        with _named(self._said):
            answers = list(self._theirs.answer(asks))
            if wrong := [one for one in answers if not isinstance(one, Answer)]:
                raise ModelError(f"it answered with {type(wrong[0]).__name__} where an Answer is due")
            return [one.model_copy(update=dict(_numbers(one))) for one in answers]

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`."""
        with _named(self._said):
            replies = list(self._theirs.reply(conversations, max_tokens=max_tokens, schema=schema))
            if wrong := [one for one in replies if not isinstance(one, str)]:
                raise ModelError(f"it replied with {type(wrong[0]).__name__} where a text is due")
            return replies


def _numbers(answer: Answer) -> Iterator[tuple[str, float]]:
    checked = checked_answer(answer.p_yes, answer.p_no)
    yield from (("p_yes", checked.p_yes), ("p_no", checked.p_no))


@contextmanager
def _named(said: str) -> Iterator[None]:
    """Errors with the backend's name. An end of the program is one too: its exit code would be taken for a verdict."""
    try:
        yield
    except ScriptExhausted:
        raise
    except JudgeError as error:
        if not error.message.startswith(said):
            error.message = f"{said}: {error.message}"
        raise
    except (Exception, SystemExit) as error:  # it may be anything: it is not our code
        what = " ".join(str(error).split())[:300]
        raise ModelError(
            f"{said} failed: {type(error).__name__}{f': {what}' if what else ''}",
            hint="its authors can mend it; another version may help",
        ) from error
