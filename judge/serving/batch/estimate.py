"""How long a batch will take and what it will come to, from a random sample that is judged and not written."""

from __future__ import annotations

import hashlib
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.constitution.told import checked_context
from judge.errors import ImageError, UserError
from judge.serving.batch.pool import Judging, shared
from judge.serving.batch.schema import Judged
from judge.serving.batch.sources import Source, SourceItem
from judge.serving.batch.worker import Task

if TYPE_CHECKING:
    from judge.constitution import Constitution

_GROUPS = 4  # of images that are judged together, at least: what they differ by is all that an interval can go by
Interval = tuple[float, float]


@dataclass(frozen=True)
class Forecast:
    """What a batch will take, from `sample` images.

    images: in the source. seconds: of one image, at the pace of all processes together. spread: half of the 95 %
    interval of that, as a share of it, for images of which there is no end; None of a single image. questions: yes/no
    questions of one image, not counting those about regions. reasoned, to_review, violating: shares. unreadable: in the
    sample.
    """

    images: int
    sample: int
    unreadable: int
    seconds: float
    spread: float | None
    questions: float
    reasoned: float
    to_review: float
    violating: float

    def hours(self, images: int | None = None) -> tuple[float, Interval | None]:
        """For so many images like these, with the 95 % interval. None: for those of the source, part of which were in
        the sample already, so that less is open: nothing, where it was all of them."""
        count = self.images if images is None else images
        hours = count * self.seconds / 3600
        if self.spread is None:
            return hours, None
        left = 1 - (self.sample + self.unreadable) / self.images if images is None else 1.0
        wide = hours * self.spread * max(0.0, left) ** 0.5
        return hours, (max(0.0, hours - wide), hours + wide)


def estimated(
    source: Source, judging: Judging, constitution: Constitution, *, sample: int, batch: int, seed: int = 1
) -> Forecast:
    """Judge `sample` images of the source, chosen by chance, and tell what all of them will take.

    Raises:
        UserError: there is no image in it, or none that can be read.
    """
    judging.describe()  # models are loaded before the clock runs
    chance = random.Random(seed)  # noqa: S311 (a sample is no secret)
    seen, chosen, unreadable = _sample(source, constitution, sample, chance)
    if not chosen:
        raise UserError(f"no image of {source.name} can be read" if seen else f"no images in {source.name}")
    batch = min(shared(batch, len(chosen), judging), -(-len(chosen) // _GROUPS))
    begun = time.monotonic()
    done: list[tuple[Task, Judged]] = []
    for start in range(0, len(chosen), batch):
        while judging.room < 1:
            done += [(task, found) for task, found in judging.done(1.0) if found is not None]
        judging.give(chosen[start : start + batch])
    while judging.busy:
        done += [(task, found) for task, found in judging.done(1.0) if found is not None]
    pace = (time.monotonic() - begun) / len(chosen)
    judged = [found for _, found in done]
    group = {task.key: number // batch for number, task in enumerate(chosen)}
    seconds: dict[int, list[float]] = {}
    for task, found in done:
        seconds.setdefault(group[task.key], []).append(float(found.image["seconds"]))
    return Forecast(
        images=seen,
        sample=len(chosen),
        unreadable=unreadable,
        seconds=pace,
        spread=_spread([statistics.fmean(one) for one in seconds.values()]),
        questions=sum(map(_questions, judged)) / len(judged),
        reasoned=sum(any(row["rationale"] is not None for row in one.statements) for one in judged) / len(judged),
        to_review=sum(one.image["verdict"] == "needs_review" for one in judged) / len(judged),
        violating=sum(one.image["verdict"] == "violation" for one in judged) / len(judged),
    )


def _questions(judged: Judged) -> int:
    """About one image; what several rules ask is asked once."""
    return len({(row["view"], row["statement"]) for row in judged.statements if row["with_image"] is not None})


def _sample(
    source: Source, constitution: Constitution, size: int, chance: random.Random
) -> tuple[int, list[Task], int]:
    """How many items there are, some that can be judged (each with the same chance), and how many tried cannot.

    Algorithm R: an item that is chosen is read at once, because a tar is read in one direction.
    """
    seen, held, unreadable = 0, list[Task | None](), 0
    for item in source.items():
        seen += 1
        place = len(held) if len(held) < size else chance.randrange(seen)
        if place >= size:
            continue
        task = _task(item, constitution)
        unreadable += task is None
        if place == len(held):
            held.append(task)
        else:
            held[place] = task
    return seen, [one for one in held if one is not None], unreadable


def _task(item: SourceItem, constitution: Constitution) -> Task | None:
    """None: it cannot be read, or its context does not fit."""
    try:
        data, told = item.read(), checked_context(constitution, item.context)
    except (ImageError, UserError):
        return None
    return Task(item.key, item.name, hashlib.sha256(data).hexdigest(), data, context=told)


def _spread(seconds: Sequence[float]) -> float | None:
    """Half of the 95 % interval of the mean of groups, as a share of it.

    Of groups and not of images, because images that are judged together have even shares of their time: there may be a
    thousand of them that seem to differ in nothing. By Student's t, because the groups are few.
    """
    from scipy.stats import t

    mean = statistics.fmean(seconds)
    if len(seconds) < 2 or not mean:
        return None
    times = float(t.ppf(0.975, len(seconds) - 1))
    return times * statistics.stdev(seconds) / float(len(seconds) ** 0.5) / mean
