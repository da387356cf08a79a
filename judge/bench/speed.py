"""Measurements of speed. Compared ways run in one process, one after the other, in fp32 unless said otherwise.

No weights or scores are judged here: what a question costs does not depend on its answer. Statements are drawings'
names, so that the bundled model sees the words it was trained on.
"""

from __future__ import annotations

import platform
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from judge.constitution import Constitution, Precondition, Rule, Statement, load_constitution
from judge.judging.pipeline import Judge
from judge.languages import DEFAULT, language_of
from judge.ports import Ask
from judge.settings import Settings

if TYPE_CHECKING:
    from PIL.Image import Image

    from judge.models.transformers.mllm import TransformersMllm

QUESTIONS = 32
RULES = (1, 5, 14, 50, 200)
SIZES = (128, 512, 2048)
NOUNS = (
    "fire",
    "a knife",
    "a gun",
    "a dog",
    "a cat",
    "beer",
    "wine",
    "a skull",
    "a bomb",
    "a child",
    "a man",
    "a woman",
    "money",
    "dice",
    "a pill",
    "a tree",
    "a car",
    "a house",
    "a boat",
    "a ball",
    "a cake",
    "an apple",
    "a banana",
    "a bird",
    "a fish",
    "a horse",
    "a cow",
    "a pig",
    "the moon",
    "the sun",
    "a star",
    "a heart",
    "a key",
    "a book",
    "a bell",
    "a clock",
    "a hat",
    "a shoe",
    "a cup",
    "a flag",
)
FORMS = ("{} is visible", "the picture shows {}", "{} can be seen", "the picture has {}", "there is {}")


def statements(count: int) -> list[str]:
    """`count` different statements."""
    every = [form.format(noun) for form in FORMS for noun in NOUNS]
    if count > len(every):
        raise ValueError(f"only {len(every)} statements, not {count}")
    return every[:count]


def rules(count: int) -> Constitution:
    """A constitution of `count` rules. Each rule's own precondition comes first, so every rule costs a question
    before the precondition they share can settle anything."""
    shared = Precondition(any=(Statement(statement="people are visible"), Statement(statement="animals are visible")))
    made = tuple(
        Rule(
            id=f"rule-{index}",
            rule=f"No person or animal may be shown where {text}.",
            preconditions=(Precondition(any=(Statement(statement=text),)), shared),
        )
        for index, text in enumerate(statements(count))
    )
    return Constitution(constitution="bench", version="1.0.0", rules=made)


def sharing(mllm: TransformersMllm, images: Sequence[Image], repeats: int) -> dict[str, float]:
    """The same questions about one image on a shared prefix, over one by one: best of `repeats`, in seconds."""
    from judge.models.transformers.ways import ALONE, ScoringPlan

    texts, instruction = statements(QUESTIONS), language_of(DEFAULT).instruction
    mllm.answer([Ask(images[0].copy(), instruction, text) for text in texts])  # chooses and warms the way
    chosen = mllm.way

    def best(way: ScoringPlan | None) -> float:
        mllm.way = way
        spent = []
        for index in range(repeats):
            image = images[index % len(images)].copy()  # a new object: nothing kept of it
            begun = time.perf_counter()
            mllm.answer([Ask(image, instruction, text) for text in texts])
            spent.append(time.perf_counter() - begun)
        return min(spent)

    alone = best(ALONE)
    together = best(chosen)
    return {
        "questions": QUESTIONS,
        "one_by_one_s": alone,
        "shared_s": together,
        "speedup_over_one_by_one": alone / together,
        "questions_per_second": QUESTIONS / together,
    }


def latency(judge: Judge, images: Sequence[Image]) -> dict[str, Any]:
    """Seconds per image when images come one at a time, and where the time goes (means)."""
    judge.judge(images[0])  # priors, compiled constraints: paid once, not per image
    spent, stages = [], []
    for image in images:
        begun = time.perf_counter()
        verdict = judge.judge(image)
        spent.append(time.perf_counter() - begun)
        stages.append(verdict.timings)
    names = set[str]().union(*stages)
    return {
        "image_p50_s": statistics.median(spent),
        "image_p95_s": _quantile(spent, 0.95),
        "images": len(images),
        "stages_mean_s": {name: statistics.fmean(one.get(name, 0.0) for one in stages) for name in sorted(names)},
    }


