"""The probe. Read `CHECKS` top to bottom: it is what is found out about a model, in this order.

What a check cannot find out because the model fails is a `fail` with the model's words; what there was no time for is
a `warn`. Nothing of the user's is read: every picture is drawn here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from judge.errors import JudgeError, ScriptExhausted, Unreachable, UserError
from judge.probing import answering, costs, inner, replying
from judge.probing.report import Line, ProbeReport
from judge.probing.subject import OutOfTime, ProbedModel
from judge.versions import installed

log = logging.getLogger("judge")
Check = Callable[[ProbedModel], Iterator[Line]]
CHECKS: dict[str, Check] = {
    "prompt tail": inner.prompt_tail,
    "first token": inner.first_token,
    "image tokens": inner.image_tokens,
    "weights": inner.weights,
    "sharing": inner.sharing,
    "replies": inner.replies,
    "label mass": answering.label_mass,
    "likeliest tokens": inner.likeliest_tokens,
    "right answers": answering.right_answers,
    "picture": answering.looks_at_the_picture,
    "order of options": answering.order_of_options,
    "speed": costs.speed,
    "JSON": replying.json,
    "length of reasoning": replying.length_of_reasoning,
    "memory": costs.memory,
}
UNSEEN = (
    "prompt, tokens, weights and memory are the server's, and cannot be seen from here",
    "answers on a shared prefix and replies are not compared with plain passes: the server makes both",
)


def probe(subject: ProbedModel) -> ProbeReport:
    """Run every check.

    Raises:
        UserError: the model cannot be asked at all, such as one without a token for yes.
        Unreachable: its server does not answer any more; nothing is known of the model then.
    """
    begun, date = time.monotonic(), datetime.now(UTC).replace(microsecond=0)
    lines = tuple(line for name, check in CHECKS.items() for line in _checked(name, check, subject))
    return ProbeReport(
        model=subject.mllm.identity,
        date=date.isoformat(),
        seconds=round(time.monotonic() - begun, 1),
        versions=installed(),
        lines=lines,
        unseen=UNSEEN if subject.inside is None else (),
    )


def _checked(name: str, check: Check, subject: ProbedModel) -> list[Line]:
    """A check's lines. What no check expected ends that check, not the probe."""
    try:
        return list(check(subject))
    except (UserError, ScriptExhausted, Unreachable):  # a server that is gone says nothing of its model
        raise
    except OutOfTime:
        why = "not checked: the time for a probe was up"
        return [Line(check=name, outcome="warn", figure=why, advice="probe on a faster machine or a smaller model")]
    except Exception as error:
        log.debug("probing %s failed", name, exc_info=True)
        said = error.message if isinstance(error, JudgeError) else f"{type(error).__name__}: {error}"
        hint = error.hint if isinstance(error, JudgeError) else ""
        first = said.strip().splitlines()[0] if said.strip() else type(error).__name__
        advice = hint or "the judge sends every image to review where this fails: choose another model"
        return [Line(check=name, outcome="fail", figure=f"the check failed: {first}", advice=advice)]
