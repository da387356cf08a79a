"""Made-up art, so that the bench is built without a network: every name is a shape of its own colour."""

from __future__ import annotations

import zlib

import pytest

from benchmarks.drawn_os_bench import recipes, vocabulary
from benchmarks.drawn_os_bench.stage import Art


def drawing_names() -> set[str]:
    """Every drawing that the bench may use."""
    lists = [value for name, value in vars(vocabulary).items() if name.isupper() and not name.startswith("_")]
    names = {name for value in lists if isinstance(value, tuple) for name in value}
    return names | {plan.cue.sprite for plan in recipes.PLANS.values() if plan.cue.sprite}


@pytest.fixture(scope="session")
def shapes() -> Art:
    def body(name: str) -> str:
        number = zlib.crc32(name.encode())
        return f'<rect x="3" y="{2 + number % 5}" width="{22 + number % 11}" height="29" fill="#{number % 2**24:06x}"/>'

    return Art({name: {"body": body(name)} for name in drawing_names()})
