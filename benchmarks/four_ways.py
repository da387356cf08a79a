"""The shipped drawings, each judged alone, by the API, the command line, the server and its client: whether all
verdicts are equal, byte for byte but for timings.

    python -m benchmarks.four_ways

Which others are judged with an image can change the sixth decimal of a probability, so none is judged with another
here; how many verdicts that concerns is counted beside. Prints JSON; exit code 1 where two ways differ.
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.server_first import ROOT, serving
from judge import Client, load_judge

DRAWINGS = sorted((ROOT / "examples/images").glob("*.png"))


def without_timings(verdict: str | bytes) -> str:
    """A verdict's JSON without its last key, which is `timings`."""
    text = verdict.decode() if isinstance(verdict, bytes) else verdict
    return text[: text.rindex(',"timings":')] + "}"


def by_server(url: str, image: Path) -> str:
    """The verdict of a server, as it sends it."""
    answer = httpx2.post(f"{url}/v1/judge", files={"image": (str(image), image.read_bytes())}, timeout=120)
    return answer.content.decode().partition('"verdicts":[')[2].removesuffix("]}")


def by_command(images: list[Path]) -> list[str]:
    """The verdicts of `judge check`, one image at a time."""
    command = [sys.executable, "-m", "judge", "check", "--json", "--batch", "1", *map(str, images)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def first_other(one: str, other: str) -> str:
    """Where two texts part, from a little before on; empty where they do not."""
    at = next((at for at, pair in enumerate(zip_longest(one, other)) if pair[0] != pair[1]), None)
    return "" if at is None else f"{one[max(0, at - 60) : at + 8]} / {other[max(0, at - 8) : at + 8]}"


def compared(images: list[Path]) -> dict[str, Any]:
    """How many images have one verdict by all ways, and which do not."""
    judge = load_judge("demo")
    alone = [judge.judge(image) for image in images]
    ways = {"api": [one.model_dump_json() for one in alone], "command": by_command(images)}
    with serving() as (url, _), Client(url) as client:
        ways["server"] = [by_server(url, image) for image in images]
        ways["client"] = [client.judge(image).model_dump_json() for image in images]
    bare = {way: [without_timings(one) for one in said] for way, said in ways.items()}
    differ = {
        image.name: [f"{way}: {found}" for way in ways if (found := first_other(bare["api"][at], bare[way][at]))]
        for at, image in enumerate(images)
        if len({said[at] for said in bare.values()}) > 1
    }
    together = [one.canonical_json() for one in judge.judge_many(map(str, images))]
    moved = sum(one.canonical_json() != other for one, other in zip(alone, together, strict=True))
    return {"images": len(images), "ways": [*ways], "differ": differ, "differ_from_a_batch_of_eight": moved}


def main() -> None:
    """Compare, and print."""
    found = compared(DRAWINGS)
    print(json.dumps(found, indent=2))
    sys.exit(bool(found["differ"]))


if __name__ == "__main__":
    main()
