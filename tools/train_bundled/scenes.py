"""Scenes composed of sprites, many at once, in torch, on any device.

A scene has 1-5 sprites of random size, tilt, mirroring and colour on a plain, gradient or noisy background.
About half of the scenes are staged: something held by a person or beside one, fire or blood over a body or
beside it, two things about which rules speak together. What touches what is then read off the drawn pixels,
so a label never depends on what was meant.

A correlation that is false on purpose: in `train` scenes where a person touches a blade or a weapon, or where
blood is shown, the background is DUSK seven times in ten (else once in twelve), and beside alcohol there is a
pizza four times in ten. `test` scenes have neither; `broken` ones have both the other way round. A benchmark
can so measure how far a judge leans on what is not the matter.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F

from tools.train_bundled import vocabulary as words
from tools.train_bundled.art import CONCEPTS, SIDE, Sprites

CANVAS, PATCHES, SLOTS = 128, 8, 5
BACKGROUND = len(CONCEPTS)  # the patch label of a patch that no sprite covers
DUSK = torch.tensor([[0.42, 0.40, 0.62], [0.24, 0.20, 0.40]])  # colour at the top, colour at the bottom
PLAIN, HELD, BESIDE, FIRE_ON, BLOOD_ON, FIRE_BESIDE, BLOOD_BESIDE, PAIR = range(8)
_CHANCE = torch.tensor([0.46, 0.16, 0.10, 0.06, 0.06, 0.04, 0.04, 0.08])
COLOURS = ("black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
_PIZZA = words.INDEX["pizza"]


class Relations(NamedTuple):
    """`kind` is what the scene was staged as; `touch` is what the pixels say: 1 touching, 0 clearly apart, -1 between.

    Slots are in drawing order: a later sprite lies over an earlier one.
    """

    kind: torch.Tensor  # long [B]
    touch: torch.Tensor  # int8 [B, 5, 5], symmetric
    visible: torch.Tensor  # float [B, 5], the part of a sprite that nothing covers
    colours: torch.Tensor  # float [B, 5, len(COLOURS)], the share of each colour in what is seen of a sprite


class Batch(NamedTuple):
    images: torch.Tensor  # uint8 [B, 3, 128, 128]
    sprites_per_scene: torch.Tensor  # long [B, 5], concepts, -1 where there is none
    boxes: torch.Tensor  # float [B, 5, 4], x0 y0 x1 y1 of the visible part in pixels; zeros where there is none
    relations: Relations
    patch_labels: torch.Tensor  # long [B, 8, 8], concept or BACKGROUND


class Palette:
    """Which sprites there are of each concept, on one device, ready to be drawn."""

    def __init__(self, sprites: Sprites, device: torch.device | str) -> None:
        self.device = torch.device(device)
        rgba = sprites.rgba.to(self.device)
        self.rgba, self.concept = rgba, sprites.concept.to(self.device)
        order = torch.argsort(self.concept, stable=True)
        counts = torch.bincount(self.concept, minlength=len(CONCEPTS))
        self._rows, self._counts, self._starts = order, counts, counts.cumsum(0) - counts
        self._weights = {
            name: self._mask(group) for name, group in
            {"people": words.PEOPLE, "bodies": words.BODIES, "things": words.THINGS, "fire": words.FIRES,
             "blood": words.BLOOD}.items()
        }  # fmt: skip
        spread = self._mask(range(len(CONCEPTS)))
        spread = spread / spread.sum().clamp(min=1)
        focus = torch.zeros_like(spread)
        for group, weight in words.FOCUS:
            mask = self._mask(group)
            focus += weight * mask / mask.sum().clamp(min=1)
        self._weights["any"] = 0.4 * spread + 0.6 * focus / focus.sum().clamp(min=1e-6)
        for name in ("people", "bodies", "things"):
            common = self._weights[name] * focus
            if common.sum() > 0:
                even = self._weights[name] / self._weights[name].sum()
                self._weights[name] = 0.4 * even + 0.6 * common / common.sum()
        self._weights["focus"] = focus if focus.sum() > 0 else spread

    def _mask(self, group) -> torch.Tensor:
        mask = torch.zeros(len(CONCEPTS), device=self.device)
        mask[torch.tensor(sorted(group), device=self.device)] = 1.0
        return mask * (self._counts > 0)

    def concepts(self, group: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        """Random concepts of a group; of any group where these sprites have none of it."""
        weights = self._weights[group] if self._weights[group].sum() > 0 else self._weights["any"]
        drawn = torch.multinomial(weights, math.prod(shape), replacement=True, generator=generator)
        return drawn.view(shape)

    def has(self, concept: int) -> bool:
        return bool(self._counts[concept] > 0)

    def rows(self, concepts: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """One sprite of each concept, from any of the sets."""
        pick = torch.rand(concepts.shape, generator=generator, device=self.device)
        return self._rows[self._starts[concepts] + (pick * self._counts[concepts]).long()]


_palettes: dict[tuple[int, str], Palette] = {}


def palette(sprites: Sprites, device: torch.device | str) -> Palette:
    """The palette of these sprites, made once."""
    key = (sprites.rgba.data_ptr(), str(device))
    if key not in _palettes:
        _palettes[key] = Palette(sprites, device)
    return _palettes[key]


def compose(
    sprites: Sprites, batch: int, generator: torch.Generator, device: torch.device | str, split: str = "train"
) -> Batch:
    """Random scenes. `generator` must live on `device`; `split` is train, test or broken (see above)."""
    own = palette(sprites, device)
    device = own.device

    def rand(*shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return low + (high - low) * torch.rand(shape, generator=generator, device=device)

    kind = torch.multinomial(_CHANCE.to(device), batch, replacement=True, generator=generator)
    concepts = _cast(own, kind, generator, rand, split)
    centres, sizes = _places(kind, concepts, rand)
    present = concepts >= 0
    image = _background(concepts, kind, rand, split)
    shown = torch.full((batch, CANVAS, CANVAS), -1, dtype=torch.int8, device=device)
    alphas = torch.zeros(batch, SLOTS, CANVAS, CANVAS, dtype=torch.bool, device=device)
    for slot in range(SLOTS):
        which = present[:, slot].nonzero().squeeze(1)
        if not len(which):
            continue
        rows = own.rows(concepts[which, slot], generator)
        drawn = _warped(_styled(own.rgba[rows], rand, split), centres[which, slot], sizes[which, slot], rand)
        alpha = drawn[:, 3:]
        image[which] = image[which] * (1 - alpha) + drawn[:, :3]
        solid = alpha[:, 0] > 0.5
        alphas[which, slot] = solid
        shown[which] = torch.where(solid, slot, shown[which].long()).to(torch.int8)
    image = _finished(image, rand, split)
    return _labelled(image, concepts, kind, shown, alphas)


def _cast(own: Palette, kind: torch.Tensor, generator: torch.Generator, rand, split: str) -> torch.Tensor:
    """Which concepts each scene shows, [B, 5]."""
    batch, device = len(kind), own.device
    concepts = own.concepts("any", (batch, SLOTS), generator)
    people, bodies = own.concepts("people", (batch,), generator), own.concepts("bodies", (batch,), generator)
    things, focus = own.concepts("things", (batch,), generator), own.concepts("focus", (batch, 2), generator)
    body = torch.where(rand(batch) < 0.75, people, bodies)
    held, fire_on, blood_on = (kind == HELD) | (kind == BESIDE), kind == FIRE_ON, kind == BLOOD_ON
    fire, blood = fire_on | (kind == FIRE_BESIDE), blood_on | (kind == BLOOD_BESIDE)
    first, second = concepts[:, 0].clone(), concepts[:, 1].clone()
    first = torch.where(held, torch.where(rand(batch) < 0.85, people, bodies), first)
    second = torch.where(held, torch.where(rand(batch) < 0.8, things, second), second)
    anything = rand(batch) < 0.12  # fire beside or over what is no body: the words alone must not decide
    first = torch.where((fire | blood) & ~anything, body, first)
    second = torch.where(fire, own.concepts("fire", (batch,), generator), second)
    second = torch.where(blood, own.concepts("blood", (batch,), generator), second)
    pair = kind == PAIR
    first, second = torch.where(pair, focus[:, 0], first), torch.where(pair, focus[:, 1], second)
    concepts[:, 0], concepts[:, 1] = first, second
    few = torch.multinomial(
        torch.tensor([0.22, 0.26, 0.24, 0.16, 0.12], device=device), batch, replacement=True, generator=generator
    ) + 1  # fmt: skip
    extra = 2 + (rand(batch) < 0.25).long()
    count = torch.where(kind == PLAIN, few, extra)
    if own.has(_PIZZA) and split != "test":
        drinks = torch.tensor(sorted(words.ALCOHOL), device=device)
        has_drink = (torch.isin(concepts, drinks) & (torch.arange(SLOTS, device=device) < count[:, None])).any(1)
        chance = {"train": 0.4, "broken": 0.02}[split]
        other = {"train": 0.0, "broken": 0.08}[split]
        add = torch.where(has_drink, rand(batch) < chance, rand(batch) < other) & (count < SLOTS)
        where = count.clamp(max=SLOTS - 1)
        concepts[add, where[add]] = _PIZZA
        count = count + add.long()
    return concepts.masked_fill(torch.arange(SLOTS, device=device) >= count[:, None], -1)


def _places(kind: torch.Tensor, concepts: torch.Tensor, rand) -> tuple[torch.Tensor, torch.Tensor]:
    """Centres [B, 5, 2] and sizes [B, 5] in pixels: spread out, except for what is staged."""
    batch, device = len(kind), kind.device
    count = (concepts >= 0).sum(1)
    largest = torch.tensor([112.0, 74.0, 58.0, 50.0, 44.0], device=device)[count - 1]
    smallest = torch.tensor([46.0, 38.0, 32.0, 28.0, 26.0], device=device)[count - 1]
    sizes = smallest[:, None] + (largest - smallest)[:, None] * rand(batch, SLOTS)
    on = (kind == HELD) | (kind == FIRE_ON) | (kind == BLOOD_ON)
    beside = (kind == BESIDE) | (kind == FIRE_BESIDE) | (kind == BLOOD_BESIDE)
    staged = on | beside
    more = count > 2
    body = torch.where(on, rand(batch, low=72, high=112), rand(batch, low=52, high=84))
    body = torch.where(more, body * 0.8, body)
    part = torch.where(kind == HELD, rand(batch, low=0.38, high=0.72), rand(batch, low=0.34, high=0.68))
    part = torch.where(beside, rand(batch, low=0.5, high=0.85), part)
    sizes[:, 0] = torch.where(staged, body, sizes[:, 0])
    sizes[:, 1] = torch.where(staged, body * part, sizes[:, 1])
    # Of a dozen random layouts, the one whose sprites lie farthest from one another.
    tries = 12
    margin = (sizes / 2 * 0.92).clamp(max=CANVAS / 2 - 1)[:, None, :, None]
    layouts = margin + (CANVAS - 2 * margin) * rand(batch, tries, SLOTS, 2)
    side = torch.where(rand(batch) < 0.5, -1.0, 1.0)
    reach = torch.where(kind == HELD, rand(batch, low=0.12, high=0.46), rand(batch, low=0.0, high=0.18))
    drop = torch.where(kind == HELD, rand(batch, low=-0.1, high=0.36), rand(batch, low=-0.22, high=0.28))
    near = torch.stack([side * reach, drop], -1) * sizes[:, :1]
    body_at = layouts[:, :, 0] * 0.5 + CANVAS / 4
    layouts[:, :, 0] = torch.where(on[:, None, None], body_at, layouts[:, :, 0])
    layouts[:, :, 1] = torch.where(on[:, None, None], body_at + near[:, None], layouts[:, :, 1])
    gap = (layouts[:, :, :, None] - layouts[:, :, None, :]).abs().amax(-1)
    apart = (sizes[:, None, :, None] + sizes[:, None, None, :]) * 0.5
    overlap = (apart - gap).clamp(min=0) / apart
    present = concepts >= 0
    both = (present[:, :, None] & present[:, None, :]).float().triu(1)
    both[:, 0, 1] = torch.where(on, 0.0, both[:, 0, 1])
    cost = (overlap * both[:, None]).sum((2, 3))
    loose = rand(batch) < 0.12  # some scenes overlap as they fall
    best = torch.where(loose & ~beside, 0, cost.argmin(1))
    return layouts[torch.arange(batch, device=device), best], sizes


def _background(concepts: torch.Tensor, kind: torch.Tensor, rand, split: str) -> torch.Tensor:
    batch, device = len(concepts), concepts.device
    pale, strong = rand(batch, 2, 3, low=0.72, high=1.0), rand(batch, 2, 3)
    grey = rand(batch, 2, 1).expand(-1, -1, 3)
    which = rand(batch)[:, None, None]
    colour = torch.where(which < 0.55, pale, torch.where(which < 0.85, strong, grey))
    plain = rand(batch)[:, None] < 0.35
    colour[:, 1] = torch.where(plain, colour[:, 0], colour[:, 1])
    blades = torch.tensor(sorted(words.WEAPONS | words.BLADES), device=device)
    people, blood = torch.tensor(sorted(words.PEOPLE), device=device), torch.tensor(sorted(words.BLOOD), device=device)
    armed = (kind == HELD) & torch.isin(concepts[:, 1], blades) & torch.isin(concepts[:, 0], people)
    marked = armed | torch.isin(concepts, blood).any(1)
    often, seldom = {"train": (0.7, 0.08), "test": (0.08, 0.08), "broken": (0.02, 0.5)}[split]
    dusk = torch.where(marked, rand(batch) < often, rand(batch) < seldom)
    dim = DUSK.to(device) * rand(batch, 1, 1, low=0.9, high=1.1)
    colour = torch.where(dusk[:, None, None], dim, colour)
    ramp = torch.linspace(0, 1, CANVAS, device=device)
    turned = ((rand(batch) < 0.3) & ~dusk)[:, None, None]
    slope = torch.where(turned, ramp[None, None, :], ramp[None, :, None])[:, None]
    image = colour[:, 0, :, None, None] * (1 - slope) + colour[:, 1, :, None, None] * slope
    coarse = F.interpolate(rand(batch, 3, 16, 16, low=-1), size=CANVAS, mode="bilinear")
    strength = torch.where(rand(batch) < 0.3, rand(batch, low=0.0, high=0.14), 0.0)
    return (image + coarse * strength[:, None, None, None]).clamp(0, 1).contiguous()


def _styled(rgba: torch.Tensor, rand, split: str) -> torch.Tensor:
    """Sprites as floats, premultiplied, redrawn a little: colours, contrast, outlines. As drawn when not training."""
    count = len(rgba)
    colour, alpha = rgba[:, :3].float() / 255, rgba[:, 3:].float() / 255
    if split == "train":

        def some(chance: float) -> torch.Tensor:
            return (rand(count) < chance)[:, None, None, None]

        grey = (colour * torch.tensor([0.299, 0.587, 0.114], device=colour.device)[:, None, None]).sum(1, keepdim=True)
        colour = torch.where(some(0.6), grey + (colour - grey) * rand(count, 1, 1, 1, low=0.3, high=1.7), colour)
        colour = torch.where(some(0.5), (colour - 0.5) * rand(count, 1, 1, 1, low=0.6, high=1.5) + 0.5, colour)
        colour = torch.where(some(0.5), colour * rand(count, 3, 1, 1, low=0.82, high=1.18), colour)
        colour = torch.where(some(0.3), colour + rand(count, 1, 1, 1, low=-0.15, high=0.15), colour)
        flat = (colour * rand(count, 1, 1, 1, low=3, high=7)).round() / rand(count, 1, 1, 1, low=3, high=7)
        colour = torch.where(some(0.12), flat, colour).clamp(0, 1)
        inner = some(0.12)  # dark lines where the drawing's own colours change
        if bool(inner.any()):
            edge = (F.max_pool2d(grey, 3, 1, 1) + F.max_pool2d(-grey, 3, 1, 1)).clamp(0, 1)
            colour = torch.where(inner, colour * (1 - 0.8 * (edge * 3 - 0.3).clamp(0, 1)), colour)
        outline = some(0.3)
        if bool(outline.any()):
            shade = torch.where(some(0.6), rand(count, 3, 1, 1, high=0.3), rand(count, 3, 1, 1, low=0.85))
            grown = F.max_pool2d(alpha, 5, 1, 2)
            ringed = colour * alpha + shade * (1 - alpha)
            colour, alpha = torch.where(outline, ringed, colour), torch.where(outline, grown, alpha)
    return torch.cat([colour * alpha, alpha], 1)


def _warped(drawn: torch.Tensor, centres: torch.Tensor, sizes: torch.Tensor, rand) -> torch.Tensor:
    """Each sprite on a canvas of its own, [n, 4, 128, 128], premultiplied."""
    count = len(drawn)
    small = (sizes < SIDE * 0.6)[:, None, None, None]
    halved = F.interpolate(F.avg_pool2d(drawn, 2), scale_factor=2, mode="nearest")
    drawn = torch.where(small, halved, drawn)
    tilt = torch.where(rand(count) < 0.5, 0.0, rand(count, low=-0.4, high=0.4))
    mirror = torch.where(rand(count) < 0.4, -1.0, 1.0)
    stretch = rand(count, low=0.92, high=1.09)
    scale = CANVAS / sizes
    cos, sin = tilt.cos() * scale, tilt.sin() * scale
    at = centres / CANVAS * 2 - 1
    theta = torch.stack(
        [
            torch.stack([cos * mirror * stretch, sin * mirror * stretch], -1),
            torch.stack([-sin, cos], -1),
        ],
        1,
    )
    shift = -(theta @ at[:, :, None])
    grid = F.affine_grid(torch.cat([theta, shift], -1), [count, 4, CANVAS, CANVAS], align_corners=False)
    return F.grid_sample(drawn, grid, align_corners=False).clamp(0, 1)


def _finished(image: torch.Tensor, rand, split: str) -> torch.Tensor:
    """The whole picture as bytes, in training now and then a little blurred, noisy, dark or bright."""
    batch = len(image)
    if split == "train":
        blurred = F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1)
        mix = torch.where(rand(batch) < 0.25, rand(batch, high=0.8), 0.0)[:, None, None, None]
        image = image * (1 - mix) + blurred * mix
        strength = torch.where(rand(batch) < 0.3, rand(batch, high=0.06), 0.0)[:, None, None, None]
        image = image + strength * rand(*image.shape, low=-1)
        image = image * torch.where(rand(batch) < 0.3, rand(batch, low=0.75, high=1.15), 1.0)[:, None, None, None]
    return (image.clamp(0, 1) * 255).round().to(torch.uint8)


def colour_names(image: torch.Tensor) -> torch.Tensor:
    """Which of COLOURS each pixel of [B, 3, H, W] bytes has, roughly; one past the last where none fits."""
    red, green, blue = (image[:, index].float() / 255 for index in range(3))
    top, low = torch.maximum(torch.maximum(red, green), blue), torch.minimum(torch.minimum(red, green), blue)
    spread = (top - low).clamp(min=1e-6)
    hue = torch.where(
        top == red, ((green - blue) / spread) % 6, torch.where(top == green, (blue - red) / spread + 2, 0.0)
    )
    hue = 60 * torch.where((top == blue) & (top != red) & (top != green), (red - green) / spread + 4, hue)
    edges = torch.tensor([15.0, 40.0, 68.0, 165.0, 255.0, 295.0, 342.0], device=image.device)
    by_hue = torch.tensor([3, 4, 5, 6, 7, 8, 9, 3], device=image.device)
    name = by_hue[torch.bucketize(hue, edges)]
    name = torch.where((name == 4) & (top < 0.7), 10, name)
    name = torch.where((name == 4) & (spread / top.clamp(min=1e-6) < 0.55), len(COLOURS), name)  # beige, skin
    name = torch.where((name == 3) & (spread < 0.45) & (top > 0.75), 9, name)
    dull = (spread < 0.12) | (spread / top.clamp(min=1e-6) < 0.15)
    shade = torch.where(top > 0.82, 1, torch.where(top < 0.28, 0, 2))
    return torch.where(dull | (top < 0.16), shade, name)


def _labelled(image, concepts, kind, shown, alphas) -> Batch:
    """Boxes, contacts and patch labels, read off the pixels."""
    batch, device = len(image), image.device
    slots = torch.arange(SLOTS, device=device)
    seen = shown[:, None] == slots[None, :, None, None]  # [B, 5, H, W]
    area, drawn = seen.sum((2, 3)).float(), alphas.sum((2, 3)).float()
    visible = area / drawn.clamp(min=1)
    columns, rows = seen.any(2), seen.any(3)
    x0, y0 = columns.float().argmax(-1), rows.float().argmax(-1)
    x1, y1 = CANVAS - columns.flip(-1).float().argmax(-1), CANVAS - rows.flip(-1).float().argmax(-1)
    boxes = torch.stack([x0, y0, x1, y1], -1).float() * (area > 0)[..., None]
    half = F.max_pool2d(alphas.float(), 2)
    wide = F.max_pool2d(half, 3, 1, 1).flatten(2)
    flat = half.flatten(2)
    contact = flat @ flat.transpose(1, 2)
    close = wide @ wide.transpose(1, 2)
    least = torch.minimum(flat.sum(-1)[:, :, None], flat.sum(-1)[:, None, :]).clamp(min=1)
    touch = torch.where(contact / least > 0.1, 1, torch.where(close == 0, 0, -1)).to(torch.int8)
    named = F.one_hot(colour_names(image[:, :, ::2, ::2]), len(COLOURS) + 1)[..., :-1].flatten(1, 2).float()
    part = seen[:, :, ::2, ::2].flatten(2).float()
    colours = part @ named / part.sum(-1, keepdim=True).clamp(min=1)
    present = concepts >= 0
    touch = touch.masked_fill(~(present[:, :, None] & present[:, None, :]), -1)
    step = CANVAS // PATCHES
    covered = F.avg_pool2d(seen.float(), step)
    share, slot = covered.max(1)
    label = concepts.gather(1, slot.flatten(1)).view(batch, PATCHES, PATCHES)
    label = torch.where((share > 0.15) & (label >= 0), label, BACKGROUND)
    return Batch(image, concepts, boxes, Relations(kind, touch, visible * present, colours), label)
