"""Real verdicts of the bundled model for the tests of the store: the shipped samples, and copies with other digests."""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from judge.review.samples import VERDICTS
from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store
from judge.verdict import Verdict
from tests.conftest import ROOT

DRAWINGS = ROOT / "examples" / "images"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAFE = Decision(action="no_violation", reason="a drawing of nothing bad")
FIRED = Decision(action="violation", rules=("body-on-fire",))


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


def unmixed_store(tmp_path):
    """A fixture: an empty store that mixes neither second reads nor gold items into the queue."""
    with Store.open(tmp_path / "data") as store:
        store.configure(ReviewSettings(second_reads=SecondReads(share=0), gold=GoldReads(share=0)), "test")
        yield store


def fill(store, count):
    """As many items in a store, a minute apart from noon on; their ids."""
    return [store.add(*one, "batch", now=NOON + timedelta(minutes=n)) for n, one in enumerate(many(count))]
