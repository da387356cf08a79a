"""Losses of the bundled eyes: which patch shows what, where its box is, and which texts fit the whole picture."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

from tools.train_bundled.eyes_model import SIDE


class Targets(NamedTuple):
    """What a batch of scenes shows. `patches`: concept of every patch [B, P], -1 is background.

    boxes: centre and size [B, P, 4] in [0, 1] of the object that a patch belongs to. present: bool [B, concepts].
    """

    patches: torch.Tensor
    boxes: torch.Tensor
    present: torch.Tensor


def targets_of(concepts: torch.Tensor, boxes: torch.Tensor, patches: torch.Tensor, count: int) -> Targets:
    """From a scene's concepts [B, 5] (-1 is none), boxes [B, 5, 4] in pixels and patch concepts [B, P] (-1 is none).

    Where two objects of a scene are of one concept, a patch belongs to the one whose centre is nearer.
    """
    patches = patches.flatten(1)
    shares = boxes.float() / SIDE
    centres, sizes = (shares[..., :2] + shares[..., 2:]) / 2, shares[..., 2:] - shares[..., :2]
    side = round(patches.shape[1] ** 0.5)
    steps = (torch.arange(side, device=patches.device) + 0.5) / side
    grid = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).reshape(1, -1, 1, 2)
    distance = (grid - centres[:, None]).square().sum(-1)  # [B, P, 5]
    distance = distance.masked_fill(patches[..., None] != concepts[:, None], 1e9)
    nearest = distance.argmin(-1)[..., None].expand(-1, -1, 4)
    own = torch.gather(torch.cat([centres, sizes], -1), 1, nearest)
    present = torch.zeros(len(concepts), count + 1, dtype=torch.bool, device=concepts.device)
    present.scatter_(1, torch.where(concepts < 0, count, concepts), True)
    return Targets(patches, own, present[:, :count])


def focal(logits: torch.Tensor, wanted: torch.Tensor, gamma: float = 2.0, alpha: float = 0.3) -> torch.Tensor:
    """Sigmoid focal loss, summed, per positive."""
    wanted = wanted.to(logits.dtype)
    loss = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    chance = logits.sigmoid()
    wrong = wanted * (1 - chance) + (1 - wanted) * chance
    weight = wanted * alpha + (1 - wanted) * (1 - alpha)
    return (weight * wrong**gamma * loss).sum() / wanted.sum().clamp(min=1)


def corners(boxes: torch.Tensor) -> torch.Tensor:
    """Centre and size to left, top, right, bottom."""
    return torch.cat([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1)


def overlap(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """IoU and generalised IoU of boxes given by their corners, pair by pair."""
    inner = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    union = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - inner
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1).clamp(min=1e-6)
    iou = inner / union.clamp(min=1e-6)
    return iou, iou - (hull - union) / hull


def detection_losses(
    eyes: Any, features: torch.Tensor, words: torch.Tensor, table: torch.Tensor, targets: Targets
) -> dict[str, torch.Tensor]:
    """Dense losses. words: unit text vectors [Q, D]; table: bool [Q, concepts], what each word fits."""
    shown = targets.patches >= 0
    wanted = table.T[targets.patches.clamp(min=0)] & shown[..., None]  # [B, P, Q]
    logits, _ = eyes.class_predictor(features, words.to(features.dtype)[None].expand(len(features), -1, -1), None)
    side = round(features.shape[1] ** 0.5)
    boxes = eyes.box_predictor(features, features.unflatten(1, (side, side))).float()[shown]
    own = targets.boxes[shown]
    objectness = eyes.objectness_predictor(features).float()
    return {
        "class": focal(logits.float(), wanted),
        "box": 5 * F.l1_loss(boxes, own) + 2 * (1 - overlap(corners(boxes), corners(own))[1]).mean(),
        "objectness": F.binary_cross_entropy_with_logits(objectness, shown.float()),
    }


def fit_loss(cosines: torch.Tensor, fits: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Whether each text fits each picture, from cosines [B, T]; positives and negatives weigh the same."""
    loss = F.binary_cross_entropy_with_logits(cosines * scale.exp() + shift, fits.float(), reduction="none")
    share = fits.float()
    return (loss * share).sum() / share.sum().clamp(min=1) + (loss * (1 - share)).sum() / (1 - share).sum().clamp(min=1)
