"""What lies at a checkpoint's id or folder, before any weight is read: its configuration, its digest, and why it cannot
be used where that is so. Builds no model."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from judge.errors import JudgeError, ModelError, UserError
from judge.files import read_text, remember, sha256_of
from judge.models.transformers.folders import DAMAGED, PICKLED, READ, SERVE_GGUF, check_folder, damage, missing
from judge.models.transformers.hub import damaged, downloaded, is_network_failure, only_local, unreachable
from judge.models.transformers.internals import is_tested, untested
from judge.models.transformers.quiet import quiet
from judge.settings import Settings, cache_room

_CODE = "custom code"  # how transformers speaks of Python files that come with a checkpoint
_CHECK = "check the id or the folder; a gated or private model needs `hf auth login`; offline, give a local folder"
_VALUES = (
    "no file is damaged as such: either a value in config.json is wrong, or transformers cannot load this model; "
    "`judge doctor` says whether it loads one here"
)
_INSTALL = "install the package that it names beside the judge, or choose another model"


def configuration(source: str, settings: Settings) -> Any:
    """The configuration of a checkpoint.

    Raises as `loaded` does.
    """
    from transformers import AutoConfig

    check_folder(source)
    return loaded(
        source,
        "configuration",
        lambda given: AutoConfig.from_pretrained(source, trust_remote_code=settings.trust_remote_code, **given),
    )


def architecture(source: str, settings: Settings) -> str:
    """The `model_type` of a checkpoint, from its configuration alone."""
    return str(configuration(source, settings).model_type)


def loaded(source: str, part: str, load: Callable[[dict[str, bool]], Any]) -> Any:
    """`load`, given what tells transformers not to ask the hub where that is in vain, quietly, and its errors sorted.

    part: of the checkpoint, named in messages.

    Raises:
        UserError: no such checkpoint, or one that cannot be used.
        ModelError: the hub or the machine failed.
    """
    local = {"local_files_only": True} if only_local(source) else {}
    try:
        with quiet():
            return load(local)
    except JudgeError:
        raise
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise ModelError(f"{source} does not fit in memory", hint="try --quantize 4bit or a smaller model") from error
    except Exception as error:  # what is damaged or foreign makes libraries fail in any way
        if not local and is_network_failure(error):
            raise unreachable(source, "the connection failed while loading") from error
        folder = downloaded(source)
        if folder is not None and (what := damage(folder)) is not None:
            raise damaged(source, what, folder) from error
        raise _unusable(source, part, error) from error


def _unusable(source: str, part: str, error: Exception) -> UserError:
    logging.getLogger(__name__).debug("cannot load %s", source, exc_info=error)
    if _CODE in str(error):
        return UserError(
            f"cannot load {source}: its {part} needs Python code that comes with it, which never runs unasked",
            hint="choose a model that transformers knows itself; or, if you have read that code and trust it, "
            "--trust-remote-code",
        )
    if "Unrecognized configuration class" in str(error):
        return UserError(
            f"cannot load {source}: its {part}: a model of another kind, such as one for text alone",
            hint="choose a model that answers questions about images",
        )
    if "does not recognize this architecture" in str(error):
        family = re.search(r"model type `([^`]*)`", str(error))
        named = f" '{family.group(1)}'" if family else ""
        return UserError(
            f"cannot load {source}: its {part}: the installed transformers knows no family{named} (model_type in "
            "config.json)",
            hint="a newer transformers may know it (pip install -U transformers); else choose another model, or serve "
            "it and name the address: --model http://HOST:PORT/v1",
        )
    folder = Path(source)
    if folder.is_dir() and not isinstance(error, ImportError):
        what = damage(folder) or missing(folder, part)
        if what is not None:
            return UserError(f"cannot load {source}: its {part}: {what}", hint=DAMAGED)
    first, *more = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    if first.endswith(":") and more:  # the sentence goes on
        first = f"{first} {more[0]}"
    if isinstance(error, OSError | ImportError):
        return UserError(f"cannot load {source}: its {part}: {first}", hint=_what_to_do(source, error))
    # The files were looked through by now: which of them and the library is at fault, nobody knows.
    named = "transformers " + metadata.version("transformers")
    said = f"cannot load {source}: its {part}: {named} failed: {type(error).__name__}: {first}"
    return UserError(said, hint=_what_to_do(source, error) if is_tested("transformers") else untested("transformers"))


def _what_to_do(source: str, error: Exception) -> str:
    """About a checkpoint that a library stumbled over, where nothing better is known of it."""
    if isinstance(error, ImportError):
        return _INSTALL
    if Path(source).is_dir():
        return _VALUES
    if "gguf" in source.casefold():
        return SERVE_GGUF
    return PICKLED if "cannot be loaded with `safetensors`" in str(error) else _CHECK


def digest(source: str) -> str:
    """A hub model's commit, or the SHA-256 over the files of a folder (remembered by size and time)."""
    folder = Path(source)
    if not folder.is_dir():
        snapshot = downloaded(source)  # which the hub's cache names by the commit
        return snapshot.name if snapshot is not None else "unknown"
    files = sorted(path for path in folder.iterdir() if path.suffix in READ and not path.is_dir())
    stamp = json.dumps([[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files])
    key = hashlib.sha256(f"{folder.resolve()}|{stamp}".encode()).hexdigest()[:32]
    remembered = cache_room("digests") / key
    with contextlib.suppress(OSError, ValueError):
        if re.fullmatch("[0-9a-f]{64}", known := read_text(remembered)):
            return known  # anything else there is damage, and made again
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.name}:{sha256_of(path)}\n".encode())
    remember(remembered, total.hexdigest())
    return total.hexdigest()


def short_name(source: str) -> str:
    """A folder's own name: where it lies on this machine is nobody else's business."""
    path = Path(source)
    return path.resolve().name if path.is_dir() else source
