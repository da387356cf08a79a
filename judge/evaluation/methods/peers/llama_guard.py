"""Llama Guard 3 Vision and 4: the rules as its categories, `safe` or `unsafe` and category codes as its reply."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from judge.constitution import Constitution
from judge.errors import UserError
from judge.evaluation.methods.peers.chat_model import ChatModel, answer, load_chat_model
from judge.evaluation.protocols import Judgement
from judge.models.transformers.checkpoints import architecture
from judge.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

TASK = "Look at this picture."  # its makers rate a picture as part of a user's message
REPLY_TOKENS = 96
_UNSAFE = re.compile(r"unsafe\s*\n\s*(S\d+(?:\s*,\s*S\d+)*)", re.ASCII)


class LlamaGuardRival:
    """Gives the rules to the chat template as custom categories S1, S2, ..."""

    about = "Llama Guard with the rules as its categories."
    names_rules = True

    def __init__(self, model: ChatModel, constitution: Constitution, label_mass: float) -> None:
        self._model, self._label_mass = model, label_mass
        self._rules = {f"S{number}": rule.id for number, rule in enumerate(constitution.rules, start=1)}
        self._unsafe, self._safe = model.tokens("unsafe"), model.tokens("safe")
        message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": TASK}]}
        texts = {code: rule.text for code, rule in zip(self._rules, constitution.rules, strict=True)}
        self._text = model.written([message], categories=texts, excluded_category_keys=[])
        if any(text not in self._text for text in texts.values()):
            raise UserError(
                f"the chat template of {model.identity.name} takes no categories, so your rules cannot be put to it",
                hint="Llama Guard 3 Vision takes them",
            )
        self.name = f"llama-guard:{model.identity.name}"
        self.identity = f"{model.identity.model_dump_json()}|{label_mass}|{constitution.digest}|{self._text}"

    def rate(self, image: Image) -> Judgement:
        """See `Rival.rate`."""
        reply = self._model.reply(self._text, image, REPLY_TOKENS)
        first = answer(reply.first, self._unsafe, self._safe)
        read = judged(reply.text, self._rules)
        update: dict[str, object] = {"score": first.probability}
        if read.verdict == "no_violation" and first.label_mass < self._label_mass:
            update["verdict"] = "needs_review"
        return read.model_copy(update=update)


def judged(reply: str, rules: dict[str, str]) -> Judgement:
    """The reply by the letter; `rules` are ids by category code. Anything else than its format is `needs_review`."""
    if reply == "safe":
        return Judgement(verdict="no_violation", said=reply)
    match = _UNSAFE.fullmatch(reply)
    codes = [code.strip() for code in match[1].split(",")] if match else []
    if not codes or any(code not in rules for code in codes):
        return Judgement(verdict="needs_review", said=reply)
    return Judgement(verdict="violation", violations=tuple(dict.fromkeys(rules[code] for code in codes)), said=reply)


def load_llama_guard(source: str, constitution: Constitution, settings: Settings) -> LlamaGuardRival:
    """Llama Guard by hub id or folder: 3 Vision (Mllama) or 4 (Llama 4).

    Raises:
        UserError: no such model, or one without images.
    """
    from transformers import Llama4ForConditionalGeneration, MllamaForConditionalGeneration

    kinds = {"mllama": MllamaForConditionalGeneration, "llama4": Llama4ForConditionalGeneration}
    found = architecture(source, settings)
    if found not in kinds:
        raise UserError(
            f"{source} is a {found}, and no Llama Guard that sees images",
            hint="such as meta-llama/Llama-Guard-3-11B-Vision",
        )
    model = load_chat_model(kinds[found], source, settings)
    return LlamaGuardRival(model, constitution, settings.thresholds.label_mass)
