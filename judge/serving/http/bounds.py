"""How much is judged at a time, and for how long: what the engine goes by, and what of it a process is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.settings import Settings

CLIP_SHARE = 0.45  # of the seconds of a request is for a clip: it may wait as long for another, and be answered


@dataclass(frozen=True)
class EngineBounds:
    """waiting: most images in the queue before requests are refused; None is a batch for each process that is ready.
    batch: most images that are judged together. window: seconds that the first of them waits for others. seconds: that
    a request may take. pixels: of an image. clip_frames: of a clip that are judged."""

    waiting: int | None
    batch: int
    window: float
    seconds: float
    pixels: int
    clip_frames: int = 1

    @property
    def patience(self) -> float:
        """Seconds without an answer, after which a process is ended."""
        return 2 * self.seconds + 10


def for_process(settings: Settings, device: str, bounds: EngineBounds) -> Settings:
    """Settings of one process: its device, no more images together than are given to it, no more time for one than its
    request has."""
    share = CLIP_SHARE * bounds.seconds
    clips = settings.clips.model_copy(
        update={
            "file_bytes": min(settings.clips.file_bytes, settings.limits.file_bytes),
            "pixels": min(settings.clips.pixels, bounds.pixels),
            "frames": max(1, bounds.clip_frames),
            "seconds": min(settings.clips.seconds, share / 2),
            "judging_seconds": min(settings.clips.judging_seconds, share),
        }
    )
    limits = settings.limits.model_copy(update={"seconds": min(settings.limits.seconds, bounds.seconds / 2)})
    changed = {
        "limits": limits,
        "batch": bounds.batch,
        "image_seconds": min(settings.image_seconds, bounds.seconds),
        "clips": clips,
    }
    return settings.model_copy(update={**changed, **({"device": device} if device else {})})
