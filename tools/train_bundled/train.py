"""Train the bundled multimodal model on composed scenes, and report how well it reads art it never saw.

    python -m tools.train_bundled.train --minutes 10 --device cuda --out DIR [--resume] [--scratch]

Wants the sprites of `python -m tools.train_bundled.art --out FOLDER` (`--art FOLDER`). Starts from the weights of
`--start`, or from none with `--scratch`: then the first third of the time goes to patch labels alone, because
yes and no by themselves do not teach it to see.

1. On a CPU one process of one thread for each core, which average their gradients; on a GPU one process.
2. Every step: scenes, questions, losses; the learning rate falls by a cosine to the end of the minutes.
3. Now and then a checkpoint, and the score of the averaged weights on a few hundred fixed questions about art that is
   not trained on: it tells early whether a run is worth its time. `--resume` goes on from the checkpoint.
4. At the end the averaged weights are saved, with a temperature fitted on training art, and evaluated.

Seeds are fixed; the amount of work follows the clock, so two machines do not give the same weights (with `--steps` in
place of `--minutes` one machine does). DIR gets log.jsonl, checkpoint.pt, model/, report.json and report.md.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import torch
from torch import distributed, multiprocessing

from tools.train_bundled import evaluate, net
from tools.train_bundled.art import TRAINING_SETS, VALIDATION_SETS, load_sprites
from tools.train_bundled.feed import Feed
from tools.train_bundled.pack import Words
from tools.train_bundled.run import Run


def train(args: argparse.Namespace) -> Path:
    """See the module's words. Returns the folder of the model."""
    args.out.mkdir(parents=True, exist_ok=True)
    if args.processes == 1:
        _process(0, args, None)
    else:
        with tempfile.TemporaryDirectory() as folder:
            multiprocessing.spawn(_process, (args, Path(folder) / "meeting"), args.processes)
    if args.questions_to_report:
        about = json.loads((args.out / "about.json").read_text())
        styles = {name: load_sprites(args.art, [name]) for name in (*args.validation, *args.sets)}
        evaluate.report(args.out / "model", styles, args.device, args.questions_to_report, args.out, about)
    return args.out / "model"


def _process(rank: int, args: argparse.Namespace, meeting: Path | None) -> None:
    """What each process does, and rank 0 besides: log, score, save."""
    if args.device == "cpu":
        torch.set_num_threads(1)
    if meeting is not None:
        distributed.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=args.processes)
    sprites = load_sprites(args.art, args.sets)
    run = Run(args, sprites, rank)
    feed = Feed(sprites, args, run.priors, run.step, rank, args.processes)
    notes = _Notes(run) if rank == 0 else None
    for batch, packed in feed:
        share = run.share()
        if share >= 1:
            break
        told = run.take(batch, packed, share)
        if notes:
            notes.after(told)
    feed.close()
    if notes:
        notes.at_the_end()
    if meeting is not None:
        distributed.destroy_process_group()


class _Notes:
    """What rank 0 writes of a run."""

    def __init__(self, run: Run) -> None:
        self.run, self.args, self.saved = run, run.args, time.monotonic()
        self.words = Words(run.args.start)
        self.unseen = load_sprites(run.args.art, run.args.validation) if run.args.score_every else None
        if run.step == 0:
            self._score()

    def after(self, told: dict[str, float]) -> None:
        """A line every so many steps, a score every so many more, a checkpoint every so many seconds."""
        if self.run.step % self.args.log_every == 0 or self.run.step == 1:
            self._line(told)
        if self.args.score_every and self.run.step % self.args.score_every == 0:
            self._score()
        if time.monotonic() - self.saved > self.args.save_every:
            self.run.save()
            self.saved = time.monotonic()

    def at_the_end(self) -> None:
        """The last checkpoint, the model, and what it was made from."""
        run, args = self.run, self.args
        run.save()
        self._score()
        sprites = load_sprites(args.art, args.sets)
        tuning = torch.Generator(args.device).manual_seed(args.seed + 2)
        model = run.averaged()
        temperature = evaluate.fit_temperature(model, self.words, sprites, args.device, tuning, args.tune_scenes)
        net.save(model, args.start, args.out / "model", temperature)
        about = {
            "minutes": round(run.seconds() / 60, 1), "steps": run.step, "device": args.device,
            "processes": args.processes, "temperature": round(temperature, 3),
            "start": "none" if args.scratch else args.start.name, "seed": args.seed, "batch": args.batch,
        }  # fmt: skip
        (args.out / "about.json").write_text(json.dumps(about, indent=1))

    def _score(self) -> None:
        if self.unseen is not None:
            self._line(evaluate.score(self.run.averaged(), self.words, self.unseen, self.args.device))

    def _line(self, told: dict[str, float]) -> None:
        line = json.dumps({"step": self.run.step, "seconds": round(self.run.seconds(), 1), **told})
        with (self.args.out / "log.jsonl").open("a") as log:
            print(line, file=log)
        print(line, flush=True)


