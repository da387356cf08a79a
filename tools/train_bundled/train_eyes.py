"""Train the bundled eyes: an OWLv2 mini that finds objects in drawings and tells which rules concern a picture.

    python -m tools.train_bundled.train_eyes --art FOLDER --out DIR --minutes 6 --device cuda

1. Load the sprites of the training sets (`art.py` makes them; twemoji is for the report alone).
2. Start from random weights, or the sight of a bundled multimodal model (`--sight`), or a stopped run (`--resume`).
3. Every step composes new scenes and learns, from one forward pass, which patch shows what, its box, and which
   words and rule sentences fit the whole picture.
4. Save model, processor and the domain guard's statistics, choose the relevance threshold on training art, and
   write a report on twemoji.

Metrics go to DIR/metrics.jsonl, one line every few seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from judge.resources import bundled_model
from tools.train_bundled import eyes_guard, eyes_losses, eyes_model, eyes_report, eyes_words, scenes
from tools.train_bundled.art import CONCEPTS, TRAINING_SETS, VALIDATION_SETS, Sprites, load_sprites

SIGHT = bundled_model()
RULES, NAMES, WORDS = 4096, 96, 96  # rule sentences there are; names and group words asked for in a step
WEIGHTS = {"class": 1.0, "box": 1.0, "objectness": 0.2, "words": 1.0, "rules": 2.5}


@dataclass(frozen=True)
class Plan:
    """One training run."""

    minutes: float
    batch: int
    device: str
    rate: float = 1.5e-3
    sight_rate: float = 4e-4
    texts: int = 96  # rule sentences a step
    seed: int = 5
    freeze: int = 0  # lowest layers of the sight that stay as they are
    log_s: float = 10.0


class Lessons:
    """Everything that is taught, tokenised once: words with what they fit, and rule sentences."""

    def __init__(self, tokens: Any, device: str, seed: int) -> None:
        self._tokens, self._device = tokens, device
        known = eyes_words.queries()
        self.words = [word for word, _ in known]
        self.table = eyes_words.membership([fits for _, fits in known]).to(device)
        self.word_ids = self.tokenised(self.words)
        self.names = torch.tensor([self.words.index(name) for name in CONCEPTS], device=device)
        is_name = torch.zeros(len(self.words), dtype=torch.bool)
        is_name[self.names.cpu()] = True
        self.group_words = (~is_name).nonzero().squeeze(1).to(device)
        self.rules = eyes_words.rules(RULES, seed)
        self.needs = eyes_words.needs(self.rules).to(device)
        self.rule_ids = self.tokenised([rule.text for rule in self.rules])

    def tokenised(self, texts: Sequence[str]) -> torch.Tensor:
        """Token ids [N, length], padded with 0 no further than needed."""
        ids = self._tokens(
            list(texts), padding=True, truncation=True, max_length=eyes_model.TEXT_LENGTH, return_tensors="pt"
        )["input_ids"]
        return ids.to(self._device)

    def choose_words(self, present: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Words to ask for in a step: names of what is shown, other names, words of groups."""

        def some(of: torch.Tensor, most: int) -> torch.Tensor:
            return of[torch.randperm(len(of), generator=generator, device=of.device)[:most]]

        shown = present.any(0).nonzero().squeeze(1)
        return torch.cat(
            [self.names[some(shown, NAMES)], some(self.names, NAMES // 4), some(self.group_words, WORDS)]
        ).unique()

    def choose_rules(self, fits: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
        """Rules to learn from in a step: half of them fit a picture of the batch, half are any."""
        fitting = fits.any(0).nonzero().squeeze(1)
        order = torch.randperm(len(fitting), generator=generator, device=fits.device)[: count // 2]
        others = torch.randint(0, fits.shape[1], (count - len(order),), generator=generator, device=fits.device)
        return torch.cat([fitting[order], others]).unique()


def step_losses(
    eyes: Any, scale: torch.Tensor, shift: torch.Tensor, scene: scenes.Batch, lessons: Lessons, plan: Plan,
    generator: torch.Generator,
) -> dict[str, torch.Tensor]:  # fmt: skip
    """The losses of one batch of scenes."""
    patches = scene.patch_labels.masked_fill(scene.patch_labels == scenes.BACKGROUND, -1)
    targets = eyes_losses.targets_of(scene.sprites_per_scene, scene.boxes, patches, len(CONCEPTS))
    chosen = lessons.choose_words(targets.present, generator)
    fits = eyes_words.relevant(targets.present, lessons.needs)
    which = lessons.choose_rules(fits, plan.texts, generator)
    with torch.autocast(plan.device, dtype=torch.bfloat16):
        whole, features = eyes_model.see(eyes, scene.images)
        words = eyes_model.text_vectors(eyes, _trimmed(lessons.word_ids[chosen]))
        rules = eyes_model.text_vectors(eyes, _trimmed(lessons.rule_ids[which]))
        found = eyes_losses.detection_losses(eyes, features, words, lessons.table[chosen], targets)
    shown = (targets.present.float() @ lessons.table[chosen].float().T) > 0
    found["words"] = eyes_losses.fit_loss(whole @ words.T, shown, scale, shift)
    found["rules"] = eyes_losses.fit_loss(whole @ rules.T, fits[:, which], scale, shift)
    return found


def _trimmed(ids: torch.Tensor) -> torch.Tensor:
    return ids[:, : int((ids != 0).sum(1).max())]


def train(eyes: Any, sprites: Sprites, lessons: Lessons, plan: Plan, out: Path, resume: bool) -> None:
    """Teach until the minutes are over; state is kept in DIR/state.pt about once a minute."""
    device = plan.device
    eyes.to(device).train()
    for layer in eyes.owlv2.vision_model.encoder.layers[: plan.freeze]:
        layer.requires_grad_(False)
    eyes.owlv2.vision_model.embeddings.requires_grad_(plan.freeze == 0)
    eyes.owlv2.vision_model.pre_layernorm.requires_grad_(plan.freeze == 0)
    scale = torch.nn.Parameter(torch.tensor(2.7, device=device))  # e ** 2.7 = 15
    shift = torch.nn.Parameter(torch.tensor(-3.0, device=device))
    learnt = [one for one in eyes.parameters() if one.requires_grad]
    kept = {id(one) for one in eyes.owlv2.vision_model.parameters()}
    sight, others = [one for one in learnt if id(one) in kept], [one for one in learnt if id(one) not in kept]
    optimizer = torch.optim.AdamW(
        [{"params": sight, "rate": plan.sight_rate}, {"params": [*others, scale, shift], "rate": plan.rate}],
        lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.02, fused=device == "cuda",
    )  # fmt: skip
    generator = torch.Generator(device).manual_seed(plan.seed)
    step, before, state = 0, 0.0, out / "state.pt"
    if resume and state.exists():
        held = torch.load(state, map_location=device, weights_only=True)
        eyes.load_state_dict(held["eyes"])
        optimizer.load_state_dict(held["optimizer"])
        step, before = held["step"], held["spent"]
        with torch.no_grad():
            scale.fill_(held["scale"]), shift.fill_(held["shift"])
        generator.manual_seed(plan.seed + step)
    begun = logged = kept_at = time.monotonic()
    sums: dict[str, float] = {}
    count = 0
    while (spent := before + time.monotonic() - begun) < plan.minutes * 60:
        share = spent / (plan.minutes * 60)
        warm = min(1.0, (step + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * warm * (0.02 + 0.98 * _cosine(share))
        scene = scenes.compose(sprites, plan.batch, generator, device, "train")
        losses = step_losses(eyes, scale, shift, scene, lessons, plan, generator)
        total = sum(WEIGHTS[name] * loss for name, loss in losses.items())
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_([*learnt, scale, shift], 1.0)
        optimizer.step()
        step, count = step + 1, count + 1
        for name, loss in losses.items():
            sums[name] = sums.get(name, 0.0) + loss.detach()
        now = time.monotonic()
        if now - logged > plan.log_s or (step == 1 and before == 0):
            line = {"step": step, "s": round(spent, 1)} | {n: round(float(v) / count, 4) for n, v in sums.items()}
            with (out / "metrics.jsonl").open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
            sums, count, logged = {}, 0, now
        if now - kept_at > 60:
            _keep(state, eyes, optimizer, step, spent, scale, shift)
            kept_at = now
    _keep(state, eyes, optimizer, step, before + time.monotonic() - begun, scale, shift)
    eyes.eval()


def _cosine(share: float) -> float:
    """From 1 to 0 along half a cosine."""
    return 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * min(share, 1.0)))))


def _keep(
    state: Path, eyes: Any, optimizer: Any, step: int, spent: float, scale: torch.Tensor, shift: torch.Tensor
) -> None:
    held = {
        "eyes": eyes.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent,
        "scale": scale.item(), "shift": shift.item(),
    }  # fmt: skip
    partial = state.with_suffix(".part")
    torch.save(held, partial)
    partial.replace(state)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Train, save, report. Returns the report."""
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("--art", type=Path, default=Path(".art"), help="folder of sprites.npz")
    cli.add_argument("--out", type=Path, required=True)
    cli.add_argument("--minutes", type=float, default=6.0)
    cli.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    cli.add_argument("--batch", type=int, help="scenes a step (default: 512 on a GPU, 32 on a CPU)")
    cli.add_argument("--sight", default=str(SIGHT), help="LLaVA folder to take the sight of, or `none`")
    cli.add_argument("--texts", type=Path, default=SIGHT, help="folder whose tokenizer.json is used")
    cli.add_argument("--freeze", type=int, default=0, help="lowest layers of the sight that stay as they are")
    cli.add_argument("--threads", type=int, help="CPU threads (one, where other programs keep the cores busy)")
    cli.add_argument("--seed", type=int, default=5)
    cli.add_argument("--resume", action="store_true")
    cli.add_argument("--report-scenes", type=int, default=1500)
    cli.add_argument("--layers", type=int, default=eyes_model.LAYERS)
    cli.add_argument("--validation", nargs="+", default=list(VALIDATION_SETS))
    args = cli.parse_args(arguments)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.threads:
        torch.set_num_threads(args.threads)
    random.seed(args.seed)
    torch.manual_seed(args.seed)
    batch = args.batch or (512 if args.device == "cuda" else 32)
    plan = Plan(minutes=args.minutes, batch=batch, device=args.device, seed=args.seed, freeze=args.freeze)
    sprites = load_sprites(args.art, TRAINING_SETS)
    tokens = eyes_model.tokenizer(args.texts)
    eyes = eyes_model.model(tokens, layers=args.layers)
    if args.sight != "none":
        eyes_model.take_sight(eyes, Path(args.sight))
    lessons = Lessons(tokens, args.device, args.seed)
    train(eyes, sprites, lessons, plan, args.out, args.resume)
    folder = args.out / "model"
    eyes.to(torch.bfloat16).save_pretrained(folder)
    eyes_model.processor(tokens).save_pretrained(folder)
    eyes = eyes.float()  # what is reported is what was saved, rounding included
    report: dict[str, Any] = {"minutes": args.minutes, "batch": batch, "device": args.device, "seed": args.seed}
    unseen = load_sprites(args.art, args.validation)
    report |= eyes_report.report(eyes, lessons, sprites, unseen, folder, args.report_scenes, args.device)
    report["guard"] = eyes_guard.fit(eyes, sprites, unseen, folder, args.report_scenes, args.device)
    (args.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1), flush=True)
    return report


if __name__ == "__main__":
    main()
