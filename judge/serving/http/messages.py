"""The images that stand in the messages of a chat, in the forms of OpenAI and Anthropic. Judges nothing.

What looks like an image and has a form that is not known is named, too: it is not taken for text.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from judge.media.clips.sniffing import HEAD, is_clip

_WITHIN = ("content", "output", "parts")  # of messages, and of what a tool gave back
_URL_SAFE = str.maketrans("-_", "+/")
_NO_DIGIT = re.compile(r"[^A-Za-z0-9+/]")
_INSTEAD = ("tool_calls", "function_call", "refusal", "audio")  # of an assistant's content
_INLINE = ("inline_data", "inlineData", "file_data", "fileData")


def images_in(messages: Any) -> Iterator[str | None]:
    """Each image of messages, in order: base64, a data URI or an address.

    None where it is only named (a file's id), and where a message or a part came without its content.
    """
    waiting = [] if messages is None else [messages]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        elif isinstance(one, dict):
            kind = str(one.get("type", ""))
            if not one or ("role" in one and _is_lost(one)):
                yield None
            inline = next((one[key] for key in _INLINE if isinstance(one.get(key), dict)), None)
            if "image" in kind or one.get("image_url") is not None:
                yield _image(one)
            elif kind in ("file", "input_file"):
                yield from _file(one.get("file", one))
            elif kind == "document":  # of its own it is a PDF or a text, but it may be made of parts
                source = one.get("source")
                if isinstance(source, dict) and source.get("type") == "base64":
                    yield from _file(source)
                elif isinstance(source, dict | list):
                    waiting.append(source)
            elif inline is not None:
                yield from _file(inline)
            waiting.extend(one[key] for key in reversed(_WITHIN) if isinstance(one.get(key), list | dict))
        elif not isinstance(one, str):
            yield None


def _is_lost(message: dict[str, Any]) -> bool:
    """Whether a message came without its content. LiteLLM leaves out parts of a kind that it does not know."""
    content = next((message[key] for key in _WITHIN if message.get(key) is not None), None)
    if content is None:
        return message["role"] != "assistant" or not any(message.get(key) for key in _INSTEAD)
    return bool(content == [])


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
    said = file.get("format") or file.get("mime_type") or file.get("mimeType") or file.get("media_type")
    if said is None and data is not None and data[:5].lower() == "data:":
        said = data[5:]
    if said is None or str(said).lower().startswith("image/") or (data is not None and _is_picture(data)):
        yield data


def _is_picture(text: str) -> bool:
    """Whether what is said to be something else begins as a picture or a clip does, read as leniently as one may."""
    from PIL import UnidentifiedImageError

    from judge.media.formats import is_heic, open_image

    digits = _NO_DIGIT.sub("", payload(text).translate(_URL_SAFE))
    data = b64decode(digits[: len(digits) // 4 * 4])
    if is_heic(data) or is_clip(data[:HEAD]):
        return True
    try:
        with open_image(data):
            return True
    except UnidentifiedImageError:
        return False
    except Exception:  # it is one, and a bad one
        return True
