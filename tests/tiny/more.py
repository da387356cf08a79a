"""Families of the LLaVA kind, whose language models have plain caches: LLaVA-NeXT, OneVision, Idefics3, Ovis2, Janus,
DeepSeek-VL, PaliGemma."""

from __future__ import annotations

from typing import Any

import transformers as tf

from tests.tiny.parts import CHATML_TEMPLATE, LLAVA_TEMPLATE, SMOLVLM_TEMPLATE, sizes, square, text_sizes, tokenizer

GRID = [[32, 64], [64, 32], [64, 64]]


def _siglip_vision() -> Any:
    return tf.SiglipVisionConfig(**sizes(image_size=32, patch_size=8, vision_use_head=False))


def _llava_next() -> tuple[Any, Any]:
    tokens = tokenizer(image_token="<image>")
    config = tf.LlavaNextConfig(
        vision_config=tf.CLIPVisionConfig(**sizes(image_size=32, patch_size=8)),
        text_config=tf.LlamaConfig(**text_sizes(tokens)), image_token_index=tokens.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=GRID, vision_feature_layer=-1, image_seq_length=16, tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.LlavaNextImageProcessor(size={"shortest_edge": 32}, crop_size=square(32), image_grid_pinpoints=GRID)
    processor = tf.LlavaNextProcessor(
        images, tokens, patch_size=8, vision_feature_select_strategy="default", num_additional_image_tokens=1,
        chat_template=LLAVA_TEMPLATE,
    )  # fmt: skip
    return tf.LlavaNextForConditionalGeneration(config), processor


def _llava_onevision() -> tuple[Any, Any]:
    tokens = tokenizer("<|im_start|>", "<|im_end|>", "<video>", eos_token="<|im_end|>", bos_token=None)
    image, video = tokens.convert_tokens_to_ids(["<image>", "<video>"])
    config = tf.LlavaOnevisionConfig(
        vision_config=_siglip_vision(), text_config=tf.Qwen2Config(**text_sizes(tokens)), image_token_index=image,
        video_token_index=video, image_grid_pinpoints=GRID, tie_word_embeddings=False,
    )  # fmt: skip
    processor = tf.LlavaOnevisionProcessor(
        tf.LlavaOnevisionImageProcessor(size=square(32), image_grid_pinpoints=GRID), tokens,
        tf.LlavaOnevisionVideoProcessor(size=square(32)), num_image_tokens=16, vision_feature_select_strategy="full",
        chat_template=CHATML_TEMPLATE.replace("IMAGE", "<image>\n"),
    )  # fmt: skip
    return tf.LlavaOnevisionForConditionalGeneration(config), processor


def _idefics3() -> tuple[Any, Any]:
    tokens = tokenizer(
        "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", eos_token="<end_of_utterance>"
    )
    config = tf.Idefics3Config(
        vision_config=sizes(image_size=32, patch_size=8), text_config=tf.LlamaConfig(**text_sizes(tokens)),
        scale_factor=2, image_token_id=tokens.convert_tokens_to_ids("<image>"), tie_word_embeddings=False,
        pad_token_id=tokens.pad_token_id,
    )  # fmt: skip
    images = tf.Idefics3ImageProcessor(size={"longest_edge": 64}, max_image_size={"longest_edge": 32})
    processor = tf.Idefics3Processor(images, tokens, image_seq_len=4, chat_template=SMOLVLM_TEMPLATE)
    return tf.Idefics3ForConditionalGeneration(config), processor


def _ovis2() -> tuple[Any, Any]:
    names = ["<IMG_ATOM>", "<IMG_START>", "<IMG_GRID>", "<IMG_COL>", "<IMG_ROW>", "<IMG_END>"]
    tokens = tokenizer("<|im_start|>", "<|im_end|>", *names, eos_token="<|im_end|>", bos_token=None)
    atom, *marks = tokens.convert_tokens_to_ids(names)
    config = tf.Ovis2Config(
        vision_config=tf.Ovis2VisionConfig(**sizes(image_size=32, patch_size=8, vocab_size=40)),
        text_config=tf.Qwen2Config(**text_sizes(tokens)), image_token_id=atom, visual_indicator_token_ids=marks,
        vocab_size=len(tokens), hidden_size=64, tie_word_embeddings=False,
    )  # fmt: skip
    processor = tf.Ovis2Processor(
        tf.Ovis2ImageProcessor(size=square(32), crop_to_patches=True, max_patches=4), tokens, image_seq_length=16,
        chat_template=CHATML_TEMPLATE.replace("IMAGE", "<image>\n"),
    )  # fmt: skip
    return tf.Ovis2ForConditionalGeneration(config), processor


PLACED = LLAVA_TEMPLATE.replace("<image>", "IMAGE").replace("ASSISTANT", "Assistant").replace("USER", "User")


def _janus() -> tuple[Any, Any]:
    names = {"image_token": "<image_placeholder>", "boi_token": "<begin_of_image>", "eoi_token": "<end_of_image>"}
    tokens = tokenizer(*names.values(), extra_special_tokens=names)
    config = tf.JanusConfig(
        text_config=tf.LlamaConfig(**text_sizes(tokens)), image_token_id=tokens.image_token_id,
        vision_config=tf.JanusVisionConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2.0, image_size=32, patch_size=8,
            projection_dim=64, num_image_tokens=16,
        ),
        vq_config=tf.JanusVQVAEConfig(
            embed_dim=8, num_embeddings=32, latent_channels=32, base_channels=32, channel_multiplier=[1, 1],
            num_res_blocks=1, num_patches=4, projection_dim=64, num_hidden_layers=1, image_token_embed_dim=64,
        ),
        tie_word_embeddings=False,
    )  # fmt: skip
    processor = tf.JanusProcessor(
        tf.JanusImageProcessor(size=square(32)), tokens, num_image_tokens=16,
        chat_template=PLACED.replace("IMAGE", names["image_token"]),
    )  # fmt: skip
    return tf.JanusForConditionalGeneration(config), processor


