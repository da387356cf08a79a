"""Single frames of a clip that was judged, for people to look at: made from its file again, each by its time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from judge.errors import ImageError
from judge.media.clips.opening import broken_down, clip_file, digest_of, is_copy, missing_reader, said_of
from judge.settings import ClipLimits, Frozen

MOST = 64  # frames that are made at once
_MOST_BYTES = 2**21  # of one


class _Told(Frozen):
    """How long each frame is that the process made."""

    frames: Annotated[list[Annotated[int, Field(ge=0, le=_MOST_BYTES)]], Field(max_length=MOST)]


def stills(file: Path, sha256: str, times: Sequence[int], limits: ClipLimits) -> tuple[bytes | None, ...]:
    """The frames that show at these times (milliseconds), as JPEG of at most 512 x 512 pixels' area.

    None where a frame cannot be decoded, or not within `limits.seconds`. At most `MOST`.

    Raises:
        ImageError: the file cannot be read, was changed since it was judged (by its digest), or holds no film; or a
            package is missing without which films are not read.
    """
    missing_reader()
    order = sorted(set(times))[:MOST]
    with clip_file(file, limits) as opened:
        if digest_of(opened, limits) != sha256:
            raise ImageError("it was changed on disk since it was judged", hint="put the original back")
        said, pieces = said_of(opened, limits, order)
    try:
        lengths = _Told.model_validate(said).frames
    except ValidationError as error:
        raise broken_down() from error
    found: dict[int, bytes | None] = {}
    place = 0
    for ms, length in zip(order, lengths, strict=False):
        data = pieces[place : place + length]
        place += length
        found[ms] = data if data and is_copy(data) else None
    return tuple(found.get(ms) for ms in times)
