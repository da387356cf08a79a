"""Packages that only rare tests need: the extra `ci` brings them, and `dev` does not."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, NoReturn

import pytest


def needs(module: str) -> Any:
    """The module; where its package is not installed, the test is skipped, and in CI it fails."""
    try:
        return import_module(module)
    except ImportError:
        missing(f"{module} is not installed: pip install -e '.[ci]' brings it")


def missing(what: str) -> NoReturn:
    """End a test for want of something that CI has."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what, allow_module_level=True)
