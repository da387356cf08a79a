"""A stage for NeMo Curator: images of a batch are annotated, and dropped where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nemo_curator.stages.base import ProcessingStage
from nemo_curator.tasks import ImageBatch, ImageObject
from PIL import Image

from judge.integrations.annotating import KEY, Annotator, NoImage, of_bytes
from judge.settings import Settings

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge


@dataclass
class JudgeImageStage(ProcessingStage[ImageBatch, ImageBatch]):  # type: ignore[misc]  # NeMo Curator has no types
    """Writes what the judge says into `metadata["judge"]` of every image.

    What is judged is what the pipeline goes on with: the bytes of the file where it holds them, else the pixels
    (`image_data`: height, width, 3 channels of RGB in 8 bits), else the file at `image_path`. What is none of these is
    `needs_review`.

    drop_violations: whether images with a violation are left out of the batch. What needs review never is. judge: one
    that is loaded already, in place of `constitution` and `settings`.
    """

    constitution: str | Path = "demo"
    settings: Settings | None = None
    drop_violations: bool = False
    judge: Judge | None = None
    name: str = "constitution_judge"
    _annotate: Annotator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._annotate = Annotator(self.constitution, self.settings, self.judge)

    def inputs(self) -> tuple[list[str], list[str]]:
        """See `ProcessingStage`."""
        return ["data"], []

    def outputs(self) -> tuple[list[str], list[str]]:
        """See `ProcessingStage`."""
        return ["data"], ["metadata"]

    def setup(self, _worker_metadata: Any = None) -> None:
        """Load the models.

        Raises:
            JudgeError: the constitution or the models cannot be used.
        """
        _ = self._annotate.judge

    def process(self, task: ImageBatch) -> ImageBatch:
        """The batch with annotations; a new one where something is left out."""
        said = self._annotate([_image(one) for one in task.data])
        for image, annotation in zip(task.data, said, strict=True):
            image.metadata = {**(image.metadata or {}), KEY: annotation.texts()}
        if not self.drop_violations:
            return task
        kept = [image for image, one in zip(task.data, said, strict=True) if one.verdict != "violation"]
        return ImageBatch(
            data=kept, dataset_name=task.dataset_name, _metadata=task._metadata, _stage_perf=task._stage_perf
        )


def _image(image: ImageObject) -> bytes | Image.Image | Path | NoImage:
    held = getattr(image, "image_bytes", None)  # not in every version
    if held is not None:
        return of_bytes(held)
    pixels = image.image_data
    if pixels is not None:
        shape = tuple(getattr(pixels, "shape", ()))
        if len(shape) != 3 or shape[2] != 3 or not all(shape) or str(getattr(pixels, "dtype", "")) != "uint8":
            return NoImage("its pixels are no RGB picture in 8 bits")
        return Image.fromarray(pixels)
    if image.image_path:
        return Path(image.image_path)
    return NoImage("it has neither bytes, pixels nor a path")
