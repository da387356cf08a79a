"""What a picture looks like to a program that manages colours, where that shows something which plain pixels hide.

A colour profile (ICC) or a gamma says what the numbers of the pixels mean. Some programs heed it and some do not. A
camera's profile changes colours a little, which no rule depends on; one made for it can hide a picture from either.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageCms, ImageFilter

from judge.media.colour import flat, layered
from judge.media.grounds import SCALES, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SCREEN = 2.2  # the gamma that pixels are meant for where nothing else is said
_SAME = 0.05  # of a gamma: no eye tells them apart
_PLAIN = 24  # levels of 255 between neighbours
_FEW = 8  # places: roughness of an outline, not a thing
_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def managed(image: Image.Image) -> Image.Image | None:
    """A frame as it was decoded to RGB, or RGBA where it has transparency; None where its colours mean what they do
    without any profile, or the profile is damaged or of another kind of colours: then nobody heeds it.
    """
    profile = image.info.get("icc_profile")
    change = _by_profile(image, profile) if profile else _by_gamma(image)
    if change is None:
        return None
    clear = layered(image).getchannel("A") if image.has_transparency_data else None
    changed = change()
    if clear is not None and clear.getextrema() != (255, 255):
        changed.putalpha(clear)
    return changed


def uncovers(image: Image.Image, others: Sequence[Image.Image]) -> bool:
    """Whether something stands out in an RGB image where hardly anything does in any of the others."""
    import numpy

    for side in SCALES:
        alone = abs(steps(image, side)).max(axis=(0, -1))
        seen = numpy.maximum.reduce([abs(steps(other, side)).max(axis=(0, -1)) for other in others])
        near = numpy.asarray(Image.fromarray(seen.astype(numpy.uint8)).filter(ImageFilter.MaxFilter(5)))
        if ((alone >= _PLAIN) & (near <= alone / 3)).sum() >= _FEW:
            return True
    return False


def _by_profile(image: Image.Image, data: bytes) -> Callable[[], Image.Image] | None:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        mode = _SPACES.get(profile.profile.xcolor_space)
        if mode is None or (mode == "CMYK") != (image.mode == "CMYK"):
            return None
        change = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return lambda: change.apply(image if mode == "CMYK" else flat(image).convert(mode))


def _by_gamma(image: Image.Image) -> Callable[[], Image.Image] | None:
    gamma = image.info.get("gamma")
    if not gamma or "srgb" in image.info or abs(gamma * _SCREEN - 1) < _SAME:
        return None
    power = 1 / (gamma * _SCREEN)
    if image.mode.startswith("I;16"):
        import numpy

        values = (numpy.asarray(image) / numpy.float32(65535)) ** power * 255
        return lambda: Image.fromarray(values.round().astype(numpy.uint8)).convert("RGB")
    table = [round((level / 255) ** power * 255) for level in range(256)]
    return lambda: flat(image).point(table * 3)
