"""Models of given shapes with random weights, built from configuration: no download, no checkpoint.

The sizes of the large ones are those of the published checkpoints' configurations. The tokenizer is the
bundled model's with the family's special tokens; the embedding and the head have the published size.
"""

from __future__ import annotations

from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer

from judge.resources import bundled_model

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content %}"
    "{{ '<|vision_start|><|image_pad|><|vision_end|>' if c.type == 'image' else c.text }}{% endfor %}<|im_end|>\n"
    "{% endfor %}{{ '<|im_start|>assistant\n' if add_generation_prompt else '' }}"
)
SPECIAL = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")

QWEN3_VL_8B: dict[str, Any] = {
    "text": {
        "hidden_size": 4096, "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8,
        "head_dim": 128, "intermediate_size": 12288, "vocab_size": 151936, "max_position_embeddings": 32768,
        "rope_parameters": {
            "rope_type": "default", "rope_theta": 5000000.0, "mrope_section": [24, 20, 20], "mrope_interleaved": True,
        },
    },
    "vision": {
        "depth": 27, "hidden_size": 1152, "num_heads": 16, "intermediate_size": 4304, "patch_size": 16,
        "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 4096,
        "num_position_embeddings": 2304, "deepstack_visual_indexes": [8, 16, 24],
    },
}  # fmt: skip
QWEN25_VL_7B: dict[str, Any] = {
    "text": {
        "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
        "intermediate_size": 18944, "vocab_size": 152064, "max_position_embeddings": 32768,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0, "mrope_section": [16, 24, 24]},
    },
    "vision": {
        "depth": 32, "hidden_size": 1280, "num_heads": 16, "intermediate_size": 3420, "patch_size": 14,
        "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 3584, "window_size": 112,
        "fullatt_block_indexes": [7, 15, 23, 31],
    },
}  # fmt: skip
TINY: dict[str, Any] = {
    "text": {
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32,
        "intermediate_size": 128, "vocab_size": 4096, "max_position_embeddings": 4096,
        "rope_parameters": {
            "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6], "mrope_interleaved": True,
        },
    },
    "vision": {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 16,
        "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 64, "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
    },
}  # fmt: skip
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen3-vl-8b": ("Qwen3VL", QWEN3_VL_8B),
    "qwen2.5-vl-7b": ("Qwen2_5_VL", QWEN25_VL_7B),
    "tiny": ("Qwen3VL", TINY),
}


def build(shape: str, quantize: str, device: str) -> tuple[Any, Any]:
    """Model and processor of a shape; bf16 on a GPU, float32 on a CPU; `nf4` quantises the language layers."""
    family, sizes = SHAPES[shape]
    tokens = _tokenizer()
    ids = {
        f"{key}_token_id": tokens.convert_tokens_to_ids(name)
        for key, name in zip(("vision_start", "vision_end", "image", "video"), SPECIAL[2:], strict=True)
    }
    ends = {"eos_token_id": tokens.eos_token_id, "bos_token_id": None, "pad_token_id": tokens.pad_token_id}
    config = getattr(tf, f"{family}Config")(
        vision_config=sizes["vision"], text_config={**sizes["text"], **ends}, tie_word_embeddings=False, **ids
    )
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)  # built on the device in its final dtype: an 8B model in fp32 would not fit twice
    try:
        with torch.device(device):
            model = getattr(tf, f"{family}ForConditionalGeneration")(config).eval()
    finally:
        torch.set_default_dtype(before)
    if quantize == "nf4":
        _quantise(model.model.language_model)
    return model, _processor(family, tokens, sizes["vision"]["patch_size"])


def _tokenizer() -> Any:
    base = Tokenizer.from_file(str(bundled_model() / "tokenizer.json"))
    base.add_special_tokens(list(SPECIAL))
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=base, eos_token="<|im_end|>", pad_token="<pad>", unk_token="<unk>"
    )


def _processor(family: str, tokens: Any, patch: int) -> Any:
    """Pictures keep their size up to 1,280 visual tokens, as commonly served."""
    limit = (2 * patch) ** 2
    sizes = {"shortest_edge": 4 * limit, "longest_edge": 1280 * limit}
    images = tf.Qwen2VLImageProcessor(patch_size=patch, merge_size=2, temporal_patch_size=2, size=sizes)
    videos = (tf.Qwen3VLVideoProcessor if family == "Qwen3VL" else tf.Qwen2VLVideoProcessor)()
    return getattr(tf, f"{family}Processor")(
        image_processor=images, tokenizer=tokens, video_processor=videos, chat_template=TEMPLATE
    )


def _quantise(language_model: Any) -> None:
    """nf4 in place: what bitsandbytes does on loading a checkpoint, of which there is none here."""
    import bitsandbytes as bnb

    for name, module in list(language_model.named_modules()):
        if isinstance(module, torch.nn.Linear):
            parent = language_model.get_submodule(name.rpartition(".")[0])
            four = bnb.nn.Linear4bit(
                module.in_features, module.out_features, bias=module.bias is not None, compute_dtype=torch.bfloat16,
                quant_type="nf4", device="meta",
            )  # fmt: skip
            four.weight = bnb.nn.Params4bit(module.weight.data, requires_grad=False, quant_type="nf4")
            four.bias = module.bias
            setattr(parent, name.rpartition(".")[2], four.to(module.weight.device))
