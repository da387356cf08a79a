"""What the processor's seconds of verdicts on the shipped drawings go to, and what is gained by replying to many
conversations together. Bundled model, on a CPU.

    python -m benchmarks.seconds

Everything runs in one process, after a run that is not counted. Prints two markdown tables.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from PIL import Image

from judge import load_judge
from judge.assemble import load_mllm_of
from judge.judging import opening
from judge.languages import language_of
from judge.models.transformers import kept, replying
from judge.models.transformers.chat import Chat
from judge.models.transformers.owlv2 import Owlv2Eyes
from judge.models.transformers.owlv2_pixels import Pixels
from judge.models.transformers.replying import Replying
from judge.models.transformers.ways import Scoring
from judge.ports import Ask, Conversation, Turn

DRAWINGS = sorted((Path(__file__).resolve().parent.parent / "examples/images").glob("*.png"))
BATCH = 8
WORK: dict[str, list[tuple[Any, str]]] = {
    "replies": [(Replying, "_continued")],
    "looking at pictures and crops for the first time": [(kept, "prefill")],
    "questions on what is kept of them": [(Scoring, "chances")],
    "the eyes": [(Owlv2Eyes, "_seen"), (Owlv2Eyes, "_detect")],
    "pictures to numbers, for the model": [(Chat, "inputs")],
    "pictures to numbers, for its eyes": [(Pixels, "of")],
    "decoding, in a thread of its own": [(opening, "opened")],
    "templates and tokens": [(Chat, "tokens"), (Chat, "split"), (Replying, "rendered")],
}
CONVERSATIONS, TOKENS, ROUNDS = 64, 40, 2


def main() -> None:
    """Measure, and print the tables."""
    total, spent = shares()
    print("| what | share |\n|---|---|")
    for what, seconds in spent.most_common():
        print(f"| {what} | {100 * seconds / total:.1f} % |")
    print("\n| at a time | CPU seconds | a reply |\n|---|---|---|")
    for together, seconds in replies().items():
        print(f"| {together} | {seconds:.1f} | {1000 * seconds / CONVERSATIONS:.0f} ms |")


def shares() -> tuple[float, Counter[str]]:
    """CPU seconds of verdicts on the drawings, and of them those of each kind of work."""
    spent: Counter[str] = Counter()
    judge = load_judge("demo", batch=BATCH, device="cpu")
    for _ in judge.judge_many(DRAWINGS[:BATCH]):
        pass
    with ExitStack() as stack:
        for what, functions in WORK.items():
            for holder, name in functions:
                stack.enter_context(_timed(holder, name, what, spent))
        begun = time.process_time()
        assert sum(1 for _ in judge.judge_many(DRAWINGS)) == len(DRAWINGS)
        return time.process_time() - begun, spent


@contextmanager
def _timed(holder: Any, name: str, what: str, spent: Counter[str]) -> Iterator[None]:
    inner: Callable[..., Any] = getattr(holder, name)

    def timed(*given: Any, **more: Any) -> Any:
        begun = time.thread_time()
        try:
            return inner(*given, **more)
        finally:
            spent[what] += time.thread_time() - begun

    with patch.object(holder, name, timed):
        yield


def replies() -> dict[int, float]:
    """CPU seconds of the replies to all conversations, by how many are continued together: the best round."""
    mllm = load_mllm_of(device="cpu")
    pictures = [Image.open(DRAWINGS[index % len(DRAWINGS)]).convert("RGB") for index in range(CONVERSATIONS)]
    language = language_of("en")
    mllm.answer([Ask(picture, language.instruction, "fire is visible") for picture in pictures])
    asked = (Turn("user", language.render("reason", statement="a person is visible")),)
    talks = [Conversation(picture, asked) for picture in pictures]
    spent: dict[int, list[float]] = {16: [], 32: [], 64: []}
    mllm.reply(talks, max_tokens=TOKENS)  # not counted
    for _ in range(ROUNDS):
        for together, seconds in spent.items():
            with patch.object(replying, "TOGETHER", together):
                begun = time.process_time()
                mllm.reply(talks, max_tokens=TOKENS)
                seconds.append(time.process_time() - begun)
    return {together: min(seconds) for together, seconds in spent.items()}


if __name__ == "__main__":
    main()
