"""Families of which the judge's own tests use most: LLaVA, Qwen-VL, SmolVLM, InternVL, and the encoders."""

from __future__ import annotations

from typing import Any

import transformers as tf

from tests.tiny.parts import (
    INTERNVL_TEMPLATE,
    LLAVA_TEMPLATE,
    QWEN_TEMPLATE,
    SMOLVLM_TEMPLATE,
    sizes,
    square,
    text_sizes,
    tokenizer,
)  # fmt: skip


def _llava() -> tuple[Any, Any]:
    tokens = tokenizer(image_token="<image>")
    config = tf.LlavaConfig(
        vision_config=tf.CLIPVisionConfig(**sizes(image_size=32, patch_size=8)),
        text_config=tf.LlamaConfig(**text_sizes(tokens)), image_token_index=tokens.convert_tokens_to_ids("<image>"),
        image_seq_length=16, vision_feature_layer=-1, vision_feature_select_strategy="default",
        tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=square(32))
    processor = tf.LlavaProcessor(
        images, tokens, patch_size=8, vision_feature_select_strategy="default", num_additional_image_tokens=1,
        chat_template=LLAVA_TEMPLATE,
    )  # fmt: skip
    return tf.LlavaForConditionalGeneration(config), processor


def qwen_parts() -> tuple[Any, dict[str, int], dict[str, Any]]:
    names = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokens = tokenizer(*names, eos_token="<|im_end|>", bos_token=None)
    ids = {
        f"{key}_token_id": tokens.convert_tokens_to_ids(name)
        for key, name in zip(["vision_start", "vision_end", "image", "video"], names[2:], strict=True)
    }
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]}
    return tokens, ids, rope


