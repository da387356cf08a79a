"""A safety checker for pipelines of diffusers, in place of the one that knows no policy of yours.

It needs nothing of diffusers: such a pipeline calls it with what was drawn, before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from judge.errors import UserError
from judge.integrations.annotating import Annotation, Annotator, NoImage
from judge.settings import Settings

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge


class JudgeSafetyChecker:
    """`StableDiffusionPipeline.from_pretrained(..., safety_checker=JudgeSafetyChecker("house-rules.yaml"))`.

    Blacks out every image that is not cleared: what violates a rule, and what needs a person, too. said: why, for each
    image of the last call.

    judge: one that is loaded already, in place of `constitution` and `settings`.
    """

    def __init__(
        self, constitution: str | Path = "demo", settings: Settings | None = None, *, judge: Judge | None = None
    ) -> None:
        self._annotate = Annotator(constitution, settings, judge)
        self.said: tuple[Annotation, ...] = ()

    def __call__(self, images: Any, clip_input: Any = None) -> tuple[Any, list[bool]]:
        """The images, with those that are not cleared black, and for each whether it is one of them.

        images: as pipelines have them: a tensor of images x 3 x height x width in [-1, 1], as a VAE decodes it; arrays
        of height x width x 3 in [0, 1], or in 8 bits; or PIL images. clip_input: what the other checker looks at; it
        is not used.

        Raises:
            UserError: they are none of these, so that nothing can be said of them, nor blacked out.
            JudgeError: the constitution or the models cannot be used.
        """
        self.said = ()
        said = self._annotate([_picture(image) for image in _each(images)])
        flagged = [one.verdict != "no_violation" for one in said]
        self.said = tuple(said)
        return _blacked(images, flagged), flagged


def _each(images: Any) -> Sequence[Any]:
    if isinstance(images, torch.Tensor | np.ndarray) and images.ndim == 4:
        return list(images)
    if isinstance(images, list | tuple) and all(isinstance(one, _KINDS) for one in images):
        return images
    raise UserError(
        f"the safety checker was given {type(images).__name__}, and knows no images in it",
        hint="give a tensor or an array of several images, or a list of PIL images",
    )


_KINDS = (torch.Tensor, np.ndarray, Image.Image)


def _picture(image: Any) -> Image.Image | NoImage:
    if isinstance(image, Image.Image):
        return image
    if isinstance(image, torch.Tensor):
        if image.ndim != 3 or not image.is_floating_point():
            return NoImage("it is no tensor of a picture")
        image = image.detach().permute(1, 2, 0).float().cpu().numpy() / 2 + 0.5
    if image.ndim != 3 or image.shape[2] != 3 or not image.size:
        return NoImage("it is no picture of three colours")
    if image.dtype != np.uint8:
        if image.dtype.kind != "f" or not np.isfinite(image).all():
            return NoImage("it has values that are no colours")
        image = (image.clip(0, 1) * 255).round().astype(np.uint8)  # as diffusers makes files of them
    return Image.fromarray(image)


def _blacked(images: Any, flagged: list[bool]) -> Any:
    """A copy where any is; 0 is black to a pipeline, which does not scale the images that are said to be flagged."""
    if not any(flagged):
        return images
    if isinstance(images, torch.Tensor | np.ndarray):
        images = images.clone() if isinstance(images, torch.Tensor) else images.copy()
        images[flagged] = 0
        return images
    return [_black(image) if bad else image for image, bad in zip(images, flagged, strict=True)]


def _black(image: Any) -> Any:
    if isinstance(image, Image.Image):
        return Image.new("RGB", image.size)
    return torch.zeros_like(image) if isinstance(image, torch.Tensor) else np.zeros_like(image)
