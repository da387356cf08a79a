"""Any mode of Pillow's to one that a model can be shown, or that PNG can hold."""

from __future__ import annotations

from PIL import Image

from judge.errors import ImageError

_AT_ONCE = 2**20  # deep values that are scaled at a time: eight bytes each, several times over


def storable(image: Image.Image) -> Image.Image:
    """The image in a mode that PNG can hold, with its transparency."""
    if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        return image
    if image.has_transparency_data:
        return image.convert("LA" if image.mode == "La" else "RGBA")
    return flat(image)


def layered(image: Image.Image) -> Image.Image:
    """An image with transparency as RGBA. Deep grey names its transparent value: Pillow knows that for 8 bits only."""
    if not image.mode.startswith("I"):
        return image.convert("RGBA")
    import numpy

    opaque = numpy.asarray(image) != image.info["transparency"]
    upper = flat(image).convert("RGBA")
    upper.putalpha(Image.fromarray(opaque.astype(numpy.uint8) * 255))
    return upper


def flat(image: Image.Image) -> Image.Image:
    """Any mode to RGB. Deeper than 8 bits is scaled down: Pillow's own conversion would clip to white."""
    if not image.mode.startswith("I") and image.mode != "F":
        return image.convert("RGB")
    import numpy

    values = numpy.asarray(image)
    low, high = float(values.min()), float(values.max())
    if image.mode == "F" and not numpy.isfinite(values).all():
        raise ImageError("holds values that are no numbers")
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    elif low >= 0:  # 32 bits wide, but most often holding fewer: take the narrowest usual range that fits
        low, high = 0.0, next((top for top in (1.0, 255.0, 65535.0) if high <= top), high)
    eight = numpy.empty(values.shape, numpy.uint8)
    for top in range(0, len(values), step := max(1, _AT_ONCE // values.shape[1])):
        part = values[top : top + step].astype(numpy.float64) - low
        eight[top : top + step] = (part * (255.0 / max(high - low, 1e-12))).clip(0, 255).round()
    return Image.fromarray(eight).convert("RGB")
