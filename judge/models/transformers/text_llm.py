"""A text-only language model of transformers, for compiling rules: it replies, and sees and scores nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from judge.errors import JudgeError, ModelError, UserError
from judge.models.constrained import Constraint, json_processor
from judge.models.transformers.chat import greedy, thinking_of
from judge.models.transformers.fit import check_tokens
from judge.models.transformers.loading import identity, load_model, load_processor
from judge.models.transformers.quiet import quiet
from judge.models.transformers.templates import rendered
from judge.ports import Conversation, Reply
from judge.settings import Settings
from judge.verdict import ModelIdentity

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class TextLlm:
    """The `reply` half of `judge.ports.Mllm`. Takes a loaded model and its tokenizer; loads nothing."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, identity: ModelIdentity) -> None:
        self._model, self._tokenizer, self._identity = model.eval(), tokenizer, identity
        generation = greedy(model, tokenizer)
        self._model.generation_config, self._ends = generation, frozenset(generation.eos_token_id)
        self._switches, self._closing = thinking_of(self._written, tokenizer.chat_template, tokenizer)
        self._constraints: dict[str, Constraint] = {}

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`. One conversation at a time, so that none sways another.

        Raises:
            ModelError: the model failed, or a conversation shows it an image.
        """
        wanted = json.dumps(schema) if schema is not None else None
        try:
            return [self._replied(talk, max_tokens, wanted) for talk in conversations]
        except JudgeError:
            raise
        except torch.OutOfMemoryError as error:
            raise ModelError("the language model ran out of memory", hint="try --quantize 4bit") from error
        except Exception as error:  # whatever a model or tokenizer raises is the model's failure
            logging.getLogger(__name__).debug("model failure", exc_info=error)
            said = str(error).strip().splitlines()
            raise ModelError(
                f"the language model failed: {type(error).__name__}: {said[0] if said else ''}", retryable=True
            ) from error

    def _replied(self, talk: Conversation, max_tokens: int, schema: str | None) -> str:
        if talk.image is not None:
            raise ModelError("a text-only language model cannot look at an image", hint="name a multimodal model")
        turns = [(turn.role, turn.text) for turn in talk.turns]
        text = self._written(turns, **dict.fromkeys(self._switches, talk.thinking))
        text += "" if talk.thinking else self._closing
        inputs: Any = self._tokenizer(text, add_special_tokens=False, return_tensors="pt").to(self._model.device)
        generate: Any = self._model.generate
        with quiet(), torch.inference_mode():
            output = generate(
                **inputs,
                max_new_tokens=max_tokens,
                logits_processor=[self._constraint(schema)] if schema is not None else None,
            )
        made = output[0, inputs["input_ids"].shape[1] :].tolist()
        return Reply(str(self._tokenizer.decode(made, skip_special_tokens=True)), cut=self._ends.isdisjoint(made))

    def _written(self, turns: Sequence[tuple[str, str]], **switched: bool) -> str:
        messages = [{"role": role, "content": text} for role, text in turns]
        return rendered(self._tokenizer, messages, **switched)

    def _constraint(self, schema: str) -> Constraint:
        """The outlines processor for a schema, built once (seconds) and reset for every use."""
        if schema not in self._constraints:
            self._constraints[schema] = json_processor(self._model, self._tokenizer, schema)
        self._constraints[schema].reset()
        return self._constraints[schema]


def load_text_llm(source: str, settings: Settings) -> TextLlm:
    """Load a text model by hub id or folder.

    Raises:
        UserError: no such model, or it has no chat template, or fewer tokens than its tokenizer.
        ModelError: the hub or the machine failed.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = load_processor(AutoTokenizer, source, settings)
    if getattr(tokenizer, "chat_template", None) is None:
        raise UserError(f"{source} has no chat template", hint="choose an instruction-tuned model")
    model = load_model(AutoModelForCausalLM, source, settings, quantize=settings.quantize)
    check_tokens(source, tokenizer, model)
    return TextLlm(model, tokenizer, identity("mllm", source, source, model, settings.quantize))
