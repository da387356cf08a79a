"""The images that stand in the messages of a chat, of whatever API. Judges nothing.

What is let be is a closed list: parts, and keys of them, that are known to be text. Everything else is an image, holds
one under some key, or is told as what nobody has seen.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from judge.media.clips.sniffing import HEAD, is_clip
from judge.serving.http.problems import cut

_WITHIN = ("content", "output", "parts")  # of messages, and of what a tool gave back: parts, or a text
_INSTEAD = ("tool_calls", "function_call", "refusal", "audio")  # of an assistant's content
_TEXT_KINDS = frozenset(
    {"text", "input_text", "output_text", "refusal", "summary_text", "reasoning_text", "message"}
    | {"thinking", "redacted_thinking", "reasoning", "tool_use", "server_tool_use", "tool_result", "function"}
    | {"function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "input_audio"}
)
_TEXT_KEYS = frozenset({"text", "refusal", "toolUse", "functionCall", "functionResponse", "cachePoint"})
"""Keys that make a part known which says no kind."""
_DESCRIBING = _TEXT_KEYS | {
    *("type", "role", "name", "id", "index", "status", "title", "filename", "display_name", "displayName", "uuid"),
    *("format", "media_type", "mime_type", "mimeType", "detail", "metadata", "cache_control", "citations"),
    *("annotations", "signature", "logprobs", "created_at", "object", "model", "phase", "recipient", "channel"),
    *("thinking", "thinking_blocks", "thought", "thoughtSignature", "thought_signature", "summary"),
    *("reasoning", "reasoning_content", "reasoning_details", "encrypted_content", "provider_specific_fields"),
    *("tool_calls", "function_call", "function", "arguments", "args", "input", "json", "is_error", "audio"),
    *("tool_call_id", "tool_use_id", "toolUseId", "call_id"),
}
"""Keys whose value is text and names no image. A picture's own bytes are judged there, too."""
_OF_KIND = {"redacted_thinking": {"data"}, "input_audio": {"input_audio"}}
"""More of them, of one kind."""
_FILE_KINDS = frozenset({"file", "input_file", "document"})
_FILE_KEYS = _FILE_KINDS | {"inline_data", "inlineData", "file_data", "fileData"}
_OF_FILES = frozenset({"file_data", "data", "file_url", "url", "file_id", "fileUri", "source", "bytes"})
_ELSE = frozenset({"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"})
_LOST = "a message or a part came without its content"
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_DIGITS = bytes(set(range(256)) - set(_DIGITS))
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_SHORT = 32  # characters of base64, in which no picture is
_MOST = 20_000  # lists, keys and texts that are looked at


@dataclass(frozen=True)
class Unjudged:
    """Something of which nobody could say that it is no image. what: in words."""

    what: str


class _Part:
    """Of a chat, while it is looked through. needs: it is not known to be text, so it has to hold something."""

    def __init__(self, value: dict[str, Any]) -> None:
        kind = value.get("type")
        self.kind = kind if isinstance(kind, str) else ""
        self.let_be = _DESCRIBING | _OF_KIND.get(self.kind, frozenset())
        self.holds, self.name = False, f"a part of the kind '{cut(self.kind)}'" if self.kind else "a part of no kind"
        if "role" in value:
            self.needs, self.name = False, "a message"
        elif kind is None:
            self.needs = all(value.get(key) is None for key in (*_TEXT_KEYS, *_WITHIN))
        else:
            self.needs = self.kind not in _TEXT_KINDS


@dataclass(frozen=True)
class _Look:
    """Something to look at. under: its key. mode: `parts`, of which a text is one; `text`, where only a picture's own
    bytes are one; `held`, where a text is an image or unseen; `end`, when all of a part was looked at."""

    value: Any
    part: _Part
    under: str
    mode: str


