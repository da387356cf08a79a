"""What the bundled eyes cost: passes over the shipped drawings, with what was seen of a batch kept and without, and how
long a large picture takes to become what they look at.

    python -m benchmarks.eyes

Both ways run in one process, after a run that is not counted. Prints a markdown table. Seconds are of the processor.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from judge import load_judge, media
from judge.models.transformers import owlv2
from judge.models.transformers.owlv2 import Owlv2Eyes, load_owlv2
from judge.models.transformers.owlv2_pixels import Pixels
from judge.resources import bundled_eyes
from judge.settings import Settings

DRAWINGS = sorted(str(path) for path in (Path(__file__).resolve().parent.parent / "examples/images").glob("*.png"))
BATCH = 32
TIMES = 5


def main() -> None:
    """Measure, and print the table."""
    print("| what | forward passes | CPU seconds |\n|---|---|---|")
    verdicts(owlv2.KEPT_BYTES)
    for what, kept in (("nothing of a batch is kept", 0), ("of a batch, what fits into 512 MiB", owlv2.KEPT_BYTES)):
        passes, seconds = verdicts(kept)
        print(f"| {len(DRAWINGS)} drawings under `demo`, {what} | {passes} | {seconds:.1f} |")
    pixels = Pixels(load_owlv2(str(bundled_eyes()), Settings(device="cpu"), "guard")._processor)
    large = Image.effect_noise((2048, 2048), 60).convert("RGB")
    print(f"| 2048 x 2048 to what the eyes look at |  | {fastest(lambda: pixels.of(large)):.3f} |")
    photo = Image.effect_noise((500, 375), 60).convert("RGB").resize((4000, 3000))
    for form in ("JPEG", "PNG"):
        file = io.BytesIO()
        photo.save(file, form)
        data = file.getvalue()
        print(f"| decoding a {form} of 12 megapixels |  | {fastest(lambda data=data: media.decode(data)):.3f} |")


def verdicts(kept: int) -> tuple[int, float]:
    """Forward passes of the eyes, and CPU seconds, for verdicts on the drawings with so many bytes kept of them."""
    with _keeping(kept) as counted:
        judge = load_judge("demo", batch=BATCH, device="cpu")
        begun = time.process_time()
        assert sum(1 for _ in judge.judge_many(DRAWINGS)) == len(DRAWINGS)
        return len(counted), time.process_time() - begun


@contextmanager
def _keeping(kept: int) -> Iterator[list[int]]:
    """Bounds what is kept, and counts what is put there: once a forward pass."""
    counted: list[int] = []
    before, seen = owlv2.KEPT_BYTES, Owlv2Eyes._seen

    def counting(eyes: Owlv2Eyes, image: Image.Image) -> Any:
        if eyes._images.get(image) is None:
            counted.append(1)
        return seen(eyes, image)

    owlv2.KEPT_BYTES, Owlv2Eyes._seen = kept, counting  # type: ignore[method-assign]
    try:
        yield counted
    finally:
        owlv2.KEPT_BYTES, Owlv2Eyes._seen = before, seen  # type: ignore[method-assign]


def fastest(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of some runs."""
    found = []
    for _ in range(TIMES):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return min(found)


if __name__ == "__main__":
    main()
