"""Shieldstral: one yes/no question per rule, whose next token is the answer.

Its makers document one message of three marked lines (what to do, the question, what to judge) after a system
message. The sentences here are ours, so what is measured is the model under this wording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.constitution import Constitution, Rule
from judge.evaluation.methods.peers.chat_model import ChatModel, Message, answer, load_chat_model
from judge.evaluation.methods.peers.method import by_rules
from judge.evaluation.protocols import Judgement
from judge.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

SYSTEM = "Decide whether the document is what the query asks about. Answer with one word, yes or no."
TASK = "Judge only what the picture shows against the rule in the query."


class ShieldstralRival:
    """Asks of every rule whether the picture breaks it."""

    about = "Shieldstral: one yes/no question per rule, probability of yes."
    names_rules = True

    def __init__(self, model: ChatModel, constitution: Constitution, label_mass: float) -> None:
        self._model, self._label_mass = model, label_mass
        self._yes, self._no = model.tokens("yes"), model.tokens("no")
        self._asked = {rule.id: model.written(conversation(rule)) for rule in constitution.rules}
        self.name = f"shieldstral:{model.identity.name}"
        self.identity = f"{model.identity.model_dump_json()}|{label_mass}|{constitution.digest}|{self._asked}"

    def rate(self, image: Image) -> Judgement:
        """See `Rival.rate`."""
        answers = {
            rule: answer(self._model.chances(text, image), self._yes, self._no) for rule, text in self._asked.items()
        }
        return by_rules(answers, self._label_mass)


def conversation(rule: Rule) -> list[Message]:
    """The question about one rule, in the marked lines that the model was made for."""
    query = f"Does the picture break this rule? {rule.text}"
    text = f"<Instruct>: {TASK}\n<Query>: {query}\n<Document>: "
    user = {"role": "user", "content": [{"type": "text", "text": text}, {"type": "image"}]}
    return [{"role": "system", "content": [{"type": "text", "text": SYSTEM}]}, user]


def load_shieldstral(source: str, constitution: Constitution, settings: Settings) -> ShieldstralRival:
    """Shieldstral by hub id or folder. Raises as `load_chat_model` does."""
    from transformers import Mistral3ForConditionalGeneration

    model = load_chat_model(Mistral3ForConditionalGeneration, source, settings)
    return ShieldstralRival(model, constitution, settings.thresholds.label_mass)
