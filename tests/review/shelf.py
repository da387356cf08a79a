"""Real verdicts of the bundled model for the tests of the store: the shipped samples, and copies with other digests."""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Iterator

from judge.review.samples import VERDICTS
from judge.verdict import Verdict
from tests.conftest import ROOT

DRAWINGS = ROOT / "examples" / "images"


@functools.cache
def samples() -> dict[str, Verdict]:
    """The shipped verdicts by the name of their drawing."""
    lines = gzip.decompress(VERDICTS.read_bytes()).decode().splitlines()
    return {one.image: one for one in map(Verdict.model_validate_json, lines)}


def drawing(name: str) -> bytes:
    """The bytes of a shipped drawing."""
    return (DRAWINGS / name).read_bytes()


def many(count: int) -> Iterator[tuple[Verdict, None]]:
    """As many verdicts as wanted, all on different images."""
    known = list(samples().values())
    for number in range(count):
        one = known[number % len(known)]
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        facts = one.image_facts.model_copy(update={"sha256": digest})
        yield one.model_copy(update={"image": f"{number}.png", "image_facts": facts}), None
