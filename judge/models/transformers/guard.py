"""Tells drawings of the kind the bundled eyes were trained on from everything else.

What is measured: the means over the patches of some middle layers of the eyes. Training drew the line that best
parts the drawings from made-up pictures that are none (noise, textures, shaded shapes; no photograph), after each
number was scaled by its spread among the drawings. How far a picture lies along that line, from the middle of the
drawings, as a share of the limit, is its strangeness. The numbers lie beside the weights (`domain.safetensors`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from judge.errors import ModelError, UserError
from judge.verdict import ModelIdentity

if TYPE_CHECKING:
    from PIL.Image import Image

    from judge.models.transformers.owlv2 import Owlv2Eyes

STATISTICS = "domain.safetensors"


@dataclass(frozen=True)
class Statistics:
    """The line: means and spreads of training drawings, how much each number counts, and where drawings end.

    mean, scale, weights: [layers x width]. limit: how far along the line drawings reach (their middle is 0).
    """

    layers: tuple[int, ...]
    mean: torch.Tensor
    scale: torch.Tensor
    weights: torch.Tensor
    limit: float

    def along(self, means: torch.Tensor) -> torch.Tensor:
        """How far pictures lie along the line, from their patch means [N, layers x width]."""
        return ((means.float().cpu() - self.mean) / self.scale) @ self.weights

    def strangeness(self, means: torch.Tensor) -> list[float]:
        """The same as a share of the limit, at least 0; over 1 is no drawing of the kind."""
        found: list[float] = (self.along(means) / self.limit).clamp(min=0.0).tolist()
        return found

    def save(self, folder: Path) -> None:
        from safetensors.torch import save_file

        numbers = {"layers": torch.tensor(self.layers), "limit": torch.tensor([self.limit])}
        save_file(numbers | {"mean": self.mean, "scale": self.scale, "weights": self.weights}, folder / STATISTICS)

    @classmethod
    def load(cls, folder: Path) -> Statistics:
        """Raises: UserError: the file is missing or is not such statistics."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            held = load_file(folder / STATISTICS)
            layers = tuple(int(one) for one in held["layers"])
            return cls(layers, held["mean"], held["scale"], held["weights"], float(held["limit"]))
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise UserError(f"cannot read {folder / STATISTICS}: {error}") from error


class DrawingGuard:
    """See `judge.ports.Guard`. Shares the forward pass of the eyes with their other jobs."""

    model, reads = "the bundled model", "drawings"

    def __init__(self, eyes: Owlv2Eyes, statistics: Statistics) -> None:
        eyes.watch(statistics.layers)
        self._eyes, self._statistics = eyes, statistics

    @property
    def identity(self) -> ModelIdentity:
        return self._eyes.identity

    def strangeness(self, images: Sequence[Image]) -> list[float]:
        """See `Guard.strangeness`."""
        if not images:
            return []
        found = self._statistics.strangeness(torch.stack([self._eyes.layer_means(image) for image in images]))
        if any(math.isnan(one) for one in found):
            raise ModelError("the domain check gave no number", hint="try --dtype float32")
        return found
