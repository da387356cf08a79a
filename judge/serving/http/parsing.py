"""JSON and base64 of bodies, read so that nothing else waits long for it. Knows no image.

Python does nothing else while it reads one text, however long that takes: of a large body long texts, which images are,
are lifted out before the rest is read as JSON, and base64 is decoded piece by piece.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from judge.json_once import KeyTwice, once
from judge.serving.http.outcome import service_of
from judge.serving.http.problems import ApiProblem, cut

if TYPE_CHECKING:
    from starlette.requests import Request

LARGE = 2**20
"""Bytes or characters after which something is read in a thread; large bodies one at a time."""
_LONG = 256  # bytes of a text after which it is lifted out of a large body
_BESIDE = 16 * 2**20  # bytes of a body beside such texts
_PIECE = 2**20  # characters of base64 that are decoded at once
_VALUES = 500_000  # of JSON: each takes some 100 bytes, however short it is written
_KEYS = 1000  # of one object: nothing that is read has nearly as many
_DIGITS = 40  # characters of a number: Python takes seconds for many long ones
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_SPACE = b" \t\n\r\x0b\x0c"
_CONTROL = bytes(range(32))


async def json_body(request: Request) -> Any:
    """The JSON of a body.

    Raises:
        ApiProblem: it is none, has very many values, or much beside long texts.
    """
    body = await request.body()
    try:
        if len(body) <= LARGE:
            return _loaded(body)
        async with service_of(request).reading:  # text takes several times its bytes while it is read
            return await asyncio.to_thread(_of_large, body)
    except RecursionError as error:
        raise ApiProblem(422, "invalid-request", "the JSON of the body is nested too deeply") from error
    except ValueError as error:
        raise ApiProblem(422, "invalid-request", f"the body is no JSON ({_mistake(error)})") from error


def json_text(text: str) -> Any:
    """The JSON of a part of a form.

    Raises:
        ApiProblem: it is none.
    """
    try:
        return _loaded(text.encode())
    except RecursionError as error:
        raise ApiProblem(422, "invalid-request", "the JSON of the form is nested too deeply") from error
    except ValueError as error:
        raise ApiProblem(422, "invalid-request", f"context: no JSON ({_mistake(error)})") from error


def decoded(text: str) -> bytes:
    """What is written in base64. White space is no part of it.

    Raises:
        ValueError: it is no base64; the words say why.
    """
    found, rest, padded = [], b"", False
    try:
        for start in range(0, len(text), _PIECE):
            digits = rest + text[start : start + _PIECE].encode("ascii").translate(None, _SPACE)
            if padded and digits:
                raise binascii.Error
            whole = len(digits) // 4 * 4
            found.append(base64.b64decode(digits[:whole], validate=True))
            padded, rest = digits[:whole].endswith(b"="), digits[whole:]
        found.append(base64.b64decode(rest, validate=True))
    except ValueError as error:
        raise ValueError(_no_base64(text)) from error
    return b"".join(found)


def twice(name: str) -> ApiProblem:
    """Of what stands twice readers take one or the other: an image would go by unjudged."""
    shown = cut(name).encode("ascii", "backslashreplace").decode()
    hint = "several images go into the list `images`" if name == "image" else "leave one out"
    return ApiProblem(422, "invalid-request", f"'{shown}' stands twice in the request", hint=hint)


def _no_base64(text: str) -> str:
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=" + _SPACE
    for start in range(0, len(text), _PIECE):
        if text[start : start + _PIECE].encode("ascii", "replace").translate(None, alphabet):
            return "it has characters that base64 has not"
    return "it is cut off, or its padding with '=' is wrong"


def _loaded(body: bytes) -> Any:
    if not json.detect_encoding(body).startswith("utf-8"):
        raise UnicodeDecodeError("utf-8", b"", 0, 0, "another encoding")
    if sum(map(body.count, (b",", b"[", b"{"))) > _VALUES:  # each value but the first has one before it
        raise ApiProblem(413, "too-large", f"the JSON of the body may have {_VALUES:,} values")
    return _read(body)


def _read(body: bytes) -> Any:
    found = json.loads(body, object_pairs_hook=_once_each, parse_int=_integer, parse_float=_number)
    if _HALF.search(body):
        _check_characters(found)
    return found


def _of_large(body: bytes) -> Any:
    """The JSON of a body, of which long texts without any escape are lifted out first."""
    mark = f"{secrets.token_hex(16)}:"
    lifted: list[str] = []
    pieces, taken, at, beside = [], 0, 0, 0
    while (start := body.find(b'"', at)) >= 0:
        end = _end_of_text(body, start + 1)
        if end < 0:
            break
        at = end + 1
        text = _plain(body[start + 1 : end]) if end - start > _LONG else None
        if text is not None:
            pieces += [body[taken:start], f'"{mark}{len(lifted)}"'.encode()]
            lifted.append(text.decode("ascii"))
            beside += start - taken
            taken = at
        if beside + at - taken > _BESIDE:
            raise _much_beside()
    if beside + len(body) - taken > _BESIDE:
        raise _much_beside()
    if not lifted:
        return _loaded(body)
    return _put_back(_loaded(b"".join([*pieces, body[taken:]])), mark, lifted)


def _end_of_text(body: bytes, start: int) -> int:
    """Where the quotation mark is that ends a text; -1 where there is none."""
    at = start
    while (end := body.find(b'"', at)) >= 0:
        if body[end - 1] != ord("\\") or end == at:
            return end
        said = body[at:end]
        if (len(said) - len(said.rstrip(b"\\"))) % 2 == 0:
            return end
        if end - start > _BESIDE:
            raise _much_beside()
        at = end + 1
    return -1


def _plain(text: bytes) -> bytes | None:
    """A text of JSON as it is meant, where it is plain; some write base64 in lines, and some every `/` as `\\/`."""
    pieces, at = [], 0
    while at < len(text):
        end = at + _PIECE
        piece = text[at : end + (text[end - 1 : end] == b"\\")]
        at += len(piece)
        if b"\\\\" in piece or not piece.isascii() or len(piece) != len(piece.translate(None, _CONTROL)):
            return None
        if b"\\" in piece:
            piece = piece.replace(b"\\/", b"/").replace(b"\\n", b"\n").replace(b"\\r", b"\r")
            if b"\\" in piece:
                return None
        pieces.append(piece)
    return b"".join(pieces)


def _put_back(found: Any, mark: str, lifted: list[str]) -> Any:
    """The whole, with long texts in their places."""

    def told(one: Any) -> Any:
        return lifted[int(one[len(mark) :])] if isinstance(one, str) and one.startswith(mark) else one

    whole = [found]
    waiting: list[Any] = [whole]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if any(key.startswith(mark) for key in one):
                raise ApiProblem(422, "invalid-request", f"a key has more than {_LONG} characters")
            places: Any = list(one)
        else:
            places = range(len(one))
        for place in places:
            one[place] = told(one[place])
            if isinstance(one[place], dict | list):
                waiting.append(one[place])
    return whole[0]


def _much_beside() -> ApiProblem:
    most = f"the JSON of the body may have {_BESIDE:,} bytes beside its images"
    return ApiProblem(413, "too-large", most, hint="send images as base64 without escapes, or as parts of a form")


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise ApiProblem(422, "invalid-request", f"a number in the JSON of the body has more than {_DIGITS} digits")
    return int(text)


def _number(text: str) -> float:
    _ = len(text) <= _DIGITS or _integer(text)
    return float(text)


def _check_characters(found: Any) -> None:
    """Refuse half a character, which could not be told again."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            one.encode()
        elif isinstance(one, dict):
            waiting.extend((*one, *one.values()))
        elif isinstance(one, list):
            waiting.extend(one)


def _mistake(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return "it is not in UTF-8"
    return "it has half of a character, as \\ud800 is"  # the one other thing that is minded


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, of which no key stands twice."""
    if len(pairs) > _KEYS:
        raise ApiProblem(413, "too-large", f"an object in the JSON of the body may have {_KEYS:,} keys")
    try:
        return once(pairs)
    except KeyTwice as error:
        raise twice(str(error)) from None
