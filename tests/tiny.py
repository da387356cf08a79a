"""Builds tiny random models of several families from configuration, for tests of the real adapters.

`build(family, folder)` saves model (safetensors), processor, tokenizer and chat template, so that the folder
loads like a downloaded checkpoint. The tokenizer is the bundled model's with the family's own special tokens.
Weights are random but not bland: images and words sway the answer, and "yes" and "no" carry most of the mass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from judge.resources import bundled_model

WORDS = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
HEAD = ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"]  # the sizes every part has

LLAVA_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% for c in m.content if c.type == 'image' %}<image>\n{% endfor %}"
    "{{ 'USER: ' if m.role == 'user' else ' ASSISTANT: ' }}"
    "{% for c in m.content if c.type == 'text' %}{{ c.text }}{% endfor %}{{ '' if m.role == 'user' else eos_token }}"
    "{% endfor %}{{ ' ASSISTANT:' if add_generation_prompt else '' }}"
)
SMOLVLM_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m.role | capitalize }}:{{ '' if m.content[0].type == 'image' else ' ' }}"
    "{% for c in m.content %}{{ '<image>' if c.type == 'image' else c.text }}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{{ 'Assistant:' if add_generation_prompt else '' }}"
)
CHATML_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content %}{{ 'IMAGE' if c.type == 'image' "
    "else c.text }}{% endfor %}<|im_end|>\n{% endfor %}{{ '<|im_start|>assistant\n' if add_generation_prompt else '' }}"
)
QWEN_TEMPLATE = CHATML_TEMPLATE.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
INTERNVL_TEMPLATE = CHATML_TEMPLATE.replace("IMAGE", "<IMG_CONTEXT>\n")


def build(family: str, folder: Path) -> Path:
    """Save a tiny model of `family` (a key of `FAMILIES`) in `folder`, the same weights every time."""
    torch.manual_seed(sum(map(ord, family)))
    model, processor = FAMILIES[family]()
    _liven(model, processor)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def tokenizer(*special: str, ends: bool = False, max_length: int = 1024, **words: Any) -> Any:
    """The bundled model's tokenizer with more special tokens (in that order); `ends` puts BOS and EOS around a text."""
    base = Tokenizer.from_file(str(bundled_model() / "tokenizer.json"))
    base.add_special_tokens(list(special))
    words = {**WORDS, **words}
    if ends:
        around = [(words[end], base.token_to_id(words[end])) for end in ("bos_token", "eos_token")]
        base.post_processor = TemplateProcessing(single=f"{around[0][0]} $A {around[1][0]}", special_tokens=around)
    return tf.PreTrainedTokenizerFast(tokenizer_object=base, model_max_length=max_length, **words)


