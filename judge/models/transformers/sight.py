"""How much of a picture reaches a model: measured on what its processor makes of a large one. Runs no model."""

from __future__ import annotations

import logging
import math
from typing import Any

from PIL import Image

PROBE = 2048  # pixels a side of the picture that is tried; who sees all of it sees any picture well


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
