"""Writes the bundled model as llama.cpp reads it: its language model as one GGUF file, its eyes as another.

    python -m tools.bundled_as_gguf FOLDER      # FOLDER/text.gguf and FOLDER/mmproj.gguf, 75 MB, float32

llama.cpp's own converter does not know this model's tokenizer. Names and layouts are those that it would write.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from judge.resources import bundled_model

# llama.cpp puts a marker where a picture is, before the text beside it; the model learnt pictures before "USER:".
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}"
    "{% set parts = m.content.split('>', 1) if m.content.startswith('<__media') else ['', m.content] %}"
    "{% if parts[0] %}{{ parts[0] + '>' }}{% endif %}{% if not loop.first %} {% endif %}USER: {{ parts[1] }}"
    "{% else %} ASSISTANT: {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %} ASSISTANT:{% endif %}"
)
_TEXT, _EYES, _PROJECTOR = "language_model.model.", "vision_tower.", "multi_modal_projector."
_TEXT_NAMES = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
_EYES_NAMES = {
    "layer_norm1": "ln1", "layer_norm2": "ln2", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.out_proj": "attn_out",
}  # fmt: skip


def write(folder: Path) -> tuple[Path, Path]:
    """The files of the language model and of the eyes, written into a folder."""
    source = bundled_model()
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    weights = _weights(source / "model.safetensors")
    text, eyes = folder / "text.gguf", folder / "mmproj.gguf"
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    _write_text(text, config["text_config"], tokenizer, weights)
    _write_eyes(eyes, config, weights)
    return text, eyes


def _weights(path: Path) -> dict[str, np.ndarray]:
    """All tensors in float32. They are stored as bfloat16, the upper half of a float32, which numpy does not know."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    listed = json.loads(data[8:start])
    listed.pop("__metadata__", None)
    assert {tensor["dtype"] for tensor in listed.values()} == {"BF16"}

    def read(shape: list[int], data_offsets: list[int], **_: Any) -> np.ndarray:
        first, end = (start + offset for offset in data_offsets)
        return (np.frombuffer(data[first:end], "<u2").astype("<u4") << 16).view("<f4").reshape(shape)

    return {name: read(**tensor) for name, tensor in listed.items()}


def _write_text(path: Path, config: dict[str, Any], tokenizer: dict[str, Any], weights: dict[str, np.ndarray]) -> None:
    file = gguf.GGUFWriter(path, "llama")
    file.add_name("bundled")
    file.add_file_type(gguf.LlamaFileType.ALL_F32)
    file.add_vocab_size(config["vocab_size"])
    file.add_block_count(config["num_hidden_layers"])
    file.add_context_length(config["max_position_embeddings"])
    file.add_embedding_length(config["hidden_size"])
    file.add_feed_forward_length(config["intermediate_size"])
    file.add_head_count(config["num_attention_heads"])
    file.add_head_count_kv(config["num_key_value_heads"])
    file.add_rope_dimension_count(config["head_dim"])
    file.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    file.add_layer_norm_rms_eps(config["rms_norm_eps"])
    _add_tokenizer(file, config, tokenizer)
    file.add_tensor("token_embd.weight", weights[f"{_TEXT}embed_tokens.weight"])
    file.add_tensor("output_norm.weight", weights[f"{_TEXT}norm.weight"])
    for layer in range(config["num_hidden_layers"]):
        for theirs, ours in _TEXT_NAMES.items():
            weight = weights[f"{_TEXT}layers.{layer}.{theirs}.weight"]
            if ours in ("attn_q", "attn_k"):
                weight = _interleaved(weight, config["num_attention_heads"])
            file.add_tensor(f"blk.{layer}.{ours}.weight", weight)
    _close(file)


