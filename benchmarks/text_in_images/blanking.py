"""A method that looks twice: at the picture, and at the picture with what looks like writing blanked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.text_in_images import text_regions
from judge import media
from judge.errors import ImageError
from judge.evaluation.methods.clue import digest_of
from judge.evaluation.protocols import Contexts, Judgement, Kind, Method
from judge.verdict import VerdictWord


class LooksTwice:
    """A `Method` over another. Where the two looks differ, words may have spoken, and a person decides.

    Fail closed: neither look can clear a picture alone, and a picture in which no writing is found, or which cannot
    be read, is judged as the other method judges it.
    """

    kind: Kind = "ablation"

    def __init__(self, method: Method, known: Mapping[str, Judgement] | None = None) -> None:
        """`known`: what the method said of some paths already, so that it need not look at them again."""
        self._method, self._known = method, known or {}
        self.name = f"{method.name}-blanked"
        self.about = f"{method.about} Again with what looks like writing blanked; where they differ, needs_review."
        self.names_rules = method.names_rules
        self.identity = digest_of("looks-twice", Path(text_regions.__file__).read_text("utf-8"), method.identity)

    def judge(self, paths: Sequence[str], contexts: Contexts | None = None) -> Iterator[Judgement]:
        """See `Method.judge`. contexts: not looked at."""
        fresh = self._method.judge([path for path in paths if path not in self._known])
        for path in paths:
            first = self._known[path] if path in self._known else next(fresh)
            with tempfile.TemporaryDirectory(prefix="judge-blanked-") as folder:
                views = _without_writing(path, Path(folder))
                yield _of_both(first, list(self._method.judge(views))) if views else first


def _without_writing(path: str, folder: Path) -> list[str]:
    """Every view of the image as a file, writing blanked; none where there is no writing, or no image."""
    try:
        views = [view.image for view in media.decode(media.read_bytes(path), path).views]
    except ImageError:
        return []
    found = [text_regions.text_regions(view) for view in views]
    if not any(found):
        return []
    files = []
    for number, (view, regions) in enumerate(zip(views, found, strict=True)):
        files.append(str(folder / f"view-{number}.png"))
        text_regions.blanked(view, regions).save(files[-1])
    return files


def _of_both(first: Judgement, again: Sequence[Judgement]) -> Judgement:
    words = [one.verdict for one in again]
    second: VerdictWord = next((word for word in ("violation", "needs_review") if word in words), "no_violation")
    seconds = [one.seconds for one in (first, *again)]
    total = None if None in seconds else sum(one for one in seconds if one is not None)
    if second == first.verdict:
        return first.model_copy(update={"seconds": total})
    said = f"{first.verdict}, but {second} with what looks like writing blanked"
    named = (rule for one in (first, *again) for rule in (*one.violations, *one.undecided))
    return first.model_copy(
        update={
            "verdict": "needs_review", "violations": (), "undecided": tuple(dict.fromkeys(named)),
            "said": said, "seconds": total,
        }
    )  # fmt: skip
