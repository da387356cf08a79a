"""Loads transformers checkpoints: where to, in which number format. Python code that comes with one runs only where the
user asks for it; weights are read from safetensors only."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Literal

import torch

from judge.errors import UserError
from judge.models import quantization
from judge.models.checkpoints import configuration, digest, loaded, short_name
from judge.settings import Settings
from judge.verdict import ModelIdentity

log = logging.getLogger("judge")
Role = Literal["mllm", "encoder", "detector", "encoder+detector", "guard"]
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
        UserError: weights are missing, or in a format that cannot be read here.
    """
    config, device, trusted = configuration(source, settings), _device(settings), settings.trust_remote_code
    quantization.check(source, config, quantize)
    options: dict[str, Any] = {
        "dtype": _dtype(settings, device), "use_safetensors": True, "trust_remote_code": trusted,
        **_placing(settings, device),
    }  # fmt: skip
    if quantize != "none":
        options["quantization_config"] = loaded(
            source, "model",
            lambda _: quantization.by_bitsandbytes(quantize, kind, config, trust_remote_code=trusted),
        )  # fmt: skip
    model, report = loaded(
        source, "model",
        # Weights of other shapes are told of as those that are missing are, in our words: see below.
        lambda given: kind.from_pretrained(
            source, output_loading_info=True, ignore_mismatched_sizes=True, **options, **given
        ),
    )  # fmt: skip
    if report["mismatched_keys"]:
        name, stored, wanted = sorted(report["mismatched_keys"])[0]
        raise UserError(
            f"cannot load {source}: config.json does not fit the weights: {name} is of shape {_shape(stored)}, and by "
            f"config.json it would be {_shape(wanted)}",
            hint="a number of heads, a size or a vocabulary in config.json is wrong: get the model again",
        )
    if report["missing_keys"]:  # transformers fills them with random numbers and goes on
        missing = sorted(report["missing_keys"])
        raise UserError(
            f"cannot load {source}: {len(missing)} of its weights are missing, such as {missing[0]}",
            hint="the files are incomplete, or are of another kind of model",
        )
    if quantize != "none":
        quantization.tell_what_stayed(source, model)
    _tell_what_is_slow(source, model)
    return model.eval()


def identity(role: Role, name: str, source: str, model: Any, quantize: str = "none") -> ModelIdentity:
    """What a verdict records of a loaded model. Weights that came quantised are recorded as what they are."""
    own = quantization.own_format(model.config) if quantize == "none" else None
    return ModelIdentity(
        role=role, name=short_name(name), digest=digest(source, model), dtype=str(model.dtype).removeprefix("torch."),
        quantization=own or quantize, device=model.device.type,
    )  # fmt: skip


def _shape(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))


def _device(settings: Settings) -> str:
    if settings.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=settings.device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        first = str(error).strip().splitlines()[0]
        raise UserError(f"no device '{settings.device}' here: {first}", hint="try --device auto or cpu") from error
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
            "try --quantize 4bit or a smaller model", source, away, len(places),
        )  # fmt: skip
