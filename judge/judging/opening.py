"""Sources to decoded pictures, a batch ahead of what is judged. Knows no model.

Whatever is wrong with one source stays with it: it is handed on as why it cannot be judged. Memory is bounded by the
pixels that are held, not by the number of images.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from PIL.Image import Image

from judge import media
from judge.errors import ImageError, UserError
from judge.judging.calling import described
from judge.judging.given import GivenContext
from judge.judging.known import Known
from judge.media import Picture
from judge.settings import DEFAULT_LIMITS, Limits

Source = str | Path | bytes | Image
PIXELS = 128_000_000  # of a batch, after which it is cut; with more, the next is read only when it is judged


@dataclass(frozen=True, eq=False)
class Opened:
    """A source that was read: its name, the picture or why there is none, and the seconds that took.

    given: what is told beside it, or why that is not taken. known: what need not be found out again.
    """

    name: str
    found: Picture | ImageError
    seconds: float
    given: GivenContext | UserError = field(default_factory=GivenContext)
    known: Known | None = None

    @property
    def pixels(self) -> int:
        """Pixels that are held of it."""
        if isinstance(self.found, ImageError):
            return 0
        return sum(view.image.width * view.image.height for view in self.found.views)


def checked(image: object) -> Source:
    """What can be judged, of whatever was given.

    Raises:
        UserError: it is of no such type.
    """
    if isinstance(image, (str, Path, bytes, Image)):
        return image
    raise UserError(f"cannot judge a {type(image).__name__}", hint="give a path, bytes or a PIL image")


def opened(image: object, name: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Opened:
    """Read and decode one source. It never raises: what goes wrong is what is found."""
    begun = time.perf_counter()
    called = name or name_of(image)
    try:
        found: Picture | ImageError = _decoded(checked(image), called, limits)
    except ImageError as error:
        found = error
    except UserError as error:
        found = ImageError(error.message, hint=error.hint)
    except MemoryError:
        found = ImageError("not enough memory to decode it", hint="shrink it", retryable=True)
    except Exception as error:
        found = ImageError(f"cannot be read ({described(error)})")
    return Opened(called, found, time.perf_counter() - begun)


def name_of(image: object) -> str:
    """What a verdict calls a source. A file name need not be text, a verdict is."""
    if isinstance(image, (str, Path)):
        return str(image).encode("utf-8", "backslashreplace").decode()
    return "<image>" if isinstance(image, Image) else f"<{type(image).__name__}>"


def ahead(images: Iterable[object], size: int, limits: Limits = DEFAULT_LIMITS) -> Iterator[list[Opened]]:
    """Batches of at most `size` sources, in order; each is read while the one before is with the caller.

    When `images` itself fails, what came before is given first, and then the error is raised as it is. The caller must
    let go of a batch before it asks for the next one, or both are held.
    """
    reader = _Reader(images, size, limits)
    try:
        reader.go_on()
        while True:
            batch = reader.batch()
            early = not batch.last and sum(one.pixels for one in batch.opened) < PIXELS
            if early:
                reader.go_on()
            if batch.opened:
                yield batch.handed_over()
            if batch.error is not None:
                raise batch.error
            if batch.last:
                return
            if not early:
                reader.go_on()
    finally:
        reader.stop()


def _decoded(image: Source, name: str, limits: Limits) -> Picture:
    if isinstance(image, Image):
        return media.from_image(image, name, limits)
    return media.decode(image if isinstance(image, bytes) else media.read_bytes(image, limits), name, limits)


@dataclass
class _Batch:
    opened: list[Opened]
    last: bool = False
    error: BaseException | None = None

    def handed_over(self) -> list[Opened]:
        """What was opened, no longer held here."""
        given, self.opened = self.opened, []
        return given


class _Reader:
    """Reads batches in a thread, each when it is told to. The thread dies with the process: a source that never comes
    must not keep a program from ending."""

    def __init__(self, images: Iterable[object], size: int, limits: Limits) -> None:
        self._images, self._size, self._limits = iter(images), size, limits
        self._orders: SimpleQueue[bool] = SimpleQueue()
        self._batches: SimpleQueue[_Batch] = SimpleQueue()
        threading.Thread(target=self._work, name="decode", daemon=True).start()

    def go_on(self) -> None:
        """Have the next batch read."""
        self._orders.put(True)

    def stop(self) -> None:
        """Have nothing more read."""
        self._orders.put(False)

    def batch(self) -> _Batch:
        """The batch that was asked for, waited for."""
        return self._batches.get()

    def _work(self) -> None:
        while self._orders.get():
            self._batches.put(self._read())

    def _read(self) -> _Batch:
        batch = _Batch([])
        held = 0
        try:
            while len(batch.opened) < self._size and held < PIXELS:
                batch.opened.append(opened(next(self._images), limits=self._limits))
                held += batch.opened[-1].pixels
        except StopIteration:
            batch.last = True
        except BaseException as error:  # of whoever gives the images: it is raised where they look
            batch.last, batch.error = True, error
        return batch
