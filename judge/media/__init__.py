"""Untrusted bytes to pictures that a model can be shown. Knows no rule and no model.

A picture has one or more views, because one file can show different things: frames of an animation,
and what transparency lets through (hiding content behind alpha is a known evasion, so an image with
transparency is seen over several grounds).
"""

from judge.media.decoding import decode, from_image
from judge.media.formats import FORMATS, SUFFIXES
from judge.media.picture import Picture, View
from judge.media.reading import read_bytes

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Picture",
    "View",
    "decode",
    "from_image",
    "read_bytes",
]
