"""Train the bundled multimodal model on composed scenes, and report how well it reads art it never saw.

    python -m tools.train_bundled.train --minutes 10 --device cuda --out DIR [--resume] [--scratch]

Wants the sprites of `python -m tools.train_bundled.art --out FOLDER` (`--art FOLDER`). Starts from the weights of
`--start`, or from none with `--scratch`: then the first third of the time goes to patch labels alone, because
yes and no by themselves do not teach it to see. Seeds are fixed; the amount of work follows the clock, so two
machines do not give the same weights. DIR gets log.jsonl, checkpoint.pt, model/, report.json and report.md.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import torch
import torch.nn.functional as F

from tools.train_bundled import evaluate, net, questions, truth
from tools.train_bundled.art import TRAINING_SETS, VALIDATION_SETS, Sprites, load_sprites
from tools.train_bundled.pack import GENERATED_WEIGHT, Packed, Words, blind_row, collate, image_row
from tools.train_bundled.scenes import Batch, compose
from tools.train_bundled.truth import Scene, scenes_of
from tools.train_bundled.vocabulary import CATEGORIES

SMOOTHING = 0.05
PATCH_WEIGHT = 0.5
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
    """Scenes drawn on the device; questions about them written by workers, a few batches ahead."""

    def __init__(self, sprites: Sprites, args: argparse.Namespace, priors: dict[str, float], seed: int) -> None:
        self.sprites, self.args, self.priors, self.seed = sprites, args, priors, seed
        self.generator = torch.Generator(args.device).manual_seed(seed)
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(args.workers, context) if args.workers else None

    def __iter__(self) -> Iterator[tuple[Batch, Packed]]:
        waiting: deque = deque()
        step = 0
        while True:
            while len(waiting) < (self.args.workers + 2 if self.pool else 1):
                batch = compose(self.sprites, self.args.batch, self.generator, self.args.device)
                step += 1
                scenes = scenes_of(batch)[: self.args.answered]
                seed, own = self.seed * 7919 + step, self.args
                job = (str(own.start), scenes, seed, own.questions, self.priors, own.talk)
                made = self.pool.submit(pack_scenes, *job) if self.pool else pack_scenes(*job)
                waiting.append((batch, made))
            batch, made = waiting.popleft()
            yield batch, (made.result() if self.pool else made).to(torch.device(self.args.device))

    def close(self) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)


def losses(model: net.Net, batch: Batch, packed: Packed, words: Words, patches_only: bool) -> dict[str, torch.Tensor]:
    """Yes/no, generated text and patch labels."""
    features = model.see(batch.images)
    named = model.patches(features).float().flatten(0, 1)
    found = {"patch": F.cross_entropy(named, batch.patch_labels.flatten())}
    right = (named.argmax(-1) == batch.patch_labels.flatten()) & (batch.patch_labels.flatten() < named.shape[-1] - 1)
    front = (batch.patch_labels.flatten() < named.shape[-1] - 1).sum()
    found["patch_accuracy"] = right.sum() / front.clamp(min=1)
    if patches_only:
        return found
    pictured = int((packed.tokens == words.image).any(1).sum())
    hidden = model.read(packed, features[:pictured], words.image)
    logits = model.words(hidden[packed.ask_at]).float().log_softmax(-1)
    chance = packed.chance * (1 - SMOOTHING) + SMOOTHING / 2
    blind = torch.tensor([kind in ("blind", "unknown") for kind in packed.kinds], device=chance.device)
    chance = torch.where(blind, packed.chance, chance)
    each = -(chance * logits[:, words.yes] + (1 - chance) * logits[:, words.no])
    found["answer"] = each.mean()
    seen = ~blind
    said = logits[:, words.yes] > logits[:, words.no]
    found["answer_accuracy"] = ((said == (chance > 0.5)) & seen).sum() / seen.sum().clamp(min=1)
    if len(packed.due):
        found["text"] = F.cross_entropy(model.words(hidden[packed.due_at]).float(), packed.due)
    return found


def settle(model: net.Net, sprites: Sprites, args: argparse.Namespace, generator: torch.Generator) -> None:
    """Teach the patch head alone what the vision features it starts from already tell, so that it does them no harm."""
    optimizer = torch.optim.AdamW(model.patches.parameters(), lr=6e-3)
    until, cast = time.monotonic() + args.settle, torch.autocast(torch.device(args.device).type, torch.bfloat16)
    while time.monotonic() < until:
        batch = compose(sprites, args.batch, generator, args.device)
        with torch.no_grad(), cast if args.bf16 else nullcontext():
            features = model.see(batch.images).float()
        loss = F.cross_entropy(model.patches(features).flatten(0, 1), batch.patch_labels.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if args.settle:
        print({"settled": round(loss.item(), 3)}, flush=True)


def train(args: argparse.Namespace) -> Path:
    """See the module's words. Returns the folder of the model."""
    torch.manual_seed(args.seed)
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    sprites = load_sprites(args.art, args.sets)
    model = net.load(args.start, args.scratch).to(args.device)
    words = Words(args.start)
    head = list(model.patches.parameters())
    groups = [
        {"params": list(model.llava.parameters()), "peak": args.lr},
        {"params": head, "peak": args.lr * args.head},
    ]
    optimizer = torch.optim.AdamW(groups, lr=args.lr, weight_decay=0.02, betas=(0.9, 0.98))
    step, spent, kept = 0, 0.0, args.out / "checkpoint.pt"
    generator = torch.Generator(args.device).manual_seed(args.seed + 1)
    if args.resume and kept.exists():
        state = torch.load(kept, map_location=args.device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent, priors = state["step"], state["spent"], state["priors"]
    else:
        priors = measure_priors(sprites, args.device, generator, args.prior_scenes)
    feed = Feed(sprites, args, priors, args.seed + 1000 * (step + 1))
    cast = torch.autocast(torch.device(args.device).type, torch.bfloat16) if args.bf16 else nullcontext()
    budget, began, saved = args.minutes * 60, time.monotonic() - spent, time.monotonic()
    sight = 1 / 3 if args.scratch else 0.0
    if not args.scratch and step == 0:
        settle(model, sprites, args, generator)
    model.train()
    with (args.out / "log.jsonl").open("a") as log:
        for batch, packed in feed:
            share = (time.monotonic() - began) / budget
            if share >= 1 or (args.steps and step >= args.steps):
                break
            warm = min(1.0, (step + 1) / args.warmup)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
            with cast:
                found = losses(model, batch, packed, words, patches_only=share < sight)
                total = (PATCH_WEIGHT if "answer" in found else 1.0) * found["patch"]
                total = total + found.get("answer", 0.0) + GENERATED_WEIGHT * found.get("text", 0.0)
            optimizer.zero_grad(set_to_none=True)
            total.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % args.log_every == 0 or step == 1:
                line = {name: round(value.item(), 4) for name, value in found.items()}
                line = {"step": step, "seconds": round(time.monotonic() - began, 1), **line}
                print(json.dumps(line), file=log, flush=True)
                print(line, flush=True)
            if time.monotonic() - saved > args.save_every:
                saved = time.monotonic()
                state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step,
                         "spent": saved - began, "priors": priors}  # fmt: skip
                torch.save(state, kept.with_suffix(".new"))
                kept.with_suffix(".new").replace(kept)
    feed.close()
    model.eval()
    folder = args.out / "model"
    tuning = torch.Generator(args.device).manual_seed(args.seed + 2)
    temperature = evaluate.fit_temperature(model, words, sprites, args.device, tuning, args.tune_scenes)
    net.save(model, args.start, folder, temperature)
    (args.out / "priors.json").write_text(json.dumps(priors, indent=1))
    if args.questions_to_report:
        styles = {name: load_sprites(args.art, [name]) for name in (*args.validation, *args.sets)}
        evaluate.report(folder, styles, args.device, args.questions_to_report, args.out, {
            "minutes": args.minutes, "steps": step, "device": args.device, "temperature": round(temperature, 3),
            "start": "none" if args.scratch else args.start.name, "seed": args.seed, "batch": args.batch,
        })  # fmt: skip
    return folder


