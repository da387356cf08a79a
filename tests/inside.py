"""A command that a test runs in its own process: what `judge` takes there for its own, it gives back afterwards.

Left behind, its log would go on into a stream of a test that is over, and its way to import would be that of all tests.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def given_back() -> Iterator[None]:
    """Around `judge.cli.main.main`: log, environment, warnings, imports, search for garbage and Ctrl-C as before it."""
    loggers = [logging.getLogger(), logging.getLogger("judge")]
    handlers, environment, finders = [list(one.handlers) for one in loggers], dict(os.environ), list(sys.meta_path)
    thresholds, stopping = gc.get_threshold(), signal.getsignal(signal.SIGINT)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        for logger, own in zip(loggers, handlers, strict=True):
            logger.handlers[:] = own
        os.environ.clear()
        os.environ.update(environment)
        sys.meta_path[:] = finders
        gc.set_threshold(*thresholds)
        atexit.unregister(gc.freeze)
        signal.signal(signal.SIGINT, stopping)
