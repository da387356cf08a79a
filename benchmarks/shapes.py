"""Models of given shapes with random weights, built from configuration: no download, no checkpoint.

The sizes of the large ones are those of the published checkpoints' configurations, as far as they are known. The
tokenizer is the bundled model's with the family's special tokens; the embedding and the head have the published size.

Qwen3.5-9B: the defaults of transformers' `Qwen3_5TextConfig` and `Qwen3_5VisionConfig` are its sizes, as
huggingface.co/TevunahAi/Qwen3.5-9B-TevunahAi-GPTQ lists them (32 layers, every fourth with full attention, the rest
Gated DeltaNet). Gemma-4-12B: ollama.com/library/gemma4:12b-it-q8_0 lists them (48 layers, every sixth with full
attention, windows of 1024); it has no vision tower, patches are projected. How many keys its full layers have is
listed nowhere: one that serves as value too, as in the larger Gemma 4, gives the 11.95 B parameters of its card.
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
GEMMA_SPECIAL = (
    "<|turn>", "<turn|>", "<|image>", "<image|>", "<|image|>", "<|audio>", "<audio|>", "<|audio|>", "<|video|>",
)  # fmt: skip

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
QWEN35_9B: dict[str, Any] = {
    "text": {
        "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 16, "num_key_value_heads": 4,
        "head_dim": 256, "intermediate_size": 12288, "vocab_size": 248320, "max_position_embeddings": 32768,
        "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128, "linear_value_head_dim": 128,
        "linear_num_key_heads": 16, "linear_num_value_heads": 32,
        "rope_parameters": {
            "rope_type": "default", "rope_theta": 10000000.0, "partial_rotary_factor": 0.25,
            "mrope_section": [11, 11, 10], "mrope_interleaved": True,
        },
    },
    "vision": {
        "depth": 27, "hidden_size": 1152, "num_heads": 16, "intermediate_size": 4304, "patch_size": 16,
        "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 4096, "num_position_embeddings": 2304,
    },
}  # fmt: skip
GEMMA4_12B: dict[str, Any] = {
    "text": {
        "hidden_size": 3840, "num_hidden_layers": 48, "num_attention_heads": 16, "num_key_value_heads": 8,
        "head_dim": 256, "global_head_dim": 512, "num_global_key_value_heads": 1, "attention_k_eq_v": True,
        "intermediate_size": 15360, "vocab_size": 262144, "max_position_embeddings": 32768, "sliding_window": 1024,
        "final_logit_softcapping": 30.0,
    },
    "vision": {"patch_size": 16, "pooling_kernel_size": 3, "mm_embed_dim": 3840, "output_proj_dims": 3840},
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


def _scaled(shape: dict[str, Any], **sizes: Any) -> dict[str, Any]:
    """A toy of the same build: its text with other sizes, a vision side that fits."""
    text = shape["text"] | {"vocab_size": 4096, "max_position_embeddings": 4096, "hidden_size": 64} | sizes
    small = {"depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "out_hidden_size": 64}
    small |= {"num_position_embeddings": 64, "mm_embed_dim": 64, "output_proj_dims": 64}
    return {"text": text, "vision": {key: small.get(key, value) for key, value in shape["vision"].items()}}


_HEADS = {"num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 128}
_NARROW = {"head_dim": 32, "global_head_dim": 64, "sliding_window": 64}
_LINEAR = {"linear_num_key_heads": 2, "linear_num_value_heads": 4}
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen3.5-9b": ("Qwen3_5", QWEN35_9B),
    "qwen3-vl-8b": ("Qwen3VL", QWEN3_VL_8B),
    "qwen2.5-vl-7b": ("Qwen2_5_VL", QWEN25_VL_7B),
    "gemma-4-12b": ("Gemma4Unified", GEMMA4_12B),
    "tiny": ("Qwen3VL", TINY),
    "tiny-qwen3.5": ("Qwen3_5", _scaled(QWEN35_9B, **_HEADS, **_LINEAR, num_hidden_layers=4)),
    "tiny-gemma-4": ("Gemma4Unified", _scaled(GEMMA4_12B, **_HEADS, **_NARROW, num_hidden_layers=6)),
}


def build(shape: str, quantize: str, device: str) -> tuple[Any, Any]:
    """Model and processor of a shape; bf16 on a GPU, float32 on a CPU; `nf4` quantises the language layers."""
    family, sizes = SHAPES[shape]
    config, processor = (_gemma if family.startswith("Gemma") else _qwen)(family, sizes)
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
    return model, processor


def _qwen(family: str, sizes: dict[str, Any]) -> tuple[Any, Any]:
    """Configuration and processor. Pictures keep their size up to 1,280 visual tokens, as commonly served."""
    tokens = _tokenizer(SPECIAL, "<|im_end|>")
    ids = {
        f"{key}_token_id": tokens.convert_tokens_to_ids(name)
        for key, name in zip(("vision_start", "vision_end", "image", "video"), SPECIAL[2:], strict=True)
    }
    ends = {"eos_token_id": tokens.eos_token_id, "bos_token_id": None, "pad_token_id": tokens.pad_token_id}
    config = getattr(tf, f"{family}Config")(
        vision_config=sizes["vision"], text_config={**sizes["text"], **ends}, tie_word_embeddings=False, **ids
    )
    newer = family != "Qwen2_5_VL"
    patch = sizes["vision"]["patch_size"]
    limit = (2 * patch) ** 2
    bounds = {"shortest_edge": 4 * limit, "longest_edge": 1280 * limit}
    images = tf.Qwen2VLImageProcessor(patch_size=patch, merge_size=2, temporal_patch_size=2, size=bounds)
    videos = (tf.Qwen3VLVideoProcessor if newer else tf.Qwen2VLVideoProcessor)()
    processor = (tf.Qwen3VLProcessor if newer else tf.Qwen2_5_VLProcessor)(
        image_processor=images, tokenizer=tokens, video_processor=videos, chat_template=TEMPLATE
    )
    return config, processor


def _gemma(family: str, sizes: dict[str, Any]) -> tuple[Any, Any]:
    """Configuration and processor. Pictures take 280 tokens, its processor's own number."""
    names = dict(zip(("boi", "eoi", "image", "boa", "eoa", "audio"), GEMMA_SPECIAL[2:], strict=False))
    tokens = _tokenizer(GEMMA_SPECIAL, GEMMA_SPECIAL[1], {f"{key}_token": name for key, name in names.items()})
    ids = {
        "eoa_token_index" if key == "eoa" else f"{key}_token_id": tokens.convert_tokens_to_ids(name)
        for key, name in (names | {"video": GEMMA_SPECIAL[-1]}).items()
    }
    ends = {"eos_token_id": tokens.eos_token_id, "bos_token_id": None, "pad_token_id": tokens.pad_token_id}
    config = getattr(tf, f"{family}Config")(
        vision_config=sizes["vision"], text_config={**sizes["text"], **ends}, audio_config=None, **ids
    )
    size = {key: sizes["vision"][key] for key in ("patch_size", "pooling_kernel_size")}
    processor = tf.Gemma4UnifiedProcessor(
        tf.Gemma4UnifiedAudioFeatureExtractor(), tf.Gemma4UnifiedImageProcessor(**size), tokens,
        tf.Gemma4UnifiedVideoProcessor(**size),
        chat_template=TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "<|image|>")
        .replace("<|im_start|>", GEMMA_SPECIAL[0]).replace("<|im_end|>", GEMMA_SPECIAL[1]),
    )  # fmt: skip
    return config, processor


def _tokenizer(special: tuple[str, ...], end: str, named: dict[str, str] | None = None) -> Any:
    base = Tokenizer.from_file(str(bundled_model() / "tokenizer.json"))
    base.add_special_tokens(list(special))
    more = {} if named is None else {"extra_special_tokens": named}
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=base, eos_token=end, pad_token="<pad>", unk_token="<unk>", **more
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
