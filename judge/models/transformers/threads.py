"""How many threads a model computes with on a CPU: small ones with one, because sharing out costs them more than it
brings, and beside any other job many times more: every step waits for a thread that the system has put aside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

SMALL = 50_000_000  # parameters; the bundled model has 19 million
_USERS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def is_small(model: Any) -> bool:
    """Whether a model is best computed by one thread: it lies on a CPU and has few parameters."""
    return bool(model.device.type == "cpu" and sum(weight.numel() for weight in model.parameters()) <= SMALL)


@contextmanager
def one_thread(wanted: bool = True) -> Iterator[None]:
    """Within the block torch computes with one thread if that is wanted, and the user has not chosen a number, by
    environment variable or by `torch.set_num_threads`. The number is put back after."""
    before = torch.get_num_threads()
    if not wanted or before == 1 or _chosen(before):
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _chosen(threads: int) -> bool:
    """torch itself takes as many threads as there are cores, and some builds count a core with two threads once."""
    cores = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    own = {cores, cores // 2, usable, usable // 2}
    return any(os.environ.get(name) for name in _USERS) or threads not in own
