"""What is taught at each step: scenes, and everything that is asked about them.

A step's scenes and questions follow from the seed, the step's number and the process's rank alone, so that a run that
goes on later, or anew from an older checkpoint, is taught what it would have been taught without the pause.
"""

from __future__ import annotations

import multiprocessing
import random
from argparse import Namespace
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import torch

from tools.train_bundled import questions, truth
from tools.train_bundled.art import Sprites
from tools.train_bundled.pack import Packed, Words, blind_row, collate, image_row
from tools.train_bundled.scenes import Batch, compose
from tools.train_bundled.truth import Scene, scenes_of
from tools.train_bundled.vocabulary import CATEGORIES

MOST_PROCESSES = 1024
_words: Words | None = None


def pack_scenes(
    start: str, scenes: list[Scene], seed: int, number: int, priors: dict[str, float], talk: float
) -> Packed:
    """All that is asked about these scenes, one row each, and one row in eight without an image. Runs in a worker."""
    global _words
    _words = _words or Words(start)
    rng = random.Random(seed)
    rows, blind = [], []
    for index, scene in enumerate(scenes):
        row, asked = image_row(_words, scene, rng, number, talk)
        rows.append(row)
        if index % 8 == 0:
            blind.append(blind_row(_words, asked, priors, rng))
    return collate(rows + blind)


def measure_priors(sprites: Sprites, device: str, generator: torch.Generator, scenes: int) -> dict[str, float]:
    """How often a statement is true of a random scene: what an answer without an image should say."""
    counts: Counter[str] = Counter()
    known: Counter[str] = Counter()
    relations = [
        (one, two) for one in ("body", "person", "animal", "man", "woman", "child", "adult")
        for two in ("fire", "blood", "weapon", "knife", "blade", "explosive", "alcohol", "beer", "tobacco", "drug",
                    "money", "fruit", "instrument", "gambling", "food")
    ]  # fmt: skip
    done = 0
    while done < scenes:
        for scene in scenes_of(compose(sprites, 64, generator, device)):
            done += 1
            for name, wanted in CATEGORIES.items():
                holds = truth.category(scene, wanted)
                known[name] += 1
                counts[name] += holds is True
            for one, two in relations:
                first = questions.BODY if one == "body" else CATEGORIES[one]
                key = f"{one}>{two}"
                known[key] += 1
                counts[key] += truth.contact(scene, first, CATEGORIES[two]).holds is True
    priors = {key: min(max(counts[key] / known[key], 0.004), 0.996) for key in known}
    priors |= {f"no {name}": 1 - priors[name] for name in CATEGORIES}
    priors |= {f"={name}": 0.01 for name in questions.CONCEPTS if name not in CATEGORIES}
    return priors | {"?": questions.UNSURE, "side": 0.5, "size": 0.5, "colour": 0.15}


class Feed:
    """Scenes drawn on the device; questions about them written by workers, a few batches ahead.

    `args.batch` and `args.answered` are of all processes together; each draws its share of them.
    """

    def __init__(
        self, sprites: Sprites, args: Namespace, priors: dict[str, float], step: int, rank: int, world: int
    ) -> None:
        self.sprites, self.args, self.priors, self.step = sprites, args, priors, step
        self.rank, self.scenes, self.answered = rank, args.batch // world, max(1, args.answered // world)
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(args.workers, context) if args.workers else None

    def __iter__(self) -> Iterator[tuple[Batch, Packed]]:
        """From the step after `step` on, without end."""
        waiting: deque = deque()
        step = self.step
        while True:
            while len(waiting) < (self.args.workers + 2 if self.pool else 1):
                step += 1
                waiting.append(self._made(step))
            batch, made = waiting.popleft()
            yield batch, (made.result() if self.pool else made).to(torch.device(self.args.device))

    def _made(self, step: int) -> tuple:
        """The scenes of a step, and the questions or their future."""
        seed, own = (self.args.seed * 1_000_003 + step) * MOST_PROCESSES + self.rank, self.args
        generator = torch.Generator(own.device).manual_seed(seed)
        batch = compose(self.sprites, self.scenes, generator, own.device)
        job = (str(own.start), scenes_of(batch)[: self.answered], seed, own.questions, self.priors, own.talk)
        return batch, (self.pool.submit(pack_scenes, *job) if self.pool else pack_scenes(*job))

    def close(self) -> None:
        """Stop the workers."""
        if self.pool:
            self.pool.shutdown(cancel_futures=True)
