"""Fits the domain guard of the bundled eyes (`judge.models.transformers.guard`): a line from drawings to what is none.

The line parts training scenes from pictures made of arithmetic (`synthetic.py`). The limit lies a tenth of the
way from where the training scenes end to where those others begin, both measured on pictures that the fit did not
see. No photograph is looked at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from judge.models.transformers.guard import Statistics
from tools.train_bundled import scenes, synthetic
from tools.train_bundled.art import Sprites
from tools.train_bundled.eyes_model import pixels_of

LAYERS = (2, 3, 4)
RIDGE, WITHIN, BEYOND, WAY = 0.01, 0.998, 0.01, 0.1
CHUNK = 100


def layer_means(eyes: Any, images: torch.Tensor, layers: tuple[int, ...]) -> torch.Tensor:
    """Means over the patches of what leaves the layers, joined, [N, D]."""
    device, found = next(eyes.parameters()).device, []
    with torch.inference_mode():
        for part in images.split(CHUNK):
            seen = eyes.owlv2.vision_model(pixels_of(part.to(device)), output_hidden_states=True).hidden_states
            found.append(torch.cat([seen[layer][:, 1:].float().mean(1) for layer in layers], -1).cpu())
    return torch.cat(found)


def drawn(sprites: Sprites, count: int, split: str, seed: int, device: str) -> torch.Tensor:
    """Composed scenes, uint8 [count, 3, 128, 128]."""
    generator = torch.Generator(device).manual_seed(seed)
    size = min(CHUNK, count)
    parts = [scenes.compose(sprites, size, generator, device, split).images for _ in range(-(-count // size))]
    return torch.cat(parts)[:count]


def statistics(drawings: torch.Tensor, others: torch.Tensor, layers: tuple[int, ...]) -> Statistics:
    """The line between patch means of drawings and of others; every fourth of each is put aside to set the limit."""
    aside, apart = torch.arange(len(drawings)) % 4 == 0, torch.arange(len(others)) % 4 == 0
    known, strange = drawings[~aside], others[~apart]
    mean, scale = known.mean(0), known.std(0).clamp(min=1e-6)
    rows = (torch.cat([known, strange]) - mean) / scale
    wanted = torch.cat([torch.zeros(len(known)), torch.ones(len(strange))])
    weight = torch.cat([torch.full((len(one),), 0.5 / len(one)) for one in (known, strange)])
    rows = torch.cat([rows, torch.ones(len(rows), 1)], 1)
    squares = rows.T @ (rows * weight[:, None]) + RIDGE * torch.eye(rows.shape[1])
    weights = torch.linalg.solve(squares, rows.T @ (weight * wanted))[:-1]
    line = Statistics(layers, mean, scale, weights.contiguous(), 1.0)
    end, begin = line.along(drawings[aside]).quantile(WITHIN), line.along(others[apart]).quantile(BEYOND)
    limit = max(float(end + WAY * (begin - end).clamp(min=0)), 1e-3)
    return Statistics(layers, mean, scale, line.weights, limit)


def fit(eyes: Any, sprites: Sprites, unseen: Sprites, folder: Path, count: int, device: str) -> dict[str, Any]:
    """Fit and save beside the weights. Returns shares flagged: of unseen art, and of new pictures that are none."""
    depth = eyes.config.vision_config.num_hidden_layers
    layers = tuple(sorted({min(layer, depth) for layer in LAYERS}))

    def strange(seed: int, many: int) -> torch.Tensor:
        return synthetic.not_drawings(many, torch.Generator().manual_seed(seed))

    both = torch.cat([drawn(sprites, count, split, 71, device) for split in ("train", "test")])
    found = statistics(layer_means(eyes, both, layers), layer_means(eyes, strange(73, count), layers), layers)
    found.save(folder)
    pictures = {
        "unseen art": drawn(unseen, count, "test", 72, device),
        "not drawings": strange(74, max(50, count // 4)),
    }
    flagged = {
        f"flagged, {name}": sum(one > 1 for one in found.strangeness(layer_means(eyes, images, layers))) / len(images)
        for name, images in pictures.items()
    }
    return {"layers": list(layers), "limit": found.limit} | {name: round(share, 4) for name, share in flagged.items()}
