"""A further film or picture in the file of a film: behind its end, or in parts that nothing of it refers to.

Looked for are the beginnings of formats that programs open, each long enough that it does not come about by chance.
Read is what lies beside the film alone, never the film itself.
"""

from __future__ import annotations

import re

from judge.media.clips.headers import Headers

FILM = re.compile(
    rb"\0[\0-\x0f]..ftyp[ -~]{4}|moov\0...mvhd"
    rb"|RIF[FX]....AVI |FLV\x01[\x01\x04\x05]\0\0\0\x09"
    rb"|\x1aE\xdf\xa3.{1,60}?(?:webm|matroska)"
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
    rb"|OggS\0\x02|\.RMF\0\0\0|\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"
    rb"|\0\0\x01\xba[\x21\x40-\x7f].{12}\0\0\x01[\xbb-\xef]|\0\0\x01\xb3.{4,140}?\0\0\x01[\xb5\xb8\x00]"
    rb"|(?:G[\x00-\x5f].{186}){3}G",
    re.DOTALL,
)
_PICTURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP"
    rb"|\xff\xd8\xff(?:\xe0..(?:JFIF|AVI1)|\xe1..(?:Exif|http)|\xe2..(?:ICC_|MPF)|\xee\0\x0eAdobe|\xdb\0[\x43\x84\xc5])"
    rb"|(?<!Exif\0\0)(?:II[*+]\0|MM\0[*+]\0)|BM.{4}\0{4}.{2}\0\0[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"
    rb"|\0\0\0\x0cjP  \r\n|\0\0\0\x0cJXL \r\n|8BPS\0[\1\2]\0{6}",
    re.DOTALL,
)
_AT_A_TIME = 2**20
_LONGEST = 1024  # bytes of a beginning


def search(it: Headers, start: int, end: int) -> None:
    """Note where bytes of a file, which are no part of its film, hold a film or a picture.

    Raises:
        CutOff: after more reads than a film takes.
    """
    end = min(end, it.size)
    while start < end and not it.another:
        some = it.some(start, min(_AT_A_TIME + _LONGEST, end - start))
        it.another = FILM.search(some) is not None or _PICTURE.search(some) is not None
        start += _AT_A_TIME
