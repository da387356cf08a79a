"""Reads what a model wrote in a form that it was asked for: text outside, checked records inside. Knows no question."""

from __future__ import annotations

import json
from typing import TypeVar

from judge.json_once import once
from judge.settings import Frozen

Form = TypeVar("Form", bound=Frozen)


class Unreadable(ValueError):
    """A reply that was cut off, is not of its form, or says a key twice: nobody knows which of two was meant."""


def read_reply(form: type[Form], said: str) -> Form:
    """The reply as a record.

    Raises:
        Unreadable: it is none.
    """
    if getattr(said, "cut", False):
        raise Unreadable("cut off")
    try:
        json.loads(said, object_pairs_hook=once)
        return form.model_validate_json(said)
    except (ValueError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from error
