"""Shared-prefix scoring: one prefill of image and instruction, every question on top of it.

A question's tokens follow a copy of the prefix's key-value cache, several questions in a batch. Questions
are padded on the left, between prefix and question, so that the last position is the answer's for all.
Positions are passed explicitly: padding must not shift them, and for M-RoPE models (Qwen-VL) the first
position after an image is not the number of tokens before it.
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
class Prefix:
    """Key-value cache of a prefix of `length` tokens; `next_position` is the position that follows it."""

    cache: Cache
    length: int
    next_position: int
    axes: int  # position axes: 1, or 3 with M-RoPE


def prefill(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> Prefix:
    """Run a prefix (batch of one: token ids, and pixels where there is an image) through the model."""
    base: Any = getattr(model, "model", model)
    m_rope = hasattr(base, "get_rope_index")
    if m_rope:
        base.rope_deltas = None  # left over from the last image; stale ones are silently wrong
    with torch.inference_mode():
        cache = model(**inputs, use_cache=True, logits_to_keep=1).past_key_values
    length = inputs["input_ids"].shape[1]
    delta = int(base.rope_deltas[0]) if m_rope and base.rope_deltas is not None else 0
    return Prefix(cache, length, length + delta, 3 if m_rope else 1)


def next_token_logits(
    model: PreTrainedModel, prefix: Prefix, suffixes: Sequence[Sequence[int]], pad: int
) -> torch.Tensor:
    """Logits of the token after prefix + suffix, per suffix: float32, shape (suffixes, vocabulary), on the CPU."""
    order = sorted(range(len(suffixes)), key=lambda index: len(suffixes[index]))  # like lengths pad little
    rows: dict[int, torch.Tensor] = {}
    for start in range(0, len(order), GROUP):
        group = order[start : start + GROUP]
        logits = _group_logits(model, prefix, [suffixes[index] for index in group], pad)
        rows.update(zip(group, logits, strict=True))
    return torch.stack([rows[index] for index in range(len(suffixes))])


def _group_logits(model: PreTrainedModel, prefix: Prefix, suffixes: Sequence[Sequence[int]], pad: int) -> torch.Tensor:
    count, width, device = len(suffixes), max(len(suffix) for suffix in suffixes), model.device
    ids = torch.full((count, width), pad, device=device)
    mask = torch.zeros((count, prefix.length + width), dtype=torch.long, device=device)
    mask[:, : prefix.length] = 1
    positions = torch.full((count, width), prefix.next_position, device=device)
    for row, suffix in enumerate(suffixes):
        length = len(suffix)
        ids[row, width - length :] = torch.tensor(suffix, device=device)
        mask[row, prefix.length + width - length :] = 1
        positions[row, width - length :] += torch.arange(length, device=device)
    cache = copy.deepcopy(prefix.cache)  # a forward pass appends to it
    cache.batch_repeat_interleave(count)
    if prefix.axes > 1:
        positions = positions.expand(prefix.axes, -1, -1)
    with torch.inference_mode():
        output = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache,
            use_cache=True, logits_to_keep=1,
        )  # fmt: skip
    logits: torch.Tensor = output.logits[:, -1].float().cpu()
    return logits
