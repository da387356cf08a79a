"""A character n-gram model of harmful text, by NLTK (Witten-Bell smoothing), and its file."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from judge.errors import UserError
from judge.files import read_text
from judge.printable import printable
from judge.settings import Frozen
from judge.text_guard.threshold import Threshold

if TYPE_CHECKING:
    from nltk.lm import WittenBellInterpolated

MOST_LETTERS = 2000  # of a text; the rest is not read
LEAST_TEXTS = 20
ORDER = 5  # letters that are looked at together
Count = Annotated[int, Field(ge=1)]


class TextGuard(Frozen):
    """order: letters that are looked at together, the one foretold included. counts: how often a letter followed some
    others, by these; they are of the texts that it was trained on, and hold pieces of them. threshold: under which
    perplexity a text counts as like them; None where none was chosen."""

    order: Annotated[int, Field(ge=2, le=8)]
    texts: Annotated[int, Field(ge=1)]
    counts: dict[str, dict[str, Count]]
    threshold: Threshold | None = None

    @classmethod
    def read(cls, path: Path) -> TextGuard:
        """A guard from its file.

        Raises:
            UserError: it is none.
        """
        try:
            return cls.model_validate_json(read_text(path))
        except ValidationError as error:
            raise UserError(
                f"{printable(str(path))} is no text guard: {error.errors()[0]['msg']}",
                hint="`judge text-guard train` writes one",
            ) from error

    def perplexity(self, text: str) -> float | None:
        """How hard a text is to foretell, per letter; low is like what the guard knows. None: it has no letters."""
        letters = _letters(text)
        if not letters:
            return None
        scores = [self._logarithm(one) for one in _grams(letters, self.order)]
        return float(2.0 ** -(sum(scores) / len(scores)))

    @cached_property
    def _model(self) -> WittenBellInterpolated:
        try:
            from nltk.lm import Vocabulary, WittenBellInterpolated
        except ImportError as error:
            raise UserError(
                f"a text guard needs the package '{error.name}'", hint="pip install 'constitution-judge[text]'"
            ) from error
        model = WittenBellInterpolated(self.order, vocabulary=Vocabulary(self.counts.get("", {}), unk_cutoff=1))
        for before, following in self.counts.items():
            counted = model.counts[len(before) + 1]
            (counted[tuple(before)] if before else counted).update(following)
        return model

    @cached_property
    def _logarithm(self) -> Callable[[tuple[str, ...]], float]:
        model = self._model

        @lru_cache(maxsize=1_000_000)
        def logarithm(gram: tuple[str, ...]) -> float:
            score = model.score(gram[-1], gram[:-1])
            return math.log2(score) if score > 0 else -40.0

        return logarithm


def trained(texts: Iterable[str], order: int = ORDER) -> TextGuard:
    """A guard that knows these texts, each counted once.

    Raises:
        UserError: they are too few.
    """
    known = list(dict.fromkeys("".join(letters) for text in texts if (letters := _letters(text))))
    if len(known) < LEAST_TEXTS:
        raise UserError(
            f"{len(known)} different texts are too few to learn from", hint=f"give {LEAST_TEXTS} and more, a line each"
        )
    counts: dict[str, dict[str, int]] = {}
    for text in known:
        for gram in _grams(tuple(text), order):
            for start in range(len(gram)):
                following = counts.setdefault("".join(gram[start:-1]), {})
                following[gram[-1]] = following.get(gram[-1], 0) + 1
    return TextGuard(order=order, texts=len(known), counts=counts)


def key_of(text: str) -> str:
    """A text as a guard reads it."""
    return "".join(_letters(text))


def _letters(text: str) -> Sequence[str]:
    """Letters as they are counted: no case, one width, single spaces."""
    return tuple(" ".join(unicodedata.normalize("NFKC", text[:MOST_LETTERS]).casefold().split()))


def _grams(letters: Sequence[str], order: int) -> Iterator[tuple[str, ...]]:
    """Each letter with up to `order` - 1 before it."""
    return (tuple(letters[max(0, end - order) : end]) for end in range(1, len(letters) + 1))
