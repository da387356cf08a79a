"""Tiny models without processors, for tests of what is quantised: families that keep their parts in places of their
own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers as tf

TEXT = {
    "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32,
    "intermediate_size": 128, "vocab_size": 320, "pad_token_id": 0,
}  # fmt: skip
SIGHT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "image_size": 32,
    "patch_size": 8,
}  # fmt: skip
MIXED = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 64, "decoder_sparse_step": 1}
ROPE = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]}


def _llama4() -> Any:
    more = {"vision_output_dim": 32, "projector_input_dim": 32, "projector_output_dim": 32}
    experts = {"num_local_experts": 2, "num_experts_per_tok": 1, "interleave_moe_layer_step": 1}
    return tf.Llama4Config(
        text_config=tf.Llama4TextConfig(**TEXT, intermediate_size_mlp=128, **experts),
        vision_config=tf.Llama4VisionConfig(**SIGHT, **more),
    )


def _gemma4() -> Any:
    text = {**TEXT, "vocab_size_per_layer_input": 320, "hidden_size_per_layer_input": 16}
    text["layer_types"] = ["sliding_attention", "full_attention"]
    sight = {"num_key_value_heads": 2, "head_dim": 16, "global_head_dim": 16}
    return tf.Gemma4Config(text_config=text, vision_config={**SIGHT, **sight}, audio_config=None)


def _janus() -> Any:
    sight = {key: value for key, value in SIGHT.items() if key != "intermediate_size"}
    return tf.JanusConfig(
        text_config=tf.LlamaConfig(**TEXT),
        vision_config={**sight, "projection_dim": 64, "mlp_ratio": 2.0, "depth": 2},
        vq_config={
            "embed_dim": 8, "num_embeddings": 16, "latent_channels": 8, "base_channels": 32, "channel_multiplier": [1, 1],
            "projection_dim": 64, "image_token_embed_dim": 64, "num_hidden_layers": 2, "hidden_size": 32,
        },
    )  # fmt: skip


def _deepseek_vl() -> Any:
    return tf.DeepseekVLConfig(text_config=tf.LlamaConfig(**TEXT), vision_config=tf.SiglipVisionConfig(**SIGHT))


def _qwen3_vl_moe() -> Any:
    sight = {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 8, "out_hidden_size": 64,
        "num_position_embeddings": 64, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    return tf.Qwen3VLMoeConfig(text_config={**TEXT, **MIXED, "rope_parameters": ROPE}, vision_config=sight)


CONFIGS: dict[str, Callable[[], Any]] = {
    "llama4": _llama4, "gemma4": _gemma4, "janus": _janus, "deepseek_vl": _deepseek_vl, "qwen3_vl_moe": _qwen3_vl_moe,
}  # fmt: skip


def saved(family: str, folder: Any) -> str:
    """A folder with a random model of the family, without a processor."""
    torch.manual_seed(1)
    tf.AutoModelForImageTextToText.from_config(CONFIGS[family]()).save_pretrained(folder)
    return str(folder)
