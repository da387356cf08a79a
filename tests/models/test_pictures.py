"""Images as they are sent to a server: small ones exactly, large ones small and near enough, each named by its content."""

from __future__ import annotations

import base64
import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from judge.models.openai.pictures import LOSSLESS_PIXELS, _encoded


def shown(image):
    """Format, bytes, and pixels of what is sent."""
    sent = _encoded(image, None)
    head, text = sent.url.split(",", 1)
    raw = base64.b64decode(text)
    assert sent.digest == hashlib.sha256(raw).hexdigest()
    opened = Image.open(io.BytesIO(raw))
    assert head == f"data:image/{opened.format.lower()};base64"
    return opened.format, len(raw), np.asarray(opened).astype(int)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK"])
def test_small_pictures_are_sent_exactly(mode):
    image = Image.fromarray(data.chelsea()).convert(mode)
    assert image.width * image.height <= LOSSLESS_PIXELS
    kind, _, pixels = shown(image)
    assert kind == "PNG" and (pixels == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK"])
def test_large_pictures_are_sent_small_and_near_enough(mode):
    image = Image.fromarray(data.astronaut()).resize((1024, 1024)).convert(mode)
    kind, size, pixels = shown(image)
    assert kind == "JPEG" and pixels.shape == (1024, 1024, 3) and size < 700_000
    assert np.abs(pixels - np.asarray(image.convert("RGB"))).mean() < 2


def test_thin_lines_of_colour_keep_their_colour():
    pixels = np.zeros((600, 600, 3), np.uint8)
    pixels[:, ::2, 0] = 255
    assert np.abs(shown(Image.fromarray(pixels))[2] - pixels).mean() < 4


def test_equal_pictures_have_one_name():
    image = Image.fromarray(data.astronaut()).resize((800, 800))
    assert _encoded(image, None) == _encoded(image.copy(), None)
