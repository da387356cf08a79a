"""What one step teaches, and how processes share it.

Losses are sums here. They are divided by the counts of all processes together, so that the gradient of several
processes is the one that a single process has of all their scenes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributed import ReduceOp, all_reduce, get_world_size, is_initialized
from torch.nn.parallel import DistributedDataParallel

from tools.train_bundled.net import Net
from tools.train_bundled.pack import GENERATED_WEIGHT, Packed, Words
from tools.train_bundled.scenes import BACKGROUND, Batch

PATCH_WEIGHT = 0.5


class Sums(NamedTuple):
    """Losses and right answers, summed. The last three are nought where only patches were taught."""

    patch: torch.Tensor
    patch_right: torch.Tensor
    answer: torch.Tensor
    answer_right: torch.Tensor
    text: torch.Tensor


class Lesson(nn.Module):
    """A model and the losses it is taught by: patch labels, yes or no, generated text."""

    def __init__(self, net: Net, words: Words) -> None:
        super().__init__()
        self.net, self.words = net, words

    def forward(self, batch: Batch, packed: Packed, patches_only: bool) -> Sums:
        """The sums over these scenes. Counterparts of `counts`."""
        features = self.net.see(batch.images)
        named, labels = self.net.patches(features).float().flatten(0, 1), batch.patch_labels.flatten()
        patch = F.cross_entropy(named, labels, reduction="sum")
        patch_right = ((named.argmax(-1) == labels) & (labels != BACKGROUND)).sum()
        nought = patch.detach() * 0
        if patches_only:
            return Sums(patch, patch_right, nought, nought, nought)
        pictured = int((packed.tokens == self.words.image).any(1).sum())
        hidden = self.net.read(packed, features[:pictured], self.words.image)
        said = self.net.words(hidden[packed.ask_at]).float().log_softmax(-1)
        yes, no = said[:, self.words.yes], said[:, self.words.no]
        answer = -(packed.chance * yes + (1 - packed.chance) * no).sum()
        answer_right = (((yes > no) == (packed.chance > 0.5)) & _seen(packed)).sum()
        text = nought
        if len(packed.due):
            text = F.cross_entropy(self.net.words(hidden[packed.due_at]).float(), packed.due, reduction="sum")
        return Sums(patch, patch_right, answer, answer_right, text)


def counts(batch: Batch, packed: Packed) -> torch.Tensor:
    """What each of `Sums` is divided by to be a mean."""
    labels = batch.patch_labels
    things = int((labels != BACKGROUND).sum())
    numbers = [labels.numel(), things, len(packed.chance), int(_seen(packed).sum()), len(packed.due)]
    return torch.tensor(numbers, dtype=torch.float32, device=labels.device)


def shared(lesson: Lesson) -> Lesson | DistributedDataParallel:
    """The lesson, or where there are several processes one whose gradients are their mean.

    All then have the weights of the first.
    """
    if not is_initialized():
        return lesson
    return DistributedDataParallel(lesson, find_unused_parameters=True)


def teach(
    lesson: Lesson | DistributedDataParallel, batch: Batch, packed: Packed, patches_only: bool, cast: torch.autocast
) -> dict[str, float]:
    """Add the gradients of these scenes, and of those of the other processes, and say how they were answered."""
    world = get_world_size() if is_initialized() else 1
    number = counts(batch, packed)
    if world > 1:
        all_reduce(number)
    number = number.clamp(min=1)
    with cast:
        sums = lesson(batch, packed, patches_only)
    patch = sums.patch / number[0] * (1.0 if patches_only else PATCH_WEIGHT)
    loss = patch + sums.answer / number[2] + GENERATED_WEIGHT * sums.text / number[4]
    (loss * world).backward()  # the gradients of the processes are averaged, and these are parts of one mean
    told = torch.stack([part.detach().float() for part in sums])
    if world > 1:
        all_reduce(told)
    means = dict(zip(Sums._fields, (told / number).tolist(), strict=True))
    return {name: round(value, 4) for name, value in means.items() if not patches_only or name.startswith("patch")}


def latest(seconds: float) -> float:
    """The most of what the processes say: so that all of them stop at the same step."""
    if not is_initialized():
        return seconds
    told = torch.tensor(seconds, dtype=torch.float64)
    all_reduce(told, ReduceOp.MAX)
    return float(told)


def _seen(packed: Packed) -> torch.Tensor:
    """Which statements are asked about a picture that can tell."""
    return torch.tensor([kind not in ("blind", "unknown") for kind in packed.kinds], device=packed.chance.device)
