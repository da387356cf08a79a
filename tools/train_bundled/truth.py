"""What is true of a scene: categories, objects, contacts, counts and places. Unclear cases are None, and not asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tools.train_bundled.art import CONCEPTS
from tools.train_bundled.scenes import Batch
from tools.train_bundled.vocabulary import CATEGORIES, Category

CLEAR = 0.4  # the part of a sprite that must be seen
_GENDER = re.compile(r"^(man|woman|person|old man|old woman|older person) ?")


class Scene(NamedTuple):
    """The labels of one scene, as plain Python, without its empty slots."""

    concepts: list[int]
    visible: list[float]
    boxes: list[list[float]]
    touch: list[list[int]]
    colours: list[list[float]]

    def names(self) -> list[str]:
        """What a listing should name: what can be seen clearly, from left to right."""
        slots = [slot for slot in range(len(self.concepts)) if self.visible[slot] >= CLEAR]
        slots.sort(key=lambda slot: self.boxes[slot][0])
        return list(dict.fromkeys(CONCEPTS[self.concepts[slot]] for slot in slots))


def scenes_of(batch: Batch) -> list[Scene]:
    """The labels of a batch."""
    concepts, visible = batch.sprites_per_scene.tolist(), batch.relations.visible.tolist()
    boxes, touch = batch.boxes.tolist(), batch.relations.touch.tolist()
    colours = batch.relations.colours.tolist()
    scenes = []
    for index, row in enumerate(concepts):
        kept = [slot for slot, concept in enumerate(row) if concept >= 0]
        scenes.append(
            Scene(
                [row[slot] for slot in kept],
                [visible[index][slot] for slot in kept],
                [boxes[index][slot] for slot in kept],
                [[touch[index][a][b] for b in kept] for a in kept],
                [colours[index][slot] for slot in kept],
            )
        )
    return scenes


def category(scene: Scene, wanted: Category) -> bool | None:
    """Whether something of that category can be seen."""
    unclear = False
    for concept, visible in zip(scene.concepts, scene.visible, strict=True):
        if concept in wanted.members:
            if visible >= CLEAR:
                return True
            unclear = True
        elif concept in wanted.arguable:
            unclear = True
    return None if unclear else False


def alike(one: int, other: int) -> bool:
    """Whether two concepts may be taken for each other by name alone: a cat and a cat face, two ways to run."""
    if one == other:
        return True
    a, b = _GENDER.sub("", CONCEPTS[one]), _GENDER.sub("", CONCEPTS[other])
    if not a or not b:
        return _is_person(one) and _is_person(other)
    words, others = set(a.split()), set(b.split())
    return words <= others or others <= words or a.split()[-1] == b.split()[-1]


def _is_person(concept: int) -> bool:
    return concept in CATEGORIES["person"].members or concept in CATEGORIES["person"].arguable


def shows(scene: Scene, concept: int) -> bool | None:
    """Whether that very concept can be seen. A man who cooks is a cook."""
    unclear = False
    wanted = CONCEPTS[concept]
    for own, visible in zip(scene.concepts, scene.visible, strict=True):
        name = CONCEPTS[own]
        if own == concept or name in (f"man {wanted}", f"woman {wanted}"):
            if visible >= CLEAR:
                return True
            unclear = True
        elif alike(own, concept):
            unclear = True
    return None if unclear else False


class Found(NamedTuple):
    """Whether a relation holds, whether both sides are there at all, and one pair it holds for."""

    holds: bool | None
    both: bool
    pair: tuple[int, int] | None = None


def contact(scene: Scene, first: Category, second: Category) -> Found:
    """Whether something of the first category touches something of the second."""
    unclear, both = False, False
    for a, one in enumerate(scene.concepts):
        for b, two in enumerate(scene.concepts):
            if a == b or not (one in first.members or one in first.arguable):
                continue
            if not (two in second.members or two in second.arguable):
                continue
            both = True
            certain = one in first.members and two in second.members
            touch = scene.touch[a][b]
            if certain and touch == 1 and min(scene.visible[a], scene.visible[b]) >= CLEAR / 2:
                return Found(True, True, (a, b))
            unclear |= touch != 0
    return Found(None if unclear else False, both)


def count(scene: Scene, wanted: Category) -> int | None:
    """How many things of that category there are."""
    seen = [concept for concept, visible in zip(scene.concepts, scene.visible, strict=True) if visible >= CLEAR]
    if len(seen) < len(scene.concepts) or any(concept in wanted.arguable for concept in seen):
        return None
    return sum(concept in wanted.members for concept in seen)


def slot_of(scene: Scene, members: Iterable[int]) -> int | None:
    """The one slot that shows one of these, None where it is not just one."""
    slots = [slot for slot, concept in enumerate(scene.concepts) if concept in members]
    return slots[0] if len(slots) == 1 else None


def true_categories(scene: Scene) -> tuple[list[str], list[str]]:
    """Names of the categories that are shown, and of those that clearly are not."""
    yes, no = [], []
    for name, wanted in CATEGORIES.items():
        holds = category(scene, wanted)
        if holds is not None:
            (yes if holds else no).append(name)
    return yes, no
