"""NudeNet, where the user has installed it. It is no dependency and does not ship: its licence file is the AGPL-3.0."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from judge.errors import ModelError, UserError
from judge.evaluation.protocols import Judgement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL.Image import Image

EXPOSED = frozenset(
    {
        "BUTTOCKS_EXPOSED",
        "FEMALE_BREAST_EXPOSED",
        "FEMALE_GENITALIA_EXPOSED",
        "MALE_GENITALIA_EXPOSED",
        "ANUS_EXPOSED",
    }
)


class NudeNetRival:
    """A detector of body parts. Unsafe is what shows an exposed intimate part; it knows no rule and no other topic."""

    name = "nudenet"
    about = "NudeNet: an exposed intimate body part is detected. Nudity only; the constitution is not used."
    names_rules = False

    def __init__(self, detector: Any, release: str) -> None:
        self._detector = detector
        self.identity = f"{self.name}|{release}|{sorted(EXPOSED)}"

    def rate(self, image: Image) -> Judgement:
        """See `Rival.rate`."""
        import numpy as np

        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])  # it takes BGR, as OpenCV does
        try:
            detections = self._detector.detect(pixels)
        except Exception as error:  # whatever the package raises is the rival's failure
            raise ModelError(f"NudeNet failed: {type(error).__name__}: {error}") from error
        return judged(detections)


def judged(detections: Sequence[Mapping[str, Any]]) -> Judgement:
    """What follows from NudeNet's detections. What it does not report (under a confidence of 0.25) scores 0."""
    exposed = [min(float(one["score"]), 1.0) for one in detections if one["class"] in EXPOSED]
    said = ", ".join(f"{one['class']} {float(one['score']):.2f}" for one in detections)
    verdict = Judgement(verdict="violation" if exposed else "no_violation", score=max(exposed, default=0.0))
    return verdict.model_copy(update={"said": said or "nothing detected"})


def load_nudenet() -> NudeNetRival:
    """NudeNet with the weights in its wheel.

    Raises:
        UserError: the package is not installed.
    """
    try:
        from nudenet import NudeDetector
    except ImportError as error:
        raise UserError(
            "the peer nudenet needs the package 'nudenet'",
            hint="pip install nudenet (its licence file is the AGPL-3.0)",
        ) from error
    return NudeNetRival(NudeDetector(), version("nudenet"))
