"""A small head on the bundled encoder, taught by the judge's verdicts on drawings, and how far it comes.

    python -m examples.distil_head WORK_DIR [--per-side 50] [--timed 32]

From a checkout with the extra `[dev]`; it goes on where it was stopped. For docs/distilling.md.

1. draws the drawings of the Drawn OS Bench, whose truth is known; 2. the bundled judge judges them all, into tables;
3. the tables become a training set, half of it held out, and what looks the same on one side; 4. the encoder's patches
become one logit for each rule, by a head that is taught the soft labels of the one half and nothing of the truth; its
threshold is chosen on a quarter of that half, by the judge's answers; 5. on the other half head, judge and the bare
cosine of picture and rule are held against the truth; 6. judge and head are timed in turns on the same drawings, in
fp32. Prints, and writes WORK_DIR/figures.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from transformers import Owlv2ForObjectDetection, Owlv2Processor

from benchmarks.drawn_os_bench.build import METADATA, build
from judge import resources
from judge.assemble import load_judge
from judge.constitution import load_constitution
from judge.evaluation.measures.bootstrap import Bootstrap, ratio
from judge.files import write_whole
from judge.models.transformers.owlv2_pixels import Pixels
from judge.report.distil import distil
from judge.report.tables import Tables
from judge.serving.batch.call import batch
from judge.settings import Settings

TOGETHER = 32
EPOCHS, RATE, DECAY = 60, 2e-3, 0.05
Truth = NDArray[np.bool_]


class Head(nn.Module):
    """For each rule two places to look at, by attention over the patches, and one logit of what is seen there."""

    def __init__(self, width: int, rules: int, looks: int = 2) -> None:
        super().__init__()
        self.norm, self.dropout, self._shape = nn.LayerNorm(width), nn.Dropout(0.3), (rules, looks)
        self.queries = nn.Parameter(torch.randn(rules * looks, width) * 0.02)
        self.weights = nn.Parameter(torch.randn(rules, looks, width) * 0.02)
        self.bias = nn.Parameter(torch.full((rules,), -2.0))

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Logits by picture and rule, of (pictures, patches, width)."""
        patches = self.norm(patches)
        where = (patches @ self.queries.T * 4 / patches.shape[-1] ** 0.5).softmax(dim=1)
        seen = self.dropout(torch.einsum("npq,npw->nqw", where, patches))
        return (seen.unflatten(1, self._shape) * self.weights).sum(dim=(2, 3)) + self.bias


class Linear(nn.Module):
    """For each rule one logit of the mean of the patches."""

    def __init__(self, width: int, rules: int) -> None:
        super().__init__()
        self.norm, self.logits = nn.BatchNorm1d(width, affine=False), nn.Linear(width, rules)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """See `Head.forward`."""
        logits: torch.Tensor = self.logits(self.norm(patches.mean(dim=1)))
        return logits


class Encoder:
    """The bundled eyes, plain."""

    def __init__(self) -> None:
        folder = str(resources.bundled_eyes())
        self._model = Owlv2ForObjectDetection.from_pretrained(folder, dtype=torch.float32).eval()
        self._processor = Owlv2Processor.from_pretrained(folder)
        self._pixels = Pixels(self._processor)

    def see(self, paths: Sequence[Path]) -> tuple[torch.Tensor, torch.Tensor]:
        """The patches of pictures, and their unit vectors beside texts."""
        with torch.inference_mode():
            pixels = torch.cat([self._pixels.of(Image.open(path).convert("RGB")) for path in paths])
            seen = self._model.owlv2.vision_model(pixel_values=pixels.float())
            vectors = self._model.owlv2.visual_projection(seen.pooler_output)
        return seen.last_hidden_state[:, 1:].clone(), nn.functional.normalize(vectors).clone()

    def read(self, texts: Sequence[str]) -> torch.Tensor:
        """The unit vectors of texts."""
        tokens = self._processor.tokenizer(
            list(texts), return_tensors="pt", padding="max_length", truncation=True, max_length=48
        )
        with torch.inference_mode():
            found = self._model.owlv2.get_text_features(**tokens)
        return nn.functional.normalize(getattr(found, "pooler_output", found)).clone()


