"""What makes tokens of a conversation about a picture, beside a model: loaded, and refused where it cannot be used."""

from __future__ import annotations

from typing import Any

from judge.errors import ModelError, UserError
from judge.languages import ENGLISH, Answers
from judge.models.spellings import yes_no_tokens
from judge.models.transformers.chat import Chat
from judge.models.transformers.fit import check_tokens
from judge.models.transformers.loading import load_processor, unread_model
from judge.models.transformers.paligemma import as_chat
from judge.settings import Settings

_TEMPLATE = "take the chat template (chat_template.jinja) of the model's own repository, or choose another model"


def load_chat_processor(source: str, settings: Settings, model: Any) -> Any:
    """The processor of a checkpoint whose model is there, weights or not.

    Raises:
        UserError: it takes no pictures, knows tokens that the model does not, has no chat template, or one that leaves
            pictures out or fails.
    """
    from transformers import AutoProcessor

    processor = as_chat(load_processor(AutoProcessor, source, settings))
    if any(getattr(processor, part, None) is None for part in ("tokenizer", "image_processor")):
        raise UserError(
            f"cannot load {source}: its processor: transformers made a {type(processor).__name__} of it, which does "
            "not take a picture and text",
            hint="is `processor_class` in processor_config.json the one of this family? if so, it takes a newer "
            "transformers, or another model",
        )
    check_tokens(source, processor.tokenizer, model)
    if getattr(processor, "chat_template", None) is None:
        raise UserError(f"{source} has no chat template", hint="choose an instruction-tuned model")
    if not _shows_pictures(source, Chat(processor, model)):
        raise UserError(f"cannot use {source}: its chat template leaves pictures out", hint=_TEMPLATE)
    return processor


def _shows_pictures(source: str, chat: Chat) -> bool:
    try:
        return chat.shows_pictures
    except ModelError as error:
        raise UserError(f"cannot use {source}: {error.message}", hint=error.hint or _TEMPLATE) from error
    except Exception as error:  # a template is a program, and fails in any way
        said = str(error).strip().splitlines()
        raise UserError(
            f"cannot use {source}: its chat template fails on a picture: {type(error).__name__}: "
            f"{said[0] if said else ''}",
            hint=_TEMPLATE,
        ) from error


def check_unread(source: str, answers: Answers = ENGLISH) -> None:
    """Whether a checkpoint can be judged with, as far as that shows before a weight is read or a picture seen.

    Raises as loading it does.
    """
    from transformers import AutoModelForImageTextToText

    model = unread_model(AutoModelForImageTextToText, source)
    processor = load_chat_processor(source, Settings(), model)
    yes_no_tokens(processor.tokenizer, answers)
