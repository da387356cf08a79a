"""Tests marked `slow` are left out of a plain `pytest`, which says so; CI runs them, and whoever names a place or a mark.
Tests marked `rare` are left out of CI, too, which has twenty minutes: they take a minute and more of both cores, and are
of what changes seldom."""

from __future__ import annotations

import os
from typing import Any

import pytest

_left_out = pytest.StashKey[int]()
_WHERE = {
    "slow": "CI runs them; here: python -m pytest -m slow",
    "rare": "run by python -m pytest -m rare",
}


def pytest_configure(config: pytest.Config) -> None:
    """As if `-m "not slow and not rare"` had been given, in CI `-m "not rare"`; each process of xdist has the arguments of the first, and does the same."""
    named = config.option.markexpr or config.args_source is pytest.Config.ArgsSource.ARGS
    if not named:
        config.option.markexpr = "not rare" if os.environ.get("CI") else "not slow and not rare"
        config.stash[_left_out] = 0


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Counts them, in the process that collects."""
    for item in items:
        marked = item.get_closest_marker("slow") or item.get_closest_marker("rare")
        if marked and _left_out in item.config.stash:
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
        which = "rare" if os.environ.get("CI") else "slow"
        terminalreporter.write_line(f"{number} {which} tests left out, {_WHERE[which]}")
