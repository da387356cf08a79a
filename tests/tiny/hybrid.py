"""Families that keep something else than keys and values: running states (Qwen3.5, LFM2-VL), a picture beside the text
(mllama)."""

from __future__ import annotations

from typing import Any

import transformers as tf

from tests.tiny.first import qwen_parts, qwen_processor
from tests.tiny.moved import EXPERTS
from tests.tiny.parts import CHATML_TEMPLATE, sizes, square, text_sizes, tokenizer

LINEAR = {
    "head_dim": 32, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "layer_types": ["linear_attention", "full_attention"],
}  # fmt: skip


def _qwen3_5(kind: str = "Qwen3_5", **more: Any) -> tuple[Any, Any]:
    tokens, ids, rope = qwen_parts()
    vision = {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 8, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "out_hidden_size": 64, "num_position_embeddings": 64,
    }  # fmt: skip
    rope |= {"mrope_interleaved": True, "partial_rotary_factor": 0.5, "mrope_section": [4, 2, 2]}
    text = text_sizes(tokens, rope_parameters=rope, **LINEAR, **more)
    config = getattr(tf, f"{kind}Config")(vision_config=vision, text_config=text, tie_word_embeddings=False, **ids)
    return getattr(tf, f"{kind}ForConditionalGeneration")(config), qwen_processor(tf.Qwen3VLProcessor, tokens, 8)


def _qwen3_5_moe() -> tuple[Any, Any]:
    return _qwen3_5("Qwen3_5Moe", num_experts=4, shared_expert_intermediate_size=32, **EXPERTS)


def _lfm2_vl() -> tuple[Any, Any]:
    names = ["<|im_start|>", "<|im_end|>", "<|image_start|>", "<|image_end|>", "<|img_thumbnail|>"]
    tokens = tokenizer(*names, "<image>", eos_token="<|im_end|>")
    text = tf.Lfm2Config(**text_sizes(tokens, layer_types=["conv", "full_attention"], conv_L_cache=3))
    vision = tf.Siglip2VisionConfig(**sizes(patch_size=8, num_patches=16, vision_use_head=False))
    config = tf.Lfm2VlConfig(
        text_config=text, vision_config=vision, image_token_id=tokens.convert_tokens_to_ids("<image>"),
        projector_hidden_size=64, tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.Lfm2VlImageProcessor(
        tile_size=32, encoder_patch_size=8, min_image_tokens=2, max_image_tokens=8, max_num_patches=32, max_tiles=4
    )
    template = "{{ bos_token }}" + CHATML_TEMPLATE.replace("IMAGE", "<image>")
    return tf.Lfm2VlForConditionalGeneration(config), tf.Lfm2VlProcessor(images, tokens, chat_template=template)


MLLAMA_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{% for c in m.content %}"
    "{{ '<|image|>' if c.type == 'image' else c.text }}{% endfor %}<|eot_id|>{% endfor %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' if add_generation_prompt else '' }}"
)


def _mllama() -> tuple[Any, Any]:
    names = ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|python_tag|>", "<|image|>"]
    tokens = tokenizer(*names, eos_token="<|eot_id|>")
    text = text_sizes(tokens, cross_attention_layers=[1])
    text["num_hidden_layers"] = 3
    vision = tf.MllamaVisionConfig(
        hidden_size=32, num_hidden_layers=2, num_global_layers=1, attention_heads=2, intermediate_size=64,
        vision_output_dim=64, image_size=32, patch_size=8, max_num_tiles=4, intermediate_layers_indices=[0],
    )  # fmt: skip
    config = tf.MllamaConfig(
        vision_config=vision, text_config=tf.MllamaTextConfig(**text),
        image_token_index=tokens.convert_tokens_to_ids("<|image|>"),
    )  # fmt: skip
    images = tf.MllamaImageProcessor(size=square(32), max_image_tiles=4)
    return tf.MllamaForConditionalGeneration(config), tf.MllamaProcessor(images, tokens, chat_template=MLLAMA_TEMPLATE)


MLLMS = {"qwen3_5": _qwen3_5, "qwen3_5_moe": _qwen3_5_moe, "lfm2_vl": _lfm2_vl, "mllama": _mllama}
