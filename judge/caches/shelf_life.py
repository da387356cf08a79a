"""How long what a model said may stand in for asking it again. Knows no file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from judge.verdict import ModelIdentity


def kept_for(models: Iterable[ModelIdentity]) -> str:
    """A part for the names of what is kept: the day (UTC) where a server has one of the models, else nothing.

    A server may exchange its weights while address, name and build stay: nobody else would notice, so what it said is
    used for the day only.
    """
    return today() if any(model.served for model in models) else ""


def today() -> str:
    """The day in UTC, as ISO 8601."""
    return datetime.now(UTC).date().isoformat()
