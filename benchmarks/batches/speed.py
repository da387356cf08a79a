"""`judge batch` beside `judge check` over the same drawings, and a policy of which one rule was edited. Bundled model.

    python -m benchmarks.batches.speed [--images 1000] [--rounds 1] [--edits 13]

Drawings of the Drawn OS Bench from a seed of their own, no two alike; both verbs as commands, in turn, under `demo`,
after a command that is not counted. Then one rule of `demo` is edited (it gets an exception), and the command of the
batch is given again; then the next rule, and so on. Start-up is until models are loaded, by what each verb says itself.
CPU seconds are those of all processes of a command: on a machine that is shared they say more than the clock does.
Exit code 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.batches.running import Ran, run
from benchmarks.drawn_os_bench.build import DEMO, scenes
from benchmarks.drawn_os_bench.recipes import PLANS
from benchmarks.drawn_os_bench.stage import fetched
from judge.constitution.load import load_constitution

SEED = 16
FASTER, LESS = 1.6, 0.2  # the bars: batch over check, and an edited policy's share of the whole
_EXCEPTION, _OTHER = "a police officer is visible", "a cook is visible"


@dataclass(frozen=True)
class Pace:
    """What one command over all drawings cost. own: seconds after start-up, as the command says itself."""

    ran: Ran
    own: float


def draw(folder: Path, count: int) -> None:
    """Fill a folder with so many drawings, no two alike."""
    per_side = -(-count // (2 * len(PLANS)))
    drawn = list(scenes(load_constitution(DEMO), fetched(), per_side=per_side + per_side % 2, seed=SEED))
    for name, made, _ in random.Random(SEED).sample(drawn, count):
        made.picture.save(folder / name, "PNG")


def check(drawings: Path, environment: dict[str, str]) -> Pace:
    """`judge check` over all drawings."""
    ran = run(["-m", "judge", "check", str(drawings), "-c", str(DEMO), "--json"], environment)
    told = re.search(r"images in ([0-9.]+) s", ran.said)
    assert ran.code in (0, 1, 4) and told is not None, ran.said
    return Pace(ran, float(told[1]))


def batch(drawings: Path, out: Path, policy: Path, environment: dict[str, str]) -> Pace:
    """`judge batch` over all drawings."""
    ran = run(
        ["-m", "judge", "batch", str(drawings), "-o", str(out), "-c", str(policy), "--json-progress"], environment
    )
    assert ran.code == 0, ran.said
    told = json.loads(ran.said.splitlines()[-1])
    assert (told["judged"] + told["taken_over"], told["errors"]) == (len(list(drawings.iterdir())), 0), told
    return Pace(ran, told["seconds"])


def edited(before: Path, rule: int, folder: Path) -> Path:
    """A policy with an exception more in one rule."""
    held = yaml.safe_load(before.read_text(encoding="utf-8"))
    exceptions = held["rules"][rule].setdefault("exceptions", [])
    exceptions.append(_EXCEPTION if _EXCEPTION not in str(exceptions) else _OTHER)
    path = folder / f"{held['rules'][rule]['id']}.yaml"
    path.write_text(yaml.safe_dump(held, sort_keys=False), encoding="utf-8")
    return path


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--edits", type=int, default=len(PLANS), help="rules that are edited, one after the other")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawings, warm = folder / "drawings", folder / "warm"
        drawings.mkdir()
        warm.mkdir()
        draw(drawings, given.images)
        environment = {"JUDGE_CACHE_DIR": str(folder / "cache")}
        for path in sorted(drawings.iterdir())[:8]:
            shutil.copy(path, warm)
        check(warm, environment)
        print(
            "| | images a second | without start-up | CPU s an image | peak MiB of a process |\n|---|---|---|---|---|"
        )
        slow, fast = [], []
        for number in range(given.rounds):
            slow.append(check(drawings, environment))
            _tell("judge check", slow[-1], given.images)
            fast.append(batch(drawings, folder / f"out-{number}", DEMO, environment))
            _tell("judge batch", fast[-1], given.images)
        ratio = sum(one.ran.seconds for one in slow) / sum(one.ran.seconds for one in fast)
        print(f"\njudge batch is {ratio:.2f} times as fast as judge check,", end=" ")
        print(f"{sum(one.own for one in slow) / sum(one.own for one in fast):.2f} times without start-up;", end=" ")
        cpu = sum(one.ran.cpu for one in fast) / sum(one.ran.cpu for one in slow)
        print(f"it takes {cpu:.2f} times the CPU seconds\n")
        shares = _edits(drawings, folder / "out-0", folder, fast[0], given.edits, environment)
    missed = [f"{ratio:.2f} times judge check, not {FASTER}"] * (ratio < FASTER)
    missed += [f"{rule}: {share:.2f} of the whole, not {LESS}" for rule, share in shares.items() if share >= LESS]
    for bar in missed:
        print(f"missed: {bar}", file=sys.stderr)
    sys.exit(bool(missed))


def _edits(
    drawings: Path, out: Path, folder: Path, whole: Pace, count: int, environment: dict[str, str]
) -> dict[str, float]:
    """By rule: what judging anew after it was edited takes, as a share of the whole, on the clock."""
    print("| edited rule | seconds | of the whole | without start-up | CPU |\n|---|---|---|---|---|")
    shares, policy = {}, DEMO
    for rule in range(count):
        policy = edited(policy, rule, folder)
        pace = batch(drawings, out, policy, environment)
        shares[policy.stem] = pace.ran.seconds / whole.ran.seconds
        print(
            f"| {policy.stem} | {pace.ran.seconds:.1f} | {shares[policy.stem]:.2f} | {pace.own / whole.own:.2f} "
            f"| {pace.ran.cpu / whole.ran.cpu:.2f} |",
            flush=True,
        )
    return shares


def _tell(what: str, pace: Pace, images: int) -> None:
    own, ran = pace.own, pace.ran
    figures = f"{images / ran.seconds:.2f} | {images / own:.2f} | {ran.cpu / images:.3f} | {ran.peak_mib:.0f}"
    print(f"| `{what}` | {figures} |", flush=True)


if __name__ == "__main__":
    main()
