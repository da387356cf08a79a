"""A clip to a `Strip`, through a process that may be ended at any time. What comes from it is checked like the file."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image
from pydantic import ValidationError

from judge.causes import Why
from judge.errors import ImageError
from judge.files import open_regular, size
from judge.media.clips.holding import MOST, MOST_BYTES
from judge.media.clips.strip import Held, Strip, Unseen
from judge.media.clips.told import LookedTold
from judge.media.clips.wanted import Wanted
from judge.media.gaps import Detail, Gap, elsewhere
from judge.media.reading import unreadable
from judge.settings import ClipLimits

_GRACE = 20.0  # seconds beside those for decoding: to start, and to hand over
_MOST_JSON = 16 * 2**20
_CHUNK = 2**20


def opened_clip(source: str | Path | bytes, limits: ClipLimits, wanted: Wanted | None = None) -> Strip:
    """Look through a clip: a path, or its bytes. wanted: for how long; None: always.

    Raises:
        ImageError: no such file, too large, no film in it, or a package is missing without which films are not read.
        GivenUp: it is not wanted any more.
    """
    missing_reader()
    with clip_file(source, limits) as file:
        sha256 = digest_of(file, limits)
        told, pieces = _told(file, limits, wanted)
    return _strip(sha256, told, pieces, limits)


def missing_reader() -> None:
    """Refuse where films cannot be read at all.

    Raises:
        ImageError: the package for it is missing.
    """
    if not reads_clips():
        raise missing("av")


def reads_clips() -> bool:
    """Whether the package is installed without which no film is read."""
    return find_spec("av") is not None


def missing(package: str) -> ImageError:
    """What is said where films cannot be read at all."""
    return ImageError(f"a film, and films need the package '{package}'", hint="pip install 'constitution-judge[video]'")


@contextmanager
def clip_file(source: str | Path | bytes, limits: ClipLimits) -> Iterator[BinaryIO]:
    """The clip as a file of its own position, so that a process can be given it."""
    if isinstance(source, bytes):
        if len(source) > limits.file_bytes:
            raise _too_large(limits)
        with tempfile.TemporaryFile() as file:
            file.write(source)
            file.flush()
            yield file
        return
    try:
        opened = open_regular(source)
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from error
    with opened:
        yield opened


def _too_large(limits: ClipLimits) -> ImageError:
    return ImageError(f"larger than {size(limits.file_bytes)}", hint="cut it into parts, or shrink it")


def digest_of(file: BinaryIO, limits: ClipLimits) -> str:
    total, read = hashlib.sha256(), 0
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
            read += len(chunk)
            if read > limits.file_bytes:
                raise _too_large(limits)
    except OSError as error:
        raise ImageError(f"cannot be read ({error.strerror or error})", retryable=True) from error
    if not read:
        raise ImageError("the file is empty (zero bytes)")
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    return total.hexdigest()


def _told(file: BinaryIO, limits: ClipLimits, wanted: Wanted | None) -> tuple[LookedTold, bytes]:
    """What the process found, and the frames in one piece."""
    told, pieces = said_of(file, limits, wanted=wanted)
    try:
        return LookedTold.model_validate(told), pieces
    except ValidationError as error:
        raise broken_down() from error


def said_of(
    file: BinaryIO, limits: ClipLimits, times: Sequence[int] | None = None, wanted: Wanted | None = None
) -> tuple[Any, bytes]:
    """What the process that decodes says of a clip: an object that nobody has looked at, and frames in one piece.

    times: of single frames, in milliseconds and in order, that alone are wanted.

    Raises:
        ImageError: there is no film in it, it took too long, a package is missing, or the process broke down.
        GivenUp: it is not wanted any more.
    """
    asked: dict[str, object] = {"pixels": limits.pixels, "seconds": limits.seconds, "memory_bytes": limits.memory_bytes}
    asked |= {} if times is None else {"times": list(times)}
    paths = os.pathsep.join(one for one in sys.path if one)
    few = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-m", "judge.media.clips.child", json.dumps(asked)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **few, "PYTHONPATH": paths},
    )
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(limits.seconds + _GRACE, end)
    timer.daemon = True
    timer.start()
    try:
        assert process.stdout is not None
        with process.stdout as out, (wanted or Wanted()).ending(process.kill):
            length = int.from_bytes(out.read(8), "big")
            text = out.read(length) if 0 < length <= _MOST_JSON else b""
            pieces = out.read(2 * MOST_BYTES + 1) if text else b""
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    if late.is_set():
        raise ImageError(
            f"decoding it takes longer than {limits.seconds:g} s", hint="cut it into parts", retryable=True
        )
    try:
        told: Any = json.loads(text)
        if isinstance(told, dict) and "missing" in told:
            raise missing(str(told["missing"]))
        if isinstance(told, dict) and "no_film" in told:
            raise ImageError(str(told["no_film"]), retryable=bool(told.get("memory")))
        return told, pieces
    except ValueError as error:
        raise broken_down() from error


def broken_down() -> ImageError:
    """What is said where the process ended without a word, or said what it never says."""
    return ImageError("its decoder broke down", hint="save it anew with a video program, or give it more memory")


def _strip(sha256: str, told: LookedTold, pieces: bytes, limits: ClipLimits) -> Strip:
    held, place, before = [], 0, 0
    for ms, until, count, alike, shot, length in told.held[: MOST + 1]:
        data = pieces[place : place + length]
        place += length
        if len(data) != length or not before <= ms <= until or count < 1 or not is_copy(data):
            raise ImageError("its decoder broke down", hint="save it anew with a video program")
        held.append(Held(ms, until, count, alike, shot, data))
        before = ms
    if not held:
        raise ImageError("no frame in it can be decoded")
    unseen = [Unseen(start, end, Why.of(Detail.CLIP_DAMAGED, said=said)) for start, end, said in told.damaged]
    duration = max(told.end_ms, told.duration_ms)
    if told.ended:
        missing_part = Why.of(Detail.CLIP_MISSING)
        why = Why.of(Gap.OUT_OF_TIME, seconds=limits.seconds) if told.ended == "time" else missing_part
        duration = max(duration, told.end_ms + 1)  # that there is more is all that is known where nothing is announced
        unseen.append(Unseen(told.end_ms, duration, why))
    return Strip(
        sha256=sha256,
        format=told.format,
        codec=told.codec,
        width=told.width,
        height=told.height,
        duration_ms=duration if told.ended else max(told.end_ms, 1),
        frames=told.frames,
        turned=told.turned,
        held=tuple(held),
        unseen=tuple(unseen),
        gaps=tuple(_gaps(told)),
        late=told.ended == "time",
        rate=told.rate,
    )


def _gaps(told: LookedTold) -> Iterator[Why]:
    if told.films > 1:
        yield Why.of(Gap.FILMS, films=told.films)
    if "another" in told.strange:
        yield Why.of(Gap.ANOTHER_IN_CLIP)
    if told.picture:
        yield Why.of(Gap.PICTURE_AND_FILM)
    if "turned" in told.strange:
        yield elsewhere(Why.of(Detail.TURNED))
    if "see_through" in told.strange:
        yield elsewhere(Why.of(Detail.SEE_THROUGH))
    if "light" in told.strange:
        yield elsewhere(Why.of(Detail.CODING_UNREAD, where="PQ"))


def is_copy(data: bytes) -> bool:
    """Whether it is a JPEG of no more pixels than a copy has: all that the judge is given of what the process says."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            return image.width * image.height <= 512 * 512
    except Exception:
        return False
