"""What is wrong with the folder of a checkpoint, told before a library stumbles over it. Builds no model."""

from __future__ import annotations

import json
import os
from pathlib import Path

from judge.errors import UserError
from judge.files import open_regular, read_whole

READ = (".json", ".safetensors", ".jinja", ".model", ".txt")  # suffixes of what a model is made of
DAMAGED = "the files are incomplete or damaged: get the model again"
SERVE_GGUF = (
    "serve it with llama.cpp (`llama-server -m MODEL.gguf --mmproj MMPROJ.gguf`) and give its address: --model "
    "http://HOST:PORT/v1 (docs/servers.md)"
)
PICKLED = (
    "pickled weights can run programs, so they are never read: take a revision of the model with safetensors; or, "
    "where you trust the file, write it anew with transformers: AutoModelForImageTextToText"
    ".from_pretrained(MODEL, use_safetensors=False).save_pretrained(FOLDER)"
)
_OTHER_WEIGHTS = (  # what a folder holds in place of safetensors, what that is, and what to do
    ("*.gguf", "weights for llama.cpp", SERVE_GGUF),
    ("pytorch_model*.bin", "pickled weights", PICKLED),
)
_FOREIGN = (  # what a folder without config.json holds, what that is, and what to do
    ("*.gguf", "weights for llama.cpp", SERVE_GGUF),
    ("adapter_config.json", "an adapter (LoRA) without its model", "merge it into its model and name the result"),
    ("model_index.json", "a pipeline that makes images", "name a model that answers questions about images"),
    ("*.onnx", "a model for ONNX", "name the model that it was made from"),
    ("*.bin", "pickled weights without a configuration", "get the checkpoint as safetensors, with its config.json"),
)

_MOST_JSON = 2**28  # bytes: the largest tokenizers have 2**25
_WEIGHTS, _INDEX = "*.safetensors", "*.safetensors.index.json"
_POINTER = b"version https://git-lfs"
_OBJECTS = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "generation_config.json",
)
_PARTS = {  # of a model, by the files that hold them
    "configuration": ("config.json",),
    "weights": (_WEIGHTS,),
    "tokenizer": ("tokenizer.json", "*.model", "vocab.*", "tekken.json"),
    "image processor": ("preprocessor_config.json", "processor_config.json"),
}
_LOADED_AS = {"model": ("weights",), "processor": ("tokenizer", "image processor")}


def check_folder(source: str) -> None:
    """Refuse a path that is no folder of a checkpoint, and one whose weights cannot be what they should.

    Weights are read from the folder itself only: its digest covers no others.

    Raises:
        UserError: what is wrong, and with which file.
    """
    path = Path(source)
    if path.is_file():
        hint = SERVE_GGUF if path.suffix == ".gguf" else "name the folder that config.json lies in"
        raise UserError(f"cannot load {source}: a file, not the folder of a model", hint=hint)
    if not path.is_dir():
        if path.is_absolute() or source.startswith((f".{os.sep}", f"..{os.sep}", "~")):
            raise UserError(f"cannot load {source}: there is no such folder", hint="check the path")
        return
    for one in sorted(path.iterdir()):
        if one.suffix in READ and not one.is_dir():
            _check_regular(source, one)
    if not (path / "config.json").exists():
        _refuse_foreign(source, path)
    if not any((*path.glob(_WEIGHTS), *path.glob(_INDEX))):
        _refuse_other_weights(source, path)
    for one in sorted((*path.glob("adapter_config.json"), *path.glob("adapter_model.*"))):
        raise UserError(
            f"cannot load {source}: {one.name} says that the model has an adapter (LoRA), which would be left out",
            hint="merge the adapter into the model (peft: merge_and_unload) and name the result; or take its files out "
            "of the folder, to judge without it",
        )
    for index in sorted(path.glob(_INDEX)):
        names = [str(name) for name in named_by(index) or ()]
        outside = sorted(name for name in names if Path(name).name != name)
        if outside:
            raise UserError(
                f"cannot load {source}: {index.name} names weights that lie elsewhere, such as {outside[0]}",
                hint="put them into the folder: the digest in verdicts covers no others",
            )
    found = _damaged_weights(path)
    if found is not None:
        raise UserError(f"cannot load {source}: {found}", hint=DAMAGED)