def arguments() -> argparse.ArgumentParser:
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument(
        "--minutes", type=float, default=10, help="of training, over all resumed parts; the report comes on top"
    )
    cli.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    cli.add_argument("--out", type=Path, required=True)
    cli.add_argument("--art", type=Path, default=Path(".art"), help="folder of sprites.npz")
    cli.add_argument("--start", type=Path, default=net.START, help="folder whose weights and tokenizer to start from")
    cli.add_argument("--scratch", action="store_true", help="keep the architecture and tokenizer, not the weights")
    cli.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    cli.add_argument("--processes", type=int, default=None, help="of one thread each (as many as cores; 1 on a GPU)")
    cli.add_argument("--batch", type=int, default=None, help="scenes a step (512 on a GPU, 24 on a CPU)")
    cli.add_argument("--questions", type=int, default=16, help="statements a scene")
    cli.add_argument(
        "--answered", type=int, default=None, help="scenes of these with questions; the rest: patches only"
    )
    cli.add_argument("--talk", type=float, default=None, help="share of scenes with more than statements asked")
    cli.add_argument("--settle", type=float, default=None, help="seconds for the patch head alone before all")
    cli.add_argument("--workers", type=int, default=None, help="processes that write questions (12 with a GPU)")
    cli.add_argument("--lr", type=float, default=3e-4, help="peak learning rate (6e-4 from scratch)")
    cli.add_argument("--head", type=float, default=4.0, help="times that, for the patch head")
    cli.add_argument("--decay", type=float, default=0.99, help="how much of the averaged weights each step keeps")
    cli.add_argument("--warmup", type=int, default=30)
    cli.add_argument("--seed", type=int, default=1)
    cli.add_argument("--steps", type=int, default=0, help="a run of so many steps in place of --minutes")
    cli.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    cli.add_argument("--sets", nargs="+", default=list(TRAINING_SETS))
    cli.add_argument("--validation", nargs="+", default=list(VALIDATION_SETS))
    cli.add_argument("--prior-scenes", type=int, default=None)
    cli.add_argument("--tune-scenes", type=int, default=128)
    cli.add_argument("--questions-to-report", type=int, default=3000, help="a kind and style; 0 for no report")
    cli.add_argument("--log-every", type=int, default=10)
    cli.add_argument("--score-every", type=int, default=50, help="steps between scores on unseen art; 0 for none")
    cli.add_argument("--save-every", type=float, default=120, help="seconds between checkpoints")
    return cli


def parsed(given: list[str] | None) -> argparse.Namespace:
    """The arguments, with what is left open filled in for the device."""
    args = arguments().parse_args(given)
    gpu = args.device == "cuda"
    args.processes = args.processes or (1 if gpu else os.cpu_count() or 1)
    args.batch = args.batch or (512 if gpu else 24)
    args.workers = args.workers if args.workers is not None else (12 if gpu else 0)
    args.prior_scenes = args.prior_scenes or (8192 if gpu else 1024)
    args.answered = args.answered or (args.batch if gpu else max(1, args.batch * 5 // 12))
    args.talk = args.talk if args.talk is not None else (1.0 if gpu else 0.35)
    args.settle = args.settle if args.settle is not None else (20 if gpu else 75)
    return args


def main(given: list[str] | None = None) -> Path:
    return train(parsed(given))


if __name__ == "__main__":
    main()
