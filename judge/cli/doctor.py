"""`judge doctor`: what is installed, what the machine has, what would be loaded, and whether real models load here."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from judge.cli.exits import Exit
from judge.errors import UserError

_PACKAGES = ("constitution-judge", "torch", "transformers", "bitsandbytes", "outlines", "gradio", "pillow", "pydantic")

_FROM_HUB = "hub cache"
_ABROAD = "not here yet: would be downloaded from the hub"
_REACHABLE = "reachable"
_ABSENT = {"wrong": "nothing found"}  # what no value means, where it is not that a package is not installed


def doctor(
    model: Annotated[str, typer.Option("--model", "-m", help="The model to look for.")] = "bundled",
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Empty the cache folder (JUDGE_CACHE_DIR) of what judge put there.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show versions, devices, memory, cache, the model that would load and whether the hub answers; load a tiny random
    model of its own making, to see whether real ones load here. Exit code 2 or 3 where the model's files are damaged or
    missing, cannot be judged with, or its name is none; 3 where no model loads."""
    if clear_cache:
        _clear(json)
        return
    from judge.models.transformers import trial

    trying = trial.started()  # beside all others
    report: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _installed(name) for name in _PACKAGES},
        "devices": _devices(),
        "memory_gib": _memory_gib(),
        "disk_free_gib": round(shutil.disk_usage(Path.home()).free / 2**30, 1),
        "model": (found := of_model(model)),
        "hub": (hub := _hub()),
        **_cache(),
    }
    if found["found"] == _ABROAD and hub != _REACHABLE:
        found["wrong"] = f"it is not here, and the hub: {hub}"
    tried = trial.result(trying)
    report["real_models"] = asdict(tried) if json else str(tried)
    if json:
        from json import dumps

        print(dumps(report))
    else:
        _show(report)
    raise typer.Exit(exit_of(found) or (Exit.NO_VIOLATION if tried.loads else Exit.FAILURE))


def exit_of(model: dict[str, Any]) -> Exit:
    """What is wrong in a folder, or with a name, is the user's to mend; what the hub gave damaged, a failure."""
    if model.get("wrong"):
        return Exit.FAILURE if model["found"] in (_FROM_HUB, _ABROAD) else Exit.USER_MISTAKE
    return Exit.USER_MISTAKE if model["found"].startswith("no: ") else Exit.NO_VIOLATION


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> list[dict[str, Any]]:
    import torch

    devices: list[dict[str, Any]] = [{"name": "cpu", "threads": torch.get_num_threads()}]
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        devices.append(
            {"name": f"cuda:{index}", "card": properties.name, "memory_gib": round(properties.total_memory / 2**30, 1)}
        )
    return devices


def _memory_gib() -> dict[str, float]:
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        names = {"total": "SC_PHYS_PAGES", "free": "SC_AVPHYS_PAGES"}
        return {key: round(os.sysconf(name) * page / 2**30, 1) for key, name in names.items()}
    except (ValueError, OSError, AttributeError):
        return {}


def of_model(name: str) -> dict[str, Any]:
    """Where the model would come from, and what is wrong with its files; no weight is read, and nothing downloaded."""
    from judge.models.backends import is_backend, offered_by
    from judge.models.transformers.folders import check_folder, damage, missing
    from judge.models.transformers.hub import downloaded, is_id
    from judge.resources import bundled_model
    from judge.settings import BUNDLED, is_address

    if is_address(name):
        return {"name": name, "found": "an address: nothing is loaded here, and the server is not asked by doctor"}
    if is_backend(name):
        return {"name": name, "found": f"a backend of the package {offered_by(name)}: nothing is loaded here"}
    folder = bundled_model() if name == BUNDLED else Path(name)
    try:
        if name != BUNDLED:
            check_folder(name)
        wrong = None
    except UserError as error:
        wrong = _without_name(error, folder)
    if folder.is_dir():
        size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        wrong = wrong or damage(folder) or missing(folder)
        if wrong is None and name != BUNDLED:  # what is bundled is pinned, and libraries take seconds to come
            wrong = _misfit(folder)
        return {"name": name, "found": "folder", "mib": round(size / 2**20, 1), "wrong": wrong}
    if wrong is not None:
        return {"name": name, "found": f"no: {wrong}"}
    cached = downloaded(name)
    if cached is not None:
        return {"name": name, "found": _FROM_HUB, "wrong": damage(cached)}
    if not is_id(name):
        return {"name": name, "found": "no: neither a folder nor a valid hub id"}
    return {"name": name, "found": _ABROAD}


def _misfit(folder: Path) -> str | None:
    """Why the model in a folder cannot be judged with; None where nothing is found. Python code of its own never runs
    here."""
    from judge.models.transformers.chat_processor import check_unread
    from judge.models.transformers.checkpoints import configuration
    from judge.models.transformers.internals import is_multimodal
    from judge.settings import Settings

    try:
        config = configuration(str(folder), Settings())
        if not is_multimodal(config):
            return f"a model of another kind ({config.model_type}), which answers no questions about images"
        check_unread(str(folder))
    except UserError as error:
        return _without_name(error, folder)
    return None


def _without_name(error: UserError, folder: Path) -> str:
    """What is wrong, without the name that stands beside it."""
    return error.message.removeprefix(f"cannot load {folder}: ").removeprefix(f"cannot use {folder}: ")


def _hub() -> str:
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return "offline (HF_HUB_OFFLINE is set)"
    try:
        response = get_session().get(f"{constants.ENDPOINT}/api/models?limit=1", timeout=5)
    except Exception as error:  # any network error means the same here: not reachable, and why
        return f"not reachable ({type(error).__name__})"
    if response.status_code >= 400:
        return f"answers with status {response.status_code}"
    try:
        return _REACHABLE if isinstance(response.json(), list) else "what answers there is no hub of models"
    except ValueError:
        return "what answers there is no hub of models"


def _cache() -> dict[str, Any]:
    from judge.caches.clearing import cache_size
    from judge.settings import cache_dir

    return {"cache": str(cache_dir()), "cache_mib": round(cache_size() / 2**20, 1)}


def _clear(json: bool) -> None:
    from judge.caches.clearing import clear_cache
    from judge.files import size
    from judge.settings import cache_dir

    done = clear_cache()
    if json:
        from json import dumps

        print(dumps({"cache": str(cache_dir()), "removed_files": done.files, "removed_bytes": done.size}))
    else:
        print(f"removed {done.files} files ({size(done.size)}) from {cache_dir()}")
    if done.left:
        print(f"judge: {len(done.left)} files there are not judge's and stay, such as {done.left[0]}", file=sys.stderr)


def _show(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, title="judge doctor", title_justify="left")
    for name, value in report.items():
        if isinstance(value, dict):
            text = "\n".join(
                f"{key}: {inner if inner is not None else _ABSENT.get(key, 'not installed')}"
                for key, inner in value.items()
            )
        elif isinstance(value, list):
            text = "\n".join(", ".join(f"{key} {inner}" for key, inner in one.items()) for one in value)
        else:
            text = str(value)
        table.add_row(name, text)
    Console().print(table)
