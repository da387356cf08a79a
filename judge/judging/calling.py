"""Calls to models, of which anything may come. Whatever they raise is a `ModelError` of the items that it is about.

A call for many is repeated for fewer when it fails, so that one picture's or one question's failure stays its own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from judge.errors import ModelError, ScriptExhausted, TriedInVain, UserError
from judge.judging.clock import Clock

Item = TypeVar("Item")
Found = TypeVar("Found")


class NotAsked(ModelError):
    """The time was up before the question was put: nothing is known, and the model did not fail."""


def called(what: str, call: Callable[[], Iterable[Found]], count: int) -> list[Found]:
    """What a model gives to `count` items.

    Raises:
        ModelError: it failed, in whatever way, or gave more or fewer than it was asked for.
        UserError: it cannot be used as the user wants it; every further call would say so, too.
    """
    try:
        found = list(call())
    except (ModelError, UserError, ScriptExhausted):
        raise
    except MemoryError as error:
        raise ModelError(
            f"{what} ran out of memory", hint="judge fewer images together (--batch 1)", retryable=True
        ) from error
    except Exception as error:  # model code fails in any way: a damaged reply, arithmetic, brackets without end
        raise ModelError(f"{what} failed ({described(error)})") from error
    if len(found) != count:
        raise ModelError(f"{what} gave {len(found)} answers to {count} questions")
    return found


def each(
    what: str,
    call: Callable[[list[Item]], Iterable[Found]],
    items: Sequence[Item],
    clock: Clock,
    *splits: Callable[[Item], Hashable],
) -> list[Found | ModelError]:
    """What a model gives to every item, or how it failed on it; `NotAsked` where there was no time left.

    splits: by what items are told apart when a call for all of them fails, from coarse to fine. When a
    question was tried in vain, only the coarsest is tried: each may cost the whole patience for a server.
    """
    if not items:
        return []
    if clock.over:
        return [NotAsked("there was no time left")] * len(items)
    try:
        return list(called(what, lambda: call(list(items)), len(items)))
    except ModelError as error:
        failure = error
    for depth, split in enumerate(splits):
        parts: dict[Hashable, list[int]] = {}
        for index, item in enumerate(items):
            parts.setdefault(split(item), []).append(index)
        if len(parts) > 1:
            finer = () if isinstance(failure, TriedInVain) else splits[depth + 1 :]
            found: dict[int, Found | ModelError] = {}
            for own in parts.values():
                found.update(zip(own, each(what, call, [items[index] for index in own], clock, *finer), strict=True))
            return [found[index] for index in range(len(items))]
        if isinstance(failure, TriedInVain):
            break
    return [failure] * len(items)


def described(error: BaseException) -> str:
    """An error of any kind in one line."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__
