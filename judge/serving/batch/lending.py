"""Rows of an earlier run by the bytes of an image, a few shards of it held at a time.

Images come in the order of their source, and so did they then: nearly all are in the shard that was read last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from judge.serving.batch.index import Index
from judge.serving.batch.policies import Earlier
from judge.serving.batch.schema import Row
from judge.serving.batch.shards import Shards

_HELD = 4  # shards


class Lending:
    """What a run of `shards` found out about images."""

    def __init__(self, shards: Shards, index: Index) -> None:
        self._shards, self._index = shards, index
        self._held: OrderedDict[int, tuple[dict[str, Row], dict[str, list[Row]]]] = OrderedDict()

    def image(self, sha256: str, without: Collection[str] = ()) -> Row | None:
        """The row of an image with these bytes, whose key is none of `without`."""
        for found in self._index.of_sha256(sha256):
            if found.key not in without:
                return self._shard(found.shard)[0].get(sha256)
        return None

    def of(self, sha256: str) -> Earlier | None:
        """What is known of the images with these bytes."""
        image, told = self.image(sha256), self._index.told_in(sha256)
        return None if image is None or told is None else Earlier.of(image, self._shard(told)[1][sha256])

    def _shard(self, number: int) -> tuple[dict[str, Row], dict[str, list[Row]]]:
        if number not in self._held:
            shard = next(one for one in self._shards.live if one.number == number)
            images = {one["sha256"]: one for one in self._shards.rows(shard, "images")}
            statements: dict[str, list[Row]] = {}
            for row in self._shards.rows(shard, "statements"):
                statements.setdefault(row["sha256"], []).append(row)
            self._held[number] = images, statements
        self._held.move_to_end(number)
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return self._held[number]
