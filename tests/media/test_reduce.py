"""What is looked at is bounded, whatever the file holds; regions stay in the pixels of the file."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from PIL import ExifTags, Image, ImageOps

from judge.errors import ImageError
from judge.media import decode
from judge.media.formats import open_image
from judge.media.jpeg import markers
from judge.media.reduce import fitted, shrunk, upright
from judge.settings import Limits

SMALL = Limits(view_pixels=512 * 512)


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def marked(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """White in its left quarter, black elsewhere."""
    image = Image.new("RGB", (width, height))
    image.paste("white", (0, 0, width // 4, height))
    return image.convert(mode)


@pytest.mark.parametrize(
    ("size", "pixels", "expected"),
    [
        ((640, 480), 2048**2, (640, 480)), ((2048, 2048), 2048**2, (2048, 2048)), ((4096, 4096), 2048**2, (2048, 2048)),
        ((4000, 3000), 1_000_000, (1154, 866)), ((64_000_000, 1), 2048**2, (8192, 1)), ((1, 9000), 2048**2, (1, 8192)),
    ],
)  # fmt: skip
def test_no_copy_has_more_pixels_or_an_endless_side(size, pixels, expected):
    assert fitted(size, pixels) == expected


def test_a_copy_is_smoothed_and_keeps_its_mode():
    checks = Image.fromarray((numpy.indices((1000, 1000)).sum(0) % 2 * 255).astype(numpy.uint8))
    for mode in ("RGB", "RGBA", "RGBa"):
        copy = shrunk(checks.convert("RGBA").convert(mode), 100 * 100)
        assert (copy.mode, copy.size) == (mode, (100, 100))
        low, high = copy.convert("RGBA").convert("L").getextrema()
        assert 110 < low <= high < 145
    assert shrunk(checks, 1000 * 1000) is checks


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGB"), ("PNG", "L"), ("PNG", "1"), ("PNG", "P"), ("JPEG", "RGB"), ("JPEG", "L"), ("WEBP", "RGB"),
     ("TIFF", "RGB"), ("TIFF", "I;16"), ("BMP", "RGB"), ("AVIF", "RGB")],
)  # fmt: skip
def test_a_large_picture_is_looked_at_smaller_and_regions_stay_in_its_pixels(kind, mode):
    image = marked(2400, 1200, "L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(numpy.asarray(image).astype(numpy.uint16) * 257)
    picture = decode(saved(image, kind), "x", SMALL)
    (view,) = picture.views
    assert (picture.width, picture.height) == (2400, 1200)
    assert view.shows == (0, 0, 2400, 1200)
    least = 0.5 if kind == "JPEG" else 0.95  # which is decoded to an eighth, a quarter or half of its sides
    assert 512 * 512 * least < view.image.width * view.image.height <= 512 * 512
    assert view.in_frame((0, 0, *view.image.size)) == pytest.approx((0, 0, 2400, 1200))
    edge = view.in_image((600, 0, 600, 0))[0]
    assert view.image.getpixel((int(edge - 8), 9)) > (200, 200, 200)
    assert view.image.getpixel((int(edge + 8), 9)) < (60, 60, 60)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_a_rotated_large_photograph_is_upright_and_so_are_its_regions(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise: its left becomes its top
    picture = decode(saved(marked(4000, 2000), kind, exif=exif), "x", SMALL)
    (view,) = picture.views
    assert (picture.width, picture.height) == (2000, 4000)
    assert view.shows == (0, 0, 2000, 4000)
    assert view.image.width < view.image.height
    assert view.image.getpixel((100, 20)) > (200, 200, 200)
    assert view.image.getpixel((100, view.image.height - 20)) < (60, 60, 60)


def test_a_small_picture_is_looked_at_pixel_for_pixel():
    image = Image.effect_noise((640, 480), 90).convert("RGB")
    (view,) = decode(saved(image)).views
    assert view.shows is None
    assert numpy.array_equal(numpy.asarray(view.image), numpy.asarray(image))


def test_all_views_of_a_file_share_its_pixels():
    frames = [Image.new("RGBA", (1024, 1024), (index * 60, 9, 9, 128)) for index in range(4)]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    picture = decode(data, "x", Limits(view_pixels=1024 * 512))
    assert len(picture.views) > 4
    assert sum(view.image.width * view.image.height for view in picture.views) <= 4 * 1024 * 512


def test_deep_grey_in_strips_is_what_it_is_at_once():
    values = numpy.random.default_rng(0).integers(0, 65536, (1500, 1400), dtype=numpy.uint16)
    (view,) = decode(saved(Image.fromarray(values))).views
    expected = (values.astype(float) * (255 / 65535)).round()
    assert numpy.array_equal(numpy.asarray(view.image)[..., 0], expected)


def test_scans_are_counted_by_markers_not_by_bytes():
    image = Image.effect_noise((64, 48), 90).convert("RGB")
    thumbnail = b"Exif\0\0" + saved(image, "JPEG") + bytes.fromhex("ffda") * 50

    def scans(data):
        return markers(data).scans

    assert scans(saved(image, "JPEG", exif=thumbnail)) == 1
    assert scans(saved(image, "JPEG") + saved(image, "JPEG", progressive=True)) == 1
    assert scans(saved(image, "JPEG", progressive=True)) == 10
    assert scans(b"\xff\xd8") == scans(b"") == 0


def test_every_scan_of_a_jpeg_counts():
    data = saved(Image.effect_noise((64, 48), 90).convert("RGB"), "JPEG", progressive=True)
    assert decode(data, "x", Limits(total_pixels=10 * 64 * 48)).width == 64
    with pytest.raises(ImageError, match="scans"):
        decode(data, "x", Limits(total_pixels=10 * 64 * 48 - 1))


def bombs(folder: Path) -> None:
    """Sixteen small files of 64 megapixels a frame."""
    side = (8000, 8000)
    palette = Image.new("P", side, 1)
    palette.putpalette([9, 9, 9, 90, 90, 90])
    bits = [Image.new("1", side, index % 2) for index in range(4)]
    many = [saved(Image.new("1", (160_000, 400))), saved(Image.new("L", side, 99), "JPEG", progressive=True)]
    few = [
        saved(palette, transparency=0), saved(Image.new("LA", side, (9, 99)), compress_level=1),
        saved(bits[0], "TIFF", compression="group4", save_all=True, append_images=bits[1:]),
        saved(bits[0], "GIF", save_all=True, append_images=bits[1:]),
    ]  # fmt: skip
    for index, data in enumerate(few + many * 6):
        assert len(data) < 1_000_000
        (folder / f"{index:02}").write_bytes(data)


CODE = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30, 12 * 2**30))
from judge.judging.opening import ahead
held, said = 0, []
for batch in ahead(sorted(Path(sys.argv[1]).iterdir()), 8):
    held = max(held, sum(one.pixels for one in batch))
    said += [getattr(one.found, "message", "") for one in batch]
print(json.dumps([held, said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@pytest.mark.timeout(300)
def test_a_folder_of_bombs_is_decoded_in_bounded_memory(tmp_path):
    bombs(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    held, said, kib = json.loads(done.stdout)
    assert said == [""] * 16
    assert held <= 8 * 4 * 2048**2
    assert kib < 3 * 2**20


@pytest.mark.parametrize(("orientation", "size"), [(None, (30, 20)), (1, (30, 20)), (3, (30, 20)), (6, (20, 30))])
def test_only_what_lies_on_its_side_is_copied_to_be_turned(orientation, size):
    exif = Image.Exif()
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    frame = open_image(saved(Image.linear_gradient("L").resize((30, 20)).convert("RGB"), exif=exif))
    turned, full = upright(frame, 10**6)
    assert turned.size == full == size
    assert (turned is frame) == (orientation in (None, 1))
    expected = ImageOps.exif_transpose(frame)
    assert turned.tobytes() == expected.tobytes()
