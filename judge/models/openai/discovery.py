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
from judge.models.openai.plan import LIMITS, THINKING, TOPS, ServerPlan
from judge.models.openai.remote import Refused
from judge.models.openai.wire import Completion

log = logging.getLogger(__name__)
DECLINED = (400, 422)  # a request that was understood and is not to be sent so; not: no such model, no such key
Asked = Callable[[ServerPlan], Awaitable[Completion]]


@dataclass(frozen=True)
class _Part:
    """A part of a request that servers differ in.

    fields: those of `ServerPlan` that it is. named: matches a refusal that means it. less: the plan with less of it;
    None where there is no less.
    """

    fields: tuple[str, ...]
    named: re.Pattern[str]
    less: Callable[[ServerPlan], ServerPlan | None]


def _unnamed(plan: ServerPlan) -> ServerPlan | None:
    return replace(plan, named=False) if plan.named else None


def _other_thinking(plan: ServerPlan) -> ServerPlan | None:
    return replace(plan, thinking=plan.thinking + 1) if plan.thinking + 1 < len(THINKING) else None


def _new_limit(plan: ServerPlan) -> ServerPlan | None:
    return replace(plan, limits=LIMITS[1]) if plan.limits == LIMITS[0] else None


def _old_limit(plan: ServerPlan) -> ServerPlan | None:
    return replace(plan, limits=LIMITS[2]) if plan.limits != LIMITS[2] else None


def _default_temperature(plan: ServerPlan) -> ServerPlan | None:
    return replace(plan, temperature=False) if plan.temperature else None


def _by_text(plan: ServerPlan) -> ServerPlan | None:
    return replace(plan, yes=(), no=()) if plan.yes else None


def _fewer(plan: ServerPlan) -> ServerPlan | None:
    if plan.yes or not plan.top:
        return None
    return replace(plan, top=next((top for top in TOPS if top < plan.top), 0))


def _part(fields: str, named: str, less: Callable[[ServerPlan], ServerPlan | None]) -> _Part:
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
    """A plan that a server takes, and how far the model answers with yes or no when asked so: its label mass on the
    probe's question. None: the server gives no log-probabilities."""

    plan: ServerPlan
    mass: float | None


async def understood(ask: Asked, plan: ServerPlan, least: float) -> Understood:
    """The first agreed plan in which the model's label mass on a plain question is at least `least`, else the one with
    the most: a server may take a word against thinking aloud and pass it over, and know another.

    Raises:
        Refused: the server declines whatever is left out.
    """
    best: Understood | None = None
    while True:
        plan, completion = await agreed(ask, plan)
        found = Understood(plan, _mass(plan, completion))
        if found.mass is not None and found.mass >= least:
            return found
        if best is None or (found.mass or 0.0) > (best.mass or 0.0):
            best = found
        silent = found.mass is None and plan.thinking > 0  # no log-probabilities even where it was told in two ways
        if silent or plan.thinking + 1 == len(THINKING):
            return best
        plan = replace(plan, thinking=plan.thinking + 1, top=plan.top or TOPS[0])


def _mass(plan: ServerPlan, completion: Completion) -> float | None:
    if not plan.yes and not plan.top:
        return None
    try:
        return sum(plan.chances(completion))
    except ModelError:  # neither yes nor no is listed
        return 0.0


async def agreed(ask: Asked, plan: ServerPlan) -> tuple[ServerPlan, Completion]:
    """`plan` with as little less of it as the server takes, and the answer to the request that it took.

    ask: sends a question in a way. The `top` of what comes back is 0 where the server gives no log-probabilities.

    Raises:
        Refused: the server declines whatever is left out.
    """
    wanted, given_up = plan, []
    while True:
        try:
            completion = await ask(plan)
            if plan.serves(completion):
                break
            lesser = _passed_over(plan)
            assert lesser is not None, plan
        except Refused as error:
            log.debug("the server refused %s: %s", plan, error)
            lesser = _lesser(plan, error.told) if error.status in DECLINED else None
            if lesser is None:
                raise
        part, plan = lesser
        given_up.append(part)
    for part in dict.fromkeys(given_up[-2::-1]):  # the last was needed
        whole = replace(plan, **{field: getattr(wanted, field) for field in part.fields})
        if whole != plan and (answered := await _taken(ask, whole)) is not None:
            plan, completion = whole, answered
    return plan, completion


async def _taken(ask: Asked, plan: ServerPlan) -> Completion | None:
    """The answer, where the server takes a plan."""
    try:
        completion = await ask(plan)
    except Refused as error:
        log.debug("the server refused %s: %s", plan, error)
        return None
    return completion if plan.serves(completion) else None


def _lesser(plan: ServerPlan, told: str) -> tuple[_Part, ServerPlan] | None:
    """What is given up after a refusal in these words: what it names, else the least needed."""
    able = [(part, less) for part in PARTS if (less := part.less(plan)) is not None]
    named = [one for one in able if one[0].named.search(told)]
    return next(iter((*named, *able)), None)


def _passed_over(plan: ServerPlan) -> tuple[_Part, ServerPlan] | None:
    """What is given up where the answer lacks the log-probabilities that were asked for: as long as some are asked
    for there is less."""
    return next(((part, less) for part in SCORES if (less := part.less(plan)) is not None), None)
