"""Silences model libraries while they load and compute: their progress bars, their advice, their warnings."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_guard = threading.Lock()
_inside = 0  # blocks that are open now, of all threads together
_after = ExitStack()  # puts back what a user had set


@contextmanager
def quiet() -> Iterator[None]:
    """Within the block transformers, the hub's client and what they load draw no progress bars and say errors only.

    What a user set is kept: within the block where the libraries' environment variables say it, else put back after.
    Blocks may overlap, in one thread or several: the first to begin silences, the last to end puts back.
    """
    global _inside
    with _guard:
        _inside += 1
        if _inside == 1:
            _silence(_after)
    try:
        yield
    finally:
        with _guard:
            _inside -= 1
            if _inside == 0:
                _after.close()


def _silence(after: ExitStack) -> None:
    import logging as standard

    from huggingface_hub import constants
    from transformers.utils import logging

    after.callback(logging.set_verbosity, talks := logging.get_verbosity())
    if "TRANSFORMERS_VERBOSITY" not in os.environ:
        logging.set_verbosity(max(talks, logging.ERROR))
    if logging.is_progress_bar_enabled() and constants.HF_HUB_DISABLE_PROGRESS_BARS is None:
        logging.disable_progress_bar()
        after.callback(logging.enable_progress_bar)
    if constants.HF_HUB_DISABLE_PROGRESS_BARS is not False:
        _stop_bars(after)
    places = standard.getLogger("accelerate")
    after.callback(places.setLevel, places.level)
    places.setLevel(standard.ERROR)


def _stop_bars(after: ExitStack) -> None:
    """Packages that read quantised weights (compressed-tensors) draw bars of their own and ask nobody."""
    from tqdm import tqdm

    own = tqdm.__init__

    def hidden(self: Any, *given: Any, **named: Any) -> None:
        own(self, *given, **{**named, "disable": True})

    after.callback(setattr, tqdm, "__init__", own)
    tqdm.__init__ = hidden
