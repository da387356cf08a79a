"""Writes docs/models.md: which families of models work, and how, measured on tiny random checkpoints of them.

Run it when a family is added: `python -m tools.document_models`. `tests/models/test_families.py` holds every row
against what it measures itself.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from judge.models.transformers.prefix import is_plain
from judge.ports import Ask

if TYPE_CHECKING:
    from judge.models.transformers.mllm import TransformersMllm

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"
NAMES = {
    "llava": "LLaVA", "qwen3_vl": "Qwen3-VL", "qwen2_5_vl": "Qwen2.5-VL", "smolvlm": "SmolVLM", "internvl": "InternVL",
    "llava_next": "LLaVA-NeXT", "llava_onevision": "LLaVA-OneVision", "idefics3": "Idefics3", "ovis2": "Ovis2",
    "janus": "Janus", "deepseek_vl": "DeepSeek-VL", "deepseek_vl_hybrid": "DeepSeek-VL (hybrid)",
    "paligemma": "PaliGemma", "qwen2_vl": "Qwen2-VL", "qwen3_vl_moe": "Qwen3-VL (mixture of experts)",
    "glm4v": "GLM-4.1V", "glm4v_moe": "GLM-4.5V", "glm46v": "GLM-4.6V", "gemma3": "Gemma 3", "gemma4": "Gemma 4",
    "aya_vision": "Aya Vision", "cohere2_vision": "Cohere2 Vision", "mistral3": "Mistral 3", "pixtral": "Pixtral",
    "qwen3_5": "Qwen3.5", "qwen3_5_moe": "Qwen3.5 (mixture of experts)", "lfm2_vl": "LFM2-VL",
    "mllama": "Llama 3.2 Vision",
}  # fmt: skip
KINDS = {
    "DynamicLayer": "keys and values", "DynamicSlidingWindowLayer": "windows", "LinearAttentionLayer": "running states",
}  # fmt: skip
HEADER = """# Models

`--model` takes any image-text-to-text model of transformers, by hub id or folder. The families below were tried as
tiny random checkpoints, each by `tests/models/test_families.py`: log-probabilities of questions on a shared
picture equal plain passes to 1e-4 of the largest in fp32, with prompts shorter and longer than their windows, pictures
of mixed sizes in a batch, a single pixel, and none; replies equal greedy text from scratch; replies under a schema are
JSON of it; an image is judged to the end, reasoning included. What a real checkpoint says of your pictures is another
question: `judge probe --model X` ([probe.md](probe.md)).

- **keeps**: what the model's cache is made of. Keys and values of every token can be cut and stacked; windows and
  running states cannot, nor can a picture that is kept apart from the text.
- **questions**: *together*: a picture is computed once, and its questions share it. *one by one*: the family reads a
  prompt in both directions, so nothing of it can be computed before its end; many times slower.
- **replies**: *from what is kept* of the picture, or *anew*; both several at a time.

Written by `python -m tools.document_models`, with the transformers that was installed then.

| family | `model_type` | keeps | questions | replies |
|---|---|---|---|---|
"""
FOOTER = """
A family that is not listed is held against plain passes when the first question about a picture comes, and again when
prompts get much longer; where sharing is not exact, or fails, questions are asked one by one.

A model that none of this runs comes in by a package of yours: [backends.md](backends.md).

## Refused

A model that the installed transformers cannot run on a small picture is refused when it is loaded, with the reason.
In 5.24 that is Llama 4, which fails inside. Gemma 3n needs the package `timm`; the message says so. So is a model
whose chat template leaves pictures out, and one without a chat template, except PaliGemma.

So is one that needs Python code of its own (unless `--trust-remote-code` is given), whose files are incomplete or of
another kind, or do not fit each other, or whose tokenizer has no single token for yes or no. The message names the
part; `judge doctor --model FOLDER` names damaged and missing files without loading anything. What the hub gave
damaged, or what answers in its place, is a failure (exit code 3), not a mistake.

A chat template is a program. One that takes over 5 seconds of the processor for a conversation, writes over 4 million
characters, or computes powers (one step of which may take for ever) is refused when the model is loaded; where it
does so only later, the image goes to review. The memory that one step of a template takes is not bounded.

