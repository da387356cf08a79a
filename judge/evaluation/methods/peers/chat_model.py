"""A checkpoint that is spoken to through the chat template it came with. Knows no rival's format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from judge.errors import ModelError, UserError
from judge.models.spellings import single_token_spellings
from judge.models.transformers.chat import Chat
from judge.models.transformers.loading import cannot_run, identity, load_model, load_processor
from judge.models.transformers.quiet import quiet
from judge.models.transformers.templates import rendered
from judge.ports import checked_answer
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image

Message = dict[str, Any]


@dataclass(frozen=True)
class ChatReply:
    """A generated text, and the probabilities of what its first word could have been (by token id)."""

    text: str
    first: torch.Tensor


class ChatModel:
    """Asks a loaded multimodal checkpoint one thing about one picture at a time."""

    def __init__(self, model: Any, processor: Any, identity: ModelIdentity) -> None:
        self._model, self._processor, self.identity = model.eval(), processor, identity
        self._chat = Chat(processor, model)

    def written(self, messages: list[Message], **values: Any) -> str:
        """The conversation as the template writes it; `values` are names that the template knows."""
        try:
            return rendered(self._processor, messages, **values)
        except Exception as error:  # templates raise what they like
            raise ModelError(f"the chat template failed: {type(error).__name__}: {error}") from error

    def tokens(self, *words: str) -> list[int]:
        """Ids of the single tokens that spell one of the words.

        Raises:
            UserError: there is none.
        """
        ids = single_token_spellings(self._chat.tokenizer, words)
        if not ids:
            raise UserError(f"{self.identity.name} has no token for {' or '.join(words)}", hint="is it of this family?")
        return ids

    def chances(self, text: str, image: Image) -> torch.Tensor:
        """Probability of every token to be the next one, in float32 on the CPU."""
        try:
            with quiet(), torch.inference_mode():
                logits = self._model(**self._chat.inputs([text], [image])).logits[0, -1]
                found: torch.Tensor = logits.float().softmax(-1).cpu()
        except Exception as error:  # whatever a model or processor raises is the rival's failure
            raise _failure(error) from error
        return found

    def reply(self, text: str, image: Image, max_tokens: int) -> ChatReply:
        """The greedy continuation. Spaces that come before its first word are passed over for `first`."""
        try:
            with quiet(), torch.inference_mode():
                inputs = self._chat.inputs([text], [image])
                made = self._model.generate(
                    **inputs,
                    max_new_tokens=max_tokens,
                    do_sample=False,
                    output_logits=True,
                    return_dict_in_generate=True,
                    pad_token_id=self._chat.pad,
                )
        except Exception as error:  # whatever a model or processor raises is the rival's failure
            raise _failure(error) from error
        ids = made.sequences[0, inputs["input_ids"].shape[1] :].tolist()
        begins = next((index for index, one in enumerate(ids) if self._chat.text([one]).strip()), 0)
        return ChatReply(self._chat.text(ids).strip(), made.logits[begins][0].float().softmax(-1).cpu())


def answer(chances: torch.Tensor, yes: list[int], no: list[int]) -> Answer:
    """What the probabilities say of two sets of tokens.

    Raises:
        ModelError: they are no probabilities.
    """
    return checked_answer(float(chances[yes].sum()), float(chances[no].sum()))


def load_chat_model(kind: Any, source: str, settings: Settings) -> ChatModel:
    """A checkpoint of class `kind` by hub id or folder, with its processor.

    It is tried on an empty picture: some families fail inside some versions of transformers (Llama 4 in 5.24), and
    that is better said once than about every image.

    Raises:
        UserError: no such model, it has no chat template, or the installed transformers cannot run it.
    """
    import transformers
    from PIL import Image

    model = load_model(kind, source, settings, quantize=settings.quantize)
    processor = load_processor(transformers.AutoProcessor, source, settings)
    if getattr(processor, "chat_template", None) is None:
        raise UserError(f"{source} has no chat template", hint="choose the checkpoint that its makers instruct to use")
    loaded = ChatModel(model, processor, identity("mllm", source, source, model, settings.quantize))
    message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "?"}]}
    try:
        loaded.chances(loaded.written([message], categories={}), Image.new("RGB", (64, 64), "white"))
    except ModelError as error:
        raise cannot_run(source, error) from error
    return loaded


def _failure(error: Exception) -> ModelError:
    said = str(error).strip().splitlines()
    return ModelError(f"the rival failed: {type(error).__name__}: {said[0] if said else ''}", retryable=True)
