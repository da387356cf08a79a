"""The most memory that a batch of many tiny images takes, beside one of few. POSIX.

    python -m benchmarks.batches.memory [--few 1000] [--many 100000]

Pictures of 8 x 8, no two alike, judged in one process by the scripted model of the tests, which takes next to no memory
of its own: so what grows with the number of images is seen. Exit code 1 when it grows by more than a tenth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.batches.running import run

GROWTH = 0.1
_JUDGE = """
import sys
from judge.serving.batch.call import batch
from tests.serving.batch.colours import colour_judge
tally = batch(sys.argv[1], sys.argv[2], judge=colour_judge())
assert (tally.judged, tally.errors) == (int(sys.argv[3]), 0), tally
"""


def peak(count: int) -> tuple[float, float]:
    """The most MiB that so many images take, and seconds an image."""
    from tests.serving.batch.colours import pictures

    with tempfile.TemporaryDirectory() as name:
        images = pictures(Path(name) / "in", count)
        ran = run(["-c", _JUDGE, str(images), str(Path(name) / "out"), str(count)], {})
    assert ran.code == 0, ran.said
    return ran.peak_mib, ran.seconds / count


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=100_000)
    given = parser.parse_args()
    print("| images | peak MiB | ms an image |\n|---|---|---|")
    peaks = []
    for count in (given.few, given.many):
        most, seconds = peak(count)
        peaks.append(most)
        print(f"| {count} | {most:.0f} | {1000 * seconds:.1f} |", flush=True)
    growth = peaks[1] / peaks[0] - 1
    print(f"\n{growth:+.1%}")
    if growth > GROWTH:
        print(f"missed: {growth:+.1%}, more than {GROWTH:.0%}", file=sys.stderr)
    sys.exit(growth > GROWTH)


if __name__ == "__main__":
    main()
