"""A safety checker for pipelines of diffusers, in place of the one that knows no policy of yours, and a callback that
stops drawing early.

Both need nothing of diffusers: such a pipeline calls them with what was drawn, before anybody sees it, and step by
step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from judge.errors import UserError
from judge.integrations.annotating import Annotation, Annotator, NoImage
from judge.integrations.stopping import Looker, Seen, Stopping, Watched, evenly, gravest
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


Pictures = Sequence[Image.Image | Sequence[Image.Image]]  # of each drawing, or its frames
_FRAMES = 4  # of a clip, at each look


@dataclass
class Drawing:
    """What became of one drawing of a call. seen: at each look. stopped: after which step (from 0), by which rule."""

    seen: list[Seen] = field(default_factory=list)
    stopped: tuple[int, str] | None = None


class EarlyStopping:
    """Looks at what a pipeline is about to draw, at a few steps, and stops it where a rule will be violated.

        stop = EarlyStopping("house-rules.yaml", stopping=Stopping.read("stopping.json"))
        with stop.watching(pipe):
            done = pipe(prompt, callback_on_step_end=stop)
        stop.drawings  # of this call: what was seen, and which were stopped

    What is stopped is drawn no further and comes out blank; where all of a call are, the pipeline ends. What is not
    stopped is not cleared: that is for `JudgeSafetyChecker`, which looks at the finished picture.

    stopping: when. watch_only: look, and stop nothing (to calibrate). judge: one that is loaded already.
    decode: what makes pictures of predicted clean latents (batch first), a picture or a list of frames for each
    drawing; by default the pipeline's VAE.
    """

    def __init__(
        self,
        constitution: str | Path = "demo",
        settings: Settings | None = None,
        *,
        stopping: Stopping | None = None,
        watch_only: bool = False,
        judge: Judge | None = None,
        decode: Callable[[Any, torch.Tensor], Pictures] | None = None,
    ) -> None:
        self._annotate = Annotator(constitution, settings, judge)
        self._looker: Looker | None = None
        self.stopping, self._stops = stopping or Stopping(), not watch_only
        self._decode = decode or _decoded
        self._clean: torch.Tensor | None = None
        self._watched: Any = None
        self._steps = 0  # of the last call
        self.drawings: tuple[Drawing, ...] = ()

    @contextmanager
    def watching(self, pipe: Any) -> Iterator[EarlyStopping]:
        """Note what the pipeline's scheduler takes the clean picture to be, at every step.

        Raises:
            UserError: a scheduler that does not say, at the first step.
        """
        scheduler = pipe.scheduler
        step = scheduler.step

        def noting(model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, *more: Any, **named: Any) -> Any:
            result = step(model_output, timestep, sample, *more, **named)
            self._clean = _clean(scheduler, model_output, sample, result)
            return result

        scheduler.step, self._watched = noting, pipe
        try:
            yield self
        finally:
            del scheduler.step
            self._watched = self._clean = None

    def __call__(self, pipe: Any, step: int, timestep: Any, callback_kwargs: dict[str, Any]) -> dict[str, Any]:
        """See `callback_on_step_end` of diffusers.

        Raises:
            UserError: the pipeline is not watched, or its latents cannot be decoded.
            JudgeError: the constitution or the models cannot be used.
        """
        if self._watched is not pipe or self._clean is None:
            raise UserError("the pipeline is not watched", hint="with stop.watching(pipe): pipe(...)")
        latents = callback_kwargs.get("latents")
        if not isinstance(latents, torch.Tensor):
            raise UserError(
                "the pipeline does not give its latents", hint='callback_on_step_end_tensor_inputs=["latents"]'
            )
        if step == 0:
            self.drawings = tuple(Drawing() for _ in range(len(latents)))
        self._steps = step + 1
        if step in self.stopping.looks:
            self._look(pipe, step)
        blank = [one.stopped is not None for one in self.drawings]
        if any(blank):
            latents = latents.clone()
            latents[blank] = 0
            if all(blank):
                pipe._interrupt = True  # what diffusers asks before every step
            callback_kwargs["latents"] = latents
        return callback_kwargs

    def watched(self, violates: Sequence[Iterable[str]]) -> list[Watched]:
        """The drawings of the last call, none of which was stopped, to calibrate on.

        violates: of each, the rules that the finished picture violates.
        """
        return [
            Watched(
                violates=frozenset(rules),
                steps=self.stopping.looks,
                of_steps=self._steps,
                looks=tuple(map(dict, one.seen)),
            )
            for one, rules in zip(self.drawings, violates, strict=True)
        ]

    def _look(self, pipe: Any, step: int) -> None:
        going = [number for number, one in enumerate(self.drawings) if one.stopped is None]
        if not going or self._clean is None:
            return
        if self._looker is None:
            self._looker = Looker(self._annotate.judge)
        with torch.no_grad():
            shown = self._decode(pipe, self._clean[going])
        frames = [[one] if isinstance(one, Image.Image) else list(one) for one in shown]
        seen = iter(self._looker.look([frame for some in frames for frame in some]))
        for number, some in zip(going, frames, strict=True):
            drawing = self.drawings[number]
            drawing.seen.append(gravest([next(seen) for _ in some]))
            if self._stops and (hit := self.stopping.stopped(drawing.seen)) is not None:
                drawing.stopped = step, hit[1]


def _clean(scheduler: Any, output: torch.Tensor, sample: torch.Tensor, result: Any) -> torch.Tensor:
    """What the scheduler takes the clean latents to be, having stepped once."""
    config, name = scheduler.config, type(scheduler).__name__
    if name == "TCDScheduler":  # its second value is a noisier one
        raise _no_clean(name)
    found = (
        result[1] if isinstance(result, tuple) and len(result) > 1 else getattr(result, "pred_original_sample", None)
    )
    if isinstance(found, torch.Tensor) and found.shape == sample.shape:
        return found
    if config.get("algorithm_type", "").endswith("dpmsolver++") or config.get("predict_x0"):
        kept: torch.Tensor = [one for one in scheduler.model_outputs if one is not None][-1]
        return kept
    if name.startswith("FlowMatchEuler") and not config.get("stochastic_sampling"):
        noise: torch.Tensor = scheduler.sigmas[scheduler.step_index - 1].to(sample)
        return sample - noise * output.to(sample.dtype)
    raise _no_clean(name)


def _no_clean(name: str) -> UserError:
    return UserError(
        f"{name} does not say what the clean picture will be",
        hint="use DDIM, DDPM, Euler, DPM-Solver++, UniPC or flow matching (Euler)",
    )


def _decoded(pipe: Any, clean: torch.Tensor) -> Pictures:
    """The pictures of latents, by the pipeline's VAE; of a clip some frames, which a VAE of pictures decodes alone."""
    vae = getattr(pipe, "vae", None)
    if vae is None or not _is_known(vae, clean):
        raise UserError(
            f"it is not known how {type(pipe).__name__} makes pictures of its latents", hint="say so with decode="
        )
    if clean.ndim == 5 and not _of_clips(vae):
        frames = list(evenly(clean.shape[2], _FRAMES))
        alone = clean[:, :, frames].transpose(1, 2).flatten(0, 1)
        shown = [_shown(one) for one in _decode(vae, alone)]
        return [shown[place : place + len(frames)] for place in range(0, len(shown), len(frames))]
    found = _decode(vae, clean)
    if found.ndim == 4:
        return [_shown(one) for one in found]
    frames = list(evenly(found.shape[2], _FRAMES))
    return [[_shown(one[:, frame]) for frame in frames] for one in found]


def _decode(vae: Any, clean: torch.Tensor) -> torch.Tensor:
    scaled = clean.to(vae.dtype) / vae.config.scaling_factor + (vae.config.get("shift_factor") or 0.0)
    found: torch.Tensor = vae.decode(scaled, return_dict=False)[0]
    return found


def _is_known(vae: Any, clean: torch.Tensor) -> bool:
    """Whether latents are pictures, or clips of (channels, frames, height, width), and scaled by one number."""
    if clean.ndim not in (4, 5) or vae.config.get("latents_mean") is not None:
        return False
    return clean.ndim == 4 or clean.shape[1] == vae.config.get("latent_channels")


def _of_clips(vae: Any) -> bool:
    """Whether it has convolutions over time."""
    return any(one.ndim == 5 for one in vae.parameters())


def _shown(image: torch.Tensor) -> Image.Image:
    picture = _picture(image)
    if isinstance(picture, NoImage):
        raise UserError(f"the predicted picture cannot be shown: {picture.reason}", hint="say how with decode=")
    return picture


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