def _deepseek_vl(hybrid: bool = False) -> tuple[Any, Any]:
    tokens = tokenizer("<image_placeholder>", extra_special_tokens={"image_token": "<image_placeholder>"})
    kind, more = "DeepseekVL", {}
    if hybrid:
        kind = "DeepseekVLHybrid"
        more["high_res_vision_config"] = tf.SamVisionConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2, mlp_dim=64, output_channels=16, image_size=128,
            patch_size=8, window_size=4, global_attn_indexes=[1], num_pos_feats=8,
        ).to_dict()  # fmt: skip
    config = getattr(tf, f"{kind}Config")(
        vision_config=_siglip_vision().to_dict(), text_config=tf.LlamaConfig(**text_sizes(tokens)).to_dict(),
        image_token_id=tokens.image_token_id, tie_word_embeddings=False, **more,
    )  # fmt: skip
    sized = {"size": square(32)} | ({"high_res_size": square(128)} if hybrid else {})
    processor = getattr(tf, f"{kind}Processor")(
        getattr(tf, f"{kind}ImageProcessor")(**sized), tokens, num_image_tokens=16,
        chat_template=PLACED.replace("IMAGE", "<image_placeholder>"),
    )  # fmt: skip
    return getattr(tf, f"{kind}ForConditionalGeneration")(config), processor


def _paligemma() -> tuple[Any, Any]:
    tokens = tokenizer()
    images = tf.SiglipImageProcessor(size=square(32))
    images.image_seq_length = 16
    processor = tf.PaliGemmaProcessor(images, tokens)  # ships without a chat template
    text = text_sizes(tokens, head_dim=32)
    config = tf.PaliGemmaConfig(
        vision_config=_siglip_vision(), text_config=tf.GemmaConfig(**text), projection_dim=64, hidden_size=64,
        image_token_index=processor.image_token_id, vocab_size=len(tokens), tie_word_embeddings=False,
    )  # fmt: skip
    return tf.PaliGemmaForConditionalGeneration(config), processor


MLLMS = {
    "llava_next": _llava_next, "llava_onevision": _llava_onevision, "idefics3": _idefics3, "ovis2": _ovis2,
    "janus": _janus, "deepseek_vl": _deepseek_vl, "deepseek_vl_hybrid": lambda: _deepseek_vl(hybrid=True),
    "paligemma": _paligemma,
}  # fmt: skip
