"""Runs a command to its end and says what it cost, with all the processes that it starts. POSIX. Knows no batch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """seconds: on the clock. cpu: seconds of processors, of the command and all that it started and waited for.
    peak_mib: the most memory that one of these processes had. said: what it wrote to stderr."""

    code: int
    seconds: float
    cpu: float
    peak_mib: float
    said: str


def run(command: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """Run Python with these arguments, in the folder of the repository; stdout goes nowhere."""
    with tempfile.TemporaryFile("w+") as said:
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        said.seek(0)
        return Ran(process.returncode, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said.read())
