"""Finds out what a server takes: best first, and what it refuses or passes over is left out.

Servers that call themselves OpenAI-compatible differ in which parts of a request they know, and say so in words of
their own. A refusal that names a part has that part given up; one that names none has them given up one after the
other, the least needed first. What was given up without need is taken back at the end.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from judge.errors import ModelError
from judge.models.openai.remote import Refused
from judge.models.openai.way import LIMITS, THINKING, TOPS, Way
from judge.models.openai.wire import Completion

log = logging.getLogger(__name__)
DECLINED = (400, 422)  # a request that was understood and is not to be sent so; not: no such model, no such key
Asked = Callable[[Way], Awaitable[Completion]]


@dataclass(frozen=True)
class _Part:
    """A part of a request that servers differ in.

    fields: those of `Way` that it is. named: matches a refusal that means it. less: the way with less of it; None
    where there is no less.
    """

    fields: tuple[str, ...]
    named: re.Pattern[str]
    less: Callable[[Way], Way | None]


def _unnamed(way: Way) -> Way | None:
    return replace(way, named=False) if way.named else None


def _other_thinking(way: Way) -> Way | None:
    return replace(way, thinking=way.thinking + 1) if way.thinking + 1 < len(THINKING) else None


def _new_limit(way: Way) -> Way | None:
    return replace(way, limits=LIMITS[1]) if way.limits == LIMITS[0] else None


def _old_limit(way: Way) -> Way | None:
    return replace(way, limits=LIMITS[2]) if way.limits != LIMITS[2] else None


def _default_temperature(way: Way) -> Way | None:
    return replace(way, temperature=False) if way.temperature else None


def _by_text(way: Way) -> Way | None:
    return replace(way, yes=(), no=()) if way.yes else None


def _fewer(way: Way) -> Way | None:
    if way.yes or not way.top:
        return None
    return replace(way, top=next((top for top in TOPS if top < way.top), 0))


def _part(fields: str, named: str, less: Callable[[Way], Way | None]) -> _Part:
    return _Part(tuple(fields.split()), re.compile(named, re.IGNORECASE), less)


SCORES = (
    _part("yes no", r"log_?-?prob|return_tokens_as_token_ids", _by_text),
    _part("top", r"log_?-?prob|top_n_tokens", _fewer),
)
PARTS = (  # the least needed first
    _part("named", r"uuid", _unnamed),
    _part("thinking", r"chat_template_kwargs|enable_thinking|reasoning|think", _other_thinking),
    _part("limits", r"\bmax_tokens\b", _new_limit),
    _part("temperature", r"temperature", _default_temperature),
    *SCORES,
    _part("limits", r"\bmax_completion_tokens\b", _old_limit),
)


@dataclass(frozen=True)
class Understood:
    """A way that a server takes, and how far the model answers with yes or no when asked so: its label mass on the
    probe's question. None: the server gives no log-probabilities."""

    way: Way
    mass: float | None


async def understood(ask: Asked, way: Way, least: float) -> Understood:
    """The first agreed way in which the model's label mass on a plain question is at least `least`, else the one with
    the most: a server may take a word against thinking aloud and pass it over, and know another.

    Raises:
        Refused: the server declines whatever is left out.
    """
    best: Understood | None = None
    while True:
        way, completion = await agreed(ask, way)
        found = Understood(way, _mass(way, completion))
        if found.mass is not None and found.mass >= least:
            return found
        if best is None or (found.mass or 0.0) > (best.mass or 0.0):
            best = found
        silent = found.mass is None and way.thinking > 0  # no log-probabilities even where it was told in two ways
        if silent or way.thinking + 1 == len(THINKING):
            return best
        way = replace(way, thinking=way.thinking + 1, top=way.top or TOPS[0])


def _mass(way: Way, completion: Completion) -> float | None:
    if not way.yes and not way.top:
        return None
    try:
        return sum(way.chances(completion))
    except ModelError:  # neither yes nor no is listed
        return 0.0


async def agreed(ask: Asked, way: Way) -> tuple[Way, Completion]:
    """`way` with as little less of it as the server takes, and the answer to the request that it took.

    ask: sends a question in a way. The `top` of what comes back is 0 where the server gives no log-probabilities.

    Raises:
        Refused: the server declines whatever is left out.
    """
    wanted, given_up = way, []
    while True:
        try:
            completion = await ask(way)
            if way.serves(completion):
                break
            lesser = _passed_over(way)
            assert lesser is not None, way
        except Refused as error:
            log.debug("the server refused %s: %s", way, error)
            lesser = _lesser(way, error.told) if error.status in DECLINED else None
            if lesser is None:
                raise
        part, way = lesser
        given_up.append(part)
    for part in dict.fromkeys(given_up[-2::-1]):  # the last was needed
        whole = replace(way, **{field: getattr(wanted, field) for field in part.fields})
        if whole != way and (answered := await _taken(ask, whole)) is not None:
            way, completion = whole, answered
    return way, completion


async def _taken(ask: Asked, way: Way) -> Completion | None:
    """The answer, where the server takes a way."""
    try:
        completion = await ask(way)
    except Refused as error:
        log.debug("the server refused %s: %s", way, error)
        return None
    return completion if way.serves(completion) else None


def _lesser(way: Way, told: str) -> tuple[_Part, Way] | None:
    """What is given up after a refusal in these words: what it names, else the least needed."""
    able = [(part, less) for part in PARTS if (less := part.less(way)) is not None]
    named = [one for one in able if one[0].named.search(told)]
    return next(iter((*named, *able)), None)


def _passed_over(way: Way) -> tuple[_Part, Way] | None:
    """What is given up where the answer lacks the log-probabilities that were asked for: as long as some are asked
    for there is less."""
    return next(((part, less) for part in SCORES if (less := part.less(way)) is not None), None)
