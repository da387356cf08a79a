"""Shared-prefix scoring: one prefill of image and instruction, every question on top of it.

Images whose prefixes have the same tokens are prefilled in one batch. A question's tokens follow a copy of
its image's rows of the key-value cache, several questions (of one image or of several) in a forward pass.
Questions are padded on the left, between prefix and question, so that the last position is the answer's
for all. Positions are passed explicitly: padding must not shift them, and for M-RoPE models (Qwen-VL) the
first position after an image is not the number of tokens before it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel

GROUP = 8  # questions a forward pass: larger groups copy more cache than they save, on a CPU


@dataclass(frozen=True, eq=False)
class Prefill:
    """Key-value cache of a batch of prefixes of `length` tokens each.

    next_positions: per row the position that follows the prefix. axes: of positions, 3 with M-RoPE, else 1.
    """

    cache: Cache
    length: int
    next_positions: tuple[int, ...]
    axes: int


@dataclass(frozen=True, eq=False)
class Prefix:
    """One row of a prefilled batch."""

    batch: Prefill
    row: int


def prefill(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> list[Prefix]:
    """Run a batch of prefixes (token ids without padding, and pixels where there are images) through the model."""
    base: Any = getattr(model, "model", model)
    m_rope = hasattr(base, "get_rope_index")
    if m_rope:
        base.rope_deltas = None  # left over from the last image; stale ones are silently wrong
    with torch.inference_mode():
        cache = model(**inputs, use_cache=True, logits_to_keep=1).past_key_values
    rows, length = inputs["input_ids"].shape
    deltas = base.rope_deltas.flatten().tolist() if m_rope and base.rope_deltas is not None else [0] * rows
    batch = Prefill(cache, length, tuple(length + int(delta) for delta in deltas), 3 if m_rope else 1)
    return [Prefix(batch, row) for row in range(rows)]


def next_token_logits(
    model: PreTrainedModel, questions: Sequence[tuple[Prefix, Sequence[int]]], pad: int
) -> torch.Tensor:
    """Logits of the token after prefix + suffix, per question: float32, shape (questions, vocabulary), on the CPU."""
    by_batch: dict[int, list[int]] = {}
    for index, (prefix, _) in enumerate(questions):
        by_batch.setdefault(id(prefix.batch), []).append(index)
    rows: dict[int, torch.Tensor] = {}
    for indices in by_batch.values():
        indices.sort(key=lambda index: len(questions[index][1]))  # like lengths pad little
        for start in range(0, len(indices), GROUP):
            group = indices[start : start + GROUP]
            rows.update(zip(group, _group_logits(model, [questions[index] for index in group], pad), strict=True))
    return torch.stack([rows[index] for index in range(len(questions))])


def _group_logits(model: PreTrainedModel, questions: Sequence[tuple[Prefix, Sequence[int]]], pad: int) -> torch.Tensor:
    batch, device = questions[0][0].batch, model.device
    count, width = len(questions), max(len(suffix) for _, suffix in questions)
    ids = torch.full((count, width), pad)
    mask = torch.zeros((count, batch.length + width), dtype=torch.long)
    mask[:, : batch.length] = 1
    positions = torch.zeros((count, width), dtype=torch.long)
    for row, (prefix, suffix) in enumerate(questions):
        start = width - len(suffix)
        ids[row, start:] = torch.tensor(suffix)
        mask[row, batch.length + start :] = 1
        positions[row, start:] = batch.next_positions[prefix.row] + torch.arange(len(suffix))
    if batch.axes > 1:
        positions = positions.expand(batch.axes, -1, -1)
    with torch.inference_mode():
        output = model(
            input_ids=ids.to(device), attention_mask=mask.to(device), position_ids=positions.to(device),
            past_key_values=_rows_of(batch.cache, [prefix.row for prefix, _ in questions]),
            use_cache=True, logits_to_keep=1,
        )  # fmt: skip
    logits: torch.Tensor = output.logits[:, -1].float().cpu()
    return logits


def _rows_of(cache: Cache, rows: Sequence[int]) -> Cache:
    """A cache of the given rows. Layers are copied shallowly, so selecting makes the only new tensors."""
    chosen = copy.copy(cache)
    chosen.layers = [copy.copy(layer) for layer in cache.layers]
    chosen.batch_select_indices(torch.tensor(rows, device=cache.layers[0].keys.device))
    return chosen
