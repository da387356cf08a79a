"""The reference that adapters are held against: transformers alone, in the plainest way."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import torch
from PIL import Image

from judge.models.transformers.internals import forget_positions
from judge.ports import Ask
from tests import tiny
from tests.models import conformance as suite


class Plain:
    """What a model says by one full forward pass over the whole text, with its own processor: no caches, no sharing."""

    def __init__(self, model: Any, processor: Any) -> None:
        self.model, self.processor = copy.deepcopy(model), processor
        self.words = _words(processor.tokenizer)

    def inputs(self, image: Image.Image | None, *texts: str) -> dict[str, Any]:
        talk = suite.talk(image, *texts)
        messages = [{"role": turn.role, "content": [{"type": "text", "text": turn.text}]} for turn in talk.turns]
        if image is not None:
            messages[0]["content"].insert(0, {"type": "image", "image": image})
        made = self.processor.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
        )
        floats = {name: value.to(self.model.dtype) for name, value in made.items() if value.is_floating_point()}
        return dict(made) | floats  # Llama 4's processor gives bfloat16

    def logits(self, inputs: dict[str, Any]) -> torch.Tensor:
        forget_positions(self.model)
        with torch.inference_mode():
            return self.model(**inputs, use_cache=False).logits[0, -1].float()

    def numbers(self, asks: list[Ask]) -> list[float]:
        chances = [
            self.logits(self.inputs(ask.image, f"{ask.instruction} {ask.statement}")).softmax(-1) for ask in asks
        ]
        return [float(chance[ids].sum()) for chance in chances for ids in self.words]

    def greedy(self, most: int, image: Image.Image | None, *texts: str) -> str:
        """Greedy text, each token by another full forward pass."""
        inputs, said = self.inputs(image, *texts), []
        while len(said) < most:
            said.append(int(self.logits(inputs).argmax()))
            if said[-1] in self.model.generation_config.eos_token_id:
                break
            shape, new = inputs["input_ids"].shape, {"input_ids": said[-1], "attention_mask": 1}
            if self.model.config.model_type == "paligemma":
                new["token_type_ids"] = 1  # what it says itself it reads from left to right
            for name, value in inputs.items():
                if torch.is_tensor(value) and value.shape == shape:  # ids, mask and kinds of token
                    inputs[name] = torch.cat([value, torch.full((1, 1), new.get(name, 0))], dim=1)
                elif torch.is_tensor(value) and value.shape[:2] == shape:  # which pictures a token sees: all so far
                    inputs[name] = torch.cat([value, value[:, -1:]], dim=1)
        return str(self.processor.tokenizer.decode(said, skip_special_tokens=True))


@cache
def _words(tokens: Any) -> list[list[int]]:
    """Every id of yes, and of no. Thousands are decoded for it, and a tokenizer's do not change."""
    return [tiny.all_token_ids(tokens, [word]) for word in ("yes", "no")]
