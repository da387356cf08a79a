"""What weights a checkpoint's files hold, and how many bytes they take once loaded, from the files' heads alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from judge.files import open_regular
from judge.models.transformers.folders import named_by
from judge.models.transformers.hub import downloaded
from judge.models.transformers.placing import placing_of
from judge.settings import Settings

_ALL, _INDEX, _ONE = "*.safetensors", "model.safetensors.index.json", "model.safetensors"
_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
_FLOATS = ("F64", "F32", "F16", "BF16")  # that are loaded in another number format than they are written in
_QUANTISED = {"4bit": 0.75, "8bit": 1.25}  # bytes of a weight, with the parts that stay large: an estimate


@dataclass(frozen=True)
class Weight:
    """What the head of a file says of a weight: its number format, such as `BF16`, and how many numbers it has."""

    format: str
    count: int


def bytes_of_weights(source: str, settings: Settings) -> int | None:
    """Bytes of a checkpoint's weights in memory; None where its files are not here (yet), or cannot be read."""
    folder = Path(source) if Path(source).is_dir() else downloaded(source)
    stored = stored_weights(folder) if folder is not None else {}
    of_a_float = _QUANTISED.get(settings.quantize) or placing_of(settings)[1].itemsize
    total = sum(
        weight.count * (of_a_float if weight.format in _FLOATS else _BYTES.get(weight.format, 1))
        for weight in stored.values()
    )
    return int(total) or None


def stored_weights(folder: Path) -> dict[str, Weight]:
    """The weights in the files of a folder, by name; empty where one of the files cannot be read."""
    from safetensors import SafetensorError, safe_open

    stored: dict[str, Weight] = {}
    try:
        for path in _files(folder):
            open_regular(path).close()  # the library would wait for a pipe
            with safe_open(path, framework="numpy") as file:
                for name in file.keys():  # noqa: SIM118 - it is no mapping
                    weight = file.get_slice(name)
                    stored[name] = Weight(weight.get_dtype(), math.prod(weight.get_shape()))
    except (OSError, ValueError, SafetensorError):
        return {}
    return stored


def _files(folder: Path) -> list[Path]:
    """The files that hold the weights; of a model that comes in two forms, those that are read."""
    index, one = folder / _INDEX, folder / _ONE
    if index.is_file():
        return [folder / Path(str(name)).name for name in named_by(index) or ()]
    return [one] if one.is_file() else list(folder.glob(_ALL))
