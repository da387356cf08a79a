"""What a process that decodes a clip may say, held against this before any of it is believed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from judge.settings import Frozen

_Ms = Annotated[int, Field(ge=0, le=2 * 10**10)]
_Side = Annotated[int, Field(ge=1, le=10**7)]
_Word = Annotated[str, Field(max_length=300)]


class LookedTold(Frozen):
    """See `decoding.DecodedClip`. held: the fields of `strip.Held`, the length of a copy in place of the copy."""

    format: _Word
    codec: _Word
    width: _Side
    height: _Side
    turned: int
    duration_ms: _Ms
    end_ms: _Ms
    frames: Annotated[int, Field(ge=1)]
    rate: Annotated[float, Field(ge=0, le=10**6, allow_inf_nan=False)]
    films: Annotated[int, Field(ge=1, le=1000)]
    picture: bool
    ended: str
    damaged: Annotated[list[tuple[_Ms, _Ms, _Word]], Field(max_length=100)]
    strange: Annotated[list[str], Field(max_length=10)]
    held: Annotated[list[tuple[_Ms, _Ms, int, bool, int, int]], Field(max_length=3_601)]
