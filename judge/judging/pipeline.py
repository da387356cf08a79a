"""The judge. Read `Judge._judge` top to bottom: it is the method (CLUE, arXiv 2501.00192), per batch of pictures:

0. domain: a picture that the model was not made for is asked nothing (only where the model has a guard);
1. relevance: rules whose text is far from the image are pruned (section 3.3);
2. questions: wave by wave, every live rule's next precondition; all questions about an image share one
   prefill; a chain that failed is asked no further (section 3.4, the a1/a2 rule);
3. regions, then reasoning, for statements still undecided that can change their rule (sections 3.4, 3.5),
   one statement per rule at a time, because each may settle its rule;
4. findings per rule and view, and the verdict; anything open ends in `needs_review`.

All pictures of a batch move through each step together, so that the models see full batches.
This module knows protocols only: which models these are is `judge.assemble`'s business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from judge import media
from judge.constitution import Constitution
from judge.errors import ImageError, ModelError, UserError
from judge.judging import domain, escalation, record, regions_stage
from judge.judging.asking import Asker
from judge.judging.priors import Locked
from judge.judging.sitting import Docket, Sitting
from judge.media import Picture
from judge.models.protocols import Detector, Encoder, Guard, Mllm
from judge.settings import Settings
from judge.verdict import Verdict

if TYPE_CHECKING:
    from PIL.Image import Image

Opened = Picture | tuple[str, ImageError]  # a decoded picture, or a name and why it cannot be read


class Judge:
    """Judges images under one constitution with models that are already loaded (see `load_judge`)."""

    def __init__(
        self,
        constitution: Constitution,
        mllm: Mllm,
        *,
        encoder: Encoder | None = None,
        detector: Detector | None = None,
        guard: Guard | None = None,
        settings: Settings | None = None,
        locked: Locked | None = None,
    ) -> None:
        self.constitution = constitution
        self.settings = settings or Settings()
        self.locked = locked
        self._mllm, self._encoder, self._detector, self._guard = mllm, encoder, detector, guard
        self._asker = Asker(mllm, constitution.language, locked.priors if locked is not None else None)
        self._dockets = tuple(Docket.of(rule, self.settings.thresholds) for rule in constitution.rules)
        self._central_objects = regions_stage.central_objects(constitution)
        identities = dict.fromkeys(model.identity for model in (mllm, encoder, detector, guard) if model is not None)
        self.provenance = record.provenance(
            constitution, tuple(identities), self.settings,
            lock_digest=locked.digest if locked is not None else None,
            calibration_digest=locked.calibration if locked is not None else None,
        )  # fmt: skip

    def under(
        self,
        constitution: Constitution,
        *,
        sharing: Callable[[Mllm], Mllm] | None = None,
        locked: Locked | None = None,
        settings: Settings | None = None,
    ) -> Judge:
        """A judge with the same models under another constitution of the same language.

        `sharing` wraps the multimodal model, so that several judges can share what it answered. `settings` may
        differ in how is judged; the models they name are not loaded anew. Default: this judge's.
        """
        mllm = self._mllm if sharing is None else sharing(self._mllm)
        return Judge(
            constitution, mllm, encoder=self._encoder, detector=self._detector, guard=self._guard,
            settings=settings or self.settings, locked=locked,
        )  # fmt: skip

    @property
    def mllm(self) -> Mllm:
        """The multimodal model that this judge asks."""
        return self._mllm

    def judge(self, image: str | Path | bytes | Image, *, name: str | None = None) -> Verdict:
        """The verdict on one image: a path, the bytes of a file, or a PIL image.

        An image that cannot be read and a model that fails give a `needs_review` verdict whose `failure`
        says why; they do not raise. `name` is what the verdict calls the image (default: its path).

        Raises:
            UserError: `image` is none of the types above.
        """
        begun = time.perf_counter()
        opened = _open(image, name)
        return self._judge_batch([opened], time.perf_counter() - begun)[0]

    def judge_many(self, images: Iterable[str | Path | bytes | Image]) -> Iterator[Verdict]:
        """Verdicts for many images, in order, as they are ready; one bad image never stops the others.

        While a batch is judged the next one is read and decoded in a thread.
        """
        batches = _batched(images, self.settings.batch)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="decode") as reader:
            coming = reader.submit(_read_batch, batches)
            while batch := coming.result():
                coming = reader.submit(_read_batch, batches)
                yield from self._judge_batch(*batch)

    def _judge_batch(self, opened: Sequence[Opened], seconds: float) -> list[Verdict]:
        """Verdicts on decoded pictures; `seconds` went into reading them."""
        clock = _Clock(len(opened), decode=seconds)
        sittings = {index: self._sittings(one) for index, one in enumerate(opened) if isinstance(one, Picture)}
        if self._guard is not None:
            with clock.stage("domain"):
                domain.keep_out(list(sittings.values()), self._guard)
        known = [one for group in sittings.values() for one in group if one.outside is None]
        notes = self._judge(known, clock)
        return [
            record.verdict(one, sittings[index], self.provenance, notes, clock.seconds)
            if isinstance(one, Picture)
            else record.unreadable(*one, self.provenance, clock.seconds)
            for index, one in enumerate(opened)
        ]

    def _sittings(self, picture: Picture) -> list[Sitting]:
        return [Sitting(view, self._dockets) for view in picture.views]

    def _judge(self, sittings: list[Sitting], clock: _Clock) -> tuple[str, ...]:
        """Fill every sitting with facts until its rules are settled or nothing more can be done."""
        notes: tuple[str, ...] = ()
        if self._encoder is not None and sittings:
            with clock.stage("relevance"):
                notes = self._prune(sittings, self._encoder)
        with clock.stage("questions"):
            while wave := [(sitting, text) for sitting in sittings for text in sitting.next_statements()]:
                self._asker.ask(wave)
        while wanted := [(sitting, text) for sitting in sittings for text in sitting.next_open()]:
            with clock.stage("regions"):
                regions_stage.look(wanted, self._asker, self._detector, self._central_objects)
            with clock.stage("reasoning"):
                if self.settings.reason:
                    self._reason([(sitting, text) for sitting, text in wanted if sitting.is_open(text)])
            for sitting, text in wanted:
                sitting.exhausted.add(text)
        return notes

    def _prune(self, sittings: list[Sitting], encoder: Encoder) -> tuple[str, ...]:
        """Relevance scanning. When it fails nothing is pruned: every rule is judged, and a note says so."""
        try:
            rows = encoder.similarity([one.view.image for one in sittings], [one.rule.text for one in self._dockets])
        except ModelError as error:
            return (f"relevance scanning failed, so every rule was judged: {error.message}",)
        for sitting, row in zip(sittings, rows, strict=True):
            for docket, cosine in zip(self._dockets, row, strict=True):
                sitting.relevance[docket.rule.id] = round(cosine, 6)
                if sitting.relevance[docket.rule.id] < docket.thresholds.relevance:
                    sitting.pruned.add(docket.rule.id)
        return ()

    def _reason(self, wanted: list[tuple[Sitting, str]]) -> None:
        questions = [regions_stage.reasoning_question(sitting, text) for sitting, text in wanted]
        found = escalation.reason(self._mllm, questions, self.settings.reason_tokens, self.constitution.language)
        for (sitting, text), one in zip(wanted, found, strict=True):
            if isinstance(one, ModelError):
                sitting.note(text, error=one.message)
            else:
                sitting.note(text, reasoning=one)


def _batched(images: Iterable[str | Path | bytes | Image], size: int) -> Iterator[list[str | Path | bytes | Image]]:
    remaining = iter(images)
    while batch := list(islice(remaining, size)):
        yield batch


def _read_batch(batches: Iterator[list[str | Path | bytes | Image]]) -> tuple[list[Opened], float] | None:
    """The next batch decoded, and the seconds that took; None at the end."""
    batch = next(batches, None)
    if batch is None:
        return None
    begun = time.perf_counter()
    opened = [_open(image, None) for image in batch]
    return opened, time.perf_counter() - begun


def _open(image: str | Path | bytes | Image, name: str | None) -> Opened:
    """The decoded picture, or the image's name and why it cannot be read."""
    called = name or (
        str(image) if isinstance(image, (str, Path)) else f"<{'bytes' if isinstance(image, bytes) else 'image'}>"
    )
    called = called.encode("utf-8", "backslashreplace").decode()  # a file name need not be text, a verdict is
    try:
        if isinstance(image, (str, Path)):
            return media.decode(media.read_bytes(image), called)
        if isinstance(image, bytes):
            return media.decode(image, called)
        if hasattr(image, "convert"):
            return media.from_image(image, called)
    except ImageError as error:
        return called, error
    raise UserError(f"cannot judge a {type(image).__name__}", hint="give a path, bytes or a PIL image")


class _Clock:
    """Seconds per stage, a batch's time shared evenly among its images."""

    def __init__(self, images: int, **spent: float) -> None:
        self._images = max(images, 1)
        self._spent = spent

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._spent[name] = self._spent.get(name, 0.0) + time.perf_counter() - begun

    @property
    def seconds(self) -> dict[str, float]:
        shared = {name: round(spent / self._images, 6) for name, spent in self._spent.items()}
        return {**shared, "total": round(sum(self._spent.values()) / self._images, 6)}
