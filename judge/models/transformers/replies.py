"""Greedy text for several conversations at once, by transformers' own `generate`.

From what is kept of images where the cache is plain (2 x over prefilling anew on the bundled model, 16 replies of up
to 48 tokens); other caches can neither be cut where a conversation leaves what is kept nor stacked, so for them
the conversations are prefilled anew, together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationMixin

from judge.errors import ModelError
from judge.models.transformers.prefix import Prefix, continuing, rows_of

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel

    from judge.models.transformers.chat import Inputs


@dataclass(frozen=True, eq=False)
class Start:
    """Where a conversation of the tokens `ids` continues: after the first `shared` of them, which are a prefix's."""

    prefix: Prefix
    shared: int
    ids: tuple[int, ...]

    @property
    def rest(self) -> tuple[int, ...]:
        """The tokens that are still to run, at least one."""
        return self.ids[self.shared :]


def generated(model: PreTrainedModel, inputs: Inputs, max_tokens: int, constrain: Any | None) -> list[list[int]]:
    """New token ids per row of `inputs`, which are padded on the left; filled up with padding after a row's end.

    constrain: a logits processor (ids, logits).

    Raises:
        ModelError: the model gave NaN.
    """
    base: Any = getattr(model, "model", model)
    if hasattr(base, "get_rope_index") and not set(inputs) & {"cache", "past_key_values"}:
        base.rope_deltas = None
    length, constraints = inputs["input_ids"].shape[1], [_refuse_nan, *([constrain] if constrain else [])]
    with torch.inference_mode():
        # Not the model's own method: Janus's drops what constrains the logits.
        made: Any = GenerationMixin.generate(model, **inputs, max_new_tokens=max_tokens, logits_processor=constraints)
    ids: list[list[int]] = made[:, length:].tolist()
    return ids


def continued(
    model: PreTrainedModel, starts: Sequence[Start], pad: int, max_tokens: int, constrain: Any | None
) -> list[list[int]]:
    """As `generated`, from the prefixes' plain caches, which stay as they are."""
    longest, width = max(start.shared for start in starts), max(len(start.rest) for start in starts)
    ids = torch.full((len(starts), longest + width), pad)
    mask = torch.zeros_like(ids)
    for row, start in enumerate(starts):
        kept, rest = slice(longest - start.shared, longest), slice(longest + width - len(start.rest), None)
        ids[row, kept], ids[row, rest] = torch.tensor(start.ids[: start.shared]), torch.tensor(start.rest)
        mask[row, kept], mask[row, rest] = 1, 1
    if starts[0].prefix.batch.axes > 1:
        base: Any = model.model
        base.rope_deltas = torch.tensor([[start.prefix.position(0)] for start in starts], device=model.device)
    inputs = {"input_ids": ids.to(model.device), "attention_mask": mask.to(model.device)}
    return generated(model, inputs | continuing(model, _stacked(starts, longest)), max_tokens, constrain)


def _stacked(starts: Sequence[Start], longest: int) -> Cache:
    """One cache with a row per start, shorter ones padded on the left."""
    cache = rows_of(starts[0].prefix.batch.cache, [starts[0].prefix.row])
    for index, layer in enumerate(cache.layers):
        own = [start.prefix.batch.cache.layers[index] for start in starts]
        layer.keys = _rows(starts, [one.keys for one in own], longest)
        layer.values = _rows(starts, [one.values for one in own], longest)
    return cache


def _rows(starts: Sequence[Start], tensors: Sequence[torch.Tensor], longest: int) -> torch.Tensor:
    _, heads, _, size = tensors[0].shape
    stacked = tensors[0].new_zeros((len(starts), heads, longest, size))
    for row, (start, tensor) in enumerate(zip(starts, tensors, strict=True)):
        stacked[row, :, longest - start.shared :] = tensor[start.prefix.row, :, : start.shared]
    return stacked


def _refuse_nan(_: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    if bool(logits.isnan().any()):
        raise ModelError("the model gave NaN instead of text", hint="try --dtype float32; half precision can overflow")
    return logits
