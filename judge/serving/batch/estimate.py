"""How long a batch will take and what it will come to, from a random sample that is judged and not written."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from judge.errors import ImageError, UserError
from judge.serving.batch.pool import Judging, shared
from judge.serving.batch.schema import Judged
from judge.serving.batch.sources import Source, SourceItem
from judge.serving.batch.worker import Task

_DRAWS = 2000
Interval = tuple[float, float]


@dataclass(frozen=True)
class Forecast:
    """What a batch will take, from `sample` images. Intervals are 95 % bootstrap over the images of the sample.

    images: in the source. seconds: of one image, at the pace of all processes together. questions: yes/no questions of
    one image, not counting those about regions. reasoned, to_review, violating: shares. unreadable: in the sample.
    """

    images: int
    sample: int
    unreadable: int
    seconds: float
    seconds_interval: Interval
    questions: float
    reasoned: float
    to_review: float
    violating: float

    def hours(self, images: int) -> tuple[float, Interval]:
        """For so many images, with the interval."""
        low, high = self.seconds_interval
        return images * self.seconds / 3600, (images * low / 3600, images * high / 3600)


def estimated(source: Source, judging: Judging, *, sample: int, batch: int, seed: int = 1) -> Forecast:
    """Judge `sample` images of the source, chosen by chance, and tell what all of them will take.

    Raises:
        UserError: there is no image in it, or none that can be read.
    """
    judging.describe()  # models are loaded before the clock runs
    chance = random.Random(seed)  # noqa: S311 (a sample is no secret)
    seen, chosen, unreadable = _sample(source, sample, chance)
    if not chosen:
        raise UserError(f"no image of {source.name} can be read" if seen else f"no images in {source.name}")
    batch = shared(batch, len(chosen), judging)
    begun = time.monotonic()
    judged: list[Judged] = []
    for start in range(0, len(chosen), batch):
        while judging.room < 1:
            judged += [found for _, found in judging.done(1.0) if found is not None]
        judging.give(chosen[start : start + batch])
    while judging.busy:
        judged += [found for _, found in judging.done(1.0) if found is not None]
    pace = (time.monotonic() - begun) / len(chosen)
    own = [float(one.image["seconds"]) for one in judged]
    low, high = _interval(own, chance)
    mean = sum(own) / len(own) or 1.0
    return Forecast(
        images=seen,
        sample=len(chosen),
        unreadable=unreadable,
        seconds=pace,
        seconds_interval=(pace * low / mean, pace * high / mean),
        questions=sum(map(_questions, judged)) / len(judged),
        reasoned=sum(any(row["rationale"] is not None for row in one.statements) for one in judged) / len(judged),
        to_review=sum(one.image["verdict"] == "needs_review" for one in judged) / len(judged),
        violating=sum(one.image["verdict"] == "violation" for one in judged) / len(judged),
    )


def _questions(judged: Judged) -> int:
    """About one image; what several rules ask is asked once."""
    return len({(row["view"], row["statement"]) for row in judged.statements if row["with_image"] is not None})


def _sample(source: Source, size: int, chance: random.Random) -> tuple[int, list[Task], int]:
    """How many items there are, some that can be read (each with the same chance), and how many of those tried cannot.

    Algorithm R: an item that is chosen is read at once, because a tar is read in one direction.
    """
    seen, held, unreadable = 0, list[Task | None](), 0
    for item in source.items():
        seen += 1
        place = len(held) if len(held) < size else chance.randrange(seen)
        if place >= size:
            continue
        task = _task(item)
        unreadable += task is None
        if place == len(held):
            held.append(task)
        else:
            held[place] = task
    return seen, [one for one in held if one is not None], unreadable


def _task(item: SourceItem) -> Task | None:
    try:
        data = item.read()
    except ImageError:
        return None
    return Task(item.key, item.name, hashlib.sha256(data).hexdigest(), data)


def _interval(values: Sequence[float], chance: random.Random) -> Interval:
    means = sorted(sum(chance.choices(values, k=len(values))) / len(values) for _ in range(_DRAWS))
    return means[int(0.025 * _DRAWS)], means[int(0.975 * _DRAWS)]
