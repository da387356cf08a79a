"""Greedy generation for several conversations at once, continuing from caches that are already there."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from judge.errors import ModelError
from judge.models.prefix import Prefix, continuing

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel

Constrain = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True, eq=False)
class Start:
    """Where a conversation continues: the first `shared` tokens of a prefix, then `rest` (at least one token)."""

    prefix: Prefix
    shared: int
    rest: tuple[int, ...]


def continue_greedily(
    model: PreTrainedModel,
    starts: Sequence[Start],
    *,
    max_tokens: int,
    stop: frozenset[int],
    pad: int,
    constrain: Constrain | None = None,
) -> list[list[int]]:
    """New token ids per start, without the stop token. `constrain` is a logits processor (ids, logits)."""
    rows, axes = len(starts), starts[0].prefix.batch.axes
    cache, mask = _stacked(starts)
    width = max(len(start.rest) for start in starts)
    ids = torch.full((rows, width), pad)
    more = torch.zeros((rows, width), dtype=torch.long)
    positions = torch.zeros((rows, width), dtype=torch.long)
    for row, start in enumerate(starts):
        first = width - len(start.rest)
        ids[row, first:] = torch.tensor(start.rest)
        more[row, first:] = 1
        positions[row, first:] = start.prefix.position(start.shared) + torch.arange(len(start.rest))
    mask, following = torch.cat([mask, more], dim=1), positions[:, -1] + 1
    made: list[list[int]] = [[] for _ in range(rows)]
    ended = [False] * rows
    device = model.device
    for _ in range(max_tokens):
        with torch.inference_mode():
            output = model(
                input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=True,
                position_ids=(positions if axes == 1 else positions.expand(axes, -1, -1)).to(device), logits_to_keep=1,
                **continuing(model, cache),
            )  # fmt: skip
        logits = output.logits[:, -1].float()
        if bool(logits.isnan().any()):
            raise ModelError(
                "the model gave NaN instead of text", hint="try --dtype float32; half precision can overflow"
            )
        if constrain is not None:
            logits = constrain(ids.to(device), logits)
        chosen = logits.argmax(-1).cpu()
        for row, token in enumerate(chosen.tolist()):
            ended[row] = ended[row] or token in stop
            if not ended[row]:
                made[row].append(token)
        if all(ended):
            break
        ids, positions = chosen[:, None], following[:, None]
        following = following + 1
        mask = torch.cat([mask, torch.ones((rows, 1), dtype=torch.long)], dim=1)
    return made


def _stacked(starts: Sequence[Start]) -> tuple[Cache, torch.Tensor]:
    """One cache with a row per start, shorter ones padded on the left, and the mask that hides the padding."""
    longest = max(start.shared for start in starts)
    mask = torch.zeros((len(starts), longest), dtype=torch.long)
    for row, start in enumerate(starts):
        mask[row, longest - start.shared :] = 1
    model_cache = starts[0].prefix.batch.cache
    cache = copy.copy(model_cache)
    cache.layers = [copy.copy(layer) for layer in model_cache.layers]
    for index, layer in enumerate(cache.layers):
        layer.keys = _rows([(start, start.prefix.batch.cache.layers[index].keys) for start in starts], longest)
        layer.values = _rows([(start, start.prefix.batch.cache.layers[index].values) for start in starts], longest)
    return cache, mask


def _rows(parts: Sequence[tuple[Start, torch.Tensor]], longest: int) -> torch.Tensor:
    _, first = parts[0]
    stacked = first.new_zeros((len(parts), first.shape[1], longest, first.shape[3]))
    for row, (start, tensor) in enumerate(parts):
        stacked[row, :, longest - start.shared :] = tensor[start.prefix.row, :, : start.shared]
    return stacked
