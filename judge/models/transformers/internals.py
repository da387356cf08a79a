"""Every reach into the insides of a library that runs models, in one place.

The judge needs a few things that transformers does not promise: how a cache holds its layers, where positions are
kept, how parts of OWLv2 are called. They are all here or named here (`REACHES`), so a release that moves one of them
breaks this module, and what is said names the library and its version, not the user's files.

`judge doctor` checks all of `REACHES`; `tests/models/test_internals.py` has a test per item.
"""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import torch
from packaging.requirements import Requirement

from judge.errors import ModelError

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel

P = ParamSpec("P")
R = TypeVar("R")
PACKAGE = "constitution-judge"
_MOVED = (AttributeError, ImportError, KeyError)  # what Python raises where a name is no longer there


class LibraryChanged(ModelError):
    """A library no longer has something that the judge needs of it: its version is outside of the tested range."""

    def __init__(self, library: str, what: str) -> None:
        super().__init__(
            f"{library} {metadata.version(library)} has no {what}, which the judge needs",
            hint=untested(library),
        )


@dataclass(frozen=True)
class Reach:
    """Something undocumented of a library: `module:name.of.attribute`, and what the judge does with it."""

    library: str
    name: str
    purpose: str

    def check(self) -> None:
        """Look whether it is still there.

        Raises:
            LibraryChanged: it is not.
        """
        module, _, path = self.name.partition(":")
        try:
            functools.reduce(getattr, path.split("."), import_module(module))
        except _MOVED as error:
            raise LibraryChanged(self.library, f"`{path}` in `{module}` (it serves to {self.purpose})") from error


REACHES = (
    Reach("transformers", "transformers.cache_utils:Cache.reorder_cache", "copy what is kept of a picture"),
    Reach("transformers", "transformers.cache_utils:DynamicLayer", "tell caches that can be cut and stacked"),
    Reach("transformers", "transformers:GenerationMixin.generate", "write replies under a schema"),
    Reach(
        "transformers",
        "transformers.quantizers.auto:AUTO_QUANTIZATION_CONFIG_MAPPING",
        "know the formats of quantised weights",
    ),
    Reach("transformers", "transformers:Qwen2VLModel.get_rope_index", "place words after a picture (M-RoPE)"),
    Reach("transformers", "transformers:Owlv2ForObjectDetection.image_embedder", "look at a picture once (owlv2.py)"),
    Reach("transformers", "transformers:Owlv2ForObjectDetection.class_predictor", "score boxes (owlv2.py)"),
    Reach("transformers", "transformers:Owlv2ForObjectDetection.box_predictor", "find boxes (owlv2.py)"),
    Reach("transformers", "transformers:PaliGemmaProcessor.prepare_inputs_layout", "write prompts (paligemma.py)"),
    Reach("transformers", "transformers:ProcessorMixin.prepare_inputs_layout", "write prompts (paligemma.py)"),
    Reach("accelerate", "accelerate.utils:get_max_memory", "fill several GPUs (placing.py)"),
    Reach("outlines", "outlines.backends.outlines_core:OutlinesCoreBackend", "keep replies to a schema (constrained)"),
    Reach("outlines", "outlines_core:Guide.write_mask_into", "keep replies to a schema (constrained)"),
)


def tested(library: str) -> str:
    """The versions of a library that this package was tested with, such as `transformers>=5.18,<5.26`."""
    try:
        required = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return library
    return next((one for one in required if re.match(rf"{re.escape(library)}(?![\w-])", one)), library)


def is_tested(library: str) -> bool:
    """Whether the version that is installed is in the tested range."""
    return Requirement(tested(library)).specifier.contains(metadata.version(library), prereleases=True)


def untested(library: str) -> str:
    """What to do where a library is at fault."""
    return f"this version of constitution-judge was tested with {tested(library)}: install one of those"


