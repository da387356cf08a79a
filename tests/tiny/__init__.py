"""Builds tiny random models of several families from configuration, for tests of the real adapters.

`build(family, folder)` saves model (safetensors), processor, tokenizer and chat template, so that the folder
loads like a downloaded checkpoint. The tokenizer is the bundled model's with the family's own special tokens.
Weights are random but not bland: images and words sway the answer, and "yes" and "no" carry most of the mass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers as tf

from tests.tiny import chunked, first, hybrid, more, moved, sliding
from tests.tiny.parts import TEXT_TEMPLATE, text_sizes, tokenizer

Maker = Callable[[], tuple[Any, Any]]
MLLMS: dict[str, Maker] = first.MLLMS  # of which every detail is tested
EVERY_MLLM: dict[str, Maker] = MLLMS | more.MLLMS | moved.MLLMS | sliding.MLLMS | hybrid.MLLMS | chunked.MLLMS
FAMILIES: dict[str, Maker] = EVERY_MLLM | first.ENCODERS


def build(family: str, folder: Path) -> Path:
    """Save a tiny model of `family` (a key of `FAMILIES`) in `folder`, the same weights every time."""
    torch.manual_seed(sum(map(ord, family)))
    model, processor = FAMILIES[family]()
    liven(model, processor)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def liven(model: Any, processor: Any) -> None:
    """Weights large enough that inputs matter at this size, and a head that mostly says yes or no."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0.0, 1.0 if "embed" in name else 1.5 * weight[0].numel() ** -0.5)
            elif name.endswith("_gate"):
                weight.fill_(1.0)  # mllama's begin shut, so that no picture would get through
        head = model.get_output_embeddings()
        if head is not None:
            says = [id_ for token, id_ in processor.tokenizer.get_vocab().items() if token.strip("Ġ") in {"Yes", "No"}]
            loud = torch.full((head.weight.shape[0], 1), 0.1)
            loud[says] = 4.0
            head.weight.mul_(loud)


def all_token_ids(tokens: Any, words: Sequence[str]) -> list[int]:
    """Ids whose text is one of `words` but for case and spaces, found by decoding every id there is."""
    return [
        i for i in range(len(tokens)) if tokens.decode([i]).strip().lower() in words and i not in tokens.all_special_ids
    ]


def build_text(folder: Path) -> Path:
    """Save a tiny random text-only LLM in `folder`. It likes to close what it opened, so its JSON is short."""
    torch.manual_seed(7)
    tokens = tokenizer("<|im_start|>", "<|im_end|>", eos_token="<|im_end|>", bos_token=None)
    tokens.chat_template = TEXT_TEMPLATE
    model = tf.LlamaForCausalLM(tf.LlamaConfig(**text_sizes(tokens)))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0.0, 1.0 if "embed" in name else 1.5 * weight[0].numel() ** -0.5)
        closing = [id_ for token, id_ in tokens.get_vocab().items() if token.strip("Ġ") in {'"', "]", "}", '"]', '"}'}]
        model.lm_head.weight[closing] *= 6.0
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder
