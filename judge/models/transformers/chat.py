"""A message to tokens and back: chat template, processor, tokenizer. Runs no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationConfig

from judge import thinking
from judge.errors import JudgeError, ModelError, UserError
from judge.models.pixels import check_shape, not_shown, within
from judge.models.transformers.internals import image_token
from judge.models.transformers.templates import begins_no_answer, endless, rendered

if TYPE_CHECKING:
    from PIL.Image import Image
    from transformers import PreTrainedModel, ProcessorMixin

Inputs = dict[str, torch.Tensor]
_SENTINEL = "\N{WHITE SQUARE}statement\N{WHITE SQUARE}"
_BEFORE = ":"
LEAST_SIDE = 33  # pixels: over the largest patch that becomes one token


class Chat:
    """The chat format of one model. The image comes before the text of the first message.

    most_pixels: of a picture; a larger one is shrunk. None: it is shown as it is.
    """

    def __init__(self, processor: ProcessorMixin, model: PreTrainedModel, most_pixels: int | None = None) -> None:
        self._processor, self._device, self._dtype = processor, model.device, model.dtype
        self._most_pixels = most_pixels
        self.tokenizer: Any = processor.tokenizer
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token  # processors insist on one
        self.tokenizer.padding_side = "left"  # text is generated after the last token of every row
        self.pad: int = self.tokenizer.pad_token_id or 0
        self.image_token = image_token(model, processor)
        self.image_mark: str | None = getattr(
            processor, "image_token", None
        )  # where the image stands in a rendered text
        self._longest: int | None = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        self.generation = greedy(model, self.tokenizer)
        self.stop = frozenset(self.generation.eos_token_id)
        self._switches, self._closing = thinking_of(self._written, processor.chat_template, self.tokenizer)

    def split(self, instruction: str, has_image: bool) -> tuple[str, str]:
        """The rendered text before a statement, and after it.

        Raises:
            ModelError: the chat template alters what a message says.
        """
        text = self.render([("user", f"{instruction} {_SENTINEL}")], has_image)
        head, mark, tail = text.rpartition(f" {_SENTINEL}")  # the last: what is told beside a picture may hold it
        if not mark:
            raise ModelError("the model's chat template alters the text of a message", hint="choose another model")
        return head, tail

    @property
    def shows_pictures(self) -> bool:
        """Whether a picture leaves anything in a rendered text."""
        return self.split("?", has_image=True)[0] != self.split("?", has_image=False)[0]

    @property
    def thinks(self) -> bool:
        """Whether the template lets the model think before it answers."""
        return bool(self._switches or self._closing)

    def render(self, turns: Sequence[tuple[str, str]], has_image: bool, *, thinking: bool = False) -> str:
        """The conversation as the template writes it, up to where the model's next answer begins, or its `thinking`."""
        text = self._written(turns, has_image, **dict.fromkeys(self._switches, thinking))
        return text if thinking else text + self._closing

    def _written(self, turns: Sequence[tuple[str, str]], has_image: bool = False, **switched: bool) -> str:
        content: list[list[dict[str, str]]] = [[{"type": "text", "text": text}] for _, text in turns]
        if has_image:
            content[0].insert(0, {"type": "image"})
        messages = [{"role": role, "content": parts} for (role, _), parts in zip(turns, content, strict=True)]
        return rendered(self._processor, messages, **switched)

    def inputs(self, texts: list[str], images: Sequence[Image | None]) -> Inputs:
        """What the model takes for these texts, each with its image, on the model's device and in its dtype."""
        has_bos = bool(self.tokenizer.bos_token) and texts[0].startswith(self.tokenizer.bos_token)
        shown = [
            [self._shown(image)] for image in images if image is not None
        ]  # one list a text: so they are told apart
        given = {"images": shown} if shown else {}
        try:
            made = self._processor(
                text=texts, return_tensors="pt", padding=True, add_special_tokens=not has_bos, **given
            )
        except ValueError as error:
            if not shown:
                raise
            raise not_shown("model", error) from error
        return {name: self._moved(value) for name, value in made.items()}

    def tokens(self, text: str) -> list[int]:
        """Token ids of a text that follows another, nothing added: some tokenizers (Llama 2's) put a space mark
        before whatever comes first, so it is read behind a mark that no space melts into."""
        before, both = self.tokenizer([_BEFORE, _BEFORE + text], add_special_tokens=False)["input_ids"]
        if both[: len(before)] == before:
            return list(both[len(before) :])
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def text(self, ids: Sequence[int]) -> str:
        """The text of generated tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def check_length(self, tokens: int) -> None:
        """Beyond its longest context a model goes on answering, and what it says means nothing.

        Raises:
            ModelError: so many tokens are more than the model reads.
        """
        if self._longest is not None and tokens > self._longest:
            raise ModelError(
                f"picture and text take {tokens} tokens, and the model reads {self._longest} at most",
                hint="ask less at once, or choose a model with a longer context",
            )

    def _shown(self, image: Image) -> Image:
        check_shape("model", image)
        return _seeable(image if self._most_pixels is None else within(image, self._most_pixels))

    def _moved(self, value: torch.Tensor) -> torch.Tensor:
        if self._device.type == "cuda":
            value = value.pin_memory()  # lets the copy run beside the GPU's work
        value = value.to(self._device, non_blocking=True)
        return value.to(self._dtype) if value.is_floating_point() else value


def _seeable(image: Image) -> Image:
    """The picture, enlarged where a model would make a single token of it, which some families cannot take."""
    longer = max(image.size)
    if longer >= LEAST_SIDE:
        return image
    times = -(-LEAST_SIDE // longer)
    return image.resize((image.width * times, image.height * times), resample=0)


def thinking_of(written: Callable[..., str], template: Any, tokenizer: Any) -> tuple[list[str], str]:
    """What tells a chat template not to let its model think, and what closes the block that it opens even so.

    written: renders turns.

    Raises:
        UserError: the template fails, does not begin the answer, or opens a block of which no end is known: no answer
            could stand there.
    """
    source = template.get("default", "") if isinstance(template, dict) else str(template or "")
    tree = thinking.read(source)
    if tree is not None and (what := endless(tree)) is not None:
        raise UserError(
            f"the model's chat template {what}, which may take for ever",
            hint="mend the chat template of the checkpoint (chat_template.jinja), or choose another model",
        )
    known = thinking.switches(source)
    try:
        text = written([("user", "?")], **dict.fromkeys(known, False))
    except JudgeError as error:
        raise UserError(f"the model cannot be used: {error.message}", hint=error.hint) from error
    except Exception as error:  # a template is a program, and fails in any way
        said = str(error).strip().splitlines()
        raise UserError(
            f"the model's chat template fails: {type(error).__name__}: {said[0] if said else ''}",
            hint="mend the chat template of the checkpoint (chat_template.jinja), or choose another model",
        ) from error
    if begins_no_answer(written):
        raise UserError(
            "the model's chat template does not begin the answer (it passes over `add_generation_prompt`), so yes and "
            "no cannot be read",
            hint="mend the chat template of the checkpoint (chat_template.jinja), or choose another model",
        )
    unknown, vocabulary = tokenizer.unk_token_id, tokenizer.get_vocab()
    closing = thinking.closing(text, lambda mark: vocabulary.get(mark, unknown) != unknown)
    if closing is None:
        raise UserError(
            f"the model's chat template opens a block of thinking ({thinking.opened(text)}), and how to close it is "
            "not known, so yes and no cannot be read",
            hint="take the instruct variant of the model, or a chat template that knows `enable_thinking`",
        )
    return known, closing


def greedy(model: PreTrainedModel, tokenizer: Any) -> GenerationConfig:
    """Always the likeliest token, up to one that ends a text: a checkpoint's own settings (sampling, penalties,
    forbidden tokens) would make replies something else, and contradict the answers."""
    configured = getattr(model.generation_config, "eos_token_id", None)
    ids = configured if isinstance(configured, list) else [configured]
    ends = sorted({index for index in (*ids, tokenizer.eos_token_id) if index is not None})
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    return GenerationConfig(do_sample=False, eos_token_id=ends, pad_token_id=pad or 0)
