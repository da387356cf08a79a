"""Where models go: which device, in which number format, and how they are spread over several GPUs."""

from __future__ import annotations

import logging
from typing import Any

import torch

from judge.errors import UserError
from judge.models.transformers.internals import places_of
from judge.settings import Settings

log = logging.getLogger("judge")
FILLED = 0.9  # of what is free on a GPU may hold weights; the rest is for pictures and caches


def placing_of(settings: Settings) -> tuple[str, torch.dtype]:
    """The device that models are loaded on, and in which number format.

    Raises:
        UserError: there is no such device.
    """
    device = _device(settings)
    return device, _dtype(settings, device)


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


def placed(settings: Settings, device: str) -> dict[str, Any]:
    """The arguments that tell transformers where a model goes: to the device that was named, whole. Where none was, the
    first GPU takes what it can, the others what is left, and the computer's memory the rest."""
    if settings.device != "auto" or device != "cuda":
        return {"device_map": {"": device}}
    from accelerate.utils import get_max_memory  # type: ignore[import-untyped]

    free: dict[int | str, int] = get_max_memory()
    room = {place: int(FILLED * amount) if place != "cpu" else amount for place, amount in free.items()}
    return {"device_map": "sequential", "max_memory": room}


def tell_what_is_slow(source: str, model: Any) -> None:
    """Warn where parts of a model lie outside of the GPU."""
    places = places_of(model)
    away = sum(place in ("cpu", "disk") for place in places)
    if away and len(set(places)) > 1:
        log.warning(
            "%s is too large for the GPU: %d of its %d parts stay in the computer's memory, which is slow; "
            "try --quantize 4bit or a smaller model",
            source,
            away,
            len(places),
        )
