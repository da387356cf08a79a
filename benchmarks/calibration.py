"""Does `judge calibrate` help on images it has not seen? `python -m benchmarks.calibration DATASET --out FILE`.

1. draw images from a data set (fixed seed) and score each under every rule; 2. calibrate on one part; 3. decide the
other part as the judge is and with the bounds; 4. figures of both with bootstrap intervals, and paired comparisons.
Deciding from scores is exact: tests/calibration/test_facts.py holds it against the judge itself.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence
from json import dumps
from pathlib import Path
from typing import Any

from judge.assemble import load_judge
from judge.calibration.calibrate import Labelled, ReviewChange, for_false_positives, for_reviews
from judge.calibration.facts import ImageScores, Word, gather
from judge.evaluation.data.datasets import load_dataset
from judge.evaluation.measures.bootstrap import Bootstrap
from judge.evaluation.measures.counting import Answered, compare, scores
from judge.files import write_whole
from judge.locks.loading import load_policy
from judge.settings import Bounds

SAID: dict[Word, Answered] = {"violated": Answered.YES, "not_violated": Answered.NO, "undecided": Answered.REVIEW}
SPLITS = 10


class Part:
    """Some images with the truth about them, under the rules that count."""

    def __init__(self, images: Sequence[Labelled], enforced: Sequence[str]) -> None:
        self.images, self.enforced = images, enforced
        self.unsafe = [any(one.truth[rule] for rule in enforced) for one in images]

    def said(self, bounds: Mapping[str, Bounds | None]) -> list[Answered]:
        """The verdict on every image: violated, else open, else not."""
        found = []
        for one in self.images:
            words = [word(one.sheet, rule, bounds) for rule in self.enforced]
            found.append(
                Answered.YES if "violated" in words else Answered.REVIEW if "undecided" in words else Answered.NO
            )
        return found

    def figures(self, bounds: Mapping[str, Bounds | None], bootstrap: Bootstrap) -> dict[str, Any]:
        """Scores over images, and per rule how many ok images it flags and violating ones it finds."""
        per_rule = {}
        for rule in sorted(self.images[0].truth):
            sides: dict[bool, list[Word]] = {True: [], False: []}
            for one in self.images:
                if rule in one.truth:
                    sides[one.truth[rule]].append(word(one.sheet, rule, bounds))
            per_rule[rule] = {
                "ok": len(sides[False]), "ok_flagged": sides[False].count("violated"),
                "violating": len(sides[True]), "found": sides[True].count("violated"),
                "open": sum(side.count("undecided") for side in sides.values()),
            }  # fmt: skip
        ok, flagged = (sum(one[key] for one in per_rule.values()) for key in ("ok", "ok_flagged"))
        violating, found = (sum(one[key] for one in per_rule.values()) for key in ("violating", "found"))
        return {
            "images": scores(self.unsafe, self.said(bounds), bootstrap).model_dump(mode="json"),
            "rules_together": {
                "false_positive_rate": round(flagged / ok, 6), "recall": round(found / violating, 6),
                "highest_false_positive_rate": max(
                    round(one["ok_flagged"] / one["ok"], 6) for one in per_rule.values() if one["ok"]
                ),
            },
            "per_rule": per_rule,
        }  # fmt: skip


def word(sheet: ImageScores, rule: str, bounds: Mapping[str, Bounds | None]) -> Word:
    """What a rule comes to under its bounds, or as the judge is."""
    own = bounds.get(rule)
    return sheet.now[rule] if own is None else sheet.spans[rule].under(own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("dataset")
    parser.add_argument("--constitution", default="demo")
    parser.add_argument("--images", type=int, default=0, help="how many to draw; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/calibration.json"))
    options = parser.parse_args()

    constitution = load_policy(options.constitution).constitution
    data = load_dataset(options.dataset, constitution)
    examples = list(data.examples)
    random.Random(options.seed).shuffle(examples)
    examples = examples[: options.images or None]
    judge = load_judge(constitution, batch=16)
    begun, images = time.time(), []
    for example, sheet in zip(examples, gather(judge, [one.path for one in examples]), strict=True):
        images.append(Labelled(sheet, example.rules))
        if len(images) % 100 == 0:
            print(f"{len(images)} images, {time.time() - begun:.0f} s", file=sys.stderr, flush=True)

    rules = {rule.id: rule.status == "enforce" for rule in constitution.rules}
    enforced = [rule for rule, counts in rules.items() if counts]
    half = len(images) // 2
    chosen, held_out = images[:half], Part(images[half:], enforced)
    bootstrap = Bootstrap()
    before = held_out.figures({}, bootstrap)
    runs: dict[str, Any] = {}
    for name, change in calibrations(chosen, rules).items():
        bounds = {one.rule: one.bounds for one in change.rules}
        after = held_out.figures(bounds, bootstrap)
        paired = compare(held_out.unsafe, held_out.said(bounds), held_out.said({}), "uncalibrated", bootstrap)
        runs[name] = {
            "held_out": after, "against_uncalibrated": paired.model_dump(mode="json"),
            "calibration": change.model_dump(mode="json"),
        }  # fmt: skip
    write_whole(options.out, dumps({
        "dataset": data.name, "dataset_digest": data.digest, "constitution": constitution.constitution,
        "models": [one.model_dump(mode="json") for one in judge.provenance.models],
        "settings": {
            "seed": options.seed, "images": len(images), "calibrated_on": len(chosen), "held_out": len(images) - half,
            "bootstrap_draws": bootstrap.draws, "shadow_rules": [rule for rule, counts in rules.items() if not counts],
        },
        "uncalibrated": {"held_out": before}, "calibrated": runs,
        "mean_over_splits": repeated(images, rules, enforced),
    }, indent=1) + "\n")  # fmt: skip
    table({"uncalibrated": before, **{name: one["held_out"] for name, one in runs.items()}})


def repeated(images: Sequence[Labelled], rules: Mapping[str, bool], enforced: Sequence[str]) -> dict[str, Any]:
    """Rates on held-out images, on average over ten other splits in halves: what a promise on average is about."""
    found: dict[str, dict[str, list[float]]] = {}
    for seed in range(1, SPLITS + 1):
        mixed = list(images)
        random.Random(seed).shuffle(mixed)
        part = Part(mixed[len(mixed) // 2 :], enforced)
        for name, change in calibrations(mixed[: len(mixed) // 2], rules).items():
            bounds = {one.rule: one.bounds for one in change.rules}
            said = part.said(bounds)
            ok = [word(one.sheet, rule, bounds) for one in part.images for rule, bad in one.truth.items() if not bad]
            rates = found.setdefault(name, {"rule_false_positive_rate": [], "rule_flag_rate": [], "review_rate": []})
            every = [word(one.sheet, rule, bounds) for one in part.images for rule in rules]
            rates["rule_false_positive_rate"].append(ok.count("violated") / len(ok))
            rates["rule_flag_rate"].append(every.count("violated") / len(every))
            rates["review_rate"].append(said.count(Answered.REVIEW) / len(said))
    return {name: {rate: round(sum(each) / SPLITS, 6) for rate, each in one.items()} for name, one in found.items()}


def calibrations(chosen: Sequence[Labelled], rules: Mapping[str, bool]) -> dict[str, ReviewChange]:
    """What is tried: a rate per rule, a budget, and both again without labels, each on the same images."""
    found = {}
    for labelled, suffix in ((True, ""), (False, ", unlabelled")):
        for level in (0.02, 0.05):
            found[f"false positive rate {level}{suffix}"] = for_false_positives(chosen, rules, level, labelled=labelled)
        for level in (0.1, 0.2):
            found[f"review budget {level}{suffix}"] = for_reviews(chosen, rules, level, labelled=labelled)
    return found


def table(figures: Mapping[str, dict[str, Any]]) -> None:
    """The held-out figures as text."""
    names = ("precision", "recall", "f1", "accuracy", "selective_accuracy", "review_rate")
    print(f"{'':38}" + "".join(f"{name:>24}" for name in (*names, "rule FPR (highest)")))
    for name, one in figures.items():
        cells = [one["images"][each] for each in names]
        shown = [f"{cell['value']:.3f} [{cell['low']:.3f}, {cell['high']:.3f}]" for cell in cells]
        rates = one["rules_together"]
        shown.append(f"{rates['false_positive_rate']:.3f} ({rates['highest_false_positive_rate']:.3f})")
        print(f"{name:38}" + "".join(f"{cell:>24}" for cell in shown))


if __name__ == "__main__":
    main()
