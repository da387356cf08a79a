"""Writes small clips for tests."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageDraw


def film(
    pictures: Iterable[Image.Image],
    *,
    times: Sequence[int] | None = None,
    rate: int = 10,
    codec: str = "libx264",
    container: str = "mp4",
    options: dict[str, str] | None = None,
    kind: str = "yuv420p",
) -> bytes:
    """The bytes of a clip. times: of each picture in milliseconds, in place of an even rate. kind: of pixels."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=options or {}) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.pix_fmt = kind
        steady = container == "avi" or codec in ("mpeg1video", "mpeg2video")  # no other times can be written
        stream.codec_context.time_base = Fraction(1, rate if steady else 1000)
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "18"}
        for number, picture in enumerate(pictures):
            if not number:
                stream.width, stream.height = picture.size
            if kind == "pal8":
                frame = av.VideoFrame.from_ndarray(_indexed(picture), format=kind)
            else:
                frame = av.VideoFrame.from_image(picture.convert("RGB"))
            frame.time_base = Fraction(1, 1000)
            frame.pts = times[number] if times is not None else number * 1000 // rate
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return buffer.getvalue()


def _indexed(picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """The places of colours, and these, each as transparency, red, green, blue."""
    few = picture.quantize(8)
    colours = np.full((256, 4), 255, np.uint8)
    known = np.array(few.getpalette(), np.uint8).reshape(-1, 3)
    colours[: len(known), 1:] = known
    return np.asarray(few), colours


def plain(colour: str, size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGB", size, colour)


def dotted(place: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """White, with a black square that has moved so far."""
    picture = plain("white", size)
    ImageDraw.Draw(picture).rectangle((place, 8, place + 15, 23), fill="black")
    return picture


def sound(container: str = "mp4") -> bytes:
    """A file of silence."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream("aac", rate=8000)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate = 8000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for number in range(8):
            frame.pts = number * 1024
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    return buffer.getvalue()