def damage(folder: Path) -> str | None:
    """What is wrong with the files of a checkpoint's folder, or not there, by their names; None where nothing is found.

    Looks at what is there, not whether it fits together.
    """
    said = (_no_json(path) for path in sorted(folder.glob("*.json")))
    return next((one for one in said if one is not None), None) or _damaged_weights(folder)


def missing(folder: Path, of: str = "") -> str | None:
    """Which part of a model a folder lacks; None where all are there.

    of: look only for what is loaded as its `model` or its `processor`.
    """
    try:
        sees = "vision_config" in json.loads(read_whole(folder / "config.json"))
    except (OSError, ValueError, TypeError, RecursionError):
        sees = False
    for part, patterns in _PARTS.items():
        if (part == "image processor" and not sees) or part not in _LOADED_AS.get(of, _PARTS):
            continue
        if not any(any(folder.glob(pattern)) for pattern in patterns):
            return f"no {part} in the folder ({patterns[0]})"
    return None


def _no_json(path: Path) -> str | None:
    try:
        data = read_whole(path, _MOST_JSON)
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})"
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        if data.startswith(_POINTER):
            return f"{path.name} is a pointer of git LFS in place of the file"
        return f"{path.name} is no JSON"
    if path.name in _OBJECTS and not isinstance(said, dict):
        return f"{path.name} is no JSON object"
    if path.name == "tokenizer.json" and not (isinstance(said.get("model"), dict) and "added_tokens" in said):
        return f"{path.name} holds no tokenizer"
    return None


def _check_regular(source: str, file: Path) -> None:
    """Before a library opens it, which would wait for a pipe."""
    try:
        open_regular(file).close()
    except OSError as error:
        raise UserError(f"cannot load {source}: {file.name} cannot be read ({error.strerror})", hint=DAMAGED) from error


def _refuse_foreign(source: str, folder: Path) -> None:
    for pattern, what, instead in _FOREIGN:
        if any(folder.glob(pattern)):
            raise UserError(f"cannot load {source}: the folder holds {what}, not a model of transformers", hint=instead)
    if any(folder.glob("*_config.json")):
        return  # a processor or a tokenizer by itself
    raise UserError(f"cannot load {source}: no config.json in the folder", hint="name the folder that it lies in")


def _refuse_other_weights(source: str, folder: Path) -> None:
    for pattern, what, instead in _OTHER_WEIGHTS:
        for one in sorted(folder.glob(pattern))[:1]:
            raise UserError(
                f"cannot load {source}: no weights in the folder ({_WEIGHTS}), but {what} ({one.name})", hint=instead
            )


def _damaged_weights(folder: Path) -> str | None:
    """Weights that cannot be read, or of which a part is not there."""
    for index in sorted(folder.glob(_INDEX)):
        names = named_by(index)
        if names is None:
            return f"{index.name} is no index of weights"
        absent = sorted(str(name) for name in names if not (folder / str(name)).exists())
        if absent:
            return f"{absent[0]} is missing, of the {len(names)} files of weights that {index.name} names"
    said = (_no_weights(path) for path in sorted(folder.glob(_WEIGHTS)))
    return next((one for one in said if one is not None), None)


def named_by(index: Path) -> set[object] | None:
    """The files that an index of weights names; None where it is no index."""
    try:
        return set(json.loads(read_whole(index, _MOST_JSON))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _no_weights(path: Path) -> str | None:
    from safetensors import SafetensorError, safe_open

    try:
        open_regular(path).close()  # the library would wait for a pipe
        with safe_open(path, framework="pt"):
            return None
    except (OSError, SafetensorError, ValueError) as error:
        return f"{path.name} cannot be read ({' '.join(str(error).split())})"
