"""Bytes, or an image in memory, to a picture; whatever is wrong with them is an `ImageError`."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

from PIL import Image, ImageOps, UnidentifiedImageError

from judge.causes import Why
from judge.errors import ImageError
from judge.media import whole
from judge.media.budget import Budget
from judge.media.colour import storable
from judge.media.formats import FILMS, KNOWN, check_size, open_image, too_large
from judge.media.frames import views_of
from judge.media.gaps import Gap, Note
from judge.media.heard import heard
from judge.media.jpeg import markers
from judge.media.picture import Picture
from judge.media.reading import check_bytes
from judge.settings import DEFAULT_LIMITS, Limits


def decode(data: bytes, source: str = "<bytes>", limits: Limits = DEFAULT_LIMITS) -> Picture:
    """Decode bytes into a picture, as far as the limits go.

    Raises:
        ImageError: not an image of a known format, damaged, or too large to decode safely.
    """
    check_bytes(data, limits)
    return _decoded(data, source, limits)


def from_image(image: Image.Image, source: str = "<image>", limits: Limits = DEFAULT_LIMITS) -> Picture:
    """A picture from a PIL image in memory; its SHA-256 is that of the PNG it would be saved as.

    Of an animation only the frame that the image stands at is seen, which is a gap. What was wrong with the file that
    the image was opened from is heard only if its pixels are not loaded yet, and not all of it: give the path or the
    bytes.

    Raises:
        ImageError: too large, without pixels, or opened from a damaged file.
    """
    check_size(image, limits)
    buffer = io.BytesIO()
    try:
        frames = int(getattr(image, "n_frames", 1))
        with heard() as said:
            storable(ImageOps.exif_transpose(image)).save(buffer, format="PNG")
    except ImageError:
        raise
    except Exception as error:  # the image may be a file not yet read: see `decode`
        raise _damaged(error) from error
    picture = _decoded(buffer.getvalue(), source, limits)
    remarks, doubts = _of_decoders(said, image.format or "")
    if frames > 1:
        doubts = [Why.of(Gap.OTHER_FRAMES, total=frames), *doubts]
    return replace(picture, notes=(*picture.notes, *remarks), gaps=(*doubts, *picture.gaps))


def _decoded(data: bytes, source: str, limits: Limits) -> Picture:
    budget, checking = Budget(limits), Budget(limits)
    try:
        with heard() as said, open_image(data) as opened:
            check_size(opened, limits)
            if opened.format in ("JPEG", "MPO"):
                budget.weight = max(1, markers(data).scans)
            kind = str(opened.format)
            seen = views_of(opened, budget)
            notes, gaps = whole.check(
                data, kind, seen.frames, checking, mode=opened.mode, profiled="icc_profile" in opened.info
            )
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            "not an image of a known format, or damaged at its beginning",
            hint=f"known: {', '.join(KNOWN)}; and films: {', '.join(FILMS)}",
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(too_large(limits), hint="shrink it") from error
    except MemoryError:  # says nothing of the file: whoever reads it knows
        raise
    except Exception as error:  # decoders of broken files raise nearly anything: struct.error, SyntaxError, ...
        raise _damaged(error) from error
    width, height = seen.size
    remarks, doubts = _of_decoders(said, kind)
    return Picture(
        source,
        hashlib.sha256(data).hexdigest(),
        kind,
        width,
        height,
        seen.views,
        notes=(*seen.notes, *notes, *remarks),
        gaps=(*seen.gaps, *gaps, *doubts),
        late=budget.late or checking.late,
    )


def _of_decoders(said: list[tuple[str, str]], kind: str) -> tuple[list[Why], list[Why]]:
    """Notes and gaps of what decoders said. Metadata of every kind of file are read as TIFF: only in a TIFF is what is
    wrong with them wrong with the picture."""
    notes = [Why.of(Note.METADATA)] if any(one == "Tiff" for one, _ in said) and kind != "TIFF" else []
    return notes, [Why.of(Gap.WARNED, said=text) for one, text in said if one != "Tiff" or kind == "TIFF"]


def _damaged(error: Exception) -> ImageError:
    return ImageError(f"damaged or truncated ({' '.join(str(error).split()) or type(error).__name__})")
