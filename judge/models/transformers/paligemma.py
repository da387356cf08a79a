"""PaliGemma has no chat template, and its processor writes into every text: this makes it a chat model like others.

Its prompts are, in training: picture, BOS, text, newline. So a conversation is written here, a line per turn.
"""

from __future__ import annotations

from typing import Any

from transformers import PaliGemmaProcessor, ProcessorMixin

TEMPLATE = (
    "{% for m in messages %}{% for c in m.content if c.type == 'image' %}<image>{% endfor %}"
    "{{ bos_token if loop.first else '' }}{% for c in m.content if c.type == 'text' %}{{ c.text }}{% endfor %}\n"
    "{% endfor %}"
)


class AsWritten(PaliGemmaProcessor):  # type: ignore[misc]
    """Takes texts as they are, also without a picture; BOS and the last newline are the template's to write."""

    def __call__(self, *given: Any, **more: Any) -> Any:
        """As the processor's own, without labels, which are for training."""
        made = super().__call__(*given, **more)
        made.pop("labels", None)
        return made

    def prepare_inputs_layout(self, *given: Any, **more: Any) -> Any:
        """Writes nothing into the texts."""
        return ProcessorMixin.prepare_inputs_layout(self, *given, **more)

    def validate_inputs(self, *given: Any, **more: Any) -> None:
        """A prior is asked without a picture."""


def as_chat(processor: Any) -> Any:
    """The processor, with a template and without a hand in the texts, where it is PaliGemma's."""
    if isinstance(processor, PaliGemmaProcessor) and processor.chat_template is None:
        processor.__class__ = AsWritten
        processor.chat_template = TEMPLATE
    return processor
