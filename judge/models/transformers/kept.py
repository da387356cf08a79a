"""What is kept of images between calls: their prefilled prefixes, as many as the memory budget admits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.models.of_pictures import OfPictures
from judge.models.transformers.chat import Chat, Inputs
from judge.models.transformers.internals import cached_numbers_per_token
from judge.models.transformers.memory import MemoryBudget
from judge.models.transformers.prefix import Prefix, prefill
from judge.ports import Ask

if TYPE_CHECKING:
    from PIL.Image import Image
    from transformers import PreTrainedModel

BATCH = 8  # images in one prefill: more gain nothing measurable
MOST = 64  # prefixes kept at most, whatever the budget
ASSUMED_TOKENS = 2048  # of a prefix, until one of its kind was seen

Key = tuple[int, str]


def key_of(ask: Ask) -> Key:
    """Asks with the same key share a prefix."""
    return id(ask.image), ask.instruction


@dataclass(frozen=True, eq=False)
class SharedPrefix:
    """A prefilled image. head, tail: the template's text before and after a statement."""

    prefix: Prefix
    head: str
    tail: str
    chat: Chat

    def inputs(self, image: Image | None) -> Inputs:
        """What the prefix was made from, as a batch of one; `image` is what it was made of."""
        return self.chat.inputs([self.head], [image])


class SharedPrefixes:
    """Prefills prefixes in batches and keeps the latest, while their images live elsewhere."""

    def __init__(self, model: PreTrainedModel, chat: Chat, budget: MemoryBudget) -> None:
        self._model, self._chat, self._budget = model, chat, budget
        self._kept: OfPictures[SharedPrefix] = OfPictures()
        self._bytes_of: dict[object, int] = {}

    def clear(self) -> None:
        """Forget everything: memory is short."""
        self._kept.clear()

    def batches(self, asks: Sequence[Ask]) -> list[list[Ask]]:
        """The asks, those of as many prefixes together as fit in memory at once, like ones side by side."""
        alike: dict[object, dict[Key, list[Ask]]] = {}
        for ask in asks:
            alike.setdefault(_kind(ask), {}).setdefault(key_of(ask), []).append(ask)
        batches = []
        for kind, by_key in alike.items():
            groups = list(by_key.values())
            size = self._budget.rows(self._bytes_of.get(kind, self.bytes_of_tokens(ASSUMED_TOKENS)), BATCH)
            for start in range(0, len(groups), size):
                batches.append([ask for group in groups[start : start + size] for ask in group])
        return batches

    def of(self, asks: Sequence[Ask]) -> dict[Key, SharedPrefix]:
        """The prefilled prefix of every ask of one batch."""
        firsts = {key_of(ask): ask for ask in reversed(asks)}
        found = {key: self._kept.get(ask.image, ask.instruction) for key, ask in firsts.items()}
        missing = [ask for key, ask in reversed(firsts.items()) if found[key] is None]
        made = self._prefill(missing) if missing else {}
        while len(self._kept) > len(firsts) and self._too_much():
            self._kept.drop_oldest()
        return {key: made[key] if kept is None else kept for key, kept in found.items()}

    def longest(self, image: Image | None, ids: Sequence[int]) -> tuple[Prefix, int] | None:
        """The kept prefix of this image that shares most tokens with `ids`, and how many; None where the
        image itself is not wholly shared. At least one token is left to run."""
        best: tuple[Prefix, int] | None = None
        for kept in self._kept.all_of(image) if image is not None else []:
            shared = min(_common(kept.prefix.ids, ids), len(ids) - 1)
            if shared >= self._after_image(kept) and (best is None or shared > best[1]):
                best = kept.prefix, shared
        return best

    def ids_of(self, image: Image | None, text: str) -> list[int] | None:
        """Token ids of a rendered conversation about a kept image, without processing the image again: those
        of the kept prefix up to the image's end, then those of the text after it. None where nothing fits."""
        mark = self._chat.image_mark
        for kept in self._kept.all_of(image) if image is not None else []:
            if mark is not None and mark in kept.head:
                end = kept.head.rindex(mark) + len(mark)
                if text.startswith(kept.head[:end]):
                    return [*kept.prefix.ids[: self._after_image(kept)], *self._chat.tokens(text[end:])]
        return None

    def _after_image(self, kept: SharedPrefix) -> int:
        """How many tokens it takes to have the whole image in: up to the last one that stands for it."""
        ids, image_token = kept.prefix.ids, self._chat.image_token
        return max((index for index, token in enumerate(ids) if token == image_token), default=len(ids) - 1) + 1

    def _too_much(self) -> bool:
        batches = {id(kept.prefix.batch): kept.prefix.batch for kept in self._kept.values()}  # one row keeps them all
        held = sum(batch.bytes_per_row * len(batch.next_positions) for batch in batches.values())
        return len(self._kept) > MOST or held > self._budget.bytes // 2

    def _prefill(self, asks: Sequence[Ask]) -> dict[Key, SharedPrefix]:
        """Prefill in one batch, or singly where the processor gives the images different tokens (padding
        would change what the model sees)."""
        head, tail = self._chat.split(asks[0].instruction, asks[0].image is not None)
        inputs = self._chat.inputs([head] * len(asks), [ask.image for ask in asks])
        if len(asks) > 1 and not bool((inputs["input_ids"] == inputs["input_ids"][0]).all()):
            return {key: kept for ask in asks for key, kept in self._prefill([ask]).items()}
        size = self._budget.rows(self.bytes_of_tokens(inputs["input_ids"].shape[1]), len(asks))
        if size < len(asks):  # longer than was assumed
            parts = (asks[first : first + size] for first in range(0, len(asks), size))
            return {key: kept for part in parts for key, kept in self._prefill(part).items()}
        made = [SharedPrefix(prefix, head, tail, self._chat) for prefix in prefill(self._model, inputs)]
        for ask, kept in zip(asks, made, strict=True):
            self._kept.put(ask.image, kept, ask.instruction)
        self._bytes_of[_kind(asks[0])] = made[0].prefix.batch.bytes_per_row
        return dict(zip(map(key_of, asks), made, strict=True))

    def bytes_of_row(self, tokens: int) -> int:
        """Memory of the largest prefix that was seen, or else is assumed, with so many more tokens."""
        largest = max(self._bytes_of.values(), default=self.bytes_of_tokens(ASSUMED_TOKENS))
        return largest + self.bytes_of_tokens(tokens)

    def bytes_of_tokens(self, count: int) -> int:
        """Memory of so many cached tokens, from the configuration."""
        return count * cached_numbers_per_token(self._model) * int(self._model.dtype.itemsize)


def _kind(ask: Ask) -> object:
    """Asks of a kind most likely have prefixes of one length."""
    return ask.instruction, ask.image.size if ask.image is not None else None


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count
