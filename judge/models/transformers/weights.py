"""How many bytes the weights of a checkpoint take once they are loaded, from its files' heads. Builds no model."""

from __future__ import annotations

import math
from pathlib import Path

from judge.files import open_regular
from judge.models.transformers.folders import named_by
from judge.models.transformers.hub import downloaded
from judge.models.transformers.loading import placing_of
from judge.settings import Settings

_ALL, _INDEX, _ONE = "*.safetensors", "model.safetensors.index.json", "model.safetensors"
_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
_FLOATS = ("F64", "F32", "F16", "BF16")  # that are loaded in another number format than they are written in
_QUANTISED = {"4bit": 0.75, "8bit": 1.25}  # bytes of a weight, with the parts that stay large: an estimate


def bytes_of_weights(source: str, settings: Settings) -> int | None:
    """Bytes of a checkpoint's weights in memory; None where its files are not here (yet), or cannot be read."""
    folder = Path(source) if Path(source).is_dir() else downloaded(source)
    if folder is None:
        return None
    from safetensors import SafetensorError, safe_open

    of_a_float, total = _QUANTISED.get(settings.quantize) or placing_of(settings)[1].itemsize, 0.0
    try:
        for path in _files(folder):
            open_regular(path).close()  # the library would wait for a pipe
            with safe_open(path, framework="numpy") as file:
                for name in file.keys():  # noqa: SIM118 - it is no mapping
                    weight = file.get_slice(name)
                    kind, count = weight.get_dtype(), math.prod(weight.get_shape())
                    total += count * (of_a_float if kind in _FLOATS else _BYTES.get(kind, 1))
    except (OSError, ValueError, SafetensorError):
        return None
    return int(total) or None


def _files(folder: Path) -> list[Path]:
    """The files that hold the weights; of a model that comes in two forms, those that are read."""
    index, one = folder / _INDEX, folder / _ONE
    if index.is_file():
        return [folder / Path(str(name)).name for name in named_by(index) or ()]
    return [one] if one.is_file() else list(folder.glob(_ALL))
