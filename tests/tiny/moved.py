"""Families with positions on three axes (M-RoPE): Qwen2-VL, Qwen3-VL's mixture, GLM-V."""

from __future__ import annotations

from typing import Any

import transformers as tf

from tests.tiny.first import qwen_parts, qwen_processor
from tests.tiny.parts import text_sizes, tokenizer

EXPERTS = {"moe_intermediate_size": 32, "num_experts_per_tok": 2}


def _qwen2_vl() -> tuple[Any, Any]:
    tokens, ids, rope = qwen_parts()
    vision = {
        "depth": 2, "embed_dim": 32, "hidden_size": 64, "num_heads": 2, "mlp_ratio": 2, "patch_size": 8,
        "spatial_merge_size": 2, "temporal_patch_size": 2,
    }  # fmt: skip
    text = text_sizes(tokens, rope_parameters=rope)
    config = tf.Qwen2VLConfig(vision_config=vision, text_config=text, tie_word_embeddings=False, **ids)
    return tf.Qwen2VLForConditionalGeneration(config), qwen_processor(tf.Qwen2VLProcessor, tokens, 8)


def _qwen3_vl_moe() -> tuple[Any, Any]:
    tokens, ids, rope = qwen_parts()
    vision = {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 8, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "out_hidden_size": 64, "num_position_embeddings": 64, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    text = text_sizes(
        tokens, head_dim=32, rope_parameters={**rope, "mrope_interleaved": True}, num_experts=4, **EXPERTS
    )
    config = tf.Qwen3VLMoeConfig(vision_config=vision, text_config=text, tie_word_embeddings=False, **ids)
    return tf.Qwen3VLMoeForConditionalGeneration(config), qwen_processor(tf.Qwen3VLProcessor, tokens, 8)


GLM = [
    "<|user|>", "<|assistant|>", "<|endoftext|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>",
    "<|end_of_video|>", "<|image|>", "<|video|>",
]  # fmt: skip
GLM_TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>\n{% for c in m.content %}{{ '<|begin_of_image|><|image|><|end_of_image|>' "
    "if c.type == 'image' else c.text }}{% endfor %}{% endfor %}{{ '<|assistant|>\n' if add_generation_prompt else '' }}"
)


def _glm(version: str, **more: Any) -> tuple[Any, Any]:
    tokens = tokenizer(*GLM, eos_token="<|endoftext|>", bos_token=None)
    ids = dict(zip(GLM, tokens.convert_tokens_to_ids(GLM), strict=True))
    named = {
        "image_start_token_id": ids["<|begin_of_image|>"], "image_end_token_id": ids["<|end_of_image|>"],
        "video_start_token_id": ids["<|begin_of_video|>"], "video_end_token_id": ids["<|end_of_video|>"],
        "image_token_id": ids["<|image|>"], "video_token_id": ids["<|video|>"],
    }  # fmt: skip
    kind = "Glm4v" if version == "glm46v" else version
    vision = {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 8, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "out_hidden_size": 64, "image_size": 32,
    }  # fmt: skip
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 2, 2], "partial_rotary_factor": 0.5}
    text = getattr(tf, f"{kind}TextConfig")(**text_sizes(tokens, rope_parameters=rope, **more))
    name = "Glm46V" if version == "glm46v" else kind
    config = getattr(tf, f"{name}Config")(
        vision_config=getattr(tf, f"{kind}VisionConfig")(**vision), text_config=text, tie_word_embeddings=False, **named
    )
    pixels = {"shortest_edge": 32 * 32, "longest_edge": 64 * 64}
    part = "Glm46V" if version == "glm46v" else "Glm4v"
    processor = getattr(tf, f"{part}Processor")(
        getattr(tf, f"{part}ImageProcessor")(patch_size=8, merge_size=2, size=pixels), tokens,
        getattr(tf, f"{part}VideoProcessor")(patch_size=8, merge_size=2, size=pixels), chat_template=GLM_TEMPLATE,
    )  # fmt: skip
    return getattr(tf, f"{name}ForConditionalGeneration")(config), processor


def _glm4v_moe() -> tuple[Any, Any]:
    routed = {"n_routed_experts": 4, "n_shared_experts": 1, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1}
    return _glm("Glm4vMoe", head_dim=32, **EXPERTS, **routed)


MLLMS = {
    "qwen2_vl": _qwen2_vl, "qwen3_vl_moe": _qwen3_vl_moe, "glm4v": lambda: _glm("Glm4v"), "glm4v_moe": _glm4v_moe,
    "glm46v": lambda: _glm("glm46v"),
}  # fmt: skip
