"""Keeps what transformers finds when it reads through its own 1,100 folders of models, 0.4 seconds of the processor at
every start: they do not change between two runs, and where one did all are read through again.

Done in processes of our own only, as `lean`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

Scan = Callable[[Any], dict[Any, Any]]
MODULE, FUNCTION = "transformers.utils.import_utils", "create_import_structure_from_path"


def keeping(scan: Scan) -> Scan:
    """`scan`, which reads through the folder of models (or of a file in it) once, and then what was kept of it."""

    def scanned(module_path: Any) -> dict[Any, Any]:
        folder = Path(module_path)
        folder = folder.parent if folder.is_file() else folder
        if folder.name != "models":
            return scan(module_path)
        from judge.files import read_text, remember
        from judge.settings import cache_room

        path = cache_room("imports") / f"{_stamp(folder)}.json"
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            kept: dict[Any, Any] = _unpacked(json.loads(read_text(path)))
            if kept:
                return kept
        found = scan(module_path)
        text = json.dumps(_packed(found))
        if _unpacked(json.loads(text)) == found:  # else transformers finds what this does not know to write
            remember(path, text)
        return found

    return scanned


def _stamp(folder: Path) -> str:
    """Changes when a model comes, goes, or is installed anew."""
    with os.scandir(folder) as entries:
        held = sorted((one.name, one.stat().st_mtime_ns) for one in entries if one.name != "__pycache__")
    return hashlib.sha256(json.dumps([str(folder), held]).encode()).hexdigest()[:32]


def _packed(tree: Any) -> Any:
    """As JSON: a dict as pairs, of which a key may be a set; a set as an object."""
    if isinstance(tree, dict):
        return [[_packed(key), _packed(value)] for key, value in tree.items()]
    return {"set": sorted(tree)} if isinstance(tree, set | frozenset) else tree


def _unpacked(said: Any) -> Any:
    if isinstance(said, list):
        return {_key(key): _unpacked(value) for key, value in said}
    return set(said["set"])


def _key(said: Any) -> Any:
    return frozenset(said["set"]) if isinstance(said, dict) else said
