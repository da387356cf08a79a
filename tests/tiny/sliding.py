"""Families whose language models have windows: Gemma, Aya Vision, Cohere2 Vision, Mistral. Windows are tiny here, so
that a picture with a few words fills them. Their special tokens come from the makers' tokenizer classes elsewhere."""

from __future__ import annotations

from typing import Any

import transformers as tf

from tests.tiny.parts import TURNS_TEMPLATE, sizes, square, text_sizes, tokenizer

WINDOW = 48
LAYERS = ["sliding_attention", "full_attention"]
GEMMA = ["<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>", "<image_soft_token>"]


def _named(names: list[str], **words: str) -> Any:
    """A tokenizer with special tokens that are attributes of their own, such as `tokenizer.boi_token`."""
    return tokenizer(*names, extra_special_tokens=words, eos_token=words.pop("eos", "</s>"))


def _siglip_vision() -> Any:
    return tf.SiglipVisionConfig(**sizes(image_size=32, patch_size=8, vision_use_head=False))


def _gemma3() -> tuple[Any, Any]:
    tokens = _named(GEMMA, boi_token=GEMMA[2], eoi_token=GEMMA[3], image_token=GEMMA[4], eos=GEMMA[1])
    text = tf.Gemma3TextConfig(**text_sizes(tokens, head_dim=32, sliding_window=WINDOW, layer_types=LAYERS))
    boi, eoi, image = tokens.convert_tokens_to_ids(GEMMA[2:])
    config = tf.Gemma3Config(
        text_config=text, vision_config=_siglip_vision(), mm_tokens_per_image=4, boi_token_index=boi,
        eoi_token_index=eoi, image_token_index=image, tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.Gemma3ImageProcessor(size=square(32))
    template = TURNS_TEMPLATE.replace("IMAGE", GEMMA[2]).replace("OPEN", GEMMA[0]).replace("CLOSE", GEMMA[1])
    return tf.Gemma3ForConditionalGeneration(config), tf.Gemma3Processor(
        images, tokens, image_seq_length=4, chat_template=template
    )


def _gemma4() -> tuple[Any, Any]:
    names = [
        "<|turn>",
        "<turn|>",
        "<|image>",
        "<image|>",
        "<|image|>",
        "<|audio>",
        "<audio|>",
        "<|audio|>",
        "<|video|>",
    ]
    tokens = _named(
        names, boi_token=names[2], eoi_token=names[3], image_token=names[4], boa_token=names[5], eoa_token=names[6],
        audio_token=names[7], eos=names[1],
    )  # fmt: skip
    ids = dict(zip(names, tokens.convert_tokens_to_ids(names), strict=True))
    text = tf.Gemma4TextConfig(
        **text_sizes(tokens, head_dim=32, global_head_dim=64, sliding_window=WINDOW, layer_types=LAYERS),
        vocab_size_per_layer_input=len(tokens), hidden_size_per_layer_input=8,
    )  # fmt: skip
    vision = tf.Gemma4VisionConfig(
        **sizes(num_key_value_heads=2, head_dim=16, patch_size=8, pooling_kernel_size=2, position_embedding_size=1024)
    )
    config = tf.Gemma4Config(
        text_config=text, vision_config=vision, boi_token_id=ids["<|image>"], eoi_token_id=ids["<image|>"],
        image_token_id=ids["<|image|>"], video_token_id=ids["<|video|>"], audio_token_id=ids["<|audio|>"],
        boa_token_id=ids["<|audio>"], eoa_token_index=ids["<audio|>"], tie_word_embeddings=False,
    )  # fmt: skip
    pictures = {"patch_size": 8, "pooling_kernel_size": 2, "max_soft_tokens": 70}
    processor = tf.Gemma4Processor(
        tf.Gemma4AudioFeatureExtractor(), tf.Gemma4ImageProcessor(**pictures), tokens, tf.Gemma4VideoProcessor(**pictures),
        chat_template=TURNS_TEMPLATE.replace("IMAGE", names[4]).replace("OPEN", names[0]).replace("CLOSE", names[1]),
    )  # fmt: skip
    return tf.Gemma4ForConditionalGeneration(config), processor


COHERE = ["<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|START_OF_IMG|>", "<|END_OF_IMG|>", "<|IMG_PATCH|>"]
COHERE_TEMPLATE = TURNS_TEMPLATE.replace("OPEN", COHERE[0]).replace("CLOSE", COHERE[1])


def _cohere2_text(tokens: Any) -> Any:
    return tf.Cohere2Config(**text_sizes(tokens, sliding_window=WINDOW, layer_types=LAYERS), logit_scale=1.0)


def _aya_vision() -> tuple[Any, Any]:
    tokens = tokenizer(*COHERE, "<|IMG_LINE_BREAK|>", "TILE", "TILE_GLOBAL", eos_token=COHERE[1])
    config = tf.AyaVisionConfig(
        text_config=_cohere2_text(tokens), vision_config=_siglip_vision(), downsample_factor=2,
        image_token_index=tokens.convert_tokens_to_ids(COHERE[4]), tie_word_embeddings=False,
    )  # fmt: skip
    processor = tf.AyaVisionProcessor(
        tf.GotOcr2ImageProcessor(size=square(32), max_patches=4), tokens, patch_size=8, img_size=32, downsample_factor=2,
        chat_template=COHERE_TEMPLATE.replace("IMAGE", "<image>"),
    )  # fmt: skip
    return tf.AyaVisionForConditionalGeneration(config), processor


def _cohere2_vision() -> tuple[Any, Any]:
    names = [*COHERE, "<|IMG_LINE_BREAK|>"]
    tokens = _named(
        names, boi_token=names[2], eoi_token=names[3], image_token=names[4], img_line_break_token=names[5], eos=names[1]
    )
    config = tf.Cohere2VisionConfig(
        text_config=_cohere2_text(tokens), vision_config=_siglip_vision(), downsample_factor=2,
        image_token_id=tokens.image_token_id, alignment_intermediate_size=64, tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.Cohere2VisionImageProcessor(size=square(32), max_patches=4, patch_size=2)
    processor = tf.Cohere2VisionProcessor(images, tokens, chat_template=COHERE_TEMPLATE.replace("IMAGE", names[4]))
    return tf.Cohere2VisionForConditionalGeneration(config), processor


MISTRAL_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ '[INST]' if m.role == 'user' else '' }}{% for c in m.content %}"
    "{{ '[IMG]' if c.type == 'image' else c.text }}{% endfor %}{{ '[/INST]' if m.role == 'user' else eos_token }}"
    "{% endfor %}"
)