def _reaching(library: str, what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say of a function that it fails by the library's fault where a name in it is not there."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except _MOVED as error:
                raise LibraryChanged(library, what) from error

        return checked

    return decorate


# Caches


@_reaching("transformers", "cache in what a model returns")
def cache_of(output: Any) -> Cache:
    """The cache that a forward pass filled. Its name changed within transformers 5."""
    return output.cache if "cache" in output else output.past_key_values


def continuing(model: PreTrainedModel, cache: Cache) -> dict[str, Any]:
    """The argument that lets a forward pass go on from a cache. Its name changed within transformers 5."""
    known = inspect.signature(model.forward).parameters
    return {"cache" if "cache" in known else "past_key_values": cache}


def continues(inputs: Any) -> bool:
    """Whether these arguments of a forward pass let it go on from a cache."""
    return bool({"cache", "past_key_values"} & set(inputs))


@_reaching("transformers", "`Cache.reorder_cache`")
def rows_of(cache: Cache, rows: Sequence[int]) -> Cache:
    """A cache of the given rows, to be written on: what it was made from stays as it is.

    Everything is copied but the tensors, of which `reorder_cache` makes new ones; no layer class lacks it.
    """
    held = list(tensors_of(cache))
    chosen = copy.deepcopy(cache, {id(tensor): tensor for tensor in held})
    chosen.reorder_cache(torch.tensor(rows, device=held[0].device))
    return chosen


def tensors_of(cache: Cache) -> Iterator[torch.Tensor]:
    """Every tensor that the cache's layers hold: keys, values, convolution and recurrent states, ..."""
    for layer in layers_of(cache):
        for value in vars(layer).values():
            parts = value.values() if isinstance(value, dict) else [value]
            yield from (part for part in parts if isinstance(part, torch.Tensor))


@_reaching("transformers", "`layers` of a cache")
def layers_of(cache: Cache) -> list[Any]:
    """The layers of a cache."""
    return list(cache.layers)


def is_plain_cache(cache: Cache, length: int) -> bool:
    """Whether a cache is keys and values of each of `length` tokens and nothing else: it can be cut and stacked."""
    return all(
        type(layer).__name__ == "DynamicLayer" and layer.keys is not None and layer.keys.shape[-2] == length
        for layer in layers_of(cache)
    )


def windows_of(cache: Cache) -> set[int]:
    """How many tokens the layers of a cache see at most, where that is bounded."""
    return {layer.sliding_window for layer in layers_of(cache) if getattr(layer, "sliding_window", None)}


@_reaching("transformers", "keys and values in a layer of a cache")
def stacked(caches: Sequence[Cache], rows: Sequence[int], lengths: Sequence[int]) -> Cache:
    """One cache of the first `lengths[i]` tokens of row `rows[i]` of plain cache i, shorter ones padded on the left."""
    made, longest = rows_of(caches[0], rows[:1]), max(lengths)
    for index, layer in enumerate(layers_of(made)):
        for name in ("keys", "values"):
            parts = [getattr(cache.layers[index], name) for cache in caches]
            _, heads, _, size = parts[0].shape
            whole = parts[0].new_zeros((len(parts), heads, longest, size))
            for to, (part, row, length) in enumerate(zip(parts, rows, lengths, strict=True)):
                whole[to, :, longest - length :] = part[row, :, :length]
            setattr(layer, name, whole)
    return made


# Positions of M-RoPE models (Qwen-VL, GLM-V), which a model remembers from its last picture


def _base(model: PreTrainedModel) -> Any:
    return getattr(model, "model", model)


def has_m_rope(model: PreTrainedModel) -> bool:
    """Whether positions have three axes, and those after a picture are not the number of tokens before."""
    return hasattr(_base(model), "get_rope_index")


def forget_positions(model: PreTrainedModel) -> None:
    """Forget what is left over from the last picture; it would be silently wrong for the next."""
    if has_m_rope(model):
        _base(model).rope_deltas = None


@_reaching("transformers", "`rope_deltas` of a model with M-RoPE")
def position_deltas(model: PreTrainedModel, rows: int) -> list[int]:
    """How far positions after the picture are from the number of tokens, per row of the last forward pass."""
    found = _base(model).rope_deltas if has_m_rope(model) else None
    return [0] * rows if found is None else [int(delta) for delta in found.flatten().tolist()]


def set_position_deltas(model: PreTrainedModel, deltas: Sequence[int]) -> None:
    """Tell a model with M-RoPE where its rows go on."""
    if has_m_rope(model):
        _base(model).rope_deltas = torch.tensor([[delta] for delta in deltas], device=model.device)


# Families and formats


def generate(model: PreTrainedModel, **inputs: Any) -> torch.Tensor:
    """`generate` of transformers itself: the method of some families (Janus) drops what constrains the logits."""
    from transformers import GenerationMixin

    made: torch.Tensor = GenerationMixin.generate(model, **inputs)
    return made


def is_multimodal(config: Any) -> bool:
    """Whether transformers knows models of this configuration as image-text-to-text models."""
    from transformers import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    return type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING


@_reaching("transformers", "`AUTO_QUANTIZATION_CONFIG_MAPPING`")
def known_formats() -> set[str]:
    """The values of `quant_method` that the installed transformers reads."""
    from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING

    return set(map(str, AUTO_QUANTIZATION_CONFIG_MAPPING))


def is_in_8_bits(model: PreTrainedModel) -> bool:
    """Whether bitsandbytes computes the model by LLM.int8."""
    return bool(getattr(model, "is_loaded_in_8bit", False))


def unpacked_size(tensor: torch.Tensor) -> int:
    """How many numbers a weight holds; one in 4 bits holds more than it has elements."""
    state = getattr(tensor, "quant_state", None)
    return int(state.shape.numel() if state is not None else tensor.numel())


def is_packed(tensor: torch.Tensor) -> bool:
    """Whether bitsandbytes packed a weight into 4 bits."""
    return getattr(tensor, "quant_state", None) is not None


def places_of(model: PreTrainedModel) -> list[str]:
    """Where the parts of a model lie (`cpu`, `disk`, `0`); empty where all of it is in one place."""
    return [str(place) for place in getattr(model, "hf_device_map", {}).values()]


def image_token(model: PreTrainedModel, processor: Any) -> int | None:
    """The id that stands for a patch of the picture among tokens. Families differ in what they call it."""
    for holder in (model.config, processor):  # Gemma 3's processor means the mark before a picture
        for name in ("image_token_id", "image_token_index"):
            index = getattr(holder, name, None)
            if isinstance(index, int):
                return index
    return None


def cached_numbers_per_token(model: PreTrainedModel) -> int:
    """How many numbers (keys and values of all layers) a cache holds per token, by the configuration."""
    config = model.config.get_text_config()
    layers = config.per_layer_config if getattr(config, "is_heterogeneous", False) else None
    return 2 * sum(map(_keys_per_token, layers or [config] * config.num_hidden_layers))


def _keys_per_token(layer: Any) -> int:
    heads = getattr(layer, "num_key_value_heads", None) or layer.num_attention_heads
    return int(heads * (getattr(layer, "head_dim", None) or layer.hidden_size // layer.num_attention_heads))
