"""What the markers of a JPEG say, without decoding it."""

from __future__ import annotations

import re

_START, _SCAN, _END = 0xD8, 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})  # markers that nothing belongs to
_NEXT = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)  # a marker that ends entropy-coded data


def scans(data: bytes) -> int:
    """How many scans a JPEG has: a progressive one is gone over once for each. 0 where no scan is found."""
    count, place = 0, 2
    while (found := _NEXT.search(data, place)) is not None:
        marker, place = found[1][0], found.end()
        if marker == _END:
            break
        count += marker == _SCAN
        if marker not in _ALONE:
            place += int.from_bytes(data[place : place + 2], "big")
    return count
