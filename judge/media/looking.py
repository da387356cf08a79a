"""A first look through every frame of a file: which differ, which are damaged, and where looking ended.

One frame is held at a time, and beside it copies of those that differ, while these are small enough together. Knows no
rule and no model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, groupby
from typing import TYPE_CHECKING

from PIL import Image

from judge.causes import Why
from judge.errors import ImageError
from judge.media.budget import Budget
from judge.media.colour import flat, layered
from judge.media.formats import check_size
from judge.media.gaps import Gap, raised
from judge.media.likeness import fingerprint
from judge.media.profiles import strange
from judge.media.reduce import upright

if TYPE_CHECKING:
    from judge.media.likeness import Fingerprint

MOST = 1_000  # frames of a file: more is a film
_WALKED = ("GIF", "TIFF")  # Pillow counts the frames of these by walking through them, however many there are
_IN_ORDER = ("GIF", "PNG", "WEBP")  # a frame is a change of the one before
_KEPT = 4  # times `view_pixels`, for copies


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame, upright: RGB, or RGBA where it is not opaque throughout. size: as the file holds it, upright.
    strange: what is strange about its colours, so that some programs may show something else."""

    image: Image.Image
    size: tuple[int, int]
    strange: Why | None = None


@dataclass(eq=False)
class Looked:
    """What looking through found. Frames are counted from 0.

    prints: fingerprints, each once. numbers: of each, the frames that have it. copies: by their first number, all that
    differ or none. damage: frames that cannot be read, and why. total: frames that were looked at, damaged ones too.
    ended: why there may be more. strange: what is strange about colours, each once.
    """

    prints: list[Fingerprint] = field(default_factory=list)
    numbers: list[list[int]] = field(default_factory=list)
    copies: dict[int, Frame] = field(default_factory=dict)
    damage: dict[int, Why] = field(default_factory=dict)
    total: int = 0
    ended: Why | None = None
    strange: dict[Why, None] = field(default_factory=dict)

    def gaps(self) -> Iterator[Why]:
        """What was not seen."""
        follow = groupby(enumerate(self.damage.items()), lambda one: (one[1][1], one[1][0] - one[0]))
        for (why, _), run in follow:
            places = [place + 1 for _, (place, _) in run]
            if len(places) == 1:
                yield Why.of(Gap.FRAME_UNREAD, frame=places[0], why=why)
            else:
                yield Why.of(Gap.FRAMES_UNREAD, first=places[0], last=places[-1], why=why)
        if self.ended is not None:
            yield self.ended


class Spent(ImageError):
    """No further frame may be decoded; `why` says what ran out."""

    def __init__(self, why: Why, *, retryable: bool) -> None:
        super().__init__(str(why), hint="judge its frames as images, or shrink it", retryable=retryable)
        self.why = why


def look_through(opened: Image.Image, budget: Budget) -> Looked:
    """Look at every frame, as far as the budget goes. Damaged ones are passed over.

    Raises:
        Spent: not even the first frame may be decoded.
        Exception: whatever Pillow raises of the first frame, where none can be read.
    """
    looked = Looked()
    known: dict[tuple[tuple[int, ...], bytes], int] = {}
    room = _KEPT * budget.limits.view_pixels
    for index, frame in _readable(opened, budget, looked):
        one = fingerprint(frame.image)
        if frame.strange is not None:
            looked.strange[frame.strange] = None
        place = known.setdefault((one.shape, one.tobytes()), len(known))
        if place < len(looked.prints):
            looked.numbers[place].append(index)
            continue
        looked.prints.append(one)
        looked.numbers.append([index])
        room -= frame.image.width * frame.image.height
        if room >= 0:
            looked.copies[index] = frame
        else:
            looked.copies.clear()
    return looked


def frame_at(opened: Image.Image, index: int, budget: Budget) -> Frame:
    """The frame with that number. What must be decoded on the way is counted as well.

    Raises:
        Spent: it may not be decoded.
        EOFError: there is none.
        ImageError: it has too many pixels, or none.
        Exception: whatever Pillow raises of a damaged frame.
    """
    way = index - opened.tell()
    opened.seek(index)
    check_size(opened, budget.limits)  # pages have sizes of their own
    steps = (way if way > 0 else index + 1) if opened.format in _IN_ORDER else 1
    why = budget.take(opened.width * opened.height * steps)
    if why is not None:
        raise Spent(why, retryable=budget.late)
    image, size = upright(opened, budget.limits.view_pixels)
    return Frame(_coloured(image), size, strange(image))


def _readable(opened: Image.Image, budget: Budget, looked: Looked) -> Iterator[tuple[int, Frame]]:
    """Frames with their numbers; what keeps others from being read is noted in `looked`."""
    promised = None if opened.format in _WALKED else int(getattr(opened, "n_frames", 1))
    first: Exception | None = None
    for index in count():
        if index == promised:
            break
        if index == MOST and _goes_on(opened, index):
            looked.ended = Why.of(Gap.FOLLOWING_MOST, frame=MOST)
        if index == MOST:
            break
        try:
            frame = frame_at(opened, index, budget)
        except EOFError:
            if promised is not None:
                looked.ended = Why.of(Gap.FEWER_FRAMES, announced=promised, held=index)
            break
        except Spent as spent:
            if not looked.total:
                raise
            looked.ended = Why.of(Gap.FOLLOWING, frame=index, why=spent.why)
            break
        except MemoryError:
            raise
        except Exception as error:  # decoders of broken files raise nearly anything
            first = first or error
            looked.damage[index] = raised(error)
            looked.total = index + 1
            if promised is None and index - 1 in looked.damage:  # whether anything follows cannot be known
                looked.ended = Why.of(Gap.FOLLOWING_LOST, frame=index + 1)
                break
        else:
            looked.total = index + 1
            yield index, frame
    if first is not None and len(looked.damage) == looked.total:
        raise first


def _goes_on(opened: Image.Image, index: int) -> bool:
    try:
        opened.seek(index)
    except EOFError:
        return False
    except Exception:
        return True
    return True


def _coloured(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return flat(image)
    over = layered(image)
    return over if over.getchannel("A").getextrema() != (255, 255) else over.convert("RGB")
