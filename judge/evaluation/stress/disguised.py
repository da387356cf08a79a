"""A method that judges pictures in one disguise. Knows no truth about them and no measure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from PIL import Image

from judge import media
from judge.constitution.told import context_digest, subject
from judge.errors import ImageError
from judge.evaluation.data.datasets import image_digest
from judge.evaluation.methods.clue import digest_of
from judge.evaluation.protocols import Contexts, Judgement, Kind, Method, Shown
from judge.evaluation.stress import transformations
from judge.evaluation.stress.transformations import Transformation, bounded

SEED = 1


class Disguised:
    """A `Method` over another: every picture is changed, written as a file, and judged.

    What is kept of it goes by the plain picture's digest, so that nothing is drawn anew for what is known.
    """

    kind: Kind = "method"

    def __init__(
        self, method: Method, transformation: Transformation, beside: Mapping[Shown, Sequence[str]] | None = None
    ) -> None:
        """`beside`: per example (`Example.shown`) the paths that are shown beside it, where any are."""
        self._method, self._change, self._beside = method, transformation, beside or {}
        self.name = f"{method.name} {transformation.name}"
        self.about = f"{method.about} On pictures that are changed: {transformation.about}."
        self.names_rules = method.names_rules
        shown = {path: image_digest(path) for others in self._beside.values() for path in others}
        company = [
            f"{subject(str(image_digest(path)), told)}: {[shown[one] for one in others]}"
            for (path, told), others in self._beside.items()
        ]
        source = Path(transformations.__file__).read_text("utf-8")
        self.identity = digest_of("disguised", source, transformation.name, *company, method.identity)

    def judge(self, paths: Sequence[str], contexts: Contexts | None = None) -> Iterator[Judgement]:
        """See `Method.judge`. A picture that cannot be read is not judged."""
        with tempfile.TemporaryDirectory(prefix="judge-disguised-") as folder:
            told = [{} for _ in paths] if contexts is None else contexts
            files = [
                self._file((path, context_digest(beside)), Path(folder) / f"{number}.png")
                for number, (path, beside) in enumerate(zip(paths, told, strict=True))
            ]
            able = [(file, beside) for file, beside in zip(files, told, strict=True) if isinstance(file, str)]
            said = self._method.judge([file for file, _ in able], [beside for _, beside in able])
            for path, file in zip(paths, files, strict=True):
                yield _of(path, next(said)) if isinstance(file, str) else file

    def _file(self, example: Shown, to: Path) -> str | Judgement:
        path, _ = example
        try:
            shown = [bounded(only_view(one)) for one in (path, *self._beside.get(example, ()))]
            frames = self._change.frames(shown[0], chance(self._change, path), shown[1:])
        except ImageError as error:
            return Judgement(verdict="needs_review", failure=error.message)
        frames[0].save(to, save_all=len(frames) > 1, append_images=frames[1:], duration=100)
        return str(to)


def chance(transformation: Transformation, path: str) -> Random:
    """What is left to chance in one disguise of one picture, the same every time."""
    return Random(f"{SEED}|{transformation.name}|{image_digest(path)}")  # noqa: S311 (no secret)


def only_view(path: str) -> Image.Image:
    """The picture of a file that shows one picture only.

    Raises:
        ImageError: it cannot be read, or has several views.
    """
    views = media.decode(media.read_bytes(path), path).views
    if len(views) > 1:
        raise ImageError(f"has {len(views)} views, and only files with one are disguised")
    return views[0].image


def _of(path: str, judgement: Judgement) -> Judgement:
    """The judgement under the path of the plain picture."""
    if judgement.trace is None:
        return judgement
    return judgement.model_copy(update={"trace": judgement.trace.model_copy(update={"image": path})})
