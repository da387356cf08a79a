"""Silences model libraries while they load: their progress bars, their advice, their warnings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Within the block transformers and the hub's client draw no progress bars and say errors only.

    What a user set is kept: within the block where the libraries' environment variables say it, else put back after.
    """
    import logging as standard

    from huggingface_hub import constants
    from transformers.utils import logging

    talks, draws = logging.get_verbosity(), logging.is_progress_bar_enabled()
    draws = draws and constants.HF_HUB_DISABLE_PROGRESS_BARS is None
    if "TRANSFORMERS_VERBOSITY" not in os.environ:
        logging.set_verbosity(max(talks, logging.ERROR))
    if draws:
        logging.disable_progress_bar()
    places = standard.getLogger("accelerate")
    told = places.level
    places.setLevel(standard.ERROR)
    try:
        yield
    finally:
        places.setLevel(told)
        logging.set_verbosity(talks)
        if draws:
            logging.enable_progress_bar()
