"""Loads transformers checkpoints: where to, in which number format, and which weights exactly (digest)."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError

from judge.errors import JudgeError, ModelError, UserError
from judge.files import remember
from judge.models.hub import is_network_failure, only_local, unreachable
from judge.models.quiet import quiet
from judge.settings import Settings, cache_dir
from judge.verdict import ModelIdentity

Role = Literal["mllm", "encoder", "detector", "encoder+detector", "guard"]
_KEPT_IN_FULL = (
    "model.vision_tower",
    "model.visual",
    "model.vision_model",
    "model.multi_modal_projector",
    "model.connector",
    "lm_head",
)


def load_processor(kind: Any, source: str, settings: Settings) -> Any:
    """The processor of a checkpoint."""
    options = {"trust_remote_code": settings.trust_remote_code}
    return _loaded(source, lambda local: kind.from_pretrained(source, **options, **local))


def load_model(kind: Any, source: str, settings: Settings, *, quantize: str = "none") -> Any:
    """A checkpoint's model in evaluation mode, on its device. Weights are read from safetensors only."""
    device = _device(settings)
    options: dict[str, Any] = {"dtype": _dtype(settings, device), "use_safetensors": True}
    if settings.trust_remote_code:
        options["trust_remote_code"] = True
    if quantize != "none":
        options["quantization_config"] = _quantization(quantize)
        options["device_map"] = {"": device}
        logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)  # a line per layer on CPU
    model, report = _loaded(
        source, lambda local: kind.from_pretrained(source, output_loading_info=True, **options, **local)
    )
    if report["missing_keys"]:  # transformers fills them with random numbers and goes on
        missing = sorted(report["missing_keys"])
        raise UserError(
            f"cannot load {source}: {len(missing)} of its weights are missing, such as {missing[0]}",
            hint="the files are incomplete, or are of another kind of model",
        )
    return (model if quantize != "none" else model.to(device)).eval()


def identity(role: Role, name: str, source: str, model: Any, quantize: str = "none") -> ModelIdentity:
    """What a verdict records of a loaded model."""
    return ModelIdentity(
        role=role, name=_short(name), digest=_digest(source, model), dtype=str(model.dtype).removeprefix("torch."),
        quantization=quantize, device=model.device.type,
    )  # fmt: skip


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


def _quantization(quantize: str) -> Any:
    """bitsandbytes settings. The vision side and the head stay in full: they are small, cost accuracy, and
    on a CPU the nf4 kernel is wrong on the projector's non-contiguous inputs. Names must be full ones."""
    from transformers import BitsAndBytesConfig

    kept = list(_KEPT_IN_FULL)
    if quantize == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=kept)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16, llm_int8_skip_modules=kept
    )


def _loaded(source: str, load: Callable[[dict[str, bool]], Any]) -> Any:
    """`load`, given what tells transformers not to ask the hub where that is in vain, quietly, and its errors sorted.

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
    except torch.OutOfMemoryError as error:
        raise ModelError(f"{source} does not fit in memory", hint="try --quantize 4bit or a smaller model") from error
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        if not local and is_network_failure(error):
            raise unreachable(source, "the connection failed while loading") from error
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        hint = (
            "check the id or the folder; a gated or private model needs `hf auth login`; offline, give a local folder"
        )
        if isinstance(error, ImportError):
            hint = "install the package that it names beside the judge, or choose another model"
        raise UserError(f"cannot load {source}: {first}", hint=hint) from error


def _digest(source: str, model: Any) -> str:
    """A hub model's commit, or the SHA-256 over the files of a folder (remembered by size and time)."""
    folder = Path(source)
    if not folder.is_dir():
        return str(getattr(model.config, "_commit_hash", None) or "unknown")
    files = sorted(
        path for path in folder.iterdir() if path.suffix in (".json", ".safetensors", ".jinja", ".model", ".txt")
    )
    stamp = json.dumps([[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files])
    key = hashlib.sha256(f"{folder.resolve()}|{stamp}".encode()).hexdigest()[:32]
    remembered = cache_dir() / "digests" / key
    if remembered.is_file():
        return remembered.read_text(encoding="ascii")
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            total.update(f"{path.name}:{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    remember(remembered, total.hexdigest())
    return total.hexdigest()


def _short(source: str) -> str:
    """A folder's own name: where it lies on this machine is nobody else's business."""
    path = Path(source)
    return path.resolve().name if path.is_dir() else source


def architecture(source: str, settings: Settings) -> str:
    """The `model_type` of a checkpoint, from its configuration alone."""
    from transformers import AutoConfig

    return str(_loaded(source, lambda local: AutoConfig.from_pretrained(source, **local)).model_type)
