"""Keeps reports in the cache, by all that a probe's outcome depends on, and remembers who was told of a lack of one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from judge.files import read_text, remember
from judge.probing.report import ProbeReport
from judge.settings import cache_room
from judge.verdict import ModelIdentity, Probed
from judge.versions import installed


def keep(report: ProbeReport) -> None:
    """Keep a report in the place of an earlier one of the same model, number format and versions."""
    remember(_path(report.model, ".json"), report.model_dump_json())


def kept(model: ModelIdentity) -> ProbeReport | None:
    """The latest report on a model as it is loaded now, with the libraries that are installed now."""
    try:
        found = ProbeReport.model_validate_json(read_text(_path(model, ".json")))
    except (OSError, ValueError):
        return None  # absent or damaged: it was not probed
    return found if found.model == model else None


def named(report: ProbeReport) -> Probed:
    """How a verdict names a report."""
    return Probed(digest=report.digest, date=report.date, outcome=report.outcome)


def first_time(model: ModelIdentity) -> bool:
    """Whether this is the first time that it is asked of this model; where nothing can be kept, it always is."""
    path = _path(model, ".told")
    if path.is_file():
        return False
    remember(path, "")
    return True


def _path(model: ModelIdentity, suffix: str) -> Path:
    key = f"{model.model_dump_json()}|{json.dumps(installed(), sort_keys=True)}"
    return cache_room("probes") / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{suffix}"
