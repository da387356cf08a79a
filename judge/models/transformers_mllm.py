"""An `Mllm` over any image-text-to-text model of transformers that is already loaded (`load_mllm` loads one).

Knows chat templates, token ids and caches; knows nothing of rules, thresholds or verdicts.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from judge.errors import ModelError, UserError
from judge.models.loading import identity, load_model, load_processor
from judge.models.prefix import Prefix, next_token_logits, prefill
from judge.models.protocols import Ask, Conversation, checked_answer
from judge.models.spellings import yes_no_tokens
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image
    from transformers import LogitsProcessor, PreTrainedModel, ProcessorMixin

_SENTINEL = "\N{WHITE SQUARE}statement\N{WHITE SQUARE}"
KEPT_PREFIXES = 16  # images whose cache is kept between waves of questions


class TransformersMllm:
    """See `judge.models.protocols.Mllm`. Takes a loaded model and its processor; loads nothing."""

    def __init__(self, model: PreTrainedModel, processor: ProcessorMixin, identity: ModelIdentity) -> None:
        self._model, self._processor, self._identity = model.eval(), processor, identity
        self._tokenizer: Any = processor.tokenizer
        self._yes, self._no = yes_no_tokens(self._tokenizer)
        self._pad = self._tokenizer.pad_token_id or self._tokenizer.eos_token_id or 0
        self._prefixes: OrderedDict[tuple[int, str], tuple[Image | None, Prefix, str]] = OrderedDict()
        self._constraints: dict[str, LogitsProcessor] = {}

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`: one prefill per image and instruction, all its statements on top."""
        groups: dict[tuple[int, str], list[int]] = {}
        for index, ask in enumerate(asks):
            groups.setdefault((id(ask.image), ask.instruction), []).append(index)
        answers: dict[int, Answer] = {}
        for indices in groups.values():
            try:
                found = self._answer_group([asks[index] for index in indices])
            except ModelError:
                raise
            except Exception as error:  # whatever a model or processor raises is the model's failure
                raise _failure("answering", error) from error
            answers.update(zip(indices, found, strict=True))
        return [answers[index] for index in range(len(asks))]

    def _answer_group(self, asks: Sequence[Ask]) -> list[Answer]:
        prefix, tail = self._prefix(asks[0])
        suffixes = [self._tokens(f" {ask.statement}{tail}") for ask in asks]
        logits = next_token_logits(self._model, prefix, suffixes, self._pad)
        chances = logits.softmax(-1)
        yes, no = chances[:, self._yes].sum(-1).tolist(), chances[:, self._no].sum(-1).tolist()
        return [checked_answer(p_yes, p_no) for p_yes, p_no in zip(yes, no, strict=True)]

    def _prefix(self, ask: Ask) -> tuple[Prefix, str]:
        """The prefilled image and instruction, and the text of the template that follows a statement."""
        key = (id(ask.image), ask.instruction)
        if key in self._prefixes:
            self._prefixes.move_to_end(key)
        else:
            head, tail = self._split(ask)
            prefix = prefill(self._model, self._inputs(head, ask.image))
            # The image is kept beside its cache: an id is only its own while the object lives.
            self._prefixes[key] = (ask.image, prefix, tail)
            if len(self._prefixes) > KEPT_PREFIXES:
                self._prefixes.popitem(last=False)
        _, prefix, tail = self._prefixes[key]
        return prefix, tail

    def _split(self, ask: Ask) -> tuple[str, str]:
        text = self._render([("user", f"{ask.instruction} {_SENTINEL}")], ask.image is not None)
        head, mark, tail = text.partition(f" {_SENTINEL}")
        if not mark:
            raise ModelError("the model's chat template alters the text of a message", hint="choose another model")
        return head, tail

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`."""
        try:
            return [self._reply(one, max_tokens, schema) for one in conversations]
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure("reasoning", error) from error

    def _reply(self, talk: Conversation, max_tokens: int, schema: Mapping[str, Any] | None) -> str:
        text = self._render([(turn.role, turn.text) for turn in talk.turns], talk.image is not None)
        inputs = self._inputs(text, talk.image)
        constraint = [self._constraint(json.dumps(schema))] if schema is not None else None
        with torch.inference_mode():
            output = self._model.generate(
                **inputs, max_new_tokens=max_tokens, do_sample=False, logits_processor=constraint,
                pad_token_id=self._pad,
            )  # fmt: skip
        return str(self._tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))

    def _render(self, turns: Sequence[tuple[str, str]], has_image: bool) -> str:
        content: list[list[dict[str, str]]] = [[{"type": "text", "text": text}] for _, text in turns]
        if has_image:
            content[0].insert(0, {"type": "image"})
        messages = [{"role": role, "content": parts} for (role, _), parts in zip(turns, content, strict=True)]
        return str(self._processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))

    def _inputs(self, text: str, image: Image | None) -> dict[str, torch.Tensor]:
        has_bos = bool(self._tokenizer.bos_token) and text.startswith(self._tokenizer.bos_token)
        given = {"images": [image]} if image is not None else {}
        made = self._processor(text=[text], return_tensors="pt", add_special_tokens=not has_bos, **given)
        inputs = {name: value.to(self._model.device) for name, value in made.items()}
        return {
            name: value.to(self._model.dtype) if value.is_floating_point() else value for name, value in inputs.items()
        }

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _constraint(self, schema: str) -> LogitsProcessor:
        """The outlines processor for a schema, built once (seconds) and reset for every use."""
        if schema not in self._constraints:
            from judge.models.constrained import json_processor

            self._constraints[schema] = json_processor(self._model, self._processor, schema)
        processor = self._constraints[schema]
        processor.reset()
        return processor


def _failure(doing: str, error: Exception) -> ModelError:
    if isinstance(error, torch.OutOfMemoryError):
        return ModelError(
            f"out of memory while {doing}", hint="quantize (--quantize 4bit) or judge smaller images", retryable=True
        )
    logging.getLogger(__name__).debug("model failure", exc_info=error)
    said = str(error).strip().splitlines()
    return ModelError(
        f"the model failed while {doing}: {type(error).__name__}: {said[0] if said else ''}", retryable=True
    )


def load_mllm(source: str, settings: Settings, *, name: str | None = None) -> TransformersMllm:
    """Load an image-text-to-text model by hub id or folder.

    Raises:
        UserError: no such model, or it is no image-text-to-text model.
        ModelError: the hub or the machine failed.
    """
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = load_model(AutoModelForImageTextToText, source, settings, quantize=settings.quantize)
    processor = load_processor(AutoProcessor, source, settings)
    if getattr(processor, "chat_template", None) is None:
        raise UserError(f"{source} has no chat template", hint="choose an instruction-tuned model")
    return TransformersMllm(model, processor, identity("mllm", name or source, source, model, settings.quantize))
