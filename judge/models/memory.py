"""How much memory key-value caches may take, and what to do when it was too much."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from judge.errors import ModelError

log = logging.getLogger("judge")
GIB = 2**30
ON_CPU = 4.0  # GiB
Result = TypeVar("Result")


class Budget:
    """Bytes for caches. An out-of-memory error halves it, so that smaller batches follow."""

    def __init__(self, gib: float | None, device: str) -> None:
        self.bytes = int((gib if gib is not None else _default_gib(device)) * GIB)

    def rows(self, bytes_per_row: int, most: int) -> int:
        """How many rows of that size a batch may have: at least one, at most `most`."""
        return max(1, min(most, self.bytes // max(1, bytes_per_row)))

    def retrying(self, work: Callable[[], Result], forget: Callable[[], None]) -> Result:
        """`work()`, again with half the budget after an out-of-memory error; `forget` drops what is kept.

        Raises:
            ModelError: out of memory even with the smallest batches.
        """
        for attempt in range(12):
            try:
                return work()
            except torch.OutOfMemoryError:
                if attempt == 0:
                    log.warning("out of memory: halving the batches")
                self.bytes //= 2
                forget()
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
        raise ModelError(
            "out of memory even one question at a time", hint="quantize (--quantize 4bit) or use a smaller model",
            retryable=True,
        )  # fmt: skip


def _default_gib(device: str) -> float:
    """Half of what is free on a GPU once the model is loaded; a fixed share on a CPU."""
    if device.startswith("cuda"):
        free, _ = torch.cuda.mem_get_info()
        return free / GIB / 2
    return ON_CPU
