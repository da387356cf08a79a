"""A picture to what OWLv2 takes: what its own processor makes of it, without minutes of blurring large ones.

The processor pads a picture to a square, blurs that and samples it. All of it is linear and works along each axis by
itself, so it is a product with one matrix from the left and one from the right; what the padding adds is zero.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy
import torch
from PIL import Image

_ROWS = 16
_ALL_STEPS = ("do_resize", "do_pad", "do_rescale", "do_normalize")


class Pixels:
    """Takes the processor of an OWLv2 checkpoint."""

    def __init__(self, processor: Any) -> None:
        self._own = processor.image_processor
        self._does_all = all(getattr(self._own, step, False) for step in _ALL_STEPS)

    def of(self, image: Image.Image) -> torch.Tensor:
        """What the model takes of an RGB picture: [1, 3, height, width], as the processor gives it up to rounding.

        A processor that is told to leave out one of its steps is asked itself.
        """
        if not self._does_all:
            made: torch.Tensor = self._own(images=image, return_tensors="pt")["pixel_values"]
            return made
        square = max(image.size)
        across, down = (sampling(square, self._own.size[side]) for side in ("width", "height"))
        values = torch.from_numpy(numpy.array(image)).flatten(1)  # [height, width x 3]: rows first, as they lie there
        rows = _sampled(down[:, : image.height], values).reshape(-1, image.width, 3).permute(2, 0, 1)
        values = (rows * self._own.rescale_factor) @ across[:, : image.width].T
        mean, spread = (torch.tensor(one)[:, None, None] for one in (self._own.image_mean, self._own.image_std))
        scaled: torch.Tensor = (values - mean) / spread
        return scaled[None]


def _sampled(weights: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """`weights @ values`, of which some rows at a time: each needs few of the rows of `values` (uint8)."""
    parts = []
    for start in range(0, len(weights), _ROWS):
        some = weights[start : start + _ROWS]
        used = some.any(dim=0).nonzero()[:, 0].tolist() or [0]
        reach = slice(used[0], used[-1] + 1)
        parts.append(some[:, reach] @ values[reach].float())
    return torch.cat(parts)


@lru_cache(maxsize=16)
def sampling(length: int, side: int) -> torch.Tensor:
    """How much each of `length` pixels counts in each of `side`: [side, length].

    Blurred with a Gaussian of spread (length / side - 1) / 2 where the picture gets smaller, mirrored at its ends, and
    then interpolated between the two nearest.
    """
    step = length / side
    at = ((torch.arange(side, dtype=torch.float64) + 0.5) * step - 0.5).clamp(min=0)
    low = at.long().clamp(max=length - 1)
    high = (low + 1).clamp(max=length - 1)
    sigma = max(0.0, (step - 1) / 2)
    reach = math.ceil(3 * sigma)
    offsets = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2) if sigma else torch.ones(1)
    kernel = (kernel / kernel.sum()).double()
    weights = torch.zeros((side, length), dtype=torch.float64)
    for near, share in ((low, 1 - (at - low)), (high, at - low)):
        mirrored = (near[:, None] + offsets).abs()
        mirrored = (length - 1) - ((length - 1) - mirrored).abs()
        weights.scatter_add_(1, mirrored, share[:, None] * kernel)
    return weights.float()
