"""One row of tokens per image, with many conversations about it in a tree.

A row is made of segments. Each sees itself and the segments it follows, and nothing else, so that the image
and an instruction are read once for all the statements that follow them. Position ids count along a branch.
"""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from tokenizers import Tokenizer

from tools.train_bundled import dialogues, questions
from tools.train_bundled.questions import Statement
from tools.train_bundled.truth import Scene

IMAGE_TOKENS = 64
GENERATED_WEIGHT = 0.15
# Without an image, a statement that is true of a share p of all scenes is answered with 0.2 + 0.6 p. With p itself the
# prior of rare things is as low as any clear no, and the published rule, which asks for a fall by three tenths of the
# prior, then calls nothing a no.
LEAST_PRIOR, PRIOR_SPAN = 0.2, 0.6


class Words:
    """Text to token ids, remembered, as the project tokenises: a segment never melts into the one before it."""

    def __init__(self, folder: Path | str) -> None:
        self._tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        self.ids = lru_cache(1 << 18)(self._ids)
        self.bos, self.eos, self.image, self.pad = (
            self._tokenizer.token_to_id(token) for token in ("<s>", "</s>", "<image>", "<pad>")
        )
        self.yes, self.no = self.ids(" Yes")[0], self.ids(" No")[0]

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)


class Row:
    """Segments under construction."""

    def __init__(self, words: Words, has_image: bool) -> None:
        self.words = words
        self.tokens: list[int] = []
        self.places: list[int] = []
        self.segment: list[int] = []
        self.parents: list[int] = []
        self.ends: list[int] = []
        self.asked: list[tuple[int, float, str]] = []  # where a yes or no is due, its probability, its kind
        self.written: list[tuple[int, int]] = []  # where a token is due, and which
        self.add((words.bos, *([words.image] * IMAGE_TOKENS if has_image else [])), -1)

    def add(self, ids: tuple[int, ...], parent: int, learn: bool = False) -> int:
        """A segment after `parent`; `learn` makes every token of it due."""
        start = self.ends[parent] if parent >= 0 else 0
        number, begin = len(self.parents), len(self.tokens)
        if learn:
            before = max(i for i, s in enumerate(self.segment) if s == parent)
            dues = [before, *range(begin, begin + len(ids) - 1)]
            self.written += list(zip(dues, ids, strict=True))
        self.tokens += ids
        self.places += range(start, start + len(ids))
        self.segment += [number] * len(ids)
        self.parents.append(parent)
        self.ends.append(start + len(ids))
        return number

    def say(self, text: str, parent: int, learn: bool = False, end: bool = False) -> int:
        ids = self.words.ids(text)
        return self.add((*ids, self.words.eos) if end else ids, parent, learn)

    def ask(self, text: str, parent: int, chance: float, kind: str) -> int:
        number = self.say(text, parent)
        self.asked.append((len(self.tokens) - 1, chance, kind))
        return number

    def size(self) -> int:
        return len(self.tokens)


def _talk(row: Row, scene: Scene, asked: list[Statement], rng: random.Random) -> None:
    """One conversation with a generated answer, or a whole policy."""
    way = rng.choices(("list", "reason", "policy", "policy steps"), (0.3, 0.4, 0.18, 0.12))[0]
    explained = [one for one in asked if one.why]
    if way == "list":
        head = row.say(f"USER: {dialogues.wording(dialogues.LIST, rng)} ASSISTANT:", 0)
        row.say(" " + dialogues.listing(scene), head, learn=True, end=True)
    elif way == "reason" and explained:
        one = rng.choice(explained)
        head = row.say(f"USER: {dialogues.wording(dialogues.REASON, rng)} {one.text} ASSISTANT:", 0)
        said = row.say(" " + dialogues.reasoning(scene, one), head, learn=True, end=True)
        head = row.say(f" USER: {dialogues.wording(dialogues.SUMMARISE, rng)} ASSISTANT:", said)
        row.say(" " + dialogues.summary(one), head, learn=True, end=True)
    else:
        rules, breaks, why = dialogues.policy(scene, rng)
        if way == "policy steps":
            head = row.say(f"USER: {dialogues.wording(dialogues.POLICY_STEPS, rng)}\n{rules} ASSISTANT:", 0)
            row.say(" " + why, head, learn=True, end=True)
        else:
            form = dialogues.wording(dialogues.POLICY, rng)
            row.ask(f"USER: {form}\n{rules} ASSISTANT:", 0, float(breaks), "policy")


