"""Chooses how a model's questions are scored: checked against one by one, timed once, and remembered.

Which way is faster depends on the model and the machine; which are right depends on the model's family (sliding
windows, attention in both directions, masks a family does not take), and on the length: a window that is longer
than the prefix changes nothing. Both are found by trying, the second again whenever prefixes get much longer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from judge.files import read_text, remember
from judge.models.transformers.internals import LibraryChanged, is_in_8_bits, windows_of
from judge.models.transformers.memory import MemoryBudget
from judge.models.transformers.prefix import PrefixQuestion, one_by_one, packed, repeated
from judge.settings import cache_room

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from judge.verdict import ModelIdentity

log = logging.getLogger("judge")
Scorer = Callable[["PreTrainedModel", Sequence[PrefixQuestion], int], torch.Tensor]
SCORERS: dict[str, Scorer] = {"packed": packed, "repeated": repeated, "one_by_one": one_by_one}
GROUPS = (8, 32)  # questions a forward pass that are tried
TOLERANCE = {torch.float32: 1e-4}  # of the largest logit
# In logits, of LLM.int8: it looks for outliers in all that is computed together, so what is beside a question sways it.
# Measured: 0.015 on a trained model of 19 M parameters, 0.1 to 0.2 on tiny random ones; without outliers, 1e-6.
INT8_TOLERANCE = 0.05
HALF_TOLERANCE = 0.05  # the last digit of a bf16 logit is 0.8 % of it, and equal ways differ by a few of them


@dataclass(frozen=True)
class ScoringPlan:
    """`name`, one of SCORERS, for questions that share an image, in groups of `group`.

    plain: whether the model's caches can be cut and stacked (`Prefill.is_plain`).
    """

    name: str
    group: int
    plain: bool = False

    @property
    def shares(self) -> bool:
        """Whether caches can be continued at all."""
        return self.name != "one_by_one"

    @property
    def across(self) -> str:
        """The same for questions of several images, of which `packed` can only take one at a time."""
        return "repeated" if self.shares else self.name


ALONE = ScoringPlan("one_by_one", 1)
UNSHARED = "this model cannot share an image's computation between questions: each is asked on its own, which is slow"
SWAYED = (
    "in 8 bits (LLM.int8) this model's answers depend on what is computed beside them, so each question is asked on its"
    " own, which is slow; --quantize 4bit has no such dependence"
)


class Scoring:
    """Scores questions of one model, in the way remembered for it on this machine, or else chosen when the first
    question about an image comes."""

    def __init__(self, model: PreTrainedModel, identity: ModelIdentity, pad: int, budget: MemoryBudget) -> None:
        self._model, self._identity, self._pad, self._budget = model, identity, pad, budget
        # The longest reach (tokens of prefix and question) found right, and the shortest found wrong, by kind of
        # prefix: one without an image says nothing of how the family treats images.
        self.way, self._right = remembered_way(identity)
        self._wrong: dict[str, int] = {}
        self._fell_back = False

    def chances(self, questions: Sequence[PrefixQuestion], ids: Sequence[int], *, with_image: bool) -> torch.Tensor:
        """Probability of each token of `ids` as the next one: float32, (questions, ids), on the CPU. The prefixes
        are those of one batch, all with an image or all without."""
        way = self._way_for(questions, "image" if with_image else "text")
        rows: dict[int, torch.Tensor] = {}
        for name, group in self._groups(questions, way):
            logits = self._scored(name, [questions[index] for index in group])
            # Here, where the logits are: the whole vocabulary of every question is megabytes.
            chances = (logits[:, list(ids)] - logits.logsumexp(-1, keepdim=True)).exp().cpu()
            rows.update(zip(group, chances, strict=True))
        return torch.stack([rows[index] for index in range(len(questions))])

    def _way_for(self, questions: Sequence[PrefixQuestion], kind: str) -> ScoringPlan:
        """The way for these questions, chosen or checked now where nothing is known of prefixes this long."""
        if self.way is None and kind == "text":
            return ALONE
        probes = _probes(questions)
        reach, windows = _reach(probes[-1]), windows_of(probes[-1].prefix.batch.cache)
        if self.way is None:
            self.way = _fastest_right(self._model, probes, self._pad)
        elif not self.way.shares or reach >= self._wrong.get(kind, reach + 1):
            return ALONE
        elif not _known(reach, self._right.get(kind, 0), windows):
            if not all(_agrees(self._model, name, probes, self._pad) for name in {self.way.name, self.way.across}):
                log.warning("sharing an image's computation is not exact at %d tokens: each question on its own", reach)
                self._wrong[kind] = reach
                return ALONE
        else:
            return self.way
        if self.way.shares:  # a failed check may have been a passing fault: the next run tries again
            self._right[kind] = max(reach, self._right.get(kind, 0))
            remember(_path(self._identity), json.dumps({"way": asdict(self.way), "right": self._right}))
        return self.way

    def _scored(self, name: str, questions: Sequence[PrefixQuestion]) -> torch.Tensor:
        try:
            return SCORERS[name](self._model, questions, self._pad)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever a family raises: what needs no sharing may still work
            if name == "one_by_one":
                raise
            log.log(
                logging.DEBUG if self._fell_back else logging.WARNING,
                "sharing an image's computation failed (%s): these questions are asked one by one",
                error,
            )
            self._fell_back = True
            return one_by_one(self._model, questions, self._pad)

    def _groups(self, questions: Sequence[PrefixQuestion], way: ScoringPlan) -> Iterator[tuple[str, list[int]]]:
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
            copied = questions[indices[0]].prefix.batch.bytes_per_row if name == "repeated" else 1
            size = self._budget.rows(copied, way.group)
            for start in range(0, len(indices), size):
                yield name, indices[start : start + size]


def remembered_way(identity: ModelIdentity) -> tuple[ScoringPlan | None, dict[str, int]]:
    """The way remembered for this model on this machine, if any, and the reach up to which it was found right, for
    prefixes with an image and without."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        remembered = json.loads(read_text(_path(identity)))
        way, right = (
            ScoringPlan(**remembered["way"]),
            {str(kind): int(reach) for kind, reach in remembered["right"].items()},
        )
        if way.name in SCORERS and type(way.group) is int and way.group >= 1:
            return way, right
    return None, {}


