"""Weights in fewer bits: those that come so, and those that bitsandbytes makes so while they are loaded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import torch

from judge.errors import UserError
from judge.models.transformers.internals import known_formats, unpacked_size

log = logging.getLogger("judge")
_PACKAGES = {  # what transformers needs for weights of a format: import name, and name to install
    "awq": [("gptqmodel", "gptqmodel")],
    "gptq": [("optimum", "optimum"), ("gptqmodel", "gptqmodel")],
    "compressed-tensors": [("compressed_tensors", "compressed-tensors")],
    "bitsandbytes": [("bitsandbytes", "bitsandbytes")],
    "fbgemm_fp8": [("fbgemm_gpu", "fbgemm-gpu")],
    "torchao": [("torchao", "torchao")],
    "auto-round": [("auto_round", "auto-round")],
    "hqq": [("hqq", "hqq")],
    "quanto": [("optimum.quanto", "optimum-quanto")],
    "aqlm": [("aqlm", "aqlm")],
    "nvfp4": [("kernels", "kernels")],
    "mxfp4": [("kernels", "kernels")],
}
_CAME_AS = "judge_came_as"  # an attribute of models that were loaded here
MUCH = 0.2  # of the language model's weights; that many are told of when they stay as they were


def own_format(config: Any) -> str | None:
    """How the weights of a checkpoint are quantised already, such as `gptq 4bit`; None where they are not."""
    said = _said(config)
    if said is None:
        return None
    method = _method(said)
    if method == "bitsandbytes":
        return f"{method} {'8bit' if said.get('load_in_8bit') else '4bit'}"
    detail = said.get("format") or (f"{said['bits']}bit" if said.get("bits") else "")
    return f"{method} {detail}".strip()


def check(source: str, config: Any, quantize: str) -> None:
    """Whether the weights can be read as they come, and made smaller where that is asked for.

    Raises:
        UserError: they are quantised already, in a way that is not known, or need a package that is not installed.
    """
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # a line per layer on a CPU, and advice
    own = own_format(config)
    if own is None:
        return
    if quantize != "none":
        raise UserError(
            f"{source} is quantised already ({own}), and cannot be once more",
            hint="leave out --quantize, or name the model that it was made from",
        )
    if (method := _method(_said(config) or {})) not in {_method({"quant_method": name}) for name in known_formats()}:
        raise UserError(
            f"cannot load {source}: its weights are quantised by '{method}' (quant_method in config.json), which the "
            "installed transformers does not know",
            hint="name the model that it was made from, with --quantize 4bit; or one that is quantised in another way",
        )
    lacking = [install for name, install in _PACKAGES.get(method, []) if not _is_there(name)]
    if lacking:
        raise UserError(
            f"cannot load {source}: its weights are quantised ({own}), which needs "
            f"{' and '.join(f'the package {name}' for name in lacking)}",
            hint=f"pip install {' '.join(lacking)}; or name the model that it was made from, with --quantize 4bit",
        )


def by_bitsandbytes(quantize: str, model: Any) -> Any:
    """Settings for bitsandbytes: `4bit` is nf4 with bf16 compute, `8bit` is LLM.int8.

    model: one without weights, in whose structure the language model is found.

    Only the layers of the language model become smaller. What else there is (vision towers, projectors, heads) is
    small, costs accuracy, and on a CPU the nf4 kernel is wrong on a projector's non-contiguous inputs.
    """
    from transformers import BitsAndBytesConfig

    kept = beside_language_model(model)
    if quantize == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=kept)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16, llm_int8_skip_modules=kept
    )


def beside_language_model(model: Any) -> list[str]:
    """Names of the parts that are no layers of the language model: each as large as it can be."""
    core = language_model(model)
    heads = [head for head in (model.get_output_embeddings(), core.get_output_embeddings()) if head is not None]
    inner = [name for name, part in model.named_modules() if any(part is head for head in heads)]
    return [*dict.fromkeys([*_not_holding(core, model), *inner])]


def language_model(model: Any) -> Any:
    """The part that reads and writes text. Llama 4's is a whole model again, with a head of its own."""
    found = model
    while (inner := found.get_decoder()) is not found:
        found = inner
    return found


def _not_holding(core: Any, module: Any, name: str = "") -> Iterator[str]:
    for own, child in module.named_children():
        full = f"{name}.{own}" if name else own
        if child is core:
            continue
        if any(part is core for part in child.modules()):
            yield from _not_holding(core, child, full)
        else:
            yield full


def came_as(model: Any) -> str | None:
    """How the weights of a loaded model were quantised when they came, which its own configuration may say no more."""
    found: str | None = getattr(model, _CAME_AS, None)
    return found or own_format(model.config)


def remember_format(model: Any, config: Any) -> None:
    """Keep with a loaded model how its weights came, by the configuration as it was before they were read."""
    setattr(model, _CAME_AS, own_format(config))


def tell_if_unpacked(source: str, model: Any) -> None:
    """Say where weights that came quantised lie in full by now: transformers unpacks what it cannot compute with."""
    own = came_as(model)
    tensors = (*model.named_parameters(), *model.named_buffers())
    if own is not None and not any(_is_narrow(name, tensor) for name, tensor in tensors):
        log.warning(
            "the weights of %s come quantised (%s), and are unpacked to %s here: they take as much memory as those of "
            "the model that it was made from; --quantize 4bit with that one, or a server (vLLM), takes less",
            source,
            own,
            str(model.dtype).removeprefix("torch."),
        )


def _is_narrow(name: str, tensor: torch.Tensor) -> bool:
    packed = name.endswith(("qweight", "weight_packed"))
    return packed or (tensor.element_size() == 1 and tensor.dtype != torch.bool)


def tell_what_stayed(source: str, model: Any) -> None:
    """Say where much of a language model was not quantised: experts in one tensor, which bitsandbytes passes over."""
    experts, rest = 0, 0
    for tensor in language_model(model).parameters():
        if tensor.ndim > 2:
            experts += tensor.numel()
        else:
            rest += unpacked_size(tensor)
    if experts > MUCH * (experts + rest):
        log.warning(
            "the experts of %s stay in %s (%.1f GiB): bitsandbytes makes nothing of experts that lie in one tensor; "
            "name a checkpoint that comes quantised (FP8, AWQ, GPTQ) if that is too much",
            source,
            str(model.dtype).removeprefix("torch."),
            experts * model.dtype.itemsize / 2**30,
        )


def _said(config: Any) -> dict[str, Any] | None:
    """The configuration's words on quantisation; some checkpoints have them with the language model's."""
    for holder in (config, config.get_text_config()):
        said = getattr(holder, "quantization_config", None)
        if said:
            return dict(said if isinstance(said, dict) else said.to_dict())
    return None


def _method(said: dict[str, Any]) -> str:
    method = said.get("quant_method")
    if method is None:  # bitsandbytes' of old
        return "bitsandbytes" if said.get("load_in_4bit") or said.get("load_in_8bit") else "unknown"
    return str(getattr(method, "value", method)).removesuffix("_4bit").removesuffix("_8bit")


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # of which it is a part
        return False
