"""Llama 4, whose layers attend to chunks of a prompt."""

from __future__ import annotations

from typing import Any

import transformers as tf

from tests.tiny.parts import text_sizes, tokenizer

LLAMA4 = [
    "<|header_start|>", "<|header_end|>", "<|eot|>", "<|image_start|>", "<|image_end|>", "<|image|>", "<|patch|>",
    "<|tile_x_separator|>", "<|tile_y_separator|>",
]  # fmt: skip


def _llama4() -> tuple[Any, Any]:
    tokens = tokenizer(*LLAMA4, eos_token="<|eot|>")
    text = tf.Llama4TextConfig(
        **text_sizes(
            tokens,
            head_dim=32,
            intermediate_size_mlp=64,
            num_local_experts=2,
            attention_chunk_size=48,
            no_rope_layers=[1, 0],
        )
    )
    vision = tf.Llama4VisionConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128, vision_output_dim=32,
        image_size=32, patch_size=8, projector_input_dim=32, projector_output_dim=32, pixel_shuffle_ratio=0.5,
    )  # fmt: skip
    config = tf.Llama4Config(
        text_config=text, vision_config=vision, image_token_index=tokens.convert_tokens_to_ids("<|patch|>"),
        boi_token_index=tokens.convert_tokens_to_ids("<|image_start|>"),
        eoi_token_index=tokens.convert_tokens_to_ids("<|image_end|>"), tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.Llama4ImageProcessor(size={"height": 32, "width": 32}, max_patches=4)
    return tf.Llama4ForConditionalGeneration(config), tf.Llama4Processor(images, tokens, patch_size=8)


MLLMS = {"llama4": _llama4}
