"""How many tokens a photograph takes of Qwen3-VL, at the limits that it ships with and within `--max-pixels`.

    python -m tools.count_image_tokens

The figures of docs/models.md. No model is loaded: a token is a square of 32 x 32 pixels, of the size that the family's
own rule makes of a picture.
"""

from __future__ import annotations

from PIL import Image
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

from judge.models.pixels import within
from judge.settings import Settings

SIDE, LEAST, MOST = 32, 65_536, 16_777_216  # pixels: of a token, and of a picture in the checkpoints' configuration


def tokens(image: Image.Image) -> int:
    """Of the picture, in a prompt."""
    height, width = smart_resize(image.height, image.width, factor=SIDE, min_pixels=LEAST, max_pixels=MOST)
    count: int = height // SIDE * (width // SIDE)
    return count


if __name__ == "__main__":
    photo = Image.new("RGB", (4000, 3000))
    print(f"{tokens(photo)} tokens at its own limits")
    print(f"{tokens(within(photo, Settings().max_pixels))} tokens within --max-pixels")
