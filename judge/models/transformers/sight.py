"""How much of a picture reaches a model: by what its processor makes of a large one, and by whether two that differ
get different answers. Runs no model."""

from __future__ import annotations

import logging
import math
from typing import Any

import torch
from PIL import Image

PROBE = 2048  # pixels a side of the picture that is tried; who sees all of it sees any picture well
_FIRST = 64  # pixels a side of what a model is shown first
_NOISE = 1e-6  # of the largest logit: the same numbers, computed in another order


def side_seen(processor: Any) -> int | None:
    """Pixels a side of the square that a processor leaves of a large square picture; None where that is not known.

    A processor that cuts a picture into pieces itself is counted with all its pieces.
    """
    try:
        picture = Image.new("RGB", (PROBE, PROBE))
        count = processor.image_processor(images=[picture], return_tensors="pt")["pixel_values"].numel()
    except Exception:  # a processor fails in any way, and closer looks go without this
        logging.getLogger(__name__).debug("the size that the model sees is not known", exc_info=True)
        return None
    return min(PROBE, math.isqrt(count // 3))


def two_pictures() -> tuple[Image.Image, Image.Image]:
    """Two pictures of one size that nobody takes for another: a blank one, and one of many colours."""
    ramp = Image.linear_gradient("L").resize((_FIRST, _FIRST))
    colours = Image.merge("RGB", (ramp, ramp.rotate(90), ramp.rotate(180)))
    return Image.new("RGB", colours.size, "white"), colours


def are_alike(logits: torch.Tensor, others: torch.Tensor) -> bool:
    """Whether two pictures got the same answer, but for noise: then nothing of them reaches it."""
    return bool((logits - others).abs().max() <= _NOISE * logits.abs().max())