def _liven(model: Any, processor: Any) -> None:
    """Weights large enough that inputs matter at this size, and a head that mostly says yes or no."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0.0, 1.0 if "embed" in name else 1.5 * weight[0].numel() ** -0.5)
        head = model.get_output_embeddings()
        if head is not None:
            says = [id_ for token, id_ in processor.tokenizer.get_vocab().items() if token.strip("Ġ") in {"Yes", "No"}]
            loud = torch.full((head.weight.shape[0], 1), 0.1)
            loud[says] = 4.0
            head.weight.mul_(loud)


def _sizes(hidden: int = 32, **more: Any) -> dict[str, Any]:
    return dict(zip(HEAD, (hidden, 2, 2, 2 * hidden), strict=True)) | more


def _text(tokens: Any, **more: Any) -> dict[str, Any]:
    return _sizes(
        64, num_key_value_heads=1, vocab_size=len(tokens), max_position_embeddings=1024, tie_word_embeddings=False,
        bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id, pad_token_id=tokens.pad_token_id, **more,
    )  # fmt: skip


def _square(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


def _llava() -> tuple[Any, Any]:
    tokens = tokenizer(image_token="<image>")
    config = tf.LlavaConfig(
        vision_config=tf.CLIPVisionConfig(**_sizes(image_size=32, patch_size=8)),
        text_config=tf.LlamaConfig(**_text(tokens)), image_token_index=tokens.convert_tokens_to_ids("<image>"),
        image_seq_length=16, vision_feature_layer=-1, vision_feature_select_strategy="default",
        tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=_square(32))
    processor = tf.LlavaProcessor(
        images, tokens, patch_size=8, vision_feature_select_strategy="default", num_additional_image_tokens=1,
        chat_template=LLAVA_TEMPLATE,
    )  # fmt: skip
    return tf.LlavaForConditionalGeneration(config), processor


def _qwen_parts() -> tuple[Any, dict[str, int], dict[str, Any]]:
    names = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokens = tokenizer(*names, eos_token="<|im_end|>", bos_token=None)
    ids = {
        f"{key}_token_id": tokens.convert_tokens_to_ids(name)
        for key, name in zip(["vision_start", "vision_end", "image", "video"], names[2:], strict=True)
    }
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 6, 6]}
    return tokens, ids, rope


def _qwen3_vl() -> tuple[Any, Any]:
    tokens, ids, rope = _qwen_parts()
    vision = {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 8, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "out_hidden_size": 64, "num_position_embeddings": 64, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    text = _text(tokens, head_dim=32, rope_parameters={**rope, "mrope_interleaved": True})
    config = tf.Qwen3VLConfig(vision_config=vision, text_config=text, tie_word_embeddings=False, **ids)
    return tf.Qwen3VLForConditionalGeneration(config), _qwen_processor(tf.Qwen3VLProcessor, tokens, 8)


def _qwen2_5_vl() -> tuple[Any, Any]:
    tokens, ids, rope = _qwen_parts()
    vision = {
        "depth": 2, "hidden_size": 32, "num_heads": 2, "intermediate_size": 64, "patch_size": 8, "spatial_merge_size": 2,
        "temporal_patch_size": 2, "out_hidden_size": 64, "window_size": 32, "fullatt_block_indexes": [1],
    }  # fmt: skip
    text = _text(tokens, rope_parameters=rope)
    config = tf.Qwen2_5_VLConfig(vision_config=vision, text_config=text, tie_word_embeddings=False, **ids)
    return tf.Qwen2_5_VLForConditionalGeneration(config), _qwen_processor(tf.Qwen2_5_VLProcessor, tokens, 8)


def _qwen_processor(kind: Any, tokens: Any, patch: int) -> Any:
    pixels = {"shortest_edge": 32 * 32, "longest_edge": 64 * 64}
    images = tf.Qwen2VLImageProcessor(patch_size=patch, merge_size=2, temporal_patch_size=2, size=pixels)
    videos = tf.Qwen3VLVideoProcessor if kind is tf.Qwen3VLProcessor else tf.Qwen2VLVideoProcessor
    return kind(images, tokens, videos(patch_size=patch, merge_size=2, size=pixels), chat_template=QWEN_TEMPLATE)


def _smolvlm() -> tuple[Any, Any]:
    tokens = tokenizer(
        "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", eos_token="<end_of_utterance>"
    )
    config = tf.SmolVLMConfig(
        vision_config=_sizes(image_size=32, patch_size=8), text_config=tf.LlamaConfig(**_text(tokens)), scale_factor=2,
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
        vision_config=_sizes(image_size=[32, 32], patch_size=[8, 8]), text_config=tf.Qwen2Config(**_text(tokens)),
        image_token_id=tokens.convert_tokens_to_ids("<IMG_CONTEXT>"), image_seq_length=4, downsample_ratio=0.5,
        tie_word_embeddings=False,
    )  # fmt: skip
    images = tf.GotOcr2ImageProcessor(size=_square(32), crop_to_patches=False)
    processor = tf.InternVLProcessor(
        images, tokens, tf.InternVLVideoProcessor(size=_square(32)), image_seq_length=4, chat_template=INTERNVL_TEMPLATE
    )
    return tf.InternVLForConditionalGeneration(config), processor


def _clip_text(tokens: Any, kind: Any, **more: Any) -> dict[str, Any]:
    ids = {f"{end}_token_id": getattr(tokens, f"{end}_token_id") for end in ("bos", "eos", "pad")}
    return kind(**_sizes(vocab_size=len(tokens), max_position_embeddings=16, **ids, **more)).to_dict()


def _clip() -> tuple[Any, Any]:
    tokens = tokenizer("<|endoftext|>", ends=True, eos_token="<|endoftext|>", max_length=16)
    config = tf.CLIPConfig(
        text_config=_clip_text(tokens, tf.CLIPTextConfig), projection_dim=24,
        vision_config=tf.CLIPVisionConfig(**_sizes(image_size=32, patch_size=8)).to_dict(),
    )  # fmt: skip
    images = tf.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=_square(32))
    return tf.CLIPModel(config), tf.CLIPProcessor(images, tokens)


def _siglip() -> tuple[Any, Any]:
    tokens = tokenizer(ends=True, max_length=16, model_input_names=["input_ids"])
    config = tf.SiglipConfig(
        text_config=_clip_text(tokens, tf.SiglipTextConfig, projection_size=32),
        vision_config=tf.SiglipVisionConfig(**_sizes(image_size=32, patch_size=8)).to_dict(),
    )
    return tf.SiglipModel(config), tf.SiglipProcessor(tf.SiglipImageProcessor(size=_square(32)), tokens)


def _owlv2() -> tuple[Any, Any]:
    tokens = tokenizer("<|endoftext|>", ends=True, eos_token="<|endoftext|>", max_length=16)
    config = tf.Owlv2Config(
        text_config=_clip_text(tokens, tf.Owlv2TextConfig), projection_dim=32,  # must be the text side's width
        vision_config=tf.Owlv2VisionConfig(**_sizes(image_size=64, patch_size=8)).to_dict(),
    )  # fmt: skip
    return tf.Owlv2ForObjectDetection(config), tf.Owlv2Processor(tf.Owlv2ImageProcessor(size=_square(64)), tokens)


MLLMS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "llava": _llava, "qwen3_vl": _qwen3_vl, "qwen2_5_vl": _qwen2_5_vl, "smolvlm": _smolvlm, "internvl": _internvl,
}  # fmt: skip
FAMILIES = MLLMS | {"clip": _clip, "siglip": _siglip, "owlv2": _owlv2}


def all_token_ids(tokens: Any, words: Sequence[str]) -> list[int]:
    """Ids whose text is one of `words` but for case and spaces, found by decoding every id there is."""
    return [
        i for i in range(len(tokens)) if tokens.decode([i]).strip().lower() in words and i not in tokens.all_special_ids
    ]


TEXT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{{ '<|im_start|>assistant\n' if add_generation_prompt else '' }}"
)


def build_text(folder: Path) -> Path:
    """Save a tiny random text-only LLM in `folder`. It likes to close what it opened, so its JSON is short."""
    torch.manual_seed(7)
    tokens = tokenizer("<|im_start|>", "<|im_end|>", eos_token="<|im_end|>", bos_token=None)
    tokens.chat_template = TEXT_TEMPLATE
    model = tf.LlamaForCausalLM(tf.LlamaConfig(**_text(tokens)))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0.0, 1.0 if "embed" in name else 1.5 * weight[0].numel() ** -0.5)
        closing = [id_ for token, id_ in tokens.get_vocab().items() if token.strip("Ġ") in {'"', "]", "}", '"]', '"}'}]
        model.lm_head.weight[closing] *= 6.0
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder
