"""A filter for datatrove: documents are annotated by their images, and dropped where that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datatrove.data import Document, Media
from datatrove.pipeline.filters.base_filter import BaseFilter

from judge.integrations.annotating import KEY, Annotation, Annotator, NoImage, of_bytes, together
from judge.settings import Settings

if TYPE_CHECKING:
    from datatrove.pipeline.writers.disk_base import DiskWriter

    from judge.judging.pipeline import Judge


class JudgeFilter(BaseFilter):  # type: ignore[misc]  # datatrove has no types
    """Writes what the judge says into `metadata["judge"]` of every medium, and of its document what all come to.

    A document without media is passed on as it is. Addresses are never fetched: a medium is judged by its
    `media_bytes`, or else the file at its `path`; one with neither is `needs_review`.

    drop_violations: whether documents with a violation are dropped, with the ids of the rules as the reason. What needs
    review is never dropped. judge: one that is loaded already, in place of `constitution` and `settings`.
    exclusion_writer, batch_size: see datatrove; by default as many documents are taken together as images.
    """

    name = "constitution-judge"

    def __init__(
        self,
        constitution: str | Path = "demo",
        settings: Settings | None = None,
        *,
        judge: Judge | None = None,
        drop_violations: bool = False,
        exclusion_writer: DiskWriter | None = None,
        batch_size: int | None = None,
    ) -> None:
        self._annotate, self._drop = Annotator(constitution, settings, judge), drop_violations
        super().__init__(exclusion_writer, batch_size or self._annotate.batch)

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """See `BaseFilter`."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Document]) -> list[bool | tuple[bool, str]]:
        """See `BaseFilter`."""
        said = iter(self._annotate([_image(medium) for doc in batch for medium in doc.media or ()]))
        return [self._one(doc, [next(said) for _ in doc.media or ()]) for doc in batch]

    def _one(self, doc: Document, said: list[Annotation]) -> bool | tuple[bool, str]:
        if not said:
            return True
        for medium, of_medium in zip(doc.media, said, strict=True):
            medium.metadata = {**(medium.metadata or {}), KEY: of_medium.texts()}  # tables leave it empty
        whole = together(said)
        doc.metadata = {**(doc.metadata or {}), KEY: whole.texts()}
        return (False, "+".join(whole.violations)) if self._drop and whole.verdict == "violation" else True


def _image(medium: Media) -> bytes | Path | NoImage:
    if medium.media_bytes is not None:
        return of_bytes(medium.media_bytes)
    if medium.path and medium.offset is None:
        return Path(medium.path)
    if medium.path:
        return NoImage("it lies inside of a larger file, and was not read from there")
    return NoImage("it has neither bytes nor a path; addresses are never fetched")
