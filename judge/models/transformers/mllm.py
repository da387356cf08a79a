"""An `Mllm` over any image-text-to-text model of transformers that is already loaded (`load_mllm` loads one).

Puts together how a message becomes tokens (`chat`), what is kept of an image (`kept`), how questions are
scored on it (`ways`), how conversations are replied to (`replying`), and how much memory all that may take
(`memory`). Knows nothing of rules, thresholds or verdicts.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from judge.errors import JudgeError, ModelError, UserError
from judge.languages import ENGLISH, Answers
from judge.models.pixels import bound_tiles
from judge.models.spellings import yes_no_tokens
from judge.models.transformers.chat import Chat
from judge.models.transformers.chat_processor import load_chat_processor
from judge.models.transformers.inside import TransformersInside
from judge.models.transformers.kept import SharedPrefixes, key_of
from judge.models.transformers.loading import cannot_run, identity, load_model
from judge.models.transformers.memory import MemoryBudget
from judge.models.transformers.prefix import PrefixQuestion, one_by_one, prefill
from judge.models.transformers.quantization import tell_if_unpacked
from judge.models.transformers.quiet import quiet
from judge.models.transformers.replying import Replying
from judge.models.transformers.sight import are_alike, side_seen, two_pictures
from judge.models.transformers.threads import is_small, one_thread
from judge.models.transformers.ways import Scoring, ScoringPlan
from judge.ports import Ask, Conversation, checked_answer
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    import torch
    from PIL import Image
    from transformers import PreTrainedModel, ProcessorMixin

_MOST_LOGIT = 1e4  # trained models stay under some hundreds
_DAMAGED = "its weights are damaged, or --dtype is too narrow"
_BLIND = (
    "the picture makes no difference to the answer: vision weights, projector or the gates of cross-attention are "
    "missing, damaged or untrained"
)


class TransformersMllm:
    """See `judge.ports.Mllm`. Takes a loaded model and its processor; loads nothing.

    memory_gib: for caches; None is 4 GiB on a CPU and half of what is free on a GPU.
    max_pixels: of a picture; a larger one is shrunk, unless the processor makes it smaller yet.
    answers: words for yes and no that the tokenizer must have, or a `UserError` is raised now, not when asked.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        processor: ProcessorMixin,
        identity: ModelIdentity,
        memory_gib: float | None = None,
        answers: Answers = ENGLISH,
        max_pixels: int | None = None,
    ) -> None:
        self._model, self._processor, self._identity = model.eval(), processor, identity
        seen = side_seen(processor) if max_pixels is not None else None
        small = seen is not None and max_pixels is not None and seen**2 <= max_pixels
        self._most_pixels = None if small else max_pixels
        self._chat = Chat(processor, model, self._most_pixels)
        self._model.generation_config = self._chat.generation
        self._spelled = {answers: yes_no_tokens(self._chat.tokenizer, answers)}
        self._budget = MemoryBudget(memory_gib, identity.device)
        self._kept = SharedPrefixes(model, self._chat, self._budget)
        self._small = is_small(model)
        with one_thread(self._small):  # what it remembers is remembered by their number
            self._scoring = Scoring(model, identity, self._chat.pad, self._budget)
        self._replying = Replying(model, processor, self._chat, self._kept, self._budget, self._scoring)

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    @property
    def thinks(self) -> bool:
        """Whether the model has thinking of its own, by its chat template."""
        return self._chat.thinks

    @cached_property
    def sees(self) -> int | None:
        """Pixels a side that the model looks at; None where that is not known."""
        sides = [side_seen(self._processor), math.isqrt(self._most_pixels) if self._most_pixels is not None else None]
        return min((side for side in sides if side is not None), default=None)

    @property
    def way(self) -> ScoringPlan | None:
        """How questions are scored; None until the first question about an image chose it."""
        return self._scoring.way

    @way.setter
    def way(self, way: ScoringPlan | None) -> None:
        self._scoring.way = way
        self._kept.clear()

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """See `Mllm.answer`: one prefill per image and instruction, all its statements on top."""
        try:
            with quiet(), one_thread(self._small):
                chances = self._budget.retrying(lambda: self._chances(asks), self._kept.clear)
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure("answering", error) from error
        return [checked_answer(p_yes, p_no) for p_yes, p_no in chances]

    def try_out(self) -> None:
        """Run two small pictures with a word of text through the model; nothing is kept of them.

        Raises:
            ModelError: the processor or the model failed, gave no numbers, or the same ones for both pictures.
        """
        try:
            with quiet(), one_thread(self._small):
                first = [self._first_logits(picture) for picture in two_pictures()]
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure("looking at a first picture", error) from error
        if any(bool(logits.isnan().any()) for logits in first):
            raise ModelError("its answers are no numbers (NaN)", hint=_DAMAGED)
        if (most := float(max(logits.max() for logits in first))) > _MOST_LOGIT:
            raise ModelError(f"its answers are out of any range (a logit of {most:.1e})", hint=_DAMAGED)
        if are_alike(*first):
            raise ModelError(_BLIND, hint="get the model again: it would find every picture safe")

    def _first_logits(self, picture: Image.Image) -> torch.Tensor:
        head, _ = self._chat.split("?", has_image=True)
        inputs = self._chat.inputs([head], [picture])
        prefix = prefill(self._model, dict(inputs))[0]
        word = tuple(self._chat.tokens("?"))
        return one_by_one(self._model, [PrefixQuestion(prefix, word, lambda: dict(inputs))], self._chat.pad)

    def inside(self) -> TransformersInside:
        """What a probe holds against this adapter: the same model asked plainly (see `protocols.Inside`)."""
        return TransformersInside(
            self._model, self._chat, self._chances, self._spellings, lambda: self.way is not None and self.way.shares
        )

    def _chances(self, asks: Sequence[Ask]) -> list[tuple[float, float]]:
        """p(yes) and p(no) per ask. Images are taken in batches that fit in memory."""
        found: dict[int, tuple[float, float]] = {}
        for batch in self._kept.batches(asks):
            kept = self._kept.of(batch)
            questions = []
            for ask in batch:
                own = kept[key_of(ask)]
                suffix = self._chat.tokens(f" {ask.statement}{own.tail}")
                self._chat.check_length(own.prefix.position(own.prefix.batch.length) + len(suffix))
                questions.append(PrefixQuestion(own.prefix, tuple(suffix), partial(own.inputs, ask.image)))
            spelled = [self._spellings(ask.answers) for ask in batch]
            ids = sorted({index for both in spelled for word in both for index in word})
            chances = self._scoring.chances(questions, ids, with_image=batch[0].image is not None)
            for ask, both, row in zip(batch, spelled, chances, strict=True):
                yes, no = (float(row[[ids.index(index) for index in word]].sum()) for word in both)
                found[id(ask)] = yes, no
        return [found[id(ask)] for ask in asks]

    def _spellings(self, answers: Answers) -> tuple[list[int], list[int]]:
        """Token ids that spell yes, and those that spell no; looked for once per language."""
        if answers not in self._spelled:
            self._spelled[answers] = yes_no_tokens(self._chat.tokenizer, answers)
        return self._spelled[answers]

    def reply(
        self, conversations: Sequence[Conversation], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[str]:
        """See `Mllm.reply`: conversations are continued together, each from what is kept of its image."""
        wanted = json.dumps(schema) if schema is not None else None

        def work() -> list[str]:
            return self._replying.replies(conversations, max_tokens, wanted)

        try:
            with quiet(), one_thread(self._small):
                return self._budget.retrying(work, self._kept.clear)
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure("reasoning", error) from error


def _failure(doing: str, error: Exception) -> ModelError:
    logging.getLogger(__name__).debug("model failure", exc_info=error)
    said = str(error).strip().splitlines()
    return ModelError(
        f"the model failed while {doing}: {type(error).__name__}: {said[0] if said else ''}", retryable=True
    )


def load_mllm(
    source: str, settings: Settings, *, name: str | None = None, answers: Answers = ENGLISH
) -> TransformersMllm:
    """Load an image-text-to-text model by hub id or folder, to be asked in the language of `answers`.

    Raises:
        UserError: no such model, it is no image-text-to-text model, it has no tokens for `answers`, or the installed
            transformers cannot run it (Llama 4 in 5.24): better said once than about every image.
        ModelError: the hub or the machine failed.
    """
    from transformers import AutoModelForImageTextToText

    model = load_model(AutoModelForImageTextToText, source, settings, quantize=settings.quantize)
    processor = load_chat_processor(source, settings, model)
    bound_tiles(processor, model.config, settings.max_pixels)
    known_as = identity("mllm", name or source, source, model, settings.quantize)
    mllm = TransformersMllm(model, processor, known_as, settings.memory_gib, answers, settings.max_pixels)
    if settings.reason_with == "thinking" and not mllm.thinks:
        raise UserError(
            f"{source} has no thinking of its own: its chat template knows no switch for it, and opens no block",
            hint="leave out --reason-with thinking: it then thinks aloud, step by step",
        )
    try:
        mllm.try_out()
    except ModelError as error:
        raise cannot_run(source, error) from error
    tell_if_unpacked(source, model)  # some formats are unpacked by the first pass
    return mllm
