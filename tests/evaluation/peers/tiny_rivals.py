"""Tiny random models of the rivals' families, saved so that they load like downloaded checkpoints (see tests/tiny.py).

Their chat templates are ours and short; what matters is that they take what the real ones take.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf

from tests.tiny import liven
from tests.tiny.parts import sizes, square, text_sizes, tokenizer

TURNS = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {% for c in m.content %}"
    "{{ 'IMAGE' if c.type == 'image' else c.text }}{% endfor %}\n{% endfor %}"
    "{{ '[assistant] ' if add_generation_prompt else '' }}"
)
GUARD_TURNS = (
    "{{ bos_token }}{% for key in categories %}{% if key not in excluded_category_keys %}{{ key }}: "
    "{{ categories[key] }}\n{% endif %}{% endfor %}"
) + TURNS.removeprefix("{{ bos_token }}")
POLICY_TURNS = "{{ bos_token }}{% for m in messages %}IMAGE {{ m.content[-1].text }} Yes or No?\n{% endfor %}"


def build(family: str, folder: Path) -> Path:
    """Save a tiny model of `family` (a key of `FAMILIES`) in `folder`, the same weights every time."""
    torch.manual_seed(sum(map(ord, family)))
    model, processor = FAMILIES[family]()
    liven(model, processor)
    for name, gate in model.named_parameters():
        if name.endswith("gate"):  # Mllama's begin at zero, where the picture has no say
            torch.nn.init.ones_(gate)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _words(*special: str, **names: Any) -> Any:
    """The tokenizer, with words for safe and unsafe as Llama Guard's has them."""
    tokens = tokenizer(*special, **names)
    tokens.add_tokens(["unsafe", "safe"])
    return tokens


def _ids(tokens: Any, **names: str) -> dict[str, int]:
    return {key: tokens.convert_tokens_to_ids(word) for key, word in names.items()}


def _mistral3() -> tuple[Any, Any]:
    tokens = _words("[IMG]", "[IMG_BREAK]", "[IMG_END]")
    config = tf.Mistral3Config(
        vision_config=tf.PixtralVisionConfig(**sizes(image_size=32, patch_size=8, head_dim=16)),
        text_config=tf.MistralConfig(**text_sizes(tokens, head_dim=32)), spatial_merge_size=2, vision_feature_layer=-1,
        tie_word_embeddings=False, **_ids(tokens, image_token_index="[IMG]"),
    )  # fmt: skip
    images = tf.PixtralImageProcessor(size={"longest_edge": 32}, patch_size=square(8))
    processor = tf.PixtralProcessor(
        images, tokens, patch_size=8, spatial_merge_size=2, chat_template=TURNS.replace("IMAGE", "[IMG]")
    )
    return tf.Mistral3ForConditionalGeneration(config), processor


def _mllama(template: str = GUARD_TURNS) -> tuple[Any, Any]:
    tokens = _words("<|image|>", image_token="<|image|>")
    vision = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_global_layers": 1, "attention_heads": 2, "intermediate_size": 64,
        "image_size": 32, "patch_size": 8, "max_num_tiles": 2, "vision_output_dim": 64,
        "intermediate_layers_indices": [0], "supported_aspect_ratios": [[1, 1], [1, 2], [2, 1]],
    }  # fmt: skip
    text = text_sizes(tokens, cross_attention_layers=[1])
    config = tf.MllamaConfig(vision_config=vision, text_config=text, **_ids(tokens, image_token_index="<|image|>"))
    images = tf.MllamaImageProcessor(size=square(32), max_image_tiles=2)
    processor = tf.MllamaProcessor(images, tokens, chat_template=template.replace("IMAGE", "<|image|>"))
    return tf.MllamaForConditionalGeneration(config), processor


def _llama4() -> tuple[Any, Any]:
    marks = [
        "<|image|>",
        "<|patch|>",
        "<|image_start|>",
        "<|image_end|>",
        "<|tile_x_separator|>",
        "<|tile_y_separator|>",
    ]
    tokens = _words(*marks)
    config = tf.Llama4Config(
        vision_config={
            **sizes(image_size=32, patch_size=8), "intermediate_size": 128, "vision_output_dim": 32, "projector_input_dim": 32,
            "projector_output_dim": 32, "pixel_shuffle_ratio": 0.5,
        },
        text_config=text_sizes(
            tokens, head_dim=32, intermediate_size_mlp=128, num_local_experts=1, interleave_moe_layer_step=8,
            attention_chunk_size=512,
        ),
        tie_word_embeddings=False, **_ids(tokens, image_token_index="<|patch|>", boi_token_index="<|image_start|>",
                                          eoi_token_index="<|image_end|>"),
    )  # fmt: skip
    images = tf.Llama4ImageProcessor(size=square(32), max_patches=1)
    processor = tf.Llama4Processor(
        images, tokens, patch_size=8, pixel_shuffle_ratio=0.5, chat_template=GUARD_TURNS.replace("IMAGE", "<|image|>")
    )
    return tf.Llama4ForConditionalGeneration(config), processor


def _llava_onevision() -> tuple[Any, Any]:
    tokens = _words("<video>", image_token="<image>", video_token="<video>")
    config = tf.LlavaOnevisionConfig(
        vision_config=tf.SiglipVisionConfig(**sizes(image_size=32, patch_size=8)),
        text_config=tf.Qwen2Config(**text_sizes(tokens)), image_grid_pinpoints=[[32, 32]], vision_feature_layer=-1,
        vision_feature_select_strategy="full", tie_word_embeddings=False,
        **_ids(tokens, image_token_index="<image>", video_token_index="<video>"),
    )  # fmt: skip
    images = tf.LlavaOnevisionImageProcessor(size=square(32), image_grid_pinpoints=[[32, 32]])
    processor = tf.LlavaOnevisionProcessor(
        images, tokens, tf.LlavaOnevisionVideoProcessor(size=square(32)), num_image_tokens=16,
        vision_feature_select_strategy="full", chat_template=TURNS.replace("IMAGE", "<image>\n"),
    )  # fmt: skip
    return tf.LlavaOnevisionForConditionalGeneration(config), processor


def _shieldgemma2() -> tuple[Any, Any]:
    marks = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    tokens = tokenizer(*marks.values(), extra_special_tokens=marks)
    config = tf.ShieldGemma2Config(
        vision_config=tf.SiglipVisionConfig(**sizes(image_size=32, patch_size=8, vision_use_head=False)),
        text_config=tf.Gemma3TextConfig(**text_sizes(tokens, head_dim=32, sliding_window=64)), mm_tokens_per_image=4,
        tie_word_embeddings=False,
        **_ids(tokens, boi_token_index=marks["boi_token"], eoi_token_index=marks["eoi_token"],
               image_token_index=marks["image_token"], yes_token_index="Yes", no_token_index="No"),
    )  # fmt: skip
    processor = tf.ShieldGemma2Processor(
        tf.Gemma3ImageProcessor(size=square(32)), tokens, image_seq_length=4,
        chat_template=POLICY_TURNS.replace("IMAGE", marks["boi_token"]),
    )  # fmt: skip
    return tf.ShieldGemma2ForImageClassification(config), processor


FAMILIES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "shieldstral": _mistral3, "llama-guard-3": _mllama, "llama-guard-4": _llama4, "llavaguard": _llava_onevision,
    "shieldgemma2": _shieldgemma2, "llama-guard-of-fixed-categories": lambda: _mllama(TURNS),
}  # fmt: skip