def image_row(words: Words, scene: Scene, rng: random.Random, number: int, talk: float = 0.5) -> tuple[Row, list]:
    """Everything asked about one scene; `talk` is the share of scenes with more than statements."""
    row = Row(words, has_image=True)
    asked = questions.ask(scene, rng, number)
    head = row.say(f"USER: {dialogues.wording(dialogues.ASK, rng)}", 0)
    for one in asked:
        row.ask(f" {one.text} ASSISTANT:", head, one.chance, one.kind)
    if rng.random() < talk:
        _talk(row, scene, asked, rng)
    return row, asked


def blind_row(words: Words, asked: list[Statement], priors: dict[str, float], rng: random.Random) -> Row:
    """The same statements without an image, answered by how often they are true; and a task of the compiler."""
    row = Row(words, has_image=False)
    head = row.say(f"USER: {dialogues.wording(dialogues.ASK, rng)}", 0)
    for one in asked:
        if one.key in priors:
            prior = LEAST_PRIOR + PRIOR_SPAN * priors[one.key]
            row.ask(f" {one.text} ASSISTANT:", head, prior, "blind")
    task, answer = dialogues.compiler_task(rng)
    row.say(" " + answer, row.say(f"USER: {task} ASSISTANT:", 0), learn=True, end=True)
    return row


class Packed(NamedTuple):
    """Rows padded to one length. Flat positions count through the whole batch."""

    tokens: torch.Tensor  # long [R, L]
    places: torch.Tensor  # long [R, L]
    segment: torch.Tensor  # long [R, L], -1 where padded
    sees: torch.Tensor  # bool [R, S, S]
    ask_at: torch.Tensor  # long [Q], flat
    chance: torch.Tensor  # float [Q]
    kinds: list[str]
    due_at: torch.Tensor  # long [T], flat
    due: torch.Tensor  # long [T]

    def mask(self, dtype: torch.dtype) -> torch.Tensor:
        """What sees what, as an additive mask [R, 1, L, L]."""
        own = self.segment.clamp(min=0)
        rows = torch.arange(len(own), device=own.device)[:, None, None]
        allowed = self.sees[rows, own[:, :, None], own[:, None, :]]
        length = own.shape[1]
        allowed &= torch.ones(length, length, dtype=torch.bool, device=own.device).tril()
        allowed &= (self.segment >= 0)[:, None, :]
        allowed |= torch.eye(length, dtype=torch.bool, device=own.device)  # padding sees itself: no row is empty
        return torch.zeros(allowed.shape, dtype=dtype, device=own.device).masked_fill(~allowed, -3e4)[:, None]

    def to(self, device: torch.device) -> Packed:
        return Packed(*(part.to(device) if isinstance(part, torch.Tensor) else part for part in self))


def collate(rows: list[Row], multiple: int = 16) -> Packed:
    """Rows as one batch."""
    length = -(-max(row.size() for row in rows) // multiple) * multiple
    segments = max(len(row.parents) for row in rows)
    tokens, places = torch.zeros(len(rows), length, dtype=torch.long), torch.zeros(len(rows), length, dtype=torch.long)
    segment = torch.full((len(rows), length), -1)
    sees = torch.zeros(len(rows), segments, segments, dtype=torch.bool)
    ask_at, chance, kinds, due_at, due = [], [], [], [], []
    for index, row in enumerate(rows):
        size = row.size()
        tokens[index, :size] = torch.tensor(row.tokens)
        places[index, :size] = torch.tensor(row.places)
        segment[index, :size] = torch.tensor(row.segment)
        for number, parent in enumerate(row.parents):
            if parent >= 0:
                sees[index, number] = sees[index, parent]
            sees[index, number, number] = True
        ask_at += [index * length + place for place, _, _ in row.asked]
        chance += [value for _, value, _ in row.asked]
        kinds += [kind for _, _, kind in row.asked]
        due_at += [index * length + place for place, _ in row.written]
        due += [token for _, token in row.written]
    return Packed(
        tokens, places, segment, sees, torch.tensor(ask_at, dtype=torch.long), torch.tensor(chance), kinds,
        torch.tensor(due_at, dtype=torch.long), torch.tensor(due, dtype=torch.long),
    )  # fmt: skip