def _path(identity: ModelIdentity) -> Path:
    versions = "|".join(metadata.version(name) for name in ("torch", "transformers"))
    key = f"{identity.model_dump_json()}|{versions}|{torch.get_num_threads()}"
    if identity.device == "cuda":
        key += torch.cuda.get_device_name()
    return cache_room("ways") / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def _reach(question: PrefixQuestion) -> int:
    return question.prefix.batch.length + len(question.suffix)


def _probes(questions: Sequence[PrefixQuestion]) -> list[PrefixQuestion]:
    """The shortest and the longest question on the longest prefix: one pads the other."""
    longest = max(questions, key=_reach).prefix
    own = sorted((question for question in questions if question.prefix is longest), key=_reach)
    return own if len(own) < 2 else [own[0], own[-1]]


def _known(reach: int, checked: int, windows: set[int]) -> bool:
    """Whether what was found right for `checked` tokens goes for `reach`: not beyond twice as many, nor beyond a
    window that they did not fill."""
    return reach <= 2 * checked and not any(checked <= window < reach for window in windows)


def _fastest_right(model: PreTrainedModel, probes: Sequence[PrefixQuestion], pad: int) -> ScoringPlan:
    plain = probes[0].prefix.batch.is_plain
    right = [name for name in ("repeated", "packed") if _agrees(model, name, probes, pad)] if plain else []
    if not plain and _agrees(model, "repeated", probes, pad):
        right = ["repeated"]
    if "repeated" not in right:
        log.warning(SWAYED if is_in_8_bits(model) else UNSHARED)
        return ALONE
    many = [probes[index % len(probes)] for index in range(max(GROUPS))]
    timed = {
        ScoringPlan(name, group, plain): _seconds(model, name, group, many, pad) for name in right for group in GROUPS
    }
    return min(timed, key=lambda way: timed[way])


def _agrees(model: PreTrainedModel, name: str, probes: Sequence[PrefixQuestion], pad: int) -> bool:
    """Whether the way gives the logits that one by one gives, also the second time on the same prefix."""
    expected = one_by_one(model, probes, pad)
    try:
        SCORERS[name](model, probes, pad)
        found = SCORERS[name](model, probes, pad)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a family that does not take the mask or the cache: any error means "not this way"
        level = logging.WARNING if isinstance(error, LibraryChanged) else logging.DEBUG
        log.log(level, "%s does not work for this model: %s", name, error)
        return False
    said = expected > torch.finfo(model.dtype).min / 2  # some families forbid tokens by the least number there is
    scale, worst = float(expected[said].abs().max()), float((found - expected)[said].abs().max())
    least = INT8_TOLERANCE if is_in_8_bits(model) else 0.0
    return worst <= max(least, scale * TOLERANCE.get(model.dtype, HALF_TOLERANCE))


def _seconds(model: PreTrainedModel, name: str, group: int, questions: Sequence[PrefixQuestion], pad: int) -> float:
    best = float("inf")
    for _ in range(2):
        begun = time.perf_counter()
        for start in range(0, len(questions), group):
            SCORERS[name](model, questions[start : start + group], pad).cpu()  # nothing is left running
        best = min(best, time.perf_counter() - begun)
    return best