def _qwen3_vl() -> tuple[Any, Any]:
    tokens, ids, rope = qwen_parts()
    vision = {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 8, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "out_hidden_size": 64, "num_position_embeddings": 64, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    text = text_sizes(tokens, head_dim=32, rope_parameters={**rope, "mrope_interleaved": True})
    config = tf.Qwen3VLConfig(vision_config=vision, text_config=text, tie_word_embeddings=False, **ids)
    return tf.Qwen3VLForConditionalGeneration(config), qwen_processor(tf.Qwen3VLProcessor, tokens, 8)


def _qwen2_5_vl() -> tuple[Any, Any]:
    tokens, ids, rope = qwen_parts()
    vision = {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 8, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "out_hidden_size": 64, "window_size": 32, "fullatt_block_indexes": [1],
    }  # fmt: skip
    text = text_sizes(tokens, rope_parameters=rope)
    config = tf.Qwen2_5_VLConfig(vision_config=vision, text_config=text, tie_word_embeddings=False, **ids)
    return tf.Qwen2_5_VLForConditionalGeneration(config), qwen_processor(tf.Qwen2_5_VLProcessor, tokens, 8)


def qwen_processor(kind: Any, tokens: Any, patch: int) -> Any:
    pixels = {"shortest_edge": 32 * 32, "longest_edge": 64 * 64}
    images = tf.Qwen2VLImageProcessor(patch_size=patch, merge_size=2, temporal_patch_size=2, size=pixels)
    videos = tf.Qwen3VLVideoProcessor if kind is tf.Qwen3VLProcessor else tf.Qwen2VLVideoProcessor
    return kind(images, tokens, videos(patch_size=patch, merge_size=2, size=pixels), chat_template=QWEN_TEMPLATE)


def _smolvlm() -> tuple[Any, Any]:
    tokens = tokenizer(
        "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", eos_token="<end_of_utterance>"
    )
    config = tf.SmolVLMConfig(
        vision_config=sizes(image_size=32, patch_size=8), text_config=tf.LlamaConfig(**text_sizes(tokens)), scale_factor=2,
        image_token_id=tokens.convert_tokens_to_ids("<image>"), tie_word_embeddings=False,
        pad_token_id=tokens.pad_token_id,
    )  # fmt: skip
    size = {"longest_edge": 32}
    processor = tf.SmolVLMProcessor(
        tf.SmolVLMImageProcessor(size=size, max_image_size=size, do_image_splitting=False), tokens,
        tf.SmolVLMVideoProcessor(size=size, max_image_size=size), image_seq_len=4, chat_template=SMOLVLM_TEMPLATE,
    )  # fmt: skip
    return tf.SmolVLMForConditionalGeneration(config), processor


def _internvl() -> tuple[Any, Any]:
    names = ["<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>", "<video>"]
    extra = dict(
        zip(["start_image_token", "end_image_token", "context_image_token", "video_token"], names[2:], strict=True)
    )
    tokens = tokenizer(*names, eos_token="<|im_end|>", bos_token=None, extra_special_tokens=extra)
    config = tf.InternVLConfig(
        vision_config=sizes(image_size=[32, 32], patch_size=[8, 8]), text_config=tf.Qwen2Config(**text_sizes(tokens)),
        image_token_id=tokens.convert_tokens_to_ids("<IMG_CONTEXT>"), image_seq_length=4, downsample_ratio=0.5,
        tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.GotOcr2ImageProcessor(size=square(32), crop_to_patches=False)
    processor = tf.InternVLProcessor(
        images, tokens, tf.InternVLVideoProcessor(size=square(32)), image_seq_length=4, chat_template=INTERNVL_TEMPLATE
    )
    return tf.InternVLForConditionalGeneration(config), processor


def _cliptext_sizes(tokens: Any, kind: Any, **more: Any) -> dict[str, Any]:
    ids = {f"{end}_token_id": getattr(tokens, f"{end}_token_id") for end in ("bos", "eos", "pad")}
    return kind(**sizes(vocab_size=len(tokens), max_position_embeddings=16, **ids, **more)).to_dict()


def _clip() -> tuple[Any, Any]:
    tokens = tokenizer("<|endoftext|>", ends=True, eos_token="<|endoftext|>", max_length=16)
    config = tf.CLIPConfig(
        text_config=_cliptext_sizes(tokens, tf.CLIPTextConfig), projection_dim=24,
        vision_config=tf.CLIPVisionConfig(**sizes(image_size=32, patch_size=8)).to_dict(),
    )  # fmt: skip
    images = tf.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=square(32))
    return tf.CLIPModel(config), tf.CLIPProcessor(images, tokens)


def _siglip() -> tuple[Any, Any]:
    tokens = tokenizer(ends=True, max_length=16, model_input_names=["input_ids"])
    config = tf.SiglipConfig(
        text_config=_cliptext_sizes(tokens, tf.SiglipTextConfig, projection_size=32),
        vision_config=tf.SiglipVisionConfig(**sizes(image_size=32, patch_size=8)).to_dict(),
    )
    return tf.SiglipModel(config), tf.SiglipProcessor(tf.SiglipImageProcessor(size=square(32)), tokens)


def _owlv2() -> tuple[Any, Any]:
    tokens = tokenizer("<|endoftext|>", ends=True, eos_token="<|endoftext|>", max_length=16)
    config = tf.Owlv2Config(
        text_config=_cliptext_sizes(tokens, tf.Owlv2TextConfig), projection_dim=32,  # must be the text side's width
        vision_config=tf.Owlv2VisionConfig(**sizes(image_size=64, patch_size=8)).to_dict(),
    )  # fmt: skip
    return tf.Owlv2ForObjectDetection(config), tf.Owlv2Processor(tf.Owlv2ImageProcessor(size=square(64)), tokens)


MLLMS = {
    "llava": _llava, "qwen3_vl": _qwen3_vl, "qwen2_5_vl": _qwen2_5_vl, "smolvlm": _smolvlm, "internvl": _internvl,
}  # fmt: skip
ENCODERS = {"clip": _clip, "siglip": _siglip, "owlv2": _owlv2}
