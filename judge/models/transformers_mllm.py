"""An `Mllm` over any image-text-to-text model of transformers that is already loaded (`load_mllm` loads one).

Knows chat templates, token ids and caches; knows nothing of rules, thresholds or verdicts.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
PREFILL = 8  # images in one prefill


@dataclass(frozen=True, eq=False)
class _Kept:
    """A prefilled image, held with it; `tail` is the template's text that follows a statement."""

    image: Image | None
    prefix: Prefix
    tail: str


class TransformersMllm:
    """See `judge.models.protocols.Mllm`. Takes a loaded model and its processor; loads nothing."""

    def __init__(self, model: PreTrainedModel, processor: ProcessorMixin, identity: ModelIdentity) -> None:
        self._model, self._processor, self._identity = model.eval(), processor, identity
        self._tokenizer: Any = processor.tokenizer
        self._yes, self._no = yes_no_tokens(self._tokenizer)
        self._pad = self._tokenizer.pad_token_id or self._tokenizer.eos_token_id or 0
        self._kept: OrderedDict[tuple[int, str], _Kept] = OrderedDict()
        self._constraints: dict[str, LogitsProcessor] = {}

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`: one prefill per image and instruction, all its statements on top."""
        try:
            prefixes = self._prefixes_of(asks)
            questions = [
                (prefix, self._tokens(f" {ask.statement}{tail}"))
                for ask, (prefix, tail) in zip(asks, prefixes, strict=True)
            ]
            chances = (
                next_token_logits(self._model, questions, self._pad).softmax(-1) if questions else torch.empty(0, 0)
            )
        except ModelError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure("answering", error) from error
        return [checked_answer(float(one[self._yes].sum()), float(one[self._no].sum())) for one in chances]

    def _prefixes_of(self, asks: Sequence[Ask]) -> list[tuple[Prefix, str]]:
        """Per ask its prefilled image and instruction, and the template's text that follows a statement."""
        keys = [(id(ask.image), ask.instruction) for ask in asks]
        needed = {key: self._kept.get(key) for key in keys}
        missing: dict[tuple[object, ...], dict[tuple[int, str], Ask]] = {}
        for key, ask in zip(keys, asks, strict=True):
            if needed[key] is None:
                alike = (ask.instruction, ask.image.size if ask.image is not None else None)
                missing.setdefault(alike, {})[key] = ask
        for group in missing.values():
            for start in range(0, len(group), PREFILL):
                needed.update(self._prefill(dict(list(group.items())[start : start + PREFILL])))
        for key in dict.fromkeys(keys):
            # The image is kept beside its cache: an id is only its own while the object lives.
            self._kept[key] = needed[key]  # type: ignore[assignment]
            self._kept.move_to_end(key)
        while len(self._kept) > KEPT_PREFIXES:
            self._kept.popitem(last=False)
        return [(kept.prefix, kept.tail) for kept in (needed[key] for key in keys) if kept is not None]

    def _prefill(self, asks: dict[tuple[int, str], Ask]) -> dict[tuple[int, str], _Kept]:
        """Prefill images of one size under one instruction: in one batch, or singly where the processor
        gives them different tokens (padding would change what the model sees)."""
        first = next(iter(asks.values()))
        head, tail = self._split(first)
        inputs = self._inputs([head] * len(asks), [ask.image for ask in asks.values()])
        ids = inputs["input_ids"]
        if len(asks) > 1 and not bool((ids == ids[0]).all()):
            return {key: kept for one, ask in asks.items() for key, kept in self._prefill({one: ask}).items()}
        prefixes = prefill(self._model, inputs)
        return {key: _Kept(ask.image, prefix, tail) for (key, ask), prefix in zip(asks.items(), prefixes, strict=True)}

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
        inputs = self._inputs([text], [talk.image])
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

    def _inputs(self, texts: list[str], images: Sequence[Image | None]) -> dict[str, torch.Tensor]:
        has_bos = bool(self._tokenizer.bos_token) and texts[0].startswith(self._tokenizer.bos_token)
        shown = [[image] for image in images if image is not None]  # one list a text: how processors tell them apart
        given = {"images": shown} if shown else {}
        made = self._processor(text=texts, return_tensors="pt", padding=True, add_special_tokens=not has_bos, **given)
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
