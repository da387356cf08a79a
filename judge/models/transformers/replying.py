"""Replies of a loaded model to conversations: from what is kept of their pictures where the cache is plain, else anew.

Knows what is kept and how much memory there is; how text is generated is in `replies`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from judge.models.constrained import Constraint, json_processor
from judge.models.transformers.prefix import prefill
from judge.models.transformers.replies import Start, continued, generated
from judge.ports import Conversation, Reply

if TYPE_CHECKING:
    from PIL import Image
    from transformers import PreTrainedModel, ProcessorMixin

    from judge.models.transformers.chat import Chat, Inputs
    from judge.models.transformers.kept import SharedPrefixes
    from judge.models.transformers.memory import MemoryBudget
    from judge.models.transformers.ways import Scoring

# Conversations generated together at most, where memory has room: on two cores 64 take 0.79 of the seconds of 16 each
# (bundled model, 40 tokens), and a GPU is idle with few.
TOGETHER = 64


class Replying:
    """Replies of one model. `constraints`: processors that keep text to a schema, by the schema."""

    def __init__(
        self,
        model: PreTrainedModel,
        processor: ProcessorMixin,
        chat: Chat,
        kept: SharedPrefixes,
        budget: MemoryBudget,
        scoring: Scoring,
    ) -> None:
        self._model, self._processor, self._chat = model, processor, chat
        self._kept, self._budget, self._scoring = kept, budget, scoring
        self.constraints: dict[str, Constraint] = {}
        self._trusts_kept_ids: bool | None = None

    def replies(self, talks: Sequence[Conversation], max_tokens: int, schema: str | None) -> list[str]:
        """Replies to conversations, as many at a time as fit in memory.

        Raises:
            ModelError: a conversation is longer than the model reads.
        """
        size = self._budget.rows(self._kept.bytes_of_row(max_tokens), min(TOGETHER, len(talks)))
        parts = (talks[start : start + size] for start in range(0, len(talks), size))
        return [text for part in parts for text in self._replies(part, max_tokens, schema)]

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
        size = self._budget.rows(per_row, len(starts))
        made: list[list[int]] = []
        for first in range(0, len(starts), size):
            some = starts[first : first + size]
            made += continued(self._model, some, self._chat.pad, max_tokens, self._constraint(schema))
        return [self._read(ids) for ids in made]

    def _anew(self, talks: Sequence[Conversation], max_tokens: int, schema: str | None) -> list[str]:
        """Replies by `generate` from scratch: all with an image, or all without."""
        texts = [self.rendered(talk) for talk in talks]
        shares = self._scoring.way is not None and self._scoring.way.shares  # else alone, as its questions are
        size = len(talks) if shares else 1
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
        self._chat.check_length(length)
        size = self._budget.rows(self._kept.bytes_of_tokens(length + max_tokens), len(texts))
        if size == len(texts):
            return generated(self._model, inputs, max_tokens, self._constraint(schema))
        parts = (slice(first, first + size) for first in range(0, len(texts), size))
        return [ids for part in parts for ids in self._fitting(texts[part], images[part], max_tokens, schema)]

    def rendered(self, talk: Conversation) -> str:
        """The conversation as the chat template writes it."""
        turns = [(turn.role, turn.text) for turn in talk.turns]
        return self._chat.render(turns, talk.image is not None, thinking=talk.thinking)

    def _read(self, ids: Sequence[int]) -> Reply:
        return Reply(self._chat.text(ids), cut=self._chat.stop.isdisjoint(ids))

    def _start(self, talk: Conversation) -> Start:
        """Where to continue from: the longest kept beginning of this conversation, or a prefill of its own."""
        text = self.rendered(talk)
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
            self._chat.check_length(prefix.position(len(ids)))
            return Start(prefix, shared, tuple(ids))
        prefix = prefill(self._model, inputs or self._chat.inputs([text], [talk.image]))[0]
        self._chat.check_length(prefix.position(len(ids)))
        return Start(prefix, len(ids) - 1, tuple(ids))

    def _constraint(self, schema: str | None) -> Constraint | None:
        """The outlines processor for a schema, built once (seconds) and reset for every use."""
        if schema is None:
            return None
        if schema not in self.constraints:
            self.constraints[schema] = json_processor(self._model, self._processor, schema)
        self.constraints[schema].reset()
        return self.constraints[schema]
