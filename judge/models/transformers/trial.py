"""Whether real models can be loaded on this machine: a tiny random one is made, loaded and asked, as a user's would be.

`judge doctor` runs it as a process of its own (`tried`), so that a library that crashes or hangs is only reported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from judge.errors import JudgeError
from judge.resources import bundled_model
from judge.settings import Settings

PATIENCE = 60.0  # seconds, after which the process is stopped
FAMILY = "Qwen3-VL"
_LIBRARIES = ("transformers", "torch", "bitsandbytes")
_TOKENS = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content %}{% if c.type == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True)
class Trial:
    """What came of it.

    loads: whether a model was loaded and answered. in_4_bits: whether it did so by bitsandbytes, too.
    wrong: why it did not, or why not in 4 bits.
    """

    loads: bool
    in_4_bits: bool
    wrong: str | None
    versions: dict[str, str]

    def __str__(self) -> str:
        """One line, such as `yes: a tiny random Qwen3-VL loads and answers, in 4 bits, too (transformers 5.25.0)`."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        if not self.loads:
            return f"no: {self.wrong} ({versions})"
        packed = "in 4 bits, too" if self.in_4_bits else f"but not in 4 bits: {self.wrong}"
        return f"yes: a tiny random {FAMILY} loads and answers, {packed} ({versions})"


def started() -> subprocess.Popen[str]:
    """The trial as a process, to be ended by `result`. What it remembers of its model lies in a folder of its own."""
    return subprocess.Popen(  # noqa: S603 - this module
        [sys.executable, "-P", "-m", __name__], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def result(process: subprocess.Popen[str]) -> Trial:
    """Wait for a trial that was started."""
    try:
        said, errors = process.communicate(timeout=PATIENCE)
        return Trial(**json.loads(said.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        why = f"loading a tiny model took over {PATIENCE:g} s"
    except (ValueError, TypeError, IndexError):  # it ended before it could say anything
        last = errors.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        why = f"loading a tiny model ended the process: {last[0]}"
    return Trial(False, False, why, _versions())


def tried() -> Trial:
    """Make a tiny model, load it in 4 bits and, where that fails, in full, and ask it a question."""
    from judge.models.transformers.internals import REACHES

    try:
        for reach in REACHES:
            reach.check()
        with tempfile.TemporaryDirectory() as folder:
            os.environ["JUDGE_CACHE_DIR"] = f"{folder}/cache"  # nothing of a model that is gone is remembered
            model = make(Path(folder) / "tiny")
            try:
                _ask(model, "4bit")
            except JudgeError as error:
                _ask(model, "none")
                return Trial(True, False, error.message.replace(str(model), "it"), _versions())
    except JudgeError as error:
        return Trial(False, False, error.message, _versions())
    return Trial(True, True, None, _versions())


def _ask(folder: Path, quantize: Any) -> None:
    from PIL import Image

    from judge.models.transformers.mllm import load_mllm
    from judge.ports import Ask

    mllm = load_mllm(str(folder), Settings(quantize=quantize))
    mllm.answer([Ask(Image.new("RGB", (64, 48), "red"), "Is this true?", "The picture is red.")])


def make(folder: Path) -> Path:
    """Save a tiny random model of a current family, with its processor, as a checkpoint of the hub is laid out."""
    import torch
    from tokenizers import Tokenizer
    from transformers import (
        PreTrainedTokenizerFast,
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    words = Tokenizer.from_file(str(bundled_model() / "tokenizer.json"))
    words.add_special_tokens(list(_TOKENS))
    tokens = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<|im_end|>", pad_token="<pad>")  # noqa: S106
    ids = dict(
        zip(
            ("vision_start_token_id", "vision_end_token_id", "image_token_id", "video_token_id"),
            tokens.convert_tokens_to_ids(list(_TOKENS[2:])),
            strict=True,
        )
    )
    sizes = {"hidden_size": 64, "intermediate_size": 64}
    vision = {
        **sizes,
        "depth": 1,
        "num_heads": 2,
        "patch_size": 8,
        "out_hidden_size": 64,
        "deepstack_visual_indexes": [0],
    }
    text = {
        **sizes, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32,
        "vocab_size": len(tokens), "max_position_embeddings": 1024,
        "rope_parameters": {
            "rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 6, 6], "mrope_interleaved": True,
        },
    }  # fmt: skip
    torch.manual_seed(0)
    model = Qwen3VLForConditionalGeneration(
        Qwen3VLConfig(vision_config=vision, text_config=text, tie_word_embeddings=False, **ids)
    )
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:  # as they are made they are so small that a picture sways nothing
                weight.normal_(0.0, weight[0].numel() ** -0.5)
    pixels = {"patch_size": 8, "merge_size": 2, "size": {"shortest_edge": 32 * 32, "longest_edge": 64 * 64}}
    processor = Qwen3VLProcessor(
        Qwen2VLImageProcessor(**pixels), tokens, Qwen3VLVideoProcessor(**pixels), chat_template=_TEMPLATE
    )
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in _LIBRARIES}


if __name__ == "__main__":
    print(json.dumps(asdict(tried())))
