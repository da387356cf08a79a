"""The images that stand in the messages of a chat, in the forms of OpenAI and Anthropic. Judges nothing.

What looks like an image and has a form that is not known is named, too: it is not taken for text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_WITHIN = ("content", "output", "parts")  # of messages, and of what a tool gave back


def images_in(messages: Any) -> Iterator[str | None]:
    """Each image of messages, in order: base64, a data URI or an address.

    None where it is only named (a file's id), and where a message came without its content.
    """
    waiting = [messages]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        elif isinstance(one, dict):
            kind = str(one.get("type", ""))
            if "role" in one and one.get("content") == []:  # LiteLLM lost parts of a kind that it does not know
                yield None
            if "image" in kind or one.get("image_url") is not None:
                yield _image(one)
            elif kind in ("file", "input_file"):
                yield from _file(one.get("file", one))
            elif kind == "document":  # of its own it is a PDF or a text, but it may be made of parts
                waiting.append(one.get("source"))
            elif one.get("inline_data") is not None:
                yield from _file(one["inline_data"])
            waiting.extend(one[key] for key in reversed(_WITHIN) if isinstance(one.get(key), list | dict))


def payload(text: str) -> str:
    """An image's text without what a data URI says before its base64."""
    return text.partition(",")[2] if text[:5].lower() == "data:" else text


def _image(part: dict[str, Any]) -> str | None:
    for key in ("image_url", "source", "image", "data", "url", "result"):
        found = part.get(key)
        if isinstance(found, dict):
            found = found.get("url") or found.get("data")
        if isinstance(found, str) and found:
            return found
    return None


def _file(file: Any) -> Iterator[str | None]:
    """A file where it is an image, or may be one."""
    if not isinstance(file, dict):
        yield None
        return
    data = next((file[key] for key in ("file_data", "data", "file_url") if isinstance(file.get(key), str)), None)
    said = file.get("format") or file.get("mime_type") or file.get("mimeType")
    if said is None and data is not None and data[:5].lower() == "data:":
        said = data[5:]
    if said is None or str(said).lower().startswith("image/"):
        yield data
