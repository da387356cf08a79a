"""What Pillow says while a picture is decoded: warnings, log lines, errors of libtiff. It is heard here, nowhere else.

Python's filters of warnings belong to the whole process. So a filter for Pillow alone stands in front of them while any
thread decodes, and what comes through is sorted by thread: what other threads and the user's own program have to say
goes where it went before.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from judge.media import libtiff

_MOST = 100  # different remarks of one file
_DECODER = re.compile(r"PIL[./\\](\w+)ImagePlugin")
_lock = threading.Lock()
_here = threading.local()
_listening = 0
_before: Callable[..., Any] = warnings.showwarning


@contextmanager
def heard() -> Iterator[list[tuple[str, str]]]:
    """A list that fills with what Pillow's decoders say in this thread, each once: who (`Tiff`, `Png`), and what.

    Within another, only the inner one hears.
    """
    said: list[tuple[str, str]] = []
    outer = getattr(_here, "said", None)
    _here.said = said
    _begin()
    try:
        yield said
    finally:
        _end()
        _here.said = outer


class _Ear(logging.Handler):
    """Pillow's log, which has no handler of its own: Python would write its lines on the user's screen."""

    def emit(self, record: logging.LogRecord) -> None:
        _take(record.name, record.getMessage())


_ear = _Ear(logging.WARNING)


def _begin() -> None:
    global _listening, _before
    with _lock:
        _listening += 1
        if warnings.showwarning is not _show:
            _before, warnings.showwarning = warnings.showwarning, _show
        warnings.filterwarnings("always", module=r"PIL\.")
        logging.getLogger("PIL").addHandler(_ear)
        libtiff.listen(_take)


def _end() -> None:
    global _listening
    with _lock:
        _listening -= 1
        if _listening:
            return
        if warnings.showwarning is _show:
            warnings.showwarning = _before
        ours = ("always", None, Warning, re.compile(r"PIL\."), 0)
        while ours in warnings.filters:
            warnings.filters.remove(ours)  # type: ignore[attr-defined]
        logging.getLogger("PIL").removeHandler(_ear)
        libtiff.stop()


def _show(message: Warning | str, category: type[Warning], filename: str, *more: Any, **named: Any) -> None:
    if not _take(filename, str(message)):
        _before(message, category, filename, *more, **named)


def _take(place: str, message: str) -> bool:
    said = getattr(_here, "said", None)
    if said is None:
        return False
    decoder = _DECODER.search(place)
    if decoder is not None:
        one = decoder[1], " ".join(message.split())
        if len(said) < _MOST and one not in said:  # one may be said of every row
            said.append(one)
    return decoder is not None or "PIL" in place
