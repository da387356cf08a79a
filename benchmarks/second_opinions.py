"""Whether reasoning, a debate or a committee is worth its cost on what yes and no leave open.

    python -m benchmarks.second_opinions DATASET OUT_DIR --member OTHER_MODEL [--limit 100] [--steps STEPS]

1. the bundled model judges a sample of a data set that has the truth of every statement (the drawn bench), once for
each ladder of one step; what it answered is shared between them (`OUT_DIR/answers.sqlite`);
2. of every step: how many statements it was asked, how many it decided, how many of these rightly, and the CPU
seconds of one;
3. against reasoning, on the statements that both were asked: the difference in what was right (open is not right),
paired, with a 95 % interval over images.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from judge.assemble import load_judge
from judge.caches.answers import CachedAnswers
from judge.chain import Outcome
from judge.evaluation.data.datasets import load_dataset, sample
from judge.evaluation.measures.bootstrap import Bootstrap, ratio
from judge.evaluation.measures.traces import evidence_of
from judge.evaluation.methods.clue import all_enforced
from judge.evaluation.protocols import Example
from judge.files import write_whole
from judge.judging.pipeline import Judge
from judge.settings import Step, Voting
from judge.verdict import Verdict

STEPS: tuple[Step, ...] = ("reasoning", "debate", "committee")
_KNOWN = {Outcome.HOLDS: True, Outcome.FAILS: False}
Marks = dict[tuple[str, str], tuple[bool, bool]]  # (image, statement) -> decided, right
Taken = tuple[Marks, float]


def marks(example: Example, verdict: Verdict) -> Iterator[tuple[tuple[str, str], tuple[bool, bool]]]:
    """Of every statement that a step was asked about and whose truth is known: whether it decided, and rightly."""
    for one in (one for finding in verdict.findings for one in evidence_of(finding)):
        if one.steps and one.statement in example.statements:
            said = _KNOWN.get(one.outcome)
            yield (example.id, one.statement), (said is not None, said is example.statements[one.statement])


def taken(judge: Judge, steps: tuple[Step, ...], examples: tuple[Example, ...], kept: CachedAnswers) -> Taken:
    """What a ladder comes to, and the CPU seconds that judging took."""
    voting = judge.settings.committee if "committee" in steps else Voting()
    settings = judge.settings.model_copy(update={"escalate": steps, "committee": voting})
    one = judge.derive(constitution=all_enforced(judge.constitution), settings=settings)
    one = one.derive(model=kept.sharing(one))
    begun, found = time.process_time(), {}
    for example, verdict in zip(examples, one.judge_many([each.path for each in examples]), strict=True):
        found.update(marks(example, verdict))
    return found, time.process_time() - begun


def difference(ours: Marks, theirs: Marks) -> dict[str, float | int | None]:
    """How much more often `ours` is right than `theirs`, on what both were asked; images are drawn whole."""
    both = ours.keys() & theirs.keys()
    by_image: dict[str, list[int]] = {}
    for image, statement in both:
        counts = by_image.setdefault(image, [0, 0])
        counts[0] += 1
        counts[1] += ours[image, statement][1] - theirs[image, statement][1]
    columns = np.array(list(by_image.values()) or [[0, 0]], dtype=np.float64)
    bootstrap, sums = Bootstrap(), columns.sum(axis=0)
    drawn = bootstrap.sums(columns)
    found = bootstrap.estimate(float(ratio(sums[1], sums[0])), ratio(drawn[:, 1], drawn[:, 0]))
    return {"statements": len(both), "images": len(by_image), **found.model_dump()}


def told(step: Step, found: Mapping[Step, Taken], without: float) -> dict[str, object]:
    """The figures of one step. without: CPU seconds of judging without any."""
    own, seconds = found[step]
    decided = sum(one for one, _ in own.values())
    return {
        "asked": len(own),
        "decided": decided,
        "right": sum(right for _, right in own.values()),
        "cpu_seconds_each": round(max(0.0, seconds - without) / max(1, len(own)), 3),
        "against_reasoning": difference(own, found["reasoning"][0]) if step != "reasoning" else None,
    }


def main() -> None:
    """Measure, print, and write OUT_DIR/second-opinions.json."""
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("dataset")
    cli.add_argument("out", type=Path)
    cli.add_argument("--member", required=True, help="another model that votes: a folder, an id or an address")
    cli.add_argument("--limit", type=int, default=100, help="how many images, drawn at random")
    cli.add_argument(
        "--steps", default="reasoning,committee", help="of the ladder; reasoning is what others are held against"
    )
    given = cli.parse_args()
    steps = tuple(step for step in STEPS if step in given.steps.split(","))
    judge = load_judge("demo", dtype="float32", device="cpu", committee={"members": (given.member,)})
    examples = sample(load_dataset(given.dataset, judge.constitution), given.limit, 1).examples
    kept = CachedAnswers(given.out / "answers.sqlite")
    taken(judge, (), examples, kept)  # what all share is asked before anything is timed
    _, without = taken(judge, (), examples, kept)
    found = {step: taken(judge, (step,), examples, kept) for step in steps}
    figures = {step: told(step, found, without) for step in steps}
    write_whole(given.out / "second-opinions.json", json.dumps({"images": len(examples), **figures}, indent=1))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
