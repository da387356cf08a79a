"""Speed on the shapes of large models: random weights built from a configuration, because speed does not depend on
the values. Our judge against the paper's sequential loop, same model, same images, same run.

    python -m benchmarks.gpu_shapes --shape qwen3-vl-8b --quantize none --images 32 --json out.json

Random weights put next to no probability on yes and no, so every answer has low label mass and no chain ends
early: every statement of all 14 rules is asked, the most that questions can cost. The escalation is fixed at
the paper's 1.16 calls per image, of 120 tokens each, over an image batch. Text is tokenised with the bundled
model's small vocabulary, which makes questions longer than the real tokenizer would. `--shape tiny` is the same
script at toy size, for a CPU. `--dry` computes nothing: it tells what memory a shape takes, on any machine.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from benchmarks.sequential import judge_sequentially
from benchmarks.shapes import SHAPES, build
from judge.bench.speed import peak_memory_gib
from judge.chain import chain_of
from judge.constitution import load_constitution
from judge.judging.pipeline import Judge
from judge.languages import language_of
from judge.media import decode
from judge.models.transformers.chat import Chat
from judge.models.transformers.kept import SharedPrefixes
from judge.models.transformers.memory import MemoryBudget
from judge.models.transformers.mllm import TransformersMllm
from judge.ports import Ask, Conversation, Turn
from judge.settings import Settings
from judge.verdict import ModelIdentity

CALLS = 1.16  # reasoning calls per image in the paper, with debiasing by region
TOKENS = 120
NF4_BYTES = 0.5 + 4 / 64  # a weight's 4 bits, and a float for every 64


def pictures(count: int, side: int) -> list[bytes]:
    """Different JPEG files of one size."""
    files = []
    for index in range(count):
        buffer = io.BytesIO()
        Image.effect_noise((64, 64), 40 + index).convert("RGB").resize((side, side)).save(buffer, format="JPEG")
        files.append(buffer.getvalue())
    return files


def main() -> None:
    """Measure one shape and print (and write) the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="tiny")
    parser.add_argument("--quantize", choices=("none", "nf4"), default="none")
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--side", type=int, default=1024, help="pixels a side")
    parser.add_argument("--sequential", type=int, default=2, help="images for the sequential loop")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--dry", action="store_true", help="only tell the memory it takes")
    given = parser.parse_args()
    if given.dry:
        print(json.dumps(forecast(given), indent=1))
        return
    if not torch.cuda.is_available() and not given.shape.startswith("tiny"):
        parser.error(f"{given.shape} needs a GPU; --dry tells how much memory it takes")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model, processor = build(given.shape, given.quantize, device)
    identity = ModelIdentity(
        role="mllm",
        name=given.shape,
        digest="random",
        dtype=str(model.dtype),
        quantization=given.quantize,
        device=device,
    )
    result = measure(TransformersMllm(model, processor, identity), given)
    print(json.dumps(result, indent=1))
    if given.json:
        given.json.write_text(json.dumps(result, indent=1))


def forecast(given: argparse.Namespace) -> dict[str, Any]:
    """Memory that a shape takes on a GPU, from its configuration: weights in bf16 (or the language layers in 4 bits),
    and what is kept of a picture, and of a reply, at most: a family with a running state keeps less."""
    model, processor = build(given.shape, "none", "meta")
    chat = Chat(processor, model)
    opened = decode(pictures(1, given.side)[0]).views[0].image
    length = int(chat.inputs([chat.split("x", True)[0]], [opened])["input_ids"].shape[1])
    narrow = {id(one.weight) for one in model.model.language_model.modules() if isinstance(one, torch.nn.Linear)}
    small = sum(one.numel() for one in model.parameters() if id(one) in narrow) if given.quantize == "nf4" else 0
    count = sum(one.numel() for one in model.parameters())
    token = SharedPrefixes(model, chat, MemoryBudget(0.0, "meta")).bytes_of_tokens(1) * 2 // model.dtype.itemsize
    return {
        "shape": given.shape, "quantize": given.quantize, "parameters_billions": round(count / 1e9, 2),
        "weights_gib": round(((count - small) * 2 + small * NF4_BYTES) / 2**30, 1), "tokens_per_image": length,
        "cache_mib_per_image": round(token * length / 2**20), "cache_mib_per_reply": round(token * TOKENS / 2**20),
    }  # fmt: skip


def measure(mllm: TransformersMllm, given: argparse.Namespace) -> dict[str, Any]:
    """Seconds per image of the judge without and with escalation, and of the sequential loop."""
    policy = load_constitution("os-bench")
    statements = list(dict.fromkeys(text for rule in policy.rules for text in chain_of(rule).statements))
    judge = Judge(policy, mllm, settings=Settings(escalate=(), batch=given.batch))
    shown = pictures(given.images, given.side)
    warm = pictures(2, given.side)
    list(judge.judge_many(warm))  # chooses the way of scoring, computes the priors
    single = [_seconds(lambda image=image: judge.judge(image)) for image in shown[:8]]
    batches = [shown[start : start + given.batch] for start in range(0, len(shown), given.batch)]
    without, escalation = [], []
    for batch in batches:
        without.append(_seconds(lambda batch=batch: list(judge.judge_many(batch))) / len(batch))
        opened = [decode(one).views[0].image for one in batch]
        asks = [Ask(image, language_of("en").instruction, statements[0]) for image in opened]
        mllm.answer(asks)  # as after judging: images are kept
        escalation.append(_seconds(lambda opened=opened: _escalate(mllm, opened, statements)) / len(batch))
    model, chat = mllm._model, mllm._chat
    opened = [decode(one).views[0].image for one in shown[: given.sequential]]
    sequential = [
        _seconds(lambda image=image: judge_sequentially(model, chat, image, statements, 0, TOKENS)) for image in opened
    ]
    with_call = _seconds(lambda: judge_sequentially(model, chat, opened[0], statements[:1], 1, TOKENS))
    call = with_call - statistics.median(sequential) / len(statements)
    ours, loop = statistics.median(without), statistics.median(sequential)
    ours_escalated = ours + statistics.median(escalation)
    return {
        "shape": given.shape, "quantize": given.quantize, "way": str(mllm.way), "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "rules": len(policy.rules), "statements": len(statements), "images": given.images, "batch": given.batch,
        "tokens_per_image": int(chat.inputs([chat.split("x", True)[0]], [opened[0]])["input_ids"].shape[1]),
        "image_alone_p50_s": statistics.median(single),
        "image_in_batch_p50_s": ours, "with_escalation_p50_s": ours_escalated,
        "sequential_s": loop, "sequential_with_escalation_s": loop + CALLS * call, "sequential_call_s": call,
        "speedup": loop / ours, "speedup_with_escalation": (loop + CALLS * call) / ours_escalated,
        "peak_memory_gib": peak_memory_gib("cuda" if torch.cuda.is_available() else "cpu"),
    }  # fmt: skip


def _escalate(mllm: TransformersMllm, batch: list[Image.Image], statements: list[str]) -> None:
    """The paper's number of reasoning calls for a batch of decoded images, continuing from what is kept of them."""
    from judge import prompts

    calls = max(1, round(CALLS * len(batch)))
    talks = [
        Conversation(
            batch[index % len(batch)],
            (Turn("user", prompts.render("en/reason", statement=statements[index % len(statements)])),),
        )
        for index in range(calls)
    ]
    mllm.reply(talks, max_tokens=TOKENS)


def _seconds(work: Any) -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    begun = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
