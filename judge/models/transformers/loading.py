"""Loads transformers checkpoints: where to, in which number format. Python code that comes with one runs only where the
user asks for it; weights are read from safetensors only."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch

from judge import resources
from judge.errors import JudgeError, ModelError, UserError
from judge.files import read_text
from judge.models.transformers import quantization
from judge.models.transformers.checkpoints import configuration, digest, loaded, short_name
from judge.models.transformers.fit import check_fit
from judge.settings import Settings
from judge.verdict import ModelIdentity

log = logging.getLogger("judge")
Role = Literal["mllm", "encoder", "detector", "encoder+detector", "guard"]
_TOKENS = ("bos_token_id", "eos_token_id", "pad_token_id")
_UNFIT = (
    "are its files of one model (config.json, the processor's, the weights)? if so, it takes another version of "
    "transformers, or another model"
)
FILLED = 0.9  # of what is free on a GPU may hold weights; the rest is for pictures and caches


def load_processor(kind: Any, source: str, settings: Settings) -> Any:
    """The processor of a checkpoint, or its tokenizer.

    Raises as `checkpoints.loaded` does.
    """
    options = {"trust_remote_code": settings.trust_remote_code}
    return loaded(source, "processor", lambda given: kind.from_pretrained(source, **options, **given))


def load_model(kind: Any, source: str, settings: Settings, *, quantize: str = "none") -> Any:
    """A checkpoint's model in evaluation mode, on its device; on several, where one GPU is too small for it.

    Raises as `checkpoints.loaded` does, and:
        UserError: weights are missing, of another shape, taken by nothing, or in a format that cannot be read here.
    """
    config, trusted = configuration(source, settings), settings.trust_remote_code
    device, dtype = placing_of(settings)
    quantization.check(source, config, quantize)
    if Path(source) not in (resources.bundled_model(), resources.bundled_eyes()):  # whose files are known by digest
        _check_sizes(kind, source, config, trust_remote_code=trusted)
    options: dict[str, Any] = {
        "dtype": dtype,
        "trust_remote_code": trusted,
        **_placing(settings, device),
    }
    if quantize != "none":
        options["quantization_config"] = loaded(
            source,
            "model",
            lambda _: quantization.by_bitsandbytes(quantize, kind, config, trust_remote_code=trusted),
        )
    model = _fitting(kind, source, config, options)
    quantization.remember_format(model, config)
    if quantize != "none":
        quantization.tell_what_stayed(source, model)
    _tell_what_is_slow(source, model)
    return model.eval()


def placing_of(settings: Settings) -> tuple[str, torch.dtype]:
    """The device that models are loaded on, and in which number format.

    Raises:
        UserError: there is no such device.
    """
    device = _device(settings)
    return device, _dtype(settings, device)


def unread_model(kind: Any, source: str) -> Any:
    """A checkpoint's model without weights, whose names and shapes fit its configuration.

    Raises as `load_model` does. Of weights that come quantised only their format is checked.
    """
    config = configuration(source, Settings())
    quantization.check(source, config, "none")
    if quantization.own_format(config) is None:
        return _unfilled(kind, source, config, trust_remote_code=False)
    with torch.device("meta"):
        return loaded(source, "model", lambda _: kind.from_config(config, trust_remote_code=False))


def identity(role: Role, name: str, source: str, model: Any, quantize: str = "none") -> ModelIdentity:
    """What a verdict records of a loaded model. Weights that came quantised are recorded as what they are."""
    own = quantization.came_as(model) if quantize == "none" else None
    return ModelIdentity(
        role=role,
        name=short_name(name),
        digest=digest(source, model),
        dtype=str(model.dtype).removeprefix("torch."),
        quantization=own or quantize,
        device=model.device.type,
    )


def cannot_run(source: str, error: ModelError) -> JudgeError:
    """What is said where a model that was loaded fails on its first picture: better once than about every image."""
    from transformers import __version__

    if isinstance(error.__cause__, torch.OutOfMemoryError):
        return error
    return UserError(f"transformers {__version__} cannot run {source}: {error.message}", hint=error.hint or _UNFIT)


def _check_sizes(kind: Any, source: str, config: Any, *, trust_remote_code: bool) -> None:
    """Compare shapes before memory is taken for what a configuration asks for, which may be any amount."""
    if quantization.own_format(config) is None:
        _unfilled(kind, source, config, trust_remote_code=trust_remote_code)


def _unfilled(kind: Any, source: str, config: Any, *, trust_remote_code: bool) -> Any:
    """A checkpoint's model that fits its configuration, with no memory taken for weights."""
    return _fitting(kind, source, config, {"device_map": {"": "meta"}, "trust_remote_code": trust_remote_code})


def _fitting(kind: Any, source: str, config: Any, options: Mapping[str, Any]) -> Any:
    """A checkpoint's model, whose weights are all there and all taken."""
    told = {"output_loading_info": True, "ignore_mismatched_sizes": True, "use_safetensors": True}
    model, report = loaded(
        source,
        "model",
        lambda given: kind.from_pretrained(
            source, generation_config=_generation(source, given), **told, **options, **given
        ),
    )
    check_fit(source, config, report)
    return model


def _generation(source: str, given: Mapping[str, Any]) -> Any:
    """Which tokens end a text, by the checkpoint's own file; None where it has none. Nothing else of that file is ever
    used, so nothing else in it may keep a model from being loaded."""
    from transformers import GenerationConfig
    from transformers.utils import cached_file

    try:
        path = cached_file(source, "generation_config.json", **given)
        said = json.loads(read_text(Path(path)))
    except (OSError, ValueError, RecursionError):
        return None
    tokens = {name: said[name] for name in _TOKENS if name in said} if isinstance(said, dict) else {}
    return GenerationConfig(**tokens)


def _device(settings: Settings) -> str:
    if settings.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=settings.device).item()  # `meta` is one, too, and computes nothing
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        log.debug("no device %s", settings.device, exc_info=error)  # torch lists all the kinds it can be built for
        there = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
        raise UserError(
            f"no device '{settings.device}' here: there is {', '.join(there)}", hint="try --device auto or cpu"
        ) from error
    return settings.device


def _dtype(settings: Settings, device: str) -> torch.dtype:
    if settings.dtype != "auto":
        chosen: torch.dtype = getattr(torch, settings.dtype)
        return chosen
    return torch.bfloat16 if device.startswith("cuda") else torch.float32


def _placing(settings: Settings, device: str) -> dict[str, Any]:
    """On the device that was named, whole. Of GPUs that were not, the first one takes what it can, the others what is
    left, and the computer's memory the rest."""
    if settings.device != "auto" or device != "cuda":
        return {"device_map": {"": device}}
    from accelerate.utils import get_max_memory  # type: ignore[import-untyped]

    free: dict[int | str, int] = get_max_memory()
    room = {place: int(FILLED * amount) if place != "cpu" else amount for place, amount in free.items()}
    return {"device_map": "sequential", "max_memory": room}


def _tell_what_is_slow(source: str, model: Any) -> None:
    places = list(getattr(model, "hf_device_map", {}).values())
    away = sum(str(place) in ("cpu", "disk") for place in places)
    if away and len(set(places)) > 1:
        log.warning(
            "%s is too large for the GPU: %d of its %d parts stay in the computer's memory, which is slow; "
            "try --quantize 4bit or a smaller model",
            source,
            away,
            len(places),
        )
