"""An `Mllm` over any image-text-to-text model of transformers that is already loaded (`load_mllm` loads one).

Puts together how a message becomes tokens (`chat`), what is kept of an image (`kept`), how questions are
scored on it (`ways`), how text is generated (`replies`), and how much memory all that may take
(`memory`). Knows nothing of rules, thresholds or verdicts.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from judge.errors import JudgeError, ModelError, UserError
from judge.languages import ENGLISH, Answers
from judge.models.chat import Chat, Inputs
from judge.models.constrained import Constraint, json_processor
from judge.models.inside import Inside
from judge.models.kept import ASSUMED_TOKENS, KeptPrefixes, key_of
from judge.models.loading import identity, load_model, load_processor
from judge.models.memory import Budget
from judge.models.paligemma import as_chat
from judge.models.pixels import bound_tiles
from judge.models.prefix import Question, one_by_one, prefill
from judge.models.protocols import Ask, Conversation, Reply, checked_answer
from judge.models.quiet import quiet
from judge.models.replies import Start, continued, generated
from judge.models.sight import side_seen
from judge.models.spellings import yes_no_tokens
from judge.models.threads import is_small, one_thread
from judge.models.ways import Scoring, Way
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

if TYPE_CHECKING:
    from transformers import PreTrainedModel, ProcessorMixin

REPLIES = 16  # conversations generated together


class TransformersMllm:
    """See `judge.models.protocols.Mllm`. Takes a loaded model and its processor; loads nothing.

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
        self._budget = Budget(memory_gib, identity.device)
        self._kept = KeptPrefixes(model, self._chat, self._budget)
        self._small = is_small(model)
        with one_thread(self._small):  # what it remembers is remembered by their number
            self._scoring = Scoring(model, identity, self._chat.pad, self._budget)
        self._constraints: dict[str, Constraint] = {}
        self._longest: int | None = getattr(model.config.get_text_config(), "max_position_embeddings", None)
        self._trusts_kept_ids: bool | None = None

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
    def way(self) -> Way | None:
        """How questions are scored; None until the first question about an image chose it."""
        return self._scoring.way

    @way.setter
    def way(self, way: Way | None) -> None:
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
        """Run a small picture with a word of text through the model; nothing is kept of it.

        Raises:
            ModelError: the processor or the model failed, or the chat template leaves pictures out.
        """
        head, _ = self._chat.split("?", has_image=True)
        if head == self._chat.split("?", has_image=False)[0]:
            raise ModelError("its chat template leaves pictures out", hint="choose another model")
        try:
            with quiet(), one_thread(self._small):
                inputs = self._chat.inputs([head], [Image.new("RGB", (64, 64), "white")])
                prefix = prefill(self._model, dict(inputs))[0]
                word = tuple(self._chat.tokens("?"))
                logits = one_by_one(self._model, [Question(prefix, word, lambda: dict(inputs))], self._chat.pad)
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure("looking at a first picture", error) from error
        if bool(logits.isnan().any()):
            raise ModelError(
                "its answers are no numbers (NaN)", hint="its weights are damaged, or --dtype is too narrow"
            )

    def inside(self) -> Inside:
        """What a probe holds against this adapter: the same model asked plainly (see `protocols.Inside`)."""
        return Inside(
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
                self._check_length(own.prefix.position(own.prefix.batch.length) + len(suffix))
                questions.append(Question(own.prefix, tuple(suffix), partial(own.inputs, ask.image)))
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
            texts: list[str] = []
            for start in range(0, len(conversations), REPLIES):
                texts += self._replies(conversations[start : start + REPLIES], max_tokens, wanted)
            return texts

        try:
            with quiet(), one_thread(self._small):
                return self._budget.retrying(work, self._kept.clear)
        except JudgeError:
            raise
        except Exception as error:  # whatever a model or processor raises is the model's failure
            raise _failure("reasoning", error) from error

    def _replies(self, talks: Sequence[Conversation], max_tokens: int, schema: str | None) -> list[str]:
        if self._scoring.way is not None and self._scoring.way.plain:
            return self._continued([self._start(talk) for talk in talks], max_tokens, schema)
        alike: dict[bool, list[int]] = {}
        for index, talk in enumerate(talks):
            alike.setdefault(talk.image is not None, []).append(index)
        texts: dict[int, str] = {}
        for indices in alike.values():
            texts.update(zip(indices, self._anew([talks[index] for index in indices], max_tokens, schema), strict=True))
        return [texts[index] for index in range(len(talks))]

    def _continued(self, starts: Sequence[Start], max_tokens: int, schema: str | None) -> list[str]:
        """Replies on top of what is kept."""
        per_row = max(
            start.prefix.batch.bytes_per_row // start.prefix.batch.length * (len(start.ids) + max_tokens)
            for start in starts
        )
        size = self._budget.rows(per_row, REPLIES)
        made: list[list[int]] = []
        for first in range(0, len(starts), size):
            some = starts[first : first + size]
            made += continued(self._model, some, self._chat.pad, max_tokens, self._constraint(schema))
        return [self._read(ids) for ids in made]

    def _anew(self, talks: Sequence[Conversation], max_tokens: int, schema: str | None) -> list[str]:
        """Replies by `generate` from scratch, as many together as fit: all with an image, or all without."""
        texts = [self._rendered(talk) for talk in talks]
        shares = self._scoring.way is not None and self._scoring.way.shares  # else alone, as its questions are
        size = self._budget.rows(self._kept.bytes_of_tokens(ASSUMED_TOKENS + max_tokens), REPLIES if shares else 1)
        made: list[list[int]] = []
        for first in range(0, len(talks), size):
            some = slice(first, first + size)
            made += self._fitting(texts[some], [talk.image for talk in talks[some]], max_tokens, schema)
        return [self._read(ids) for ids in made]

    def _fitting(
        self, texts: list[str], images: Sequence[Image.Image | None], max_tokens: int, schema: str | None
    ) -> list[list[int]]:
        """Generated tokens per text: in fewer at once, where they turn out to be longer than was assumed."""
        inputs = self._chat.inputs(texts, images)
        length = inputs["input_ids"].shape[1]
        self._check_length(length)
        size = self._budget.rows(self._kept.bytes_of_tokens(length + max_tokens), len(texts))
        if size == len(texts):
            return generated(self._model, inputs, max_tokens, self._constraint(schema))
        parts = (slice(first, first + size) for first in range(0, len(texts), size))
        return [ids for part in parts for ids in self._fitting(texts[part], images[part], max_tokens, schema)]

    def _rendered(self, talk: Conversation) -> str:
        turns = [(turn.role, turn.text) for turn in talk.turns]
        return self._chat.render(turns, talk.image is not None, thinking=talk.thinking)

    def _read(self, ids: Sequence[int]) -> Reply:
        return Reply(self._chat.text(ids), cut=self._chat.stop.isdisjoint(ids))

    def _start(self, talk: Conversation) -> Start:
        """Where to continue from: the longest kept beginning of this conversation, or a prefill of its own."""
        text = self._rendered(talk)
        ids = self._kept.ids_of(talk.image, text) if self._trusts_kept_ids is not False else None
        inputs: Inputs = {}
        if ids is None or self._trusts_kept_ids is None:
            inputs = self._chat.inputs([text], [talk.image])
            full = inputs["input_ids"][0].tolist()
            if ids is not None:  # tried once per model: some processors write more around an image than its mark
                self._trusts_kept_ids = ids == full
            ids = full
        kept = self._kept.longest(talk.image, ids)
        if kept is not None:
            prefix, shared = kept
            self._check_length(prefix.position(len(ids)))
            return Start(prefix, shared, tuple(ids))
        prefix = prefill(self._model, inputs or self._chat.inputs([text], [talk.image]))[0]
        self._check_length(prefix.position(len(ids)))
        return Start(prefix, len(ids) - 1, tuple(ids))

    def _check_length(self, tokens: int) -> None:
        """Beyond its longest context a model goes on answering, and what it says means nothing."""
        if self._longest is not None and tokens > self._longest:
            raise ModelError(
                f"picture and text take {tokens} tokens, and the model reads {self._longest} at most",
                hint="ask less at once, or choose a model with a longer context",
            )

    def _constraint(self, schema: str | None) -> Constraint | None:
        """The outlines processor for a schema, built once (seconds) and reset for every use."""
        if schema is None:
            return None
        if schema not in self._constraints:
            self._constraints[schema] = json_processor(self._model, self._processor, schema)
        self._constraints[schema].reset()
        return self._constraints[schema]


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
    from transformers import AutoModelForImageTextToText, AutoProcessor, __version__

    model = load_model(AutoModelForImageTextToText, source, settings, quantize=settings.quantize)
    processor = as_chat(load_processor(AutoProcessor, source, settings))
    if getattr(processor, "chat_template", None) is None:
        raise UserError(f"{source} has no chat template", hint="choose an instruction-tuned model")
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
        if isinstance(error.__cause__, torch.OutOfMemoryError):
            raise
        raise UserError(
            f"transformers {__version__} cannot run {source}: {error.message}",
            hint=error.hint or "install another version of transformers, or choose another model",
        ) from error
    return mllm
