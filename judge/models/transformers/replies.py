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

from judge.errors import ModelError
from judge.models.transformers.internals import (
    continues,
    continuing,
    forget_positions,
    generate,
    set_position_deltas,
    stacked,
)
from judge.models.transformers.prefix import Prefix

if TYPE_CHECKING:
    from transformers import PreTrainedModel

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
    if not continues(inputs):
        forget_positions(model)
    length, constraints = inputs["input_ids"].shape[1], [_refuse_nan, *([constrain] if constrain else [])]
    with torch.inference_mode():
        made = generate(model, **inputs, max_new_tokens=max_tokens, logits_processor=constraints)
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
    set_position_deltas(model, [start.prefix.position(0) for start in starts])
    caches, rows = [start.prefix.batch.cache for start in starts], [start.prefix.row for start in starts]
    cache = stacked(caches, rows, [start.shared for start in starts])
    inputs = {"input_ids": ids.to(model.device), "attention_mask": mask.to(model.device)}
    return generated(model, inputs | continuing(model, cache), max_tokens, constrain)


def _refuse_nan(_: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    if bool(logits.isnan().any()):
        raise ModelError("the model gave NaN instead of text", hint="try --dtype float32; half precision can overflow")
    return logits
