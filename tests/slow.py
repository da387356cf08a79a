"""Tests marked `slow` are left out of a plain `pytest`, which says so; CI runs them, and whoever names a place or a mark."""

from __future__ import annotations

import os
from typing import Any

import pytest

_left_out = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """As if `-m "not slow"` had been given; each process of xdist has the arguments of the first, and does the same."""
    named = config.option.markexpr or config.args_source is pytest.Config.ArgsSource.ARGS
    if not (named or os.environ.get("CI")):
        config.option.markexpr = "not slow"
        config.stash[_left_out] = 0


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Counts them, in the process that collects."""
    for item in items:
        if item.get_closest_marker("slow") and _left_out in item.config.stash:
            item.config.stash[_left_out] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tells their number to the process that started this one; each of them collects all tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["slow"] = session.config.stash.get(_left_out, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes it."""
    if _left_out in node.config.stash:
        node.config.stash[_left_out] = getattr(node, "workeroutput", {}).get("slow", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line, where this file left them out."""
    if number := config.stash.get(_left_out, 0):
        terminalreporter.write_line(f"{number} slow tests left out, CI runs them; here: python -m pytest -m slow")
