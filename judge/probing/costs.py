"""What the model costs: seconds per question, seconds per image under a constitution, memory."""

from __future__ import annotations

import time
from collections.abc import Iterator

from judge.ports import Ask
from judge.probing.drawn import drawings, large
from judge.probing.report import Line
from judge.probing.subject import ProbedModel

MEGAPIXEL = 1_000_000
SLOW = 10.0  # seconds an image that are worth a word


def speed(subject: ProbedModel) -> Iterator[Line]:
    """Seconds for a new picture of a megapixel and for each question about it, and what a constitution takes."""
    texts = [text for one in drawings() for text in (one.true, one.false)]
    subject.answers([subject.ask(large(MEGAPIXEL), texts[0])])  # what is paid once is not a picture's cost
    picture = large(MEGAPIXEL)
    first = _seconds(subject, [subject.ask(picture, texts[0])])
    rest = _seconds(subject, [subject.ask(picture, text) for text in texts[1:]])
    each = rest / (len(texts) - 1)
    values = {"seconds_first": first, "seconds_per_question": each}
    yield Line(
        check="speed",
        outcome="pass",
        values=values,
        figure=f"{first:.3f} s for a new picture, {each:.4f} s for each further question",
    )
    load = subject.load
    whole = first + each * max(0, load.statements - 1)
    figure = (
        f"{load.name} ({load.rules} rules, {load.statements} statements): at most {whole:.2f} s an image for the "
        "questions; regions and reasoning come on top, for what stays undecided"
    )
    values = {"seconds_per_image": whole, "rules": load.rules, "statements": load.statements}
    if whole > SLOW:
        advice = "use a GPU, a smaller model, --quantize or a server that shares the picture between questions"
        yield Line(check="forecast", outcome="warn", figure=figure, advice=advice, values=values)
    else:
        yield Line(check="forecast", outcome="pass", figure=figure, values=values)


def _seconds(subject: ProbedModel, asks: list[Ask]) -> float:
    subject.check_time()
    begun = time.perf_counter()
    subject.mllm.answer(asks)
    return time.perf_counter() - begun


def memory(subject: ProbedModel) -> Iterator[Line]:
    """Most memory so far, of the GPU or of this process. It is a fact, so it passes."""
    if subject.inside is None:
        return
    gib = subject.inside.peak_memory_gib()
    where = "on the GPU" if subject.mllm.identity.device.startswith("cuda") else "in this process"
    yield Line(check="memory", outcome="pass", figure=f"at most {gib:.2f} GiB {where}", values={"peak_gib": gib})