## Weights

A checkpoint that comes quantised is loaded as it is, where the package for its format is installed: bitsandbytes, AWQ
and GPTQ (gptqmodel, optimum), FP8, compressed-tensors and what else transformers reads; the message names the package
where it is not. Verdicts record the format. `--quantize 4bit` and `8bit` are for weights that come in full:
bitsandbytes makes the layers of the language model smaller, and nothing else. It passes over experts that lie in one
tensor; then a line says how much stays large. LLM.int8 (`8bit`) looks for outliers in all that is computed together,
so an answer depends a little on what is computed beside it (0.015 of a log-probability on the bundled model). Where
that is over 0.05 of a logit nothing is shared, and a line says so; `4bit` has no such dependence.

A model that is too large for the first GPU goes on to the next ones, and what fits on none stays in the computer's
memory, which is slow, and said. `--device cuda:1` puts all of it on one. `--dtype` says in which number format
weights are read and computed with: `auto` is bfloat16 on a GPU and float32 on a CPU; `float16` is for GPUs that know
no bfloat16, and some models overflow in it (refused at load: "no numbers"). Verdicts record the format, and may
differ between formats. Settings for writing that come with a checkpoint (sampling, penalties, forbidden tokens) are
never used: every text is the likeliest one.

## Thinking

Yes and no are read where the answer begins, so a model that thinks first is kept from it: by `enable_thinking` or
`thinking` where its chat template knows one, and by an empty block where the template opens one even so. A block of
which no end is known is refused. `--reason-with thinking` lets the model think in its own way when it reasons about
what is undecided: up to `reason_tokens` (512, `load_judge(..., reason_tokens=2048)`), then it is cut and summed up.
The text is in the evidence, and so is whether it was cut off (`cut_off`).

## Pictures

A model is shown at most `--max-pixels` of a picture, 1 048 576 by default; a photograph of 4000 x 3000 takes 11,750
tokens of Qwen3-VL at its own limits, and 1,036 so (`python -m tools.count_image_tokens`; of another model, `judge
probe`). Families that take any size (Qwen, GLM, Pixtral, ...) get a smaller copy, families that cut pictures into
tiles (InternVL, LLaVA-NeXT and -OneVision, Idefics3 and SmolVLM, Ovis2, Aya, Cohere2, LFM2-VL) fewer tiles, beside
the overview. Llama 3.2 Vision keeps its four tiles. Where a model sees less anyway, nothing changes. For small things
in large pictures there is `--look-closer`.

## PaliGemma's template

PaliGemma ships without a chat template. It is given the form of its training prompts: the picture, BOS, then every
message followed by a newline, whoever wrote it. Priors are asked in the same form, without the picture.
"""


def row(family: str, mllm: TransformersMllm) -> str:
    """A family's line of the table. `mllm` has answered a question about a picture."""
    if mllm.way is None:
        raise ValueError(f"{family} was asked nothing about a picture")
    kept = next(iter(mllm._kept._kept.values())).prefix.batch
    keeps = ", ".join(sorted({KINDS[type(layer).__name__] for layer in kept.cache.layers}))
    if keeps == KINDS["DynamicLayer"] and not is_plain(kept):
        keeps += ", the picture apart"
    asked = "together" if mllm.way.shares else "one by one"
    replies = "from what is kept" if mllm.way.plain else "anew"
    return f"| {NAMES[family]} | `{mllm._model.config.model_type}` | {keeps} | {asked} | {replies} |"


def main() -> None:
    """Build, ask and write."""
    from judge.models.transformers.mllm import load_mllm
    from judge.settings import Settings
    from tests import tiny

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for family in sorted(tiny.EVERY_MLLM, key=lambda family: NAMES[family].casefold()):
            built = tiny.build(family, Path(folder) / family)
            mllm = load_mllm(str(built), Settings(dtype="float32", device="cpu"))
            mllm.answer([Ask(Image.new("RGB", (64, 48), "red"), "Is this true?", "it is red")])
            rows.append(row(family, mllm))
    PAGE.write_text(HEADER + "\n".join(rows) + "\n" + FOOTER, encoding="utf-8")


if __name__ == "__main__":
    main()
