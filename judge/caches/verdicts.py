"""Verdicts kept on disk, so that a second run over the same images does not ask the model again.

The name of a kept verdict is a digest of all that it depends on: the image's bytes, what was told beside it, the
judge's whole provenance (constitution, lock where there is one, models, prompts, thresholds, reasoning, versions), and
the day where a server has a model. So nothing kept goes stale, but within a day behind a server; and what is damaged is
judged again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from judge import media
from judge.caches.shelf_life import kept_for
from judge.causes import Cause
from judge.errors import ImageError
from judge.files import read_text, remember
from judge.judging.given import Context, in_step
from judge.judging.opening import name_of
from judge.judging.pipeline import Judge
from judge.settings import cache_room
from judge.verdict import Branch, Evidence, Finding, Verdict

_FAILURES = (Cause.OUT_OF_TIME, Cause.GUARD_FAILED, Cause.UNREACHABLE, Cause.MODEL_ERROR, Cause.NOT_ASKED)
_CHUNK = 64  # images that are looked up at once: no more than their verdicts are held


class CachedVerdicts:
    """A judge whose verdicts are read from disk where they are known, and written there where they are not."""

    def __init__(self, judge: Judge, folder: Path | None = None) -> None:
        self.judge = judge
        self._folder = folder or cache_room("verdicts")
        self._under = f"{judge.provenance.basis()}|{kept_for(judge.provenance.models)}"

    def judge_many(
        self, images: Iterable[str], contexts: Iterable[Context | None] | None = None
    ) -> Iterator[tuple[Verdict, bool]]:
        """Per path, in order, one for each: the verdict, and whether it was kept. contexts: see `Judge.judge_many`."""
        told: list[Context | None] = []
        remaining = iter(images) if contexts is None else in_step(images, contexts, told)
        while chunk := list(islice(remaining, max(_CHUNK, self.judge.settings.batch))):
            beside = [told.pop(0) if contexts is not None else None for _ in chunk]
            kept = [self._read(path, context) for path, context in zip(chunk, beside, strict=True)]
            new = [place for place, known in enumerate(kept) if known is None]
            fresh = self.judge.judge_many([chunk[one] for one in new], contexts=[beside[one] for one in new])
            for known in kept:
                if known is not None:
                    yield known, True
                    continue
                verdict = next(fresh)
                self._write(verdict)
                yield verdict, False

    def _path(self, sha256: str, context: Context | None) -> Path:
        told = f"|{json.dumps(dict(context), sort_keys=True)}" if context else ""
        name = hashlib.sha256(f"{sha256}|{self._under}{told}".encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.json"

    def _read(self, image: str, context: Context | None) -> Verdict | None:
        try:
            digest = hashlib.sha256(media.read_bytes(image, self.judge.settings.limits)).hexdigest()
            verdict = Verdict.model_validate_json(read_text(self._path(digest, context)))
        except (ImageError, OSError, ValueError, TypeError, MemoryError):
            return None  # absent, damaged, or no image: the judge says what is wrong with it
        if (verdict.context or {}) != dict(context or {}):
            return None  # what was told beside it was something else
        if verdict.image_facts.sha256 != digest or verdict.provenance.basis() != self.judge.provenance.basis():
            return None  # of another image, or judged by something else: not what was written under this name
        return verdict.model_copy(update={"image": name_of(image)})

    def _write(self, verdict: Verdict) -> None:
        """Keep what will come out the same again: nothing in which a file or a model failed."""
        digest = verdict.image_facts.sha256
        if digest is not None and verdict.failure is None and not model_failed(verdict):
            remember(self._path(digest, verdict.context), verdict.model_dump_json())


def model_failed(verdict: Verdict) -> bool:
    """Whether a model failed on anything, also where that changed nothing: another try may come out otherwise."""
    scanned = any(model.role in ("encoder", "encoder+detector") for model in verdict.provenance.models)
    if verdict.offence is not None and verdict.offence.failed:
        return True
    return any(_failed(finding, scanned=scanned) for finding in verdict.findings)


def _failed(finding: Finding, *, scanned: bool) -> bool:
    if finding.cause is Cause.OUTSIDE:
        return False  # kept out on purpose, so it was neither scanned nor asked
    if finding.cause in _FAILURES:
        return True
    conditions = (*finding.preconditions, *finding.exceptions)
    if any(_failed_on(one) for condition in conditions for one in condition.alternatives):
        return True
    return scanned and finding.relevance is None  # relevance scanning failed


def _failed_on(one: Evidence) -> bool:
    committee = one.committee
    votes = (*committee.votes, committee.stronger) if committee is not None else ()
    voted = any(vote is not None and vote.failed is not None for vote in votes)
    return one.branch is Branch.MODEL_ERROR or one.failed is not None or voted
