"""Checks of what the model writes: the reasoning ends by itself, and its summary is whole JSON."""

from __future__ import annotations

import time
from collections.abc import Iterator

from judge.ports import Conversation, Turn
from judge.probing.drawn import drawings
from judge.probing.report import Line
from judge.probing.subject import ProbedModel

TALKS = 3  # drawings reasoned about
MORE = 24  # tokens beyond the limit that show whether a text would have gone on


def length_of_reasoning(subject: ProbedModel) -> Iterator[Line]:
    """Whether reasoning ends within the token limit: what is longer with more tokens was cut off."""
    most, cut, characters = subject.settings.reason_tokens, 0, 0
    chosen = drawings()[::4][:TALKS]
    for one in chosen:
        turns = (Turn("user", subject.method.reasoning(one.true)),)
        talk = Conversation(one.picture, turns, subject.settings.reason_with == "thinking")
        texts = []
        for limit in (most, most + MORE):
            subject.check_time()
            texts += subject.mllm.reply([talk], max_tokens=limit)
        cut += len(texts[1].strip()) > len(texts[0].strip())
        characters += len(texts[0])
    figure = (
        f"{cut} of {len(chosen)} texts were cut off at {most} tokens; mean {characters / len(chosen):.0f} characters"
    )
    values = {"cut": cut, "texts": len(chosen), "limit_tokens": most, "mean_characters": characters / len(chosen)}
    if cut:
        advice = "raise the limit (setting `reason_tokens`): what is summed up from half a thought may be wrong"
        yield Line(check="length of reasoning", outcome="warn", figure=figure, advice=advice, values=values)
    else:
        yield Line(check="length of reasoning", outcome="pass", figure=figure, values=values)


def json(subject: ProbedModel) -> Iterator[Line]:
    """Whether a summary of the reasoning is JSON of the form asked for, and whole; and what reasoning takes."""
    whole, right, chosen = 0, 0, drawings()[::4][:TALKS]
    begun = time.perf_counter()
    for one in chosen:
        subject.check_time()
        told = subject.method.reason(one.picture, one.true)
        whole += told.rationale is not None
        right += told.rating == "Yes"
    each = (time.perf_counter() - begun) / len(chosen)
    figure = f"{whole} of {len(chosen)} summaries are whole JSON ({right} rated rightly); {each:.2f} s each"
    values = {"whole": whole, "right": right, "summaries": len(chosen), "seconds": each}
    if whole < len(chosen):
        advice = (
            "replies are not kept to the schema, or are cut off: undecided preconditions will go to review (a server "
            "needs structured outputs on; here, `judge doctor` names the version of outlines)"
        )
        yield Line(check="JSON", outcome="fail" if not whole else "warn", figure=figure, advice=advice, values=values)
    else:
        yield Line(check="JSON", outcome="pass", figure=figure, values=values)
