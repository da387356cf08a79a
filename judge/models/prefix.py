"""Shared prefixes: one prefill of image and instruction, and three ways to score questions on top of it.

- `packed`: all questions of one image in one sequence, kept apart by a block-diagonal mask;
- `repeated`: questions (of one image or of several) as a batch, each over a copy of its image's cache,
  padded on the left, between prefix and question, so that the last position is the answer's for all;
- `one_by_one`: the whole sequence anew per question: slow, and right for every model, so it is the
  reference that the others are checked against (`ways`), and what is used where they fail the check.

Positions are passed explicitly: padding must not shift them, and for M-RoPE models (Qwen-VL) the first
position after an image is not the number of tokens before it.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel

    from judge.models.chat import Inputs


@dataclass(frozen=True, eq=False)
class Prefill:
    """Key-value cache of a batch of prefixes of `length` tokens each.

    next_positions: per row the position that follows the prefix. axes: of positions, 3 with M-RoPE, else 1.
    """

    cache: Cache
    length: int
    next_positions: tuple[int, ...]
    axes: int

    @property
    def bytes_per_token(self) -> int:
        """Memory of one token of one row, over all layers."""
        held: list[torch.Tensor] = [tensor for layer in self.cache.layers for tensor in (layer.keys, layer.values)]
        total = sum(int(tensor.nbytes) for tensor in held)
        return total // (held[0].shape[0] * self.length)


@dataclass(frozen=True, eq=False)
class Prefix:
    """One row of a prefilled batch, and its token ids."""

    batch: Prefill
    row: int
    ids: tuple[int, ...]

    def position(self, index: int) -> int:
        """Position of the token at `index`, counted from the prefix's start; it must lie after the image."""
        return self.batch.next_positions[self.row] - self.batch.length + index


@dataclass(frozen=True, eq=False)
class Question:
    """A suffix to score on a prefix; `inputs()` (a batch of one) is what the prefix was made from."""

    prefix: Prefix
    suffix: tuple[int, ...]
    inputs: Callable[[], Inputs]


def prefill(model: PreTrainedModel, inputs: Inputs) -> list[Prefix]:
    """Run a batch of prefixes (token ids without padding, and pixels where there are images) through the model."""
    base: Any = getattr(model, "model", model)
    m_rope = hasattr(base, "get_rope_index")
    if m_rope:
        base.rope_deltas = None  # left over from the last image; stale ones are silently wrong
    with torch.inference_mode():
        output: Any = model(**inputs, use_cache=True, logits_to_keep=1)
    cache = output.cache if "cache" in output else output.past_key_values
    rows, length = inputs["input_ids"].shape
    deltas = base.rope_deltas.flatten().tolist() if m_rope and base.rope_deltas is not None else [0] * rows
    batch = Prefill(cache, length, tuple(length + int(delta) for delta in deltas), 3 if m_rope else 1)
    return [Prefix(batch, row, tuple(ids)) for row, ids in enumerate(inputs["input_ids"].tolist())]


def one_by_one(model: PreTrainedModel, questions: Sequence[Question], pad: int) -> torch.Tensor:
    """Next-token logits per question, float32, (questions, vocabulary), each from a pass over everything."""
    rows = []
    for question in questions:
        if hasattr(model, "model") and hasattr(model.model, "get_rope_index"):
            model.model.rope_deltas = None
        with torch.inference_mode():
            rows.append(model(**_extended(question), logits_to_keep=1).logits[0, -1].float().cpu())
    return torch.stack(rows)


def _extended(question: Question) -> Inputs:
    """The prefix's inputs with the suffix's tokens after them."""
    inputs = question.inputs()
    suffix = torch.tensor([question.suffix], device=inputs["input_ids"].device)
    length = inputs["input_ids"].shape[1]
    for name, value in list(inputs.items()):
        if value.shape == (1, length) and not value.is_floating_point():  # ids, and masks and types aligned with them
            more = suffix if name == "input_ids" else torch.full_like(suffix, 1 if name == "attention_mask" else 0)
            inputs[name] = torch.cat([value, more.to(value.dtype)], dim=1)
    return inputs


def repeated(model: PreTrainedModel, questions: Sequence[Question], pad: int) -> torch.Tensor:
    """Next-token logits per question, float32, (questions, vocabulary). All prefixes are of one batch."""
    batch, device = questions[0].prefix.batch, model.device
    count, width = len(questions), max(len(question.suffix) for question in questions)
    ids = torch.full((count, width), pad)
    mask = torch.zeros((count, batch.length + width), dtype=torch.long)
    mask[:, : batch.length] = 1
    positions = torch.zeros((count, width), dtype=torch.long)
    for row, question in enumerate(questions):
        start = width - len(question.suffix)
        ids[row, start:] = torch.tensor(question.suffix)
        mask[row, batch.length + start :] = 1
        positions[row, start:] = question.prefix.position(batch.length) + torch.arange(width - start)
    with torch.inference_mode():
        output = model(
            input_ids=ids.to(device), attention_mask=mask.to(device),
            position_ids=_on_axes(positions, batch.axes).to(device),
            use_cache=True, logits_to_keep=1,
            **continuing(model, rows_of(batch.cache, [question.prefix.row for question in questions])),
        )  # fmt: skip
    logits: torch.Tensor = output.logits[:, -1].float().cpu()
    return logits


def packed(model: PreTrainedModel, questions: Sequence[Question], pad: int) -> torch.Tensor:
    """Next-token logits per question, float32, (questions, vocabulary). All questions have one prefix."""
    prefix, device = questions[0].prefix, model.device
    lengths = [len(question.suffix) for question in questions]
    total, start = sum(lengths), prefix.batch.length
    ids = torch.tensor([[token for question in questions for token in question.suffix]])
    positions = torch.cat([torch.arange(length) for length in lengths])[None] + prefix.position(start)
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    seen = (owner[:, None] == owner[None, :]).tril()  # a token sees its own question so far, and the prefix
    # Additive, not boolean: eager attention would add True as 1 and be silently wrong.
    mask = torch.zeros((1, 1, total, start + total), dtype=model.dtype)
    mask[0, 0, :, start:] = torch.where(seen, 0.0, torch.finfo(model.dtype).min).to(model.dtype)
    ends = torch.tensor(lengths).cumsum(0) - 1
    with torch.inference_mode():
        output = model(
            input_ids=ids.to(device), attention_mask=mask.to(device),
            position_ids=_on_axes(positions, prefix.batch.axes).to(device),
            use_cache=True, logits_to_keep=ends.to(device),
            **continuing(model, rows_of(prefix.batch.cache, [prefix.row])),
        )  # fmt: skip
    logits: torch.Tensor = output.logits[0].float().cpu()
    return logits


def continuing(model: PreTrainedModel, cache: Cache) -> dict[str, Any]:
    """The argument that lets a forward pass go on from a cache. Its name changed within transformers 5."""
    known = inspect.signature(model.forward).parameters
    return {"cache" if "cache" in known else "past_key_values": cache}


def rows_of(cache: Cache, rows: Sequence[int]) -> Cache:
    """A cache of the given rows. Layers are copied shallowly, so selecting makes the only new tensors."""
    chosen = copy.copy(cache)
    chosen.layers = [copy.copy(layer) for layer in cache.layers]
    if list(rows) != list(range(cache.layers[0].keys.shape[0])):
        chosen.batch_select_indices(torch.tensor(rows, device=cache.layers[0].keys.device))
    return chosen


def _on_axes(positions: torch.Tensor, axes: int) -> torch.Tensor:
    return positions if axes == 1 else positions.expand(axes, -1, -1)
