"""Finds the files that ship with the package: prompts, constitutions, the bundled model.

A checkout's top-level folders win over the copies packed into an installed wheel. A folder that only happens to hold
the package, as of a project that has a copy of it, is no checkout.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_NAME = "constitution-judge"
_PACKAGE = Path(__file__).resolve().parent


def shipped(folder: str) -> Path:
    """The folder of shipped files called `folder` (`prompts` or `constitutions`)."""
    checkout = _PACKAGE.parent / folder
    return checkout if checkout.is_dir() and _is_checkout(_PACKAGE.parent) else _PACKAGE / "shipped" / folder


def shipped_constitutions() -> dict[str, Path]:
    """Name to path of every constitution that ships, sorted by name."""
    paths = sorted(shipped("constitutions").glob("*.yaml"))
    return {path.stem: path for path in paths if "." not in path.stem}


def bundled_eyes() -> Path:
    """Folder of the encoder and detector that ships with the package."""
    return _PACKAGE / "models" / "bundled" / "eyes-v1"


def bundled_model() -> Path:
    """Folder of the multimodal model that ships with the package."""
    return _PACKAGE / "models" / "bundled" / "mini-v1"


@cache
def _is_checkout(folder: Path) -> bool:
    """Whether a folder is this project's own."""
    try:
        return f'name = "{_NAME}"' in (folder / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
