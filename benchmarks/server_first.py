"""A first verdict by `judge check`, with a server and without one, in turn, on this machine.

    python -m benchmarks.server_first [--turns 5]

The server is warm, and judges the image anew each time. Of all turns the best counts, of each figure: seconds by the
clock, and CPU seconds of the command's own process. Prints JSON; exit code 1 when the bar is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IMAGE = ROOT / "examples/images/body-on-fire-violating.png"  # of the README
FASTER = 10.0  # the bar


@contextmanager
def serving() -> Iterator[tuple[str, int]]:
    """The address and process of a server that judges every image anew."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "server.yaml").write_text("once_seconds: 0\n")
        command = [sys.executable, "-m", "judge", "serve", "--port", "0", "--config", f"{folder}/server.yaml"]
        started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert started.stderr is not None
            line = next(line for line in started.stderr if "serving" in line)
            yield re.findall(r"http://\S+", line)[0], started.pid
        finally:
            started.terminate()
            started.wait()


def first_verdicts(url: str, turns: int) -> dict[str, Any]:
    """Seconds of a verdict by the server at `url`, and without it."""
    plain = [sys.executable, "-m", "judge", "check", str(IMAGE)]
    took: dict[str, list[tuple[float, float]]] = {"by_server": [], "without": []}
    for turn in range(turns + 1):
        for way, command in (("by_server", [*plain, "--server", url]), ("without", plain)):
            begun, before = time.perf_counter(), _cpu()
            done = subprocess.run(command, capture_output=True, check=False)
            assert done.returncode == 1, done.stderr.decode()
            if turn:  # the first one warms what is kept on disk
                took[way].append((time.perf_counter() - begun, _cpu() - before))
    best = {way: [round(min(figures), 3) for figures in zip(*tries, strict=True)] for way, tries in took.items()}
    found: dict[str, Any] = {way: {"seconds": one[0], "cpu_seconds": one[1]} for way, one in best.items()}
    return {**found, "times_faster": round(best["without"][0] / best["by_server"][0], 1)}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=5)
    turns = parser.parse_args().turns
    with serving() as (url, _):
        found = first_verdicts(url, turns)
    print(json.dumps(found, indent=2))
    sys.exit(found["times_faster"] < FASTER)


if __name__ == "__main__":
    main()
