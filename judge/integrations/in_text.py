"""Images that stand in the text of an answer. Knows no host."""

from __future__ import annotations

import re
from collections.abc import Iterator

_IN_TEXT = re.compile(
    r"""(?P<begins>!\[) | \]\(\s*<?(?P<link>[^)\s>]+) | <img\b(?P<tag>[^>]*)
      | (?P<held>data:image/[\w.+-]+(?:;[\w=-]+)*,[\w+/=%-]+ | promptfoo://blob/\w+)""",
    re.IGNORECASE | re.VERBOSE,
)
_SOURCE = re.compile(r"""\bsrc\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)


def images_in_text(text: str) -> Iterator[str]:
    """What names or holds them: targets of images in markdown and in HTML, data URIs, blobs of promptfoo.

    None may be passed over, as what is not looked at is not cleared; one may be named twice. It takes time in
    proportion to the text.
    """
    begun = False
    for found in _IN_TEXT.finditer(text):
        if found["begins"]:
            begun = True
        elif found["link"]:
            if begun:
                yield found["link"]
            begun = False
        elif found["held"]:
            yield found["held"]
        else:
            yield from _SOURCE.findall(found["tag"])
