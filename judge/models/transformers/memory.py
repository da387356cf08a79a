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


class MemoryBudget:
    """Bytes for caches, and a cap on the rows of a batch that every out-of-memory error halves."""

    def __init__(self, gib: float | None, device: str) -> None:
        self.bytes = int((gib if gib is not None else _default_gib(device)) * GIB)
        self._cap: int | None = None
        self._widest = 1

    def rows(self, bytes_per_row: int, most: int) -> int:
        """How many rows of that size a batch may have: at least one, at most `most`."""
        fitting = max(1, min(most, self.bytes // max(1, bytes_per_row), self._cap or most))
        self._widest = max(self._widest, fitting)
        return fitting

    def retrying(self, work: Callable[[], Result], forget: Callable[[], None]) -> Result:
        """`work()`, again with batches half as wide after an out-of-memory error; `forget` drops what is kept.

        Raises:
            ModelError: out of memory even with the smallest batches.
        """
        while True:
            self._widest = 1
            try:
                return work()
            except torch.OutOfMemoryError as error:
                if self._widest == 1:
                    hint = "quantize (--quantize 4bit) or use a smaller model"
                    message = "out of memory even one row at a time"
                    raise ModelError(message, hint=hint, retryable=True) from error
                if self._cap is None:
                    log.warning("out of memory: halving the batches")
                self._cap = self._widest // 2
            # Outside the handler, whose error still holds the tensors that filled the memory.
            forget()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def _default_gib(device: str) -> float:
    """Half of what is free on a GPU once the model is loaded; a fixed share on a CPU."""
    if device.startswith("cuda"):
        free, _ = torch.cuda.mem_get_info()
        return free / GIB / 2
    return ON_CPU
