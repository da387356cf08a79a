"""The loop as the paper describes it, for comparison: one question at a time, each from scratch.

Per image, for every rule and precondition: one forward pass over image and question. Then the escalation:
one free-form answer at a time. Nothing is shared, nothing is batched; language priors are computed once
beforehand, as the paper does. It uses the same loaded model, processor and prompts as the judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from judge import prompts
from judge.languages import language_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from judge.models.transformers.chat import Chat


def judge_sequentially(
    model: Any, chat: Chat, image: Image, statements: Sequence[str], calls: int, tokens: int
) -> list[torch.Tensor]:
    """Next-token logits per statement, and `calls` free-form answers of `tokens` tokens for the time they take."""
    found = []
    for statement in statements:
        text = chat.render([("user", f"{language_of('en').instruction} {statement}")], True)
        with torch.inference_mode():
            found.append(model(**chat.inputs([text], [image]), logits_to_keep=1).logits[0, -1].float().cpu())
    for statement in statements[:calls]:
        text = chat.render([("user", prompts.render("en/reason", statement=statement))], True)
        inputs = chat.inputs([text], [image])
        with torch.inference_mode():
            model.generate(
                **inputs, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False, pad_token_id=chat.pad
            )
    return found
