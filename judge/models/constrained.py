"""Constrains generation to a JSON Schema with outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from outlines_core import Index
    from transformers import PreTrainedModel, ProcessorMixin

# A little white space, before and between tokens. Without it a model is pushed off the spelling it was
# trained on (` {"rating": "No"`), and what it then writes contradicts its own reasoning; without a bound
# it can idle until the token limit.
_SPACE = r"[ \n]{0,4}"
_BITS = 32  # tokens to a word of a mask


def json_pattern(schema: str) -> str:
    """A regular expression for text of the JSON Schema `schema`, with a little white space where models put it."""
    from outlines_core.json_schema import build_regex_from_schema

    return str(_SPACE + build_regex_from_schema(schema, _SPACE))


def json_processor(model: PreTrainedModel, processor: ProcessorMixin, schema: str) -> Constraint:
    """A logits processor that admits only text of the JSON Schema `schema`; call `reset()` before each use."""
    return pattern_processor(model, processor, json_pattern(schema))


def pattern_processor(model: PreTrainedModel, processor: ProcessorMixin, pattern: str) -> Constraint:
    """A logits processor that admits only text of a regular expression; call `reset()` before each use."""
    import outlines
    from outlines.backends.outlines_core import OutlinesCoreBackend
    from outlines_core import Index

    backend: Any = OutlinesCoreBackend(outlines.from_transformers(model, processor))
    return Constraint(Index(pattern, backend.vocabulary))


class Constraint:
    """Masks what an automaton over tokens does not admit next, for every row of a batch.

    In place of outlines' own processor, whose mask is a kernel for torch's compiler: importing that and compiling took
    longer than a short reply (measured: 5.2 s for the first, 0.7 s without), and every user would need a C++ compiler.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._guides: list[Any] = []

    def reset(self) -> None:
        """Start anew, with a batch of any size."""
        self._guides = []

    def __call__(self, ids: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """Logits (rows, vocabulary) with minus infinity for what may not come next; `ids` (rows, any) ends with the
        tokens that were chosen last, except at the first call, where nothing was."""
        from outlines_core import Guide

        if self._guides:
            for guide, token in zip(self._guides, ids[:, -1].tolist(), strict=True):
                if not guide.is_finished() or guide.accepts_tokens([token]):
                    guide.advance(token_id=token, return_tokens=False)
        else:
            self._guides = [Guide(self._index) for _ in range(len(logits))]
        return logits.masked_fill(~self._admitted(logits.shape[1]).to(logits.device), float("-inf"))

    def _admitted(self, vocabulary: int) -> torch.Tensor:
        """Which tokens may come next: (rows, vocabulary), bool. Tokens beyond what the automaton knows may not."""
        import torch  # here, because judging by a server needs the patterns alone

        masks = torch.zeros((len(self._guides), -(-vocabulary // _BITS)), dtype=torch.int32)
        for guide, mask in zip(self._guides, masks, strict=True):
            guide.write_mask_into(mask.data_ptr(), mask.numel(), mask.element_size())
        bits = masks.unsqueeze(-1) >> torch.arange(_BITS, dtype=torch.int32) & 1
        return bits.bool().flatten(1)[:, :vocabulary]