def _add_tokenizer(file: gguf.GGUFWriter, config: dict[str, Any], tokenizer: dict[str, Any]) -> None:
    special = {token["content"] for token in tokenizer["added_tokens"]}
    vocabulary = tokenizer["model"]["vocab"]
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    kinds = (gguf.TokenType.NORMAL, gguf.TokenType.CONTROL)
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("gpt-2")
    file.add_token_list(tokens)
    file.add_token_types([kinds[token in special] for token in tokens])
    file.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    file.add_bos_token_id(config["bos_token_id"])
    file.add_eos_token_id(config["eos_token_id"])
    file.add_pad_token_id(config["pad_token_id"])
    file.add_add_bos_token(False)  # the template writes it
    file.add_chat_template(TEMPLATE)


def _interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows in the order in which llama.cpp turns them: transformers turns the first half of a head with the second."""
    rows, columns = weight.shape
    return np.ascontiguousarray(weight.reshape(heads, 2, -1, columns).swapaxes(1, 2).reshape(rows, columns))


def _write_eyes(path: Path, config: dict[str, Any], weights: dict[str, np.ndarray]) -> None:
    eyes, layers = config["vision_config"], config["vision_config"]["num_hidden_layers"]
    file = gguf.GGUFWriter(path, "clip")
    file.add_file_type(gguf.LlamaFileType.ALL_F32)
    file.add_bool(gguf.Keys.Clip.HAS_VISION_ENCODER, True)
    file.add_bool(gguf.Keys.Clip.HAS_LLAVA_PROJECTOR, True)
    file.add_string(gguf.Keys.Clip.PROJECTOR_TYPE, "mlp")
    file.add_bool(gguf.Keys.ClipVision.USE_GELU, True)
    file.add_uint32(gguf.Keys.ClipVision.IMAGE_SIZE, eyes["image_size"])
    file.add_uint32(gguf.Keys.ClipVision.PATCH_SIZE, eyes["patch_size"])
    file.add_uint32(gguf.Keys.ClipVision.EMBEDDING_LENGTH, eyes["hidden_size"])
    file.add_uint32(gguf.Keys.ClipVision.FEED_FORWARD_LENGTH, eyes["intermediate_size"])
    file.add_uint32(gguf.Keys.ClipVision.BLOCK_COUNT, layers)
    file.add_uint32(gguf.Keys.ClipVision.Attention.HEAD_COUNT, eyes["num_attention_heads"])
    file.add_float32(gguf.Keys.ClipVision.Attention.LAYERNORM_EPS, eyes["layer_norm_eps"])
    file.add_uint32(gguf.Keys.ClipVision.PROJECTION_DIM, config["text_config"]["hidden_size"])
    file.add_array(gguf.Keys.ClipVision.IMAGE_MEAN, [0.5, 0.5, 0.5])
    file.add_array(gguf.Keys.ClipVision.IMAGE_STD, [0.5, 0.5, 0.5])
    file.add_array("clip.vision.feature_layer", [layers])  # the last one; unsaid, llama.cpp takes the one before
    for theirs, ours in (("patch_embedding", "patch_embd"), ("position_embedding", "position_embd")):
        file.add_tensor(f"v.{ours}.weight", weights[f"{_EYES}embeddings.{theirs}.weight"])
    file.add_tensor("v.patch_embd.bias", weights[f"{_EYES}embeddings.patch_embedding.bias"])
    for part in ("weight", "bias"):  # no post_layernorm: LLaVA takes what the last layer says before it
        for layer in range(layers):
            for theirs, ours in _EYES_NAMES.items():
                file.add_tensor(
                    f"v.blk.{layer}.{ours}.{part}", weights[f"{_EYES}encoder.layers.{layer}.{theirs}.{part}"]
                )
        file.add_tensor(f"mm.0.{part}", weights[f"{_PROJECTOR}linear_1.{part}"])
        file.add_tensor(f"mm.2.{part}", weights[f"{_PROJECTOR}linear_2.{part}"])
    _close(file)


def _close(file: gguf.GGUFWriter) -> None:
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        print(written)