def throughput(judge: Judge, images: Sequence[Image]) -> float:
    """Images per second through `judge_many`."""
    begun = time.perf_counter()
    count = sum(1 for _ in judge.judge_many(images))
    return count / (time.perf_counter() - begun)


def growth(mllm: TransformersMllm, images: Sequence[Image]) -> dict[str, dict[str, float]]:
    """Median seconds per image that questions take, with more rules, and with larger images.

    Questions alone: what regions and reasoning cost depends on how many statements a picture leaves undecided.
    """
    settings = Settings(escalate=())

    def median(constitution: Constitution, shown: Sequence[Image]) -> float:
        judge = Judge(constitution, mllm, settings=settings)
        judge.judge(shown[0])  # priors: paid once
        return statistics.median(judge.judge(image).timings["questions"] for image in shown)

    by_size = {str(size): median(rules(14), [image.resize((size, size)) for image in images]) for size in SIZES}
    return {"by_rules": {str(count): median(rules(count), images) for count in RULES}, "by_size": by_size}


def peak_memory_gib(device: str) -> float:
    """Most memory so far: of the GPU where the model is on one, else resident in the process."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.max_memory_allocated() / 2**30
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def machine(mllm: TransformersMllm) -> dict[str, Any]:
    """What the figures belong to."""
    import torch

    device = mllm.identity.device
    return {
        "machine": platform.machine(),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "card": torch.cuda.get_device_name() if device.startswith("cuda") else None,
        "model": mllm.identity.name,
        "dtype": mllm.identity.dtype,
        "quantization": mllm.identity.quantization,
        "versions": {name: metadata.version(name) for name in ("torch", "transformers")},
        "way": str(mllm.way),
    }


def measure(mllm: TransformersMllm, images: Sequence[Image], constitution: str, repeats: int = 5) -> dict[str, Any]:
    """Everything `judge bench` reports, as one JSON object.

    The whole judge is measured without encoder and detector: nothing is pruned, and regions come from occlusion,
    which costs the most.
    """
    policy = load_constitution(constitution)
    shared = sharing(mllm, images, repeats)
    whole = Judge(policy, mllm)
    fast = Judge(policy, mllm, settings=Settings(escalate=()))
    timed = latency(whole, images)
    return {
        "machine": machine(mllm),
        **shared,
        "constitution": policy.constitution,
        "rules": len(policy.rules),
        **timed,
        "without_reasoning": latency(fast, images),
        "images_per_second": throughput(whole, images),
        **growth(mllm, images[:4]),
        "peak_memory_gib": peak_memory_gib(mllm.identity.device),
    }


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def markdown(result: dict[str, Any]) -> str:
    """The measurements as tables, with what they belong to."""
    facts = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    lines = [
        f"{facts['model']} ({facts['dtype']}, quantization {facts['quantization']}), "
        f"{facts['card'] or facts['machine']}, "
        f"{facts['threads']} threads, Python {facts['python']}, {versions}",
        "",
        "| what | figure |",
        "|---|---|",
        f"| {result['questions']} questions about one image, one by one | {result['one_by_one_s']:.3f} s |",
        f"| the same on a shared prefix | {result['shared_s']:.3f} s |",
        f"| speed-up over one by one | {result['speedup_over_one_by_one']:.1f} x |",
        f"| questions per second | {result['questions_per_second']:.0f} |",
        f"| an image under {result['constitution']} ({result['rules']} rules), p50 | {result['image_p50_s']:.3f} s |",
        f"| the same, p95 | {result['image_p95_s']:.3f} s |",
        f"| the same without reasoning, p50 | {result['without_reasoning']['image_p50_s']:.3f} s |",
        f"| images per second in batches | {result['images_per_second']:.2f} |",
        f"| peak memory | {result['peak_memory_gib']:.2f} GiB |",
        *(f"| mean in {name} | {spent:.3f} s |" for name, spent in result["stages_mean_s"].items() if name != "total"),
        *(f"| questions of {count} rules, p50 | {spent:.3f} s |" for count, spent in result["by_rules"].items()),
        *(
            f"| questions of 14 rules, image of {size} x {size}, p50 | {spent:.3f} s |"
            for size, spent in result["by_size"].items()
        ),
    ]
    return "\n".join(lines)
