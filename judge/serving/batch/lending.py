"""Rows of an earlier run by subject (the bytes of an image and its context), a few shards of it held at a time.

Images come in the order of their source, and so did they then: nearly all are in the shard that was read last.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from judge.serving.batch.index import Index
from judge.serving.batch.policies import Earlier
from judge.serving.batch.schema import Row, subject_of
from judge.serving.batch.shards import Shards

_HELD = 4  # shards


class Lending:
    """What a run of `shards` found out about images."""

    def __init__(self, shards: Shards, index: Index) -> None:
        self._shards, self._index = shards, index
        self._held: OrderedDict[int, tuple[dict[str | None, Row], dict[str | None, list[Row]]]] = OrderedDict()

    def image(self, subject: str, without: Collection[str] = ()) -> Row | None:
        """The row of an image that is this subject, whose key is none of `without`."""
        for found in self._index.of_subject(subject):
            if found.key not in without:
                return self._shard(found.shard)[0].get(subject)
        return None

    def of(self, subject: str) -> Earlier | None:
        """What is known of the images that are this subject."""
        image, told = self.image(subject), self._index.told_in(subject)
        return None if image is None or told is None else Earlier.of(image, self._shard(told)[1][subject])

    def _shard(self, number: int) -> tuple[dict[str | None, Row], dict[str | None, list[Row]]]:
        if number not in self._held:
            shard = next(one for one in self._shards.live if one.number == number)
            images = {subject_of(one): one for one in self._shards.rows(shard, "images")}
            statements: dict[str | None, list[Row]] = {}
            for row in self._shards.rows(shard, "statements"):
                statements.setdefault(subject_of(row), []).append(row)
            self._held[number] = images, statements
        self._held.move_to_end(number)
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return self._held[number]
