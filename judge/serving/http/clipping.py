"""Clips inside a process that judges for the server: one at a time, a few frames at each turn, so that images have
theirs between. A clip that nobody waits for any more is ended at its next turn, or while it is decoded at once.

There is a connection of its own for these orders, each of which is answered, and one for numbers of clips to give up.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from judge.constitution.told import checked_context
from judge.errors import JudgeError, UserError
from judge.judging import record
from judge.judging.clips.judging import Pace, judge_clip
from judge.judging.given import GivenContext
from judge.media.clips.wanted import GivenUp, Wanted
from judge.serving.http.worker import NAMELESS_CLIP, ClipOrder, JudgedImage, OrderRefused, judged
from judge.verdict import RuleOutcome

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from judge.clip_verdict import ClipVerdict
    from judge.judging.pipeline import Judge
    from judge.serving.turns import Turns

_PART = 8  # of a batch is judged at a turn: an image waits for so much of one at most


class ClipWork:
    """Obeys `ClipOrder`s. judge_of: the judge of a policy, where it is loaded. busy: whose turn it is."""

    def __init__(
        self, orders: Connection, given_up: Connection, judge_of: Callable[[str], Judge | None], busy: Turns
    ) -> None:
        self._orders, self._given_up, self._judge_of, self._busy = orders, given_up, judge_of, busy
        self._lock, self._wanted = threading.Lock(), Wanted()
        self._number = self._last_given_up = 0

    def start(self) -> None:
        """Begin to listen."""
        for work in (self._work, self._listen):
            threading.Thread(target=work, name="clips", daemon=True).start()

    def _work(self) -> None:
        try:
            while True:
                order: ClipOrder = self._orders.recv()
                judge, wanted = self._judge_of(order.key), self._begun(order.number)
                self._orders.send(clip_judged(judge, order, self._busy, wanted) if judge is not None else None)
        except (EOFError, OSError):
            return  # whoever gives orders has gone
        except BaseException:
            traceback.print_exc()
            os._exit(1)  # as a mistake in judging images ends the process: nobody waits for ever

    def _begun(self, number: int) -> Wanted:
        with self._lock:
            self._number, self._wanted = number, Wanted()
            if self._last_given_up >= number:
                self._wanted.give_up()
            return self._wanted

    def _listen(self) -> None:
        while True:
            try:
                number = self._given_up.recv()
            except (EOFError, OSError):
                return
            with self._lock:
                self._last_given_up = number
                if number == self._number:
                    self._wanted.give_up()


def clip_judged(judge: Judge, order: ClipOrder, busy: Turns, wanted: Wanted) -> JudgedImage | OrderRefused | None:
    """What came of a clip; None where it was given up."""
    try:
        context = checked_context(judge.constitution, order.context)
    except UserError as error:  # told of this one alone
        return judged(record.context_refused("", error, judge.provenance, {}))
    limits = judge.settings.clips
    if order.seconds / 2 < limits.seconds:
        shorter = limits.model_copy(update={"seconds": max(0.1, round(order.seconds / 2, 1))})
        judge = judge.derive(settings=judge.settings.model_copy(update={"clips": shorter}))
    pace = Pace(lambda: busy, max(1, judge.settings.batch // _PART), order.seconds, wanted)
    try:
        return judged_clip(
            judge_clip(judge, order.data, None, GivenContext(context, judge.constitution.readings), pace)
        )
    except GivenUp:
        return None
    except JudgeError as error:
        return OrderRefused(error.message, error.hint, isinstance(error, UserError))


def judged_clip(verdict: ClipVerdict) -> JudgedImage:
    """A verdict on a clip as the server goes by it."""
    body = verdict.model_copy(update={"clip": ""}).model_dump_json().encode()
    assert body.startswith(NAMELESS_CLIP)
    scores: dict[str, float] = {}
    for frame in verdict.frames:
        for rule, score in frame.scores.items():
            scores[rule] = max(score, scores.get(rule, 0.0))
    for one in verdict.rules:  # a frame that violates a rule does not violate it where it has to hold for longer
        if one.rule in scores and one.outcome is not RuleOutcome.VIOLATED:
            scores[one.rule] = min(scores[one.rule], 0.5)
    return JudgedImage(
        body=body,
        verdict=verdict.verdict,
        violations=verdict.violations,
        shadow_violations=verdict.shadow_violations,
        reasons=verdict.reasons,
        causes=tuple(map(str, verdict.causes)),
        failure=verdict.failure.kind if verdict.failure is not None else None,
        retryable=verdict.failure is not None and verdict.failure.retryable,
        outcomes={one.rule: str(one.outcome) for one in verdict.rules},
        shadows=frozenset(one.rule for one in verdict.rules if not one.enforced),
        scores=scores,
        timings=verdict.timings,
        sha256=verdict.clip_facts.sha256 or "",
        keep=verdict.failure is None,
    )
