"""How many processes judge, and where. Knows no process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from judge.settings import BUNDLED, Settings, is_address

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")  # of this process's own control group, in a container
_AT_A_SERVER = 4  # processes: they wait for its answers most of the time


class Processes(NamedTuple):
    """That judge: how many, a device for each where they differ, and threads of each (None: as its library likes)."""

    number: int
    devices: tuple[str, ...]
    threads: int | None


def cores() -> int:
    """That this process may use: where a container has a share of a large machine's, that share."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(there, _allotted() or there)


def _allotted() -> int | None:
    """Cores that the control group is given the time of, rounded down; None where it is not bounded."""
    try:
        quota, period = _CPU_MAX.read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):  # no control groups, or `max`
        return None


def processes_for(settings: Settings, wanted: int | None = None) -> Processes:
    """The processes that a model is best run in.

    On a CPU single-threaded processes are faster than threads for a small model; a large one in every process would not
    fit the memory, so there is one of it, with all threads, unless more are asked for. So it is with a committee.
    """
    voters = settings.committee.voters(settings.model)
    if is_address(settings.model):
        return Processes(wanted or _AT_A_SERVER, (), 1)
    if settings.device == "auto" and settings.model != BUNDLED and (cards := _cards()):
        return Processes(wanted or cards, tuple(f"cuda:{number}" for number in range(cards)), None)
    if settings.device not in ("auto", "cpu"):
        return Processes(wanted or 1, (), None)
    small = all(name == BUNDLED or is_address(name) for name in voters)
    count = wanted or (cores() if small else 1)
    return Processes(count, (), max(1, cores() // count))


def _cards() -> int:
    """GPUs that are there, found out in a process of its own: importing torch here would take seconds."""
    import subprocess
    import sys

    code = "import torch; print(torch.cuda.device_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip().isdigit() else 0
