"""What the command says on stderr beside its data: this package's words, and nobody else's."""

from __future__ import annotations

import logging
import os
import sys
import warnings

from judge.printable import printable_lines


class _Line(logging.Formatter):
    """What is said may hold words of others."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return printable_lines(super().format(record))


def only_our_talk() -> None:
    """On stderr stands what this package says and nothing that its libraries say, unless the user asks for that by the
    libraries' own variables or Python's `-W`."""
    talk = logging.StreamHandler(sys.stderr)
    talk.setFormatter(_Line("judge: %(message)s"))
    logging.getLogger("judge").handlers = [talk]
    logging.getLogger().addHandler(logging.NullHandler())  # with no handler Python would print warnings itself
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_VERBOSITY", "critical")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
