"""Whether the models of a committee or a debate fit in memory beside each other. Loads nothing."""

from __future__ import annotations

from collections.abc import Sequence

from judge import resources
from judge.models.backends import is_backend
from judge.models.room import free_on
from judge.settings import BUNDLED, Settings, is_address

_GIB = 2**30
_FILLED = 0.9  # of what is free may hold weights; the rest is for pictures and caches


def runs_here(name: str) -> bool:
    """Whether a model is loaded by us: what a server or somebody else's package holds is not."""
    return not is_address(name) and not is_backend(name)


def why_not_beside(names: Sequence[str], settings: Settings) -> str | None:
    """Why these models cannot be loaded beside what is in memory already; None where they can, or nobody knows.

    Raises:
        UserError: there is no such device.
    """
    from judge.models.transformers.placing import placing_of
    from judge.models.transformers.weights import bytes_of_weights

    free = free_on(placing_of(settings)[0])
    if free is None:
        return None
    total = 0
    for name in names:
        size = bytes_of_weights(str(resources.bundled_model()) if name == BUNDLED else name, settings)
        if size is None:
            return f"the size of {name} is not known before it is downloaded"
        total += size
    if total <= _FILLED * free:
        return None
    return f"{', '.join(names)} would take {total / _GIB:.1f} GiB, and {free / _GIB:.1f} GiB are free"
