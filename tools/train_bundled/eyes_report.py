"""Measures the bundled eyes on composed scenes, and chooses their relevance threshold.

Boxes: for a word that fits exactly one object of a scene, of which at least a quarter is visible, the box of the
patch that is surest of the word, against the visible part of the object.
Relevance: every rule of the demo constitution on every scene. A rule that a picture violates shows something of
each of its needs, so all such pictures must keep it; the rest should be pruned. The threshold is chosen on
training art, before the unseen art is looked at.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from judge.constitution import load_constitution
from tools.train_bundled import eyes_losses, eyes_model, eyes_words, scenes
from tools.train_bundled.art import CONCEPTS, Sprites

KEPT = 0.985  # share of the concerned rules that the threshold keeps on training art
CHUNK = 100
# What the demo constitution's rules need: words of groups, any of a set, one of every set.
DEMO_NEEDS = {
    "body-on-fire": ("person animal", "fire"), "bloody-body": ("person animal", "blood"),
    "weapon-in-hand": ("person", "weapon knife"), "blade-in-hand": ("person", "blade"),
    "child-with-weapon": ("child", "weapon knife"), "explosive": ("bomb",), "child-with-alcohol": ("child", "alcohol"),
    "child-with-tobacco": ("child", "tobacco"), "gambling-for-money": ("gambling", "money"),
    "human-remains": ("skull",), "drugs": ("drugs",), "bathing-person": ("person bathtub", "swimwear bathtub"),
    "blood-and-weapon": ("blood", "weapon knife"),
}  # fmt: skip


def demo_rules() -> list[eyes_words.Rule]:
    """The demo constitution's rules with what they need."""
    named = {group.words[0]: group.concepts for group in eyes_words.groups()}
    return [
        eyes_words.Rule(
            rule.text,
            tuple(frozenset().union(*(named[word] for word in words.split())) for words in DEMO_NEEDS[rule.id]),
        )
        for rule in load_constitution("demo").rules
        if rule.id in DEMO_NEEDS
    ]


class Measured:
    """What was found on the scenes of some art."""

    def __init__(self) -> None:
        self.hits: dict[str, list[bool]] = {"names": [], "group words": []}
        self.cosines: list[torch.Tensor] = []
        self.concerned: list[torch.Tensor] = []

    def kept_and_pruned(self, threshold: float) -> dict[str, float]:
        cosines, concerned = torch.cat(self.cosines), torch.cat(self.concerned)
        kept = cosines[concerned] >= threshold
        return {
            "concerned rules kept": round(int(kept.sum()) / max(1, len(kept)), 4),
            "rules pruned": round(float((cosines < threshold).float().mean()), 4),
            "concerned": int(concerned.sum()), "rules": concerned.numel(),
        }  # fmt: skip


def measure(eyes: Any, lessons: Any, sprites: Sprites, count: int, device: str, seed: int) -> Measured:
    """Boxes and cosines on test scenes of this art."""
    generator = torch.Generator(device).manual_seed(seed)
    rules = demo_rules()
    needed = eyes_words.needs(rules).to(device)
    found = Measured()
    with torch.inference_mode():
        texts = eyes_model.text_vectors(eyes, lessons.tokenised([rule.text for rule in rules]))
        words = torch.cat([eyes_model.text_vectors(eyes, part) for part in lessons.word_ids.split(256)])
        for _ in range(-(-count // CHUNK)):
            scene = scenes.compose(sprites, min(CHUNK, count), generator, device, "test")
            whole, features = eyes_model.see(eyes, scene.images)
            visible = (scene.relations.visible >= 0.25) & (scene.sprites_per_scene >= 0)
            clear = scene.sprites_per_scene.masked_fill(~visible, -1)
            shown = eyes_losses.targets_of(clear, scene.boxes, scene.patch_labels, len(CONCEPTS)).present
            found.cosines.append((whole @ texts.T).cpu())
            found.concerned.append(eyes_words.relevant(shown, needed).cpu())
            _boxes(eyes, lessons, words, features, scene, clear, found)
    return found


def _boxes(
    eyes: Any, lessons: Any, words: torch.Tensor, features: torch.Tensor, scene: scenes.Batch, clear: torch.Tensor,
    found: Measured,
) -> None:  # fmt: skip
    logits, _ = eyes.class_predictor(features, words[None].expand(len(features), -1, -1), None)
    side = round(features.shape[1] ** 0.5)
    boxes = eyes_losses.corners(eyes.box_predictor(features, features.unflatten(1, (side, side))))
    surest = logits.argmax(1)  # [B, words]
    fits = lessons.table.T  # [concepts, words]
    every = scene.sprites_per_scene
    per_slot = fits[every.clamp(min=0)] & (every >= 0)[..., None]  # [B, 5, words]
    alone = per_slot.sum(1) == 1
    seen = per_slot & (clear >= 0)[..., None] & alone[:, None]
    which, slot, word = seen.nonzero(as_tuple=True)
    iou, _ = eyes_losses.overlap(boxes[which, surest[which, word]], scene.boxes[which, slot] / eyes_model.SIDE)
    is_group = torch.isin(word, lessons.group_words)
    found.hits["names"] += (iou[~is_group] >= 0.5).tolist()
    found.hits["group words"] += (iou[is_group] >= 0.5).tolist()


def report(
    eyes: Any, lessons: Any, sprites: Sprites, unseen: Sprites, folder: Path, count: int, device: str
) -> dict[str, Any]:
    """Choose the threshold on training art, save it beside the weights, and measure on unseen art."""
    known = measure(eyes, lessons, sprites, count, device, 61)
    cosines, concerned = torch.cat(known.cosines), torch.cat(known.concerned)
    threshold = round(float(cosines[concerned].quantile(1 - KEPT)), 4) if concerned.any() else -1.0
    (folder / "thresholds.json").write_text(json.dumps({"relevance": threshold}) + "\n")
    new = measure(eyes, lessons, unseen, count, device, 62)

    def shares(of: Measured) -> dict[str, Any]:
        boxes = {
            f"boxes with IoU >= 0.5, {name}": round(sum(hits) / max(1, len(hits)), 4) for name, hits in of.hits.items()
        }
        return boxes | of.kept_and_pruned(threshold)

    return {
        "relevance threshold": threshold, "training art": shares(known), "unseen art": shares(new),
        "parameters": sum(one.numel() for one in eyes.parameters()),
    }  # fmt: skip
