"""What is wrong with the folder of a checkpoint, told before a library stumbles over it. Builds no model."""

from __future__ import annotations

import json
import os
from pathlib import Path

from judge.errors import UserError

DAMAGED = "the files are incomplete or damaged: get the model again"
_FOREIGN = (  # what a folder without config.json holds, what that is, and what to do
    ("*.gguf", "weights for llama.cpp", "serve it with `llama-server` and give its address: --model http://HOST:PORT/v1"),
    ("adapter_config.json", "an adapter (LoRA) without its model", "merge it into its model and name the result"),
    ("model_index.json", "a pipeline that makes images", "name a model that answers questions about images"),
    ("*.onnx", "a model for ONNX", "name the model that it was made from"),
    ("*.bin", "pickled weights without a configuration", "get the checkpoint as safetensors, with its config.json"),
)  # fmt: skip


def check_folder(source: str) -> None:
    """Refuse a path that is no folder of a checkpoint, and one whose weights cannot be what they should.

    Weights are read from the folder itself only: its digest covers no others.

    Raises:
        UserError: what is wrong, and with which file.
    """
    path = Path(source)
    if path.is_file():
        hint = _FOREIGN[0][2] if path.suffix == ".gguf" else "name the folder that config.json lies in"
        raise UserError(f"cannot load {source}: a file, not the folder of a model", hint=hint)
    if not path.is_dir():
        if path.is_absolute() or source.startswith((f".{os.sep}", f"..{os.sep}", "~")):
            raise UserError(f"cannot load {source}: there is no such folder", hint="check the path")
        return
    if not (path / "config.json").exists():
        _refuse_foreign(source, path)
    for index in sorted(path.glob("*.safetensors.index.json")):
        _check_index(source, index)
    for weights in sorted(path.glob("*.safetensors")):
        _check_weights(source, weights)


def _refuse_foreign(source: str, folder: Path) -> None:
    for pattern, what, instead in _FOREIGN:
        if any(folder.glob(pattern)):
            raise UserError(f"cannot load {source}: the folder holds {what}, not a model of transformers", hint=instead)
    if any(folder.glob("*_config.json")):
        return  # a processor or a tokenizer by itself
    raise UserError(f"cannot load {source}: no config.json in the folder", hint="name the folder that it lies in")


def _check_index(source: str, index: Path) -> None:
    try:
        files = set(json.loads(index.read_bytes())["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"cannot load {source}: {index.name} is no index of weights", hint=DAMAGED) from error
    outside = sorted(str(name) for name in files if not isinstance(name, str) or Path(name).name != name)
    if outside:
        raise UserError(
            f"cannot load {source}: {index.name} names weights that lie elsewhere, such as {outside[0]}",
            hint="put them into the folder: the digest in verdicts covers no others",
        )


def _check_weights(source: str, weights: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, framework="pt"):
            pass
    except (OSError, SafetensorError, ValueError) as error:
        said = " ".join(str(error).split())
        raise UserError(f"cannot load {source}: {weights.name} cannot be read ({said})", hint=DAMAGED) from error
