"""Shared prefixes: one prefill of image and instruction, and three ways to score questions on top of it.

- `repeated`: questions (of one image or of several) as a batch, each over a copy of its image's cache. They are
  padded on the right, and each answer is read at its question's own last token: right for every kind of cache,
  also those that slide or keep a running state, which padding between prefix and question would run through;
- `packed`: all questions of one image in one sequence, kept apart by a block-diagonal mask. Only for plain caches
  (`Prefill.is_plain`), where it spares the copies;
- `one_by_one`: the whole sequence anew per question: slow, and right for every model, so it is the
  reference that the others are checked against (`ways`), and what is used where they fail the check.

Positions are passed explicitly: padding must not shift them, and for M-RoPE models (Qwen-VL) the first
position after an image is not the number of tokens before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from judge.models.transformers.internals import (
    cache_of,
    continuing,
    forget_positions,
    has_m_rope,
    is_plain_cache,
    position_deltas,
    rows_of,
    tensors_of,
)

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel

    from judge.models.transformers.chat import Inputs


@dataclass(frozen=True, eq=False)
class Prefill:
    """Cache of a batch of prefixes of `length` tokens each.

    next_positions: per row the position that follows the prefix. axes: of positions, 3 with M-RoPE, else 1.
    aligned: what else the model takes per token, shape (rows, length, ...), such as mllama's mask of the image.
    """

    cache: Cache
    length: int
    next_positions: tuple[int, ...]
    axes: int
    aligned: Inputs

    @property
    def is_plain(self) -> bool:
        """Whether the cache can be cut and stacked."""
        return is_plain_cache(self.cache, self.length)

    @property
    def bytes_per_row(self) -> int:
        """Memory of one row, whatever its layers hold."""
        return sum(int(tensor.nbytes) for tensor in tensors_of(self.cache)) // len(self.next_positions)


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
class PrefixQuestion:
    """A suffix to score on a prefix; `inputs()` (a batch of one) is what the prefix was made from."""

    prefix: Prefix
    suffix: tuple[int, ...]
    inputs: Callable[[], Inputs]


def prefill(model: PreTrainedModel, inputs: Inputs) -> list[Prefix]:
    """Run a batch of prefixes (token ids without padding, and pixels where there are images) through the model."""
    forget_positions(model)
    with torch.inference_mode():
        output: Any = model(**inputs, use_cache=True, logits_to_keep=1)
    rows, length = inputs["input_ids"].shape
    aligned = {name: value for name, value in inputs.items() if value.shape[:2] == (rows, length) and value.ndim > 2}
    next_positions = tuple(length + delta for delta in position_deltas(model, rows))
    batch = Prefill(cache_of(output), length, next_positions, 3 if has_m_rope(model) else 1, aligned)
    return [Prefix(batch, row, tuple(ids)) for row, ids in enumerate(inputs["input_ids"].tolist())]


def one_by_one(model: PreTrainedModel, questions: Sequence[PrefixQuestion], pad: int) -> torch.Tensor:
    """Next-token logits per question, float32, (questions, vocabulary), each from a pass over everything."""
    rows = []
    for question in questions:
        forget_positions(model)
        with torch.inference_mode():
            rows.append(model(**_extended(question), logits_to_keep=1).logits[0, -1].float())
    return torch.stack(rows)


def _extended(question: PrefixQuestion) -> Inputs:
    """The prefix's inputs with the suffix's tokens after them."""
    inputs = question.inputs()
    suffix = torch.tensor([question.suffix], device=inputs["input_ids"].device)
    length = inputs["input_ids"].shape[1]
    for name, value in list(inputs.items()):
        if value.shape == (1, length) and not value.is_floating_point():  # ids, and masks and types aligned with them
            more = suffix if name == "input_ids" else torch.full_like(suffix, 1 if name == "attention_mask" else 0)
            inputs[name] = torch.cat([value, more.to(value.dtype)], dim=1)
        elif value.shape[:2] == (1, length) and value.ndim > 2:
            inputs[name] = torch.cat([value, _as_the_last(value, suffix.shape[1])], dim=1)
    return inputs


def _as_the_last(aligned: torch.Tensor, count: int) -> torch.Tensor:
    """What `count` tokens after those of `aligned` (rows, tokens, ...) have where each has what the last one had."""
    return aligned[:, -1:].repeat_interleave(count, dim=1)


def repeated(model: PreTrainedModel, questions: Sequence[PrefixQuestion], pad: int) -> torch.Tensor:
    """Next-token logits per question, float32, (questions, vocabulary). All prefixes are of one batch."""
    batch, device = questions[0].prefix.batch, model.device
    rows, ends = [question.prefix.row for question in questions], [len(question.suffix) - 1 for question in questions]
    count, width = len(questions), max(ends) + 1
    ids = torch.full((count, width), pad)
    mask = torch.zeros((count, batch.length + width), dtype=torch.long)
    positions = torch.arange(width).repeat(count, 1)
    for index, question in enumerate(questions):
        ids[index, : ends[index] + 1] = torch.tensor(question.suffix)
        mask[index, : batch.length + ends[index] + 1] = 1
        positions[index] += question.prefix.position(batch.length)
    aligned = {name: _as_the_last(value, width)[rows] for name, value in batch.aligned.items()}
    kept = sorted(set(ends))
    with torch.inference_mode():
        logits = model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            position_ids=_on_axes(positions, batch.axes).to(device),
            use_cache=True,
            logits_to_keep=torch.tensor(kept, device=device),
            **aligned,
            **continuing(model, rows_of(batch.cache, rows)),
        ).logits
    if logits.shape[1] != len(kept):  # a family that gives the logits of every token, whatever it is asked for
        kept = list(range(width))
    found: torch.Tensor = logits[torch.arange(count), [kept.index(end) for end in ends]].float()
    return found


def packed(model: PreTrainedModel, questions: Sequence[PrefixQuestion], pad: int) -> torch.Tensor:
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
        logits: torch.Tensor = model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            position_ids=_on_axes(positions, prefix.batch.axes).to(device),
            use_cache=True,
            logits_to_keep=ends.to(device),
            **continuing(model, rows_of(prefix.batch.cache, [prefix.row])),
        ).logits[0]
    return (logits if len(logits) == len(ends) else logits[ends]).float()


def _on_axes(positions: torch.Tensor, axes: int) -> torch.Tensor:
    return positions if axes == 1 else positions.expand(axes, -1, -1)
