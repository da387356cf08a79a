"""How many pixels of a picture a model is shown: the more, the more tokens it takes, and the slower every question is.

Pictures are shrunk before they are processed, which bounds the tokens of families that take any size. Families that
cut a picture into tiles enlarge it first, whatever its size, so those are told how many tiles there may be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PIL import Image

from judge.errors import NotShown

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

# Times as long as it is wide. Qwen's and GLM's processors refuse more; CLIP's and LLaVA's enlarge the shorter side
# first, which takes 4 GB for a strip of 5000 x 1, and then look at its middle alone.
MOST_STRETCHED = 200
_LOOK = "look at it yourself; cut into pieces, it may be judged"


def bound_tiles(processor: Any, config: Any, most: int) -> None:
    """Have a processor cut pictures into no more tiles than `most` pixels have room for, beside the overview. At least
    one tile stays. `config` of the model says the same as its processor, where it says anything.

    Left as they are: Llama 3.2 Vision, whose model knows its four tiles by their number.
    """
    images: Any = getattr(processor, "image_processor", None)
    size, most_tiles = getattr(images, "size", None), getattr(images, "max_patches", None)
    if isinstance(most_tiles, int) and size is not None and size.height and size.width:  # InternVL, Ovis, Aya, ...
        images.max_patches = max(1, min(most_tiles, most // (size.height * size.width)))
        if hasattr(images, "min_patches"):
            images.min_patches = min(images.min_patches, images.max_patches)
    grids = getattr(images, "image_grid_pinpoints", None)
    if grids:  # LLaVA-NeXT, LLaVA-OneVision
        areas = [height * width for height, width in grids]
        kept = [grid for grid, area in zip(grids, areas, strict=True) if area <= max(most, min(areas))]
        images.image_grid_pinpoints = config.image_grid_pinpoints = kept
    tile = (getattr(images, "max_image_size", None) or {}).get("longest_edge")
    if tile and size is not None and size.longest_edge:  # Idefics3, SmolVLM
        side = max(1, math.isqrt(most) // tile) * tile
        images.size = type(size)(longest_edge=min(size.longest_edge, side))
    if isinstance(getattr(images, "max_tiles", None), int):  # LFM2-VL
        room = most // images.tile_size**2
        images.max_tiles = min(images.max_tiles, room) if room >= images.min_tiles else 1
        images.min_tiles = min(images.min_tiles, images.max_tiles)


def within(picture: Picture, most: int) -> Picture:
    """The picture with at most `most` pixels: itself, or a smaller copy of the same shape."""
    width, height = picture.size
    if width * height <= most:
        return picture
    times = math.sqrt(most / (width * height))
    small = (max(1, math.floor(width * times)), max(1, math.floor(height * times)))
    return picture.resize(small, Image.Resampling.LANCZOS, reducing_gap=3.0)


def check_shape(of: str, picture: Picture) -> None:
    """Whether a picture may be shown to `of`, which is a model.

    Raises:
        NotShown: it is much longer than it is wide, or the other way round.
    """
    if max(picture.size) > MOST_STRETCHED * min(picture.size):
        raise NotShown(
            f"the {of} cannot be shown this picture: one side is over {MOST_STRETCHED} times as long as the other",
            hint=_LOOK,
        )


def not_shown(of: str, error: ValueError) -> NotShown:
    """What is said where the processor of `of` does not take a picture, though it took others when it was loaded."""
    said = str(error).strip().splitlines()
    return NotShown(
        f"the {of} cannot be shown this picture: its processor says: {said[0] if said else 'nothing'}",
        hint=_LOOK,
    )
