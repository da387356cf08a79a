"""ShieldGemma 2: each rule as a custom policy, yes or no to whether the picture violates it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from judge.constitution import Constitution
from judge.errors import ModelError
from judge.evaluation.methods.peers.method import by_rules
from judge.evaluation.protocols import Judgement
from judge.models.transformers.loading import identity, load_model, load_processor
from judge.ports import checked_answer
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image


class ShieldGemma2Rival:
    """Policies go through its processor's own prompt. It was tuned on three of its own, so ours are new to it."""

    about = "ShieldGemma 2 with every rule as a policy of its own, probability of yes."
    names_rules = True

    def __init__(
        self, model: Any, processor: Any, identity: ModelIdentity, constitution: Constitution, label_mass: float
    ) -> None:
        self._model, self._processor = model.eval(), processor
        self._label_mass = label_mass
        self._policies = {rule.id: rule.text for rule in constitution.rules}
        self.name = f"shieldgemma2:{identity.name}"
        self.identity = f"{identity.model_dump_json()}|{label_mass}|{constitution.digest}"

    def rate(self, image: Image) -> Judgement:
        """See `Rival.rate`."""
        try:
            answers = {rule: self._answer(image, rule) for rule in self._policies}
        except ModelError:
            raise
        except Exception as error:  # whatever a model or processor raises is the rival's failure
            raise ModelError(f"ShieldGemma 2 failed: {type(error).__name__}: {error}", retryable=True) from error
        return by_rules(answers, self._label_mass)

    def _answer(self, image: Image, rule: str) -> Answer:
        """Its classifier gives yes against no alone; their share of all tokens is wanted, too, so its inner model
        is asked."""
        inputs = self._processor(
            images=[image], custom_policies=self._policies, policies=[rule], return_tensors="pt"
        ).to(self._model.device)
        inputs["pixel_values"] = inputs["pixel_values"].to(self._model.dtype)
        with torch.inference_mode():
            chances = self._model.model(**inputs).logits[0, -1].float().softmax(-1)
        return checked_answer(float(chances[self._model.yes_token_index]), float(chances[self._model.no_token_index]))


def load_shieldgemma2(source: str, constitution: Constitution, settings: Settings) -> ShieldGemma2Rival:
    """ShieldGemma 2 by hub id or folder.

    Raises:
        UserError: no such model.
    """
    from transformers import ShieldGemma2ForImageClassification, ShieldGemma2Processor

    model = load_model(ShieldGemma2ForImageClassification, source, settings, quantize=settings.quantize)
    processor = load_processor(ShieldGemma2Processor, source, settings)
    known_as = identity("mllm", source, source, model, settings.quantize)
    return ShieldGemma2Rival(model, processor, known_as, constitution, settings.thresholds.label_mass)
