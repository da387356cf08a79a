"""A soak: thousands of images, one in twenty of them hostile. None may be lost, none may end the run, and memory must
not grow with their number.

    python -m benchmarks.soak [--images 2000]

Every fifth image is a shipped drawing, the others are variants of one (scaled, turned, re-encoded), so that no two
files are the same. The hostile ones are what has broken judges before: cut, flipped, empty, oversized, of other
formats, bombs, animations without end, links to nothing, pipes and devices. Prints JSON; exit code 1 when a bar is
missed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

DRAWINGS = sorted((Path(__file__).resolve().parent.parent / "examples/images").glob("*.png"))
ONE_IN = 20
WARM = 0.25  # share of the run after which memory must stand still
GROWTH = 64.0  # MiB that it may still grow then
_KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")


def write(folder: Path, count: int, seed: int = 0) -> set[str]:
    """Fill a folder with `count` files; the paths of the hostile ones."""
    chance = random.Random(seed)
    hostile = set()
    for index in range(count):
        path = folder / f"{index:06d}"
        if index % ONE_IN == ONE_IN // 2:
            attack = ATTACKS[(index // ONE_IN) % len(ATTACKS)]
            attack(path, chance)
            hostile.add(str(path))
        else:
            path.write_bytes(_variant(DRAWINGS[index % len(DRAWINGS)], index, chance))
    return hostile


def soak(count: int, policy: str | Path = "demo") -> dict[str, object]:
    """Judge `count` files with the bundled model under `policy`, and say what became of them and of memory."""
    from judge import load_judge
    from judge.cli.inputs import Inputs

    with tempfile.TemporaryDirectory() as name:
        hostile = write(Path(name), count)
        judge = load_judge(policy)
        began, memory, slowest = time.monotonic(), [], 0.0
        words: Counter[str] = Counter()
        passed, seen = [], set()
        last = began
        for verdict in judge.judge_many(Inputs([name])):
            words[verdict.verdict] += 1
            seen.add(verdict.image)
            if verdict.image in hostile and verdict.verdict == "no_violation":
                passed.append(verdict.image)
            memory.append(_resident())
            now = time.monotonic()
            slowest, last = max(slowest, now - last), now
        warm = memory[int(len(memory) * WARM) :]
        return {
            "images": count,
            "hostile": len(hostile),
            "lost": count - len(seen),
            "hostile_passed_as_safe": len(passed),
            "verdicts": dict(words),
            "seconds_per_image": round((last - began) / count, 3),
            "slowest_seconds": round(slowest, 1),
            "memory_mib": {
                "after_a_quarter": round(warm[0]),
                "at_the_end": round(warm[-1]),
                "peak": round(max(memory)),
            },
            "growth_mib": round(_median(warm[-len(warm) // 4 :]) - _median(warm[: max(1, len(warm) // 4)]), 1),
        }


def _variant(drawing: Path, index: int, chance: random.Random) -> bytes:
    with Image.open(drawing) as opened:
        image = opened.convert("RGB")
    if index % 5:
        side = chance.randint(100, 1200)
        image = image.resize((side, chance.randint(100, 1200))).rotate(chance.choice((0, 90, 180, 270)), expand=True)
    image.putpixel((0, 0), (index % 256, index // 256 % 256, 7))
    return _bytes(image, "PNG" if index % 5 == 0 else _KINDS[index % len(_KINDS)])


def _bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _drawing(chance: random.Random) -> Image.Image:
    with Image.open(chance.choice(DRAWINGS)) as opened:
        return opened.convert("RGB")


def _cut(kind: str, end: bytes = b"") -> Callable[[Path, random.Random], None]:
    def attack(path: Path, chance: random.Random) -> None:
        data = _bytes(_drawing(chance), kind)
        path.write_bytes(data[: int(len(data) * chance.uniform(0.2, 0.6))] + end)

    return attack


def _flipped(path: Path, chance: random.Random) -> None:
    data = bytearray(_bytes(_drawing(chance), "PNG"))
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _bomb(path: Path, chance: random.Random) -> None:
    """A few kilobytes that decode to 64 megapixels in four frames."""
    frames = [Image.new("P", (4000, 4000), chance.randint(0, 255)) for _ in range(4)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])


def _too_large(path: Path, chance: random.Random) -> None:
    Image.new("1", (16_000, 16_000)).save(path, "PNG")


def _long(path: Path, chance: random.Random) -> None:
    """More frames that differ than are looked at."""
    frames = [Image.effect_noise((64, 64), 200) for _ in range(60)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])


def _noise(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(2000))


def _other(path: Path, chance: random.Random) -> None:
    path.write_bytes(b"PK\x03\x04" + chance.randbytes(500))


ATTACKS: tuple[Callable[[Path, random.Random], None], ...] = (
    _cut("PNG"),
    _cut("JPEG"),
    _cut("JPEG", b"\xff\xd9"),
    _cut("WEBP"),
    _cut("GIF"),
    _flipped,
    _bomb,
    _too_large,
    _long,
    _noise,
    _other,
    lambda path, chance: path.symlink_to("nowhere"),
    lambda path, chance: path.symlink_to(path.name),
    lambda path, chance: os.mkfifo(path),
    lambda path, chance: path.symlink_to("/dev/zero"),
)


def _resident() -> float:
    """MiB of this process in memory now."""
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def missed(found: dict[str, object]) -> Iterator[str]:
    """The bars that a soak misses."""
    if found["lost"]:
        yield f"{found['lost']} images lost"
    if found["hostile_passed_as_safe"]:
        yield f"{found['hostile_passed_as_safe']} hostile files passed as safe"
    if float(str(found["growth_mib"])) > GROWTH:
        yield f"memory grew by {found['growth_mib']} MiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    found = soak(parser.parse_args().images)
    print(json.dumps(found, indent=2))
    for bar in missed(found):
        print(f"missed: {bar}", file=sys.stderr)
    sys.exit(any(missed(found)))


if __name__ == "__main__":
    main()