def _pixtral_parts(merge: int) -> tuple[Any, Any, Any]:
    tokens = tokenizer("[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]")
    images = tf.PixtralImageProcessor(size={"longest_edge": 32}, patch_size=8)
    processor = tf.PixtralProcessor(
        images, tokens, patch_size=8, spatial_merge_size=merge, chat_template=MISTRAL_TEMPLATE
    )
    return tokens, tf.PixtralVisionConfig(**sizes(image_size=32, patch_size=8)), processor


def _mistral3() -> tuple[Any, Any]:
    tokens, vision, processor = _pixtral_parts(merge=2)
    config = tf.Mistral3Config(
        text_config=tf.MistralConfig(**text_sizes(tokens, head_dim=32), sliding_window=None), vision_config=vision,
        image_token_index=tokens.convert_tokens_to_ids("[IMG]"), spatial_merge_size=2, tie_word_embeddings=False,
    )  # fmt: skip
    return tf.Mistral3ForConditionalGeneration(config), processor


def _pixtral() -> tuple[Any, Any]:
    tokens, vision, processor = _pixtral_parts(merge=1)
    config = tf.LlavaConfig(
        text_config=tf.MistralConfig(**text_sizes(tokens, head_dim=32), sliding_window=WINDOW), vision_config=vision,
        image_token_index=tokens.convert_tokens_to_ids("[IMG]"), vision_feature_layer=-1,
        vision_feature_select_strategy="full", tie_word_embeddings=False,
    )  # fmt: skip
    return tf.LlavaForConditionalGeneration(config), processor


MLLMS = {
    "gemma3": _gemma3, "gemma4": _gemma4, "aya_vision": _aya_vision, "cohere2_vision": _cohere2_vision,
    "mistral3": _mistral3, "pixtral": _pixtral,
}  # fmt: skip