def arguments() -> argparse.ArgumentParser:
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("--minutes", type=float, default=10)
    cli.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    cli.add_argument("--out", type=Path, required=True)
    cli.add_argument("--art", type=Path, default=Path(".art"), help="folder of sprites.npz")
    cli.add_argument("--start", type=Path, default=net.START, help="folder whose weights and tokenizer to start from")
    cli.add_argument("--scratch", action="store_true", help="keep the architecture and tokenizer, not the weights")
    cli.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    cli.add_argument("--batch", type=int, default=None, help="scenes a step (512 on a GPU, 24 on a CPU)")
    cli.add_argument("--questions", type=int, default=16, help="statements a scene")
    cli.add_argument(
        "--answered", type=int, default=None, help="scenes of these with questions; the rest: patches only"
    )
    cli.add_argument("--talk", type=float, default=None, help="share of scenes with more than statements asked")
    cli.add_argument("--settle", type=float, default=None, help="seconds for the patch head alone before all")
    cli.add_argument("--threads", type=int, default=0)
    cli.add_argument("--workers", type=int, default=None, help="processes that write questions (12 with a GPU)")
    cli.add_argument("--lr", type=float, default=3e-4, help="peak learning rate (6e-4 from scratch)")
    cli.add_argument("--head", type=float, default=4.0, help="times that, for the patch head")
    cli.add_argument("--warmup", type=int, default=30)
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--steps", type=int, default=0, help="stop after so many steps, whatever the clock says")
    cli.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    cli.add_argument("--sets", nargs="+", default=list(TRAINING_SETS))
    cli.add_argument("--validation", nargs="*", default=list(VALIDATION_SETS))
    cli.add_argument("--prior-scenes", type=int, default=None)
    cli.add_argument("--tune-scenes", type=int, default=128)
    cli.add_argument("--questions-to-report", type=int, default=3000, help="a kind and style; 0 for no report")
    cli.add_argument("--log-every", type=int, default=10)
    cli.add_argument("--save-every", type=float, default=120, help="seconds between checkpoints")
    return cli


def main(given: list[str] | None = None) -> Path:
    args = arguments().parse_args(given)
    gpu = args.device == "cuda"
    args.batch = args.batch or (512 if gpu else 24)
    args.workers = args.workers if args.workers is not None else (12 if gpu else 0)
    args.prior_scenes = args.prior_scenes or (8192 if gpu else 1024)
    args.answered = args.answered or (args.batch if gpu else max(1, args.batch * 5 // 12))
    args.talk = args.talk if args.talk is not None else (1.0 if gpu else 0.35)
    args.settle = args.settle if args.settle is not None else (20 if gpu else 75)
    return train(args)


if __name__ == "__main__":
    main()
