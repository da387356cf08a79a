"""Loads transformers checkpoints: where to, in which number format. Python code that comes with one runs only where the
user asks for it; weights are read from safetensors only."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch

from judge.errors import JudgeError, ModelError, UserError
from judge.files import read_text
from judge.models.transformers import fit, quantization
from judge.models.transformers.checkpoints import configuration, digest, loaded, short_name
from judge.models.transformers.hub import downloaded
from judge.models.transformers.placing import placed, placing_of, tell_what_is_slow
from judge.models.transformers.weights import stored_weights
from judge.settings import Settings
from judge.verdict import ModelIdentity

log = logging.getLogger("judge")
Role = Literal["mllm", "encoder", "detector", "encoder+detector", "guard"]
_TOKENS = ("bos_token_id", "eos_token_id", "pad_token_id")
_UNFIT = (
    "are its files of one model (config.json, the processor's, the weights)? if so, it takes another version of "
    "transformers, or another model"
)


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
    bare = _without_weights(kind, source, config, trust_remote_code=trusted)
    _check_count(source, config, bare, fit.TO_LOAD)  # now: what config.json asks for may be any amount of memory
    options: dict[str, Any] = {
        "dtype": dtype,
        "trust_remote_code": trusted,
        **placed(settings, device),
    }
    if quantize != "none":
        options["quantization_config"] = quantization.by_bitsandbytes(quantize, bare)
    model = _fitting(kind, source, config, options)
    quantization.remember_format(model, config)
    if quantize != "none":
        quantization.tell_what_stayed(source, model)
    tell_what_is_slow(source, model)
    return model.eval()


def unread_model(kind: Any, source: str) -> Any:
    """A checkpoint's model without weights, whose files hold as many numbers as its configuration asks for.

    Raises as `load_model` does. Of weights that come quantised only their format is checked.
    """
    config = configuration(source, Settings())
    quantization.check(source, config, "none")
    bare = _without_weights(kind, source, config, trust_remote_code=False)
    _check_count(source, config, bare, fit.UNREAD)
    return bare


def identity(role: Role, name: str, source: str, model: Any, quantize: str = "none") -> ModelIdentity:
    """What a verdict records of a loaded model. Weights that came quantised are recorded as what they are."""
    own = quantization.came_as(model) if quantize == "none" else None
    return ModelIdentity(
        role=role,
        name=short_name(name),
        digest=digest(source),
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


def _without_weights(kind: Any, source: str, config: Any, *, trust_remote_code: bool) -> Any:
    """A checkpoint's model as its configuration describes it, with no memory taken for weights."""

    def build() -> Any:
        with torch.device("meta"):
            if hasattr(kind, "from_config"):  # one of transformers' Auto classes
                return kind.from_config(config, trust_remote_code=trust_remote_code)
            return kind(config)

    return loaded(source, "model", lambda _: build())


def _fitting(kind: Any, source: str, config: Any, options: Mapping[str, Any]) -> Any:
    """A checkpoint's model, whose weights are all there and all taken."""
    told = {"output_loading_info": True, "ignore_mismatched_sizes": True, "use_safetensors": True}
    model, report = loaded(
        source,
        "model",
        lambda given: kind.from_pretrained(
            source, generation_config=_generation(source, bool(given)), **told, **options, **given
        ),
    )
    fit.check_fit(source, config, report)
    return model


def _check_count(source: str, config: Any, bare: Any, times: tuple[float, float]) -> None:
    """Compare how much there is with what is asked for, where weights come unpacked and their files are here."""
    folder = Path(source) if Path(source).is_dir() else downloaded(source)
    if folder is not None and quantization.own_format(config) is None:
        fit.check_count(source, config, bare, stored_weights(folder), times)


def _generation(source: str, local: bool) -> Any:
    """Which tokens end a text, by the checkpoint's own file; None where it has none. Nothing else of that file is ever
    used, so nothing else in it may keep a model from being loaded."""
    from huggingface_hub import hf_hub_download
    from transformers import GenerationConfig

    name, folder = "generation_config.json", Path(source)
    try:
        path = folder / name if folder.is_dir() else Path(hf_hub_download(source, name, local_files_only=local))
        said = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError):
        return None
    tokens = {name: said[name] for name in _TOKENS if name in said} if isinstance(said, dict) else {}
    return GenerationConfig(**tokens)
