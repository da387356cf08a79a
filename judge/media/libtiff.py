"""What libtiff says of damaged data, from C: by default it writes on the user's screen, and Pillow lets it.

Its handler of errors belongs to the whole process, so ours stands in front of the one that was there while somebody
listens (see `heard`), sorts what is said by thread, and passes on what is nobody's here. Turning the process's stderr
elsewhere meanwhile would take the lines of other threads and of child processes along. Of warnings nothing is known:
Pillow turns them off before every picture.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from typing import Any

from PIL import _imaging

# The third argument is C's list of the values that belong into the text. It is passed on and never looked into: what it
# is differs by machine, but everywhere it is handed over like a pointer.
_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
_VALUE = re.compile(r"%[-+ #0]*[0-9*]*(?:\.[0-9*]+)?(?:hh?|ll?|[zjtLq]|I64)?[a-zA-Z]")


def _setter() -> Callable[[int | None], int | None] | None:
    """libtiff's own function that sets its handler, of the copy that Pillow is linked with; None where it cannot be had
    (a Pillow without libtiff, or one that hides it inside)."""
    try:
        found: Any = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (OSError, AttributeError):
        return None
    found.argtypes, found.restype = (ctypes.c_void_p,), ctypes.c_void_p
    return found  # type: ignore[no-any-return]


_set = _setter()
_before: int | None = None
_take: Callable[[str, str], bool] = lambda place, message: False  # noqa: E731


def _say(module: bytes | None, text: bytes | None, values: int | None) -> None:
    said = f"{(module or b'').decode('latin-1')}: {_VALUE.sub('...', (text or b'').decode('latin-1'))}"
    if not _take("PIL.TiffImagePlugin", said) and _before:
        _HANDLER(_before)(module, text, values)


_ours = _HANDLER(_say)  # kept: C has its address only
_address = ctypes.cast(_ours, ctypes.c_void_p).value


def listen(take: Callable[[str, str], bool]) -> None:
    """From now on ask `take` (who speaks, and what) of each error whether it is heard here."""
    global _before, _take
    if _set is not None:
        _take = take
        known = _set(_address)
        if known != _address:
            _before = known


def stop() -> None:
    """Put the handler back that was there, unless somebody has put another one in front meanwhile."""
    if _set is not None:
        known = _set(_before)
        if known != _address:
            _set(known)
