"""What every tiny checkpoint is made of: a tokenizer, sizes, chat templates."""

from __future__ import annotations

from typing import Any

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


def tokenizer(*special: str, ends: bool = False, max_length: int = 1024, **words: Any) -> Any:
    """The bundled model's tokenizer with more special tokens (in that order); `ends` puts BOS and EOS around a text."""
    base = Tokenizer.from_file(str(bundled_model() / "tokenizer.json"))
    base.add_special_tokens(list(special))
    words = {**WORDS, **words}
    if ends:
        around = [(words[end], base.token_to_id(words[end])) for end in ("bos_token", "eos_token")]
        base.post_processor = TemplateProcessing(single=f"{around[0][0]} $A {around[1][0]}", special_tokens=around)
    return tf.PreTrainedTokenizerFast(tokenizer_object=base, model_max_length=max_length, **words)


def sizes(hidden: int = 32, **more: Any) -> dict[str, Any]:
    return dict(zip(HEAD, (hidden, 2, 2, 2 * hidden), strict=True)) | more


def text_sizes(tokens: Any, **more: Any) -> dict[str, Any]:
    return sizes(
        64, num_key_value_heads=1, vocab_size=len(tokens), max_position_embeddings=1024, tie_word_embeddings=False,
        bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id, pad_token_id=tokens.pad_token_id, **more,
    )  # fmt: skip


def square(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


TEXT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{{ '<|im_start|>assistant\n' if add_generation_prompt else '' }}"
)

TURNS_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}OPEN{{ 'model' if m.role == 'assistant' else 'user' }}\n"
    "{% for c in m.content %}{{ 'IMAGE' if c.type == 'image' else c.text }}{% endfor %}CLOSE\n{% endfor %}"
    "{{ 'OPENmodel\n' if add_generation_prompt else '' }}"
)
