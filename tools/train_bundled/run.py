"""One training run: its weights, their average, the optimizer and where it stands; kept on disk, and gone on with.

Knows how a step is taken, not when to stop.
"""

from __future__ import annotations

import math
import time
from argparse import Namespace
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tools.train_bundled import net
from tools.train_bundled.art import Sprites
from tools.train_bundled.feed import measure_priors
from tools.train_bundled.lesson import Lesson, latest, shared, teach
from tools.train_bundled.pack import Packed, Words
from tools.train_bundled.scenes import Batch, compose

LEAST_RATE = 0.02  # of the peak, at the end


class Run:
    """Fresh from `args.start`, or with `args.resume` from the checkpoint in `args.out`, where there is one.

    Each process of a run has one; that of rank 0 keeps the average and writes.
    """

    def __init__(self, args: Namespace, sprites: Sprites, rank: int = 0) -> None:
        torch.manual_seed(args.seed)
        self.args, self.sprites, self.rank = args, sprites, rank
        self.device, self.kept = torch.device(args.device), args.out / "checkpoint.pt"
        self.net = net.load(args.start, args.scratch).to(self.device)
        self.average = AveragedModel(self.net, multi_avg_fn=get_ema_multi_avg_fn(args.decay)) if rank == 0 else None
        groups = [
            {"params": list(self.net.llava.parameters()), "peak": args.lr},
            {"params": list(self.net.patches.parameters()), "peak": args.lr * args.head},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=args.lr, weight_decay=0.02, betas=(0.9, 0.98))
        self.step, self.spent = 0, 0.0
        generator = torch.Generator(self.device).manual_seed(args.seed)
        if args.resume and self.kept.exists():
            self._go_on()
        else:
            self.priors = measure_priors(sprites, args.device, generator, args.prior_scenes)
            if rank == 0 and not args.scratch:
                self._settle(generator)
        self.lesson = shared(Lesson(self.net, Words(args.start)))
        self.began = time.monotonic() - self.spent
        self.net.train()

    def share(self) -> float:
        """How much of the run is behind it: of its steps where they are counted, else of its minutes."""
        if self.args.steps:
            return self.step / self.args.steps
        return latest(self.seconds()) / (60 * self.args.minutes)

    def seconds(self) -> float:
        """What training took, over all parts of the run."""
        return time.monotonic() - self.began

    def take(self, batch: Batch, packed: Packed, share: float) -> dict[str, float]:
        """One step, and how its questions were answered."""
        warm = min(1.0, (self.step + 1) / self.args.warmup)
        cosine = LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * warm * cosine
        self.optimizer.zero_grad(set_to_none=True)
        only_patches = self.args.scratch and share < 1 / 3
        told = teach(self.lesson, batch, packed, only_patches, self._cast())
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.net)
        self.step += 1
        return told

    def averaged(self) -> net.Net:
        """The model that is reported and kept in the end. Only of rank 0."""
        assert self.average is not None
        return self.average.module.eval()

    def save(self) -> None:
        """Write the checkpoint, whole or not at all. Only rank 0 calls it."""
        assert self.average is not None
        state = {
            "net": self.net.state_dict(), "average": self.average.state_dict(), "priors": self.priors,
            "optimizer": self.optimizer.state_dict(), "step": self.step, "spent": self.seconds(),
        }  # fmt: skip
        torch.save(state, self.kept.with_suffix(".new"))
        self.kept.with_suffix(".new").replace(self.kept)

    def _go_on(self) -> None:
        state = torch.load(self.kept, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.step, self.spent, self.priors = state["step"], state["spent"], state["priors"]

    def _settle(self, generator: torch.Generator) -> None:
        """Teach the patch head alone what the vision features tell already, so that it does them no harm."""
        optimizer = torch.optim.AdamW(self.net.patches.parameters(), lr=6e-3)
        until, loss = time.monotonic() + self.args.settle, None
        while time.monotonic() < until:
            batch = compose(self.sprites, self.args.batch, generator, self.args.device)
            with torch.no_grad(), self._cast():
                features = self.net.see(batch.images).float()
            loss = F.cross_entropy(self.net.patches(features).flatten(0, 1), batch.patch_labels.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if loss is not None:
            print({"settled": round(loss.item(), 3)}, flush=True)

    def _cast(self) -> torch.autocast | nullcontext:
        return torch.autocast(self.device.type, torch.bfloat16) if self.args.bf16 else nullcontext()
