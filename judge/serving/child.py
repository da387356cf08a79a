"""A fresh process that is to judge, made ready: quiet, without what it never uses, with as many threads as it may
have, gone when its parent is."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import warnings

from judge.lean import start_lean

_MOST_SAID = 100


def settle(threads: int | None) -> list[str]:
    """Make this process ready, before anything heavy is imported. What is said for people from now on comes into the
    list that is returned: the same would be said by every process.

    threads: for arithmetic; None is as many as the machine has cores.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it says when it ends
    _end_with_parent()
    if threads is not None:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for name, value in (("TRANSFORMERS_VERBOSITY", "error"), ("HF_HUB_VERBOSITY", "critical")):
        os.environ.setdefault(name, value)
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    start_lean()
    warnings.simplefilter("ignore")
    said: list[str] = []
    logging.getLogger("judge").handlers = [_Collect(said)]
    logging.getLogger().addHandler(logging.NullHandler())
    return said


class _Collect(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        if record.levelno >= logging.WARNING and len(self._said) < _MOST_SAID:
            self._said.append(record.getMessage())


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
