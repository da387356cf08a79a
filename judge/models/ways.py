"""Chooses how a model's questions are scored: checked against one by one, timed once, and remembered.

Which way is faster depends on the model and the machine; which are right depends on the model's family
(sliding windows, linear attention, masks a family does not take). Both are found by trying.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from judge.files import remember
from judge.models.memory import Budget
from judge.models.prefix import Question, one_by_one, packed, repeated
from judge.settings import cache_dir

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from judge.verdict import ModelIdentity

log = logging.getLogger("judge")
Scorer = Callable[["PreTrainedModel", Sequence[Question], int], torch.Tensor]
SCORERS: dict[str, Scorer] = {"packed": packed, "repeated": repeated, "one_by_one": one_by_one}
GROUPS = (8, 32)  # questions a forward pass that are tried
TOLERANCE = {torch.float32: 1e-4}  # of a probability
HALF_TOLERANCE = 0.05  # bf16 logits of mathematically equal ways differ by up to 0.07


@dataclass(frozen=True)
class Way:
    """`name`, one of SCORERS, for questions that share an image, in groups of `group`.

    `across`: the same for questions of several images, of which `packed` can only take one at a time.
    """

    name: str
    group: int
    across: str

    @property
    def shares(self) -> bool:
        """Whether caches can be continued at all."""
        return self.across == "repeated"


class Scoring:
    """Scores questions of one model, in the way remembered for it on this machine, or else chosen when the first
    question about an image comes."""

    def __init__(self, model: PreTrainedModel, identity: ModelIdentity, pad: int, budget: Budget) -> None:
        self._model, self._identity, self._pad, self._budget = model, identity, pad, budget
        self.way = remembered_way(identity)

    def logits(self, questions: Sequence[Question], *, with_image: bool) -> torch.Tensor:
        """Next-token logits per question: float32, (questions, vocabulary), on the CPU. The prefixes are
        those of one batch, all with an image or all without."""
        if self.way is None and with_image:
            first = questions[0].prefix
            own = [question for question in questions if question.prefix is first]
            self.way = chosen_way(self._model, self._identity, own, self._pad)
        # A question without an image says nothing of how the family treats images: until one comes, no sharing.
        way = self.way or Way("one_by_one", 1, "one_by_one")
        rows: dict[int, torch.Tensor] = {}
        for name, group in self._groups(questions, way):
            chosen = [questions[index] for index in group]
            rows.update(zip(group, SCORERS[name](self._model, chosen, self._pad), strict=True))
        return torch.stack([rows[index] for index in range(len(questions))])

    def _groups(self, questions: Sequence[Question], way: Way) -> Iterator[tuple[str, list[int]]]:
        """Questions (by index) that go through the model together, and how."""
        by_prefix: dict[int, list[int]] = {}
        for index, question in enumerate(questions):
            by_prefix.setdefault(id(question.prefix), []).append(index)
        if len(by_prefix) == 1 or (way.name == "packed" and len(questions) >= 4 * len(by_prefix)):
            parts = [(way.name, indices) for indices in by_prefix.values()]
        else:  # few questions about each of several images
            by_batch: dict[int, list[int]] = {}
            for index, question in enumerate(questions):
                by_batch.setdefault(id(question.prefix.batch), []).append(index)
            parts = [(way.across, indices) for indices in by_batch.values()]
        for name, indices in parts:
            indices.sort(key=lambda index: len(questions[index].suffix))  # like lengths pad little
            batch = questions[indices[0]].prefix.batch
            copied = batch.bytes_per_token * batch.length if name == "repeated" else 1  # packing copies no cache
            size = self._budget.rows(copied, way.group)
            for start in range(0, len(indices), size):
                yield name, indices[start : start + size]


def remembered_way(identity: ModelIdentity) -> Way | None:
    """The way remembered for this model on this machine, if any."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        remembered = Way(**json.loads(_path(identity).read_text(encoding="ascii")))
        if remembered.name in SCORERS and remembered.group >= 1:
            return remembered
    return None


def chosen_way(model: PreTrainedModel, identity: ModelIdentity, questions: Sequence[Question], pad: int) -> Way:
    """The way found now with these questions about one image; remembered where it shares."""
    way = _fastest_right(model, questions, pad)
    if way.shares:  # a failed check may have been a passing fault: the next run tries again
        remember(_path(identity), json.dumps(asdict(way)))
    return way


def _path(identity: ModelIdentity) -> Path:
    key = f"{identity.model_dump_json()}|{torch.__version__}|{torch.get_num_threads()}"
    if identity.device == "cuda":
        key += torch.cuda.get_device_name()
    return cache_dir() / "ways" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _fastest_right(model: PreTrainedModel, questions: Sequence[Question], pad: int) -> Way:
    probes = list(questions[:2])
    expected = one_by_one(model, probes, pad).softmax(-1)
    right = [name for name in ("packed", "repeated") if _agrees(model, name, probes, pad, expected)]
    if not right:
        log.warning("this model cannot share an image's computation between questions: each is asked on its own")
        return Way("one_by_one", 1, "one_by_one")
    many = [questions[index % len(questions)] for index in range(max(GROUPS))]
    across = "repeated" if "repeated" in right else "one_by_one"
    timed = {Way(name, group, across): _seconds(model, name, group, many, pad) for name in right for group in GROUPS}
    return min(timed, key=lambda way: timed[way])


def _agrees(model: PreTrainedModel, name: str, probes: Sequence[Question], pad: int, expected: torch.Tensor) -> bool:
    try:
        found = SCORERS[name](model, probes, pad).softmax(-1)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a family that does not take the mask or the cache: any error means "not this way"
        log.debug("%s does not work for this model: %s", name, error)
        return False
    return bool((found - expected).abs().max() <= TOLERANCE.get(model.dtype, HALF_TOLERANCE))


def _seconds(model: PreTrainedModel, name: str, group: int, questions: Sequence[Question], pad: int) -> float:
    best = float("inf")
    for _ in range(2):
        begun = time.perf_counter()
        for start in range(0, len(questions), group):
            SCORERS[name](model, questions[start : start + group], pad)  # returns on the CPU: nothing is left running
        best = min(best, time.perf_counter() - begun)
    return best