def images_in(messages: Any) -> Iterator[str | Unjudged]:
    """Each image of messages, in order: base64, a data URI or an address; and what may be one and is only named (a
    file's id), came without its content, or is of a kind that is not known and shows nothing."""
    waiting = [] if messages is None else [_Look(messages, _Part({}), "", "parts")]
    looked = 0
    while waiting:
        look, looked = waiting.pop(), looked + 1
        value, part = look.value, look.part
        if looked > _MOST:
            yield Unjudged(f"a chat of more than {_MOST:,} things")
            return
        if look.mode == "end":
            if part.needs and not part.holds:
                yield Unjudged(f"{part.name} holds nothing that can be judged")
        elif isinstance(value, str):
            if _is_image(value, look.mode):
                part.holds = True
                yield value
            elif look.mode == "held" and value.strip():
                part.holds = True
                yield Unjudged(f"'{cut(look.under)}' of {part.name} names something and does not hold it")
        elif isinstance(value, list):
            waiting.extend(_Look(one, part, look.under, look.mode) for one in reversed(value))
        elif isinstance(value, dict):
            if look.mode == "parts":
                part.holds = True
                if not value or ("role" in value and _is_lost(value)):
                    yield Unjudged(_LOST)
                part = _Part(value)
                waiting.append(_Look(None, part, "", "end"))
            waiting.extend(_within(value, part, look))
        elif look.mode == "parts":
            yield Unjudged(_LOST)


def payload(text: str) -> str:
    """An image's text without what a data URI says before its base64."""
    return text.partition(",")[2] if text[:5].lower() == "data:" else text


def _within(value: dict[str, Any], part: _Part, look: _Look) -> Iterator[_Look]:
    """What stands under the keys of something, the last first."""
    is_file = part.kind in _FILE_KINDS or look.under in _FILE_KEYS
    is_else = is_file and look.mode != "text" and _says_else(value)
    part.holds |= is_else
    for key in reversed(value):
        one, mode = value[key], "held"
        if look.mode == "text" or (is_else and key in _OF_FILES):
            mode = "text"
        elif key in _WITHIN and one is not None:
            mode = "text" if isinstance(one, str) else "parts"
        elif key == "text" and isinstance(one, str):
            continue
        elif key in part.let_be:
            mode = "text"
        yield _Look(one, part, key, mode)


def _is_lost(message: dict[str, Any]) -> bool:
    """Whether a message came without its content. LiteLLM leaves out parts of a kind that it does not know."""
    content = next((message[key] for key in _WITHIN if message.get(key) is not None), None)
    if content is None:
        return message["role"] != "assistant" or not any(message.get(key) for key in _INSTEAD)
    return bool(content == [])


def _says_else(file: dict[str, Any]) -> bool:
    """Whether a file is said to be something else than a picture or a clip."""
    said = next((file[key] for key in ("format", "mime_type", "mimeType", "media_type") if file.get(key)), None)
    if said is None:
        texts = (file[key] for key in ("file_data", "data", "file_url", "url") if isinstance(file.get(key), str))
        said = next((text[5:100] for text in texts if text[:5].lower() == "data:"), "")
    kind = str(said)[:100].lower().partition(";")[0].strip()
    return kind in _ELSE or ("/" in kind and not kind.startswith(("image/", "video/", "application/octet-stream")))


def _is_image(text: str, mode: str) -> bool:
    """Whether a text is an image, or is to be one."""
    if mode == "held" and (text[:8].lower().startswith(("data:", "http://", "https://")) or _is_base64(text)):
        return True
    if mode == "parts" and text[:11].lower().startswith(("data:image/", "data:video/")):
        return True
    return len(text) >= _SHORT and _is_picture(text)


def _is_base64(text: str) -> bool:
    rest = text.encode("ascii", "replace").translate(None, _DIGITS + b"= \t\n\r\x0b\x0c")
    return not rest and not text.isspace() and text != ""


def _is_picture(text: str) -> bool:
    """Whether it begins as a picture or a clip does, read as leniently as one may."""
    from PIL import UnidentifiedImageError

    from judge.media.formats import is_heic, open_image

    digits = payload(text).encode("ascii", "ignore").translate(_URL_SAFE, b"").translate(None, _NO_DIGITS)
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