def taught(make: Callable[[], nn.Module], patches: torch.Tensor, soft: torch.Tensor) -> nn.Module:
    """A head that has learnt the soft labels; those that are not known are NaN, and teach nothing."""
    torch.manual_seed(0)
    head, known = make(), ~soft.isnan()
    wanted = soft.nan_to_num(0.0)
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * (len(patches) // TOGETHER))
    for _ in range(EPOCHS):
        order = torch.randperm(len(patches))[: len(patches) // TOGETHER * TOGETHER]
        for some in order.reshape(-1, TOGETHER):
            loss = nn.functional.binary_cross_entropy_with_logits(head(patches[some]), wanted[some], reduction="none")
            optimizer.zero_grad()
            (loss * known[some]).sum().div(known[some].sum()).backward()
            optimizer.step()
            schedule.step()
    return head.eval()


def scores_of(head: nn.Module, patches: torch.Tensor) -> NDArray[np.float64]:
    """Probabilities by picture and rule."""
    with torch.inference_mode():
        return torch.cat([head(some) for some in patches.split(256)]).sigmoid().double().numpy()


def f1(said: Truth, truth: Truth) -> NDArray[np.float64]:
    """Of each rule, and over all of them at the end."""
    right, wrong = (said & truth).sum(axis=0), (said ^ truth).sum(axis=0)
    right, wrong = np.append(right, right.sum()), np.append(wrong, wrong.sum())
    return ratio(2 * right, 2 * right + wrong)


def best_threshold(scores: NDArray[np.float64], answers: Truth) -> float:
    """The one for all rules under which most is said as the judge says it, by F1."""
    tried = np.unique(np.quantile(scores, np.linspace(0.5, 1.0, 400)))
    return float(max(tried, key=lambda at: f1(scores >= at, answers)[-1]))


def difference(ours: Truth, theirs: Truth, truth: Truth) -> dict[str, float | None]:
    """How much higher our F1 over all rules is, paired, with a 95 % interval over pictures."""
    columns = [part.sum(axis=1).astype(np.float64) for said in (ours, theirs) for part in (said & truth, said ^ truth)]
    bootstrap, table = Bootstrap(), np.stack(columns, axis=1)

    def of(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        one, other = (ratio(2 * sums[..., at], 2 * sums[..., at] + sums[..., at + 1]) for at in (0, 2))
        return np.asarray(one - other)

    drawn = bootstrap.weights(len(table)).astype(np.float64) @ table
    return bootstrap.estimate(float(of(table.sum(axis=0))), of(drawn)).model_dump()


def timed(paths: Sequence[Path], encoder: Encoder, head: nn.Module) -> dict[str, float]:
    """Pictures in a second of the processor, and by the clock, of judge and head in turns on the same pictures."""
    judge = load_judge("demo", Settings(device="cpu", dtype="float32"))
    todo: dict[str, Callable[[Sequence[Path]], Any]] = {
        "judge": lambda some: list(judge.judge_many(some)),
        "head": lambda some: scores_of(head, encoder.see(some)[0]),
    }
    spent = {name: np.zeros(2) for name in todo}
    for number in range(0, len(paths), 8):
        for name, run in todo.items():
            begun = np.array([time.process_time(), time.perf_counter()])
            run(paths[number : number + 8])
            if number:  # the first warms up: priors are asked for, and kept
                spent[name] += np.array([time.process_time(), time.perf_counter()]) - begun
    count = len(paths) - 8
    found = {f"{name}_per_{kind}": count / spent[name][at] for name in todo for at, kind in enumerate(("cpu_s", "s"))}
    return {**found, "ratio_cpu": spent["judge"][0] / spent["head"][0], "ratio": spent["judge"][1] / spent["head"][1]}


@dataclass(frozen=True)
class Drawings:
    """What is known of the drawings, each by rule. answers: of the judge; None where it left the rule to a person."""

    rules: list[str]
    paths: list[Path]
    truth: Truth
    soft: torch.Tensor
    answers: NDArray[np.object_]
    splits: NDArray[np.object_]

    @classmethod
    def read(cls, folder: Path, rows: Path) -> Drawings:
        """The truth from the bench's own file, all else from a training set."""
        rules = [rule.id for rule in load_constitution("demo").rules]
        drawn = [json.loads(line) for line in (folder / METADATA).read_text(encoding="utf-8").splitlines()]
        place = {one["file_name"]: number for number, one in enumerate(drawn)}
        truth = np.array([[rule in one["violates"] for rule in rules] for one in drawn])
        soft, answers = torch.full(truth.shape, torch.nan), np.full(truth.shape, None, dtype=object)
        splits = np.full(len(drawn), None, dtype=object)
        with rows.open(encoding="utf-8") as lines:
            for row in filter(lambda one: one["rule"] is not None, map(json.loads, lines)):
                at = place[row["key"]], rules.index(row["rule"])
                soft[at], answers[at], splits[at[0]] = row["soft"], row["answer"], row["split"]
        return cls(rules, [folder / one["file_name"] for one in drawn], truth, soft, answers, splits)

    @property
    def said_yes(self) -> Truth:
        """Where the judge says that a rule is violated."""
        return np.asarray(self.answers == "yes")

    @property
    def judged(self) -> Truth:
        """What the judge says; a rule that it leaves to a person counts as a mistake."""
        known = np.isin(self.answers, ("yes", "no"))
        return np.where(known, self.said_yes, ~self.truth)


def by_cosine(drawings: Drawings, vectors: torch.Tensor, encoder: Encoder) -> Truth:
    """What the bare cosine of picture and rule says: each rule's lie elsewhere, so each has a threshold of its own."""
    texts = [rule.text for rule in load_constitution("demo").rules]
    cosine = (vectors @ encoder.read(texts).T).double().numpy()
    train, said = drawings.splits == "train", np.zeros_like(drawings.truth)
    for number in range(len(texts)):
        one = slice(number, number + 1)
        said[:, one] = cosine[:, one] >= best_threshold(cosine[train][:, one], drawings.said_yes[train][:, one])
    return said


def by_head(kind: type[Head | Linear], drawings: Drawings, patches: torch.Tensor) -> tuple[Truth, nn.Module]:
    """What a head says that was taught the half that is not held out, and the head."""

    def taught_on(some: NDArray[np.int64]) -> nn.Module:
        return taught(lambda: kind(patches.shape[-1], len(drawings.rules)), patches[some], drawings.soft[some])

    train = np.flatnonzero(drawings.splits == "train")
    aside = train[::4]
    scores = scores_of(taught_on(np.setdiff1d(train, aside)), patches[aside])
    head = taught_on(train)
    return scores_of(head, patches) >= best_threshold(scores, drawings.said_yes[aside]), head


def main() -> None:
    """Draw, judge, teach, compare."""
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("work", type=Path)
    cli.add_argument("--per-side", type=int, default=50, help="drawings of each rule and side")
    cli.add_argument("--timed", type=int, default=32, help="drawings that are timed, after 8 to warm up")
    given = cli.parse_args()
    folder, rows = given.work / "drawings", given.work / "rows.jsonl"
    if not (folder / METADATA).exists():
        build(folder, per_side=given.per_side)
    batch(folder, given.work / "out", "demo", Settings(device="cpu", dtype="float32"))
    with Tables(given.work / "out") as tables:
        distil(tables, rows, held_out=0.5)

    drawings, encoder = Drawings.read(folder, rows), Encoder()
    some = range(0, len(drawings.paths), TOGETHER)
    patches, vectors = map(
        torch.cat, zip(*(encoder.see(drawings.paths[at : at + TOGETHER]) for at in some), strict=True)
    )
    linear, _ = by_head(Linear, drawings, patches)
    by, head = by_head(Head, drawings, patches)
    said = {"judge": drawings.judged, "head": by, "linear": linear, "cosine": by_cosine(drawings, vectors, encoder)}
    held = drawings.splits == "held_out"
    truth = drawings.truth[held]
    figures: dict[str, Any] = {
        "drawings": len(drawings.paths),
        "train": int((drawings.splits == "train").sum()),
        "held_out": int(held.sum()),
        "undecided": int((~np.isin(drawings.answers, ("yes", "no"))).sum()),
        "f1": {
            name: dict(zip([*drawings.rules, "all"], f1(one[held], truth).round(3).tolist(), strict=True))
            for name, one in said.items()
        },
        "head_less_judge": difference(by[held], said["judge"][held], truth),
        "linear_less_judge": difference(linear[held], said["judge"][held], truth),
        "head_less_cosine": difference(by[held], said["cosine"][held], truth),
        "head_by_the_judges_answers": float(f1(by[held], drawings.said_yes[held])[-1]),
    }
    few = np.random.default_rng(1).permutation(np.flatnonzero(held))[: given.timed + 8]
    figures["speed"] = timed([drawings.paths[at] for at in few], encoder, head)
    write_whole(given.work / "figures.json", json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
