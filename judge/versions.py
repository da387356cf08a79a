"""Which versions of the libraries that sway a verdict are installed. Imports none of them."""

from __future__ import annotations

from functools import cache
from importlib import metadata

_NAMES = ("constitution-judge", "torch", "transformers", "bitsandbytes", "outlines", "pillow", "pi-heif")


@cache
def installed() -> dict[str, str]:
    """Version by name of the distribution, of those that are there."""
    found = {}
    for name in _NAMES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
