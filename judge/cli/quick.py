"""`judge check IMAGE --server URL` in the time of a request: one image, and nothing imported that this does not take.

typer, pydantic, rich and httpx take five times as long as the rest. So this reads plain command lines only,
asks plain servers only, and believes only a whole answer with a verdict. In every other case it says nothing and None:
the command is then done from its beginning by `check`, which tries again and has words for whatever is wrong. What it
prints is what `check` prints.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from judge.cli.exits import exit_of
from judge.cli.headline import headline, say_how_to_see_why

if TYPE_CHECKING:
    from judge.verdict import Verdict

KEY_VARIABLE = "JUDGE_API_KEY"
MOST = 8 * 2**20  # bytes of an image, and of an answer
SECONDS = 120.0  # for each step of a request
_VALUES = {"--server": "server", "--constitution": "constitution", "-c": "constitution"}
_BY_RICH = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS", "JUPYTER_LINES")
_NO_FILE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


class PlainCheck(NamedTuple):
    """What a plain command line asks for."""

    image: str
    server: str
    constitution: str | None
    json: bool


def check(words: list[str]) -> int | None:
    """Judge the one image of a command line, and print its verdict; None where this is not for here. The exit code."""
    asked = asked_for(words)
    if asked is None or (not asked.json and _shown_by_rich()):
        return None
    try:
        text = _answer(asked)
        verdict = cast("Verdict", _Read(json.loads(text)))
        shown = text if asked.json else "".join(piece for piece, _ in headline(verdict))
        code = exit_of(verdict)
        if verdict.verdict not in ("violation", "needs_review", "no_violation") or verdict.image != asked.image:
            return None
    except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError):
        return None
    print(shown, flush=True)
    if not asked.json:
        own = ["-c", asked.constitution] if asked.constitution is not None else []
        say_how_to_see_why(asked.image, [*own, "--server", asked.server])
    return code


def asked_for(words: list[str]) -> PlainCheck | None:
    """What a command line asks for, where it is a plain one: each option once and in full, one image."""
    given: dict[str, str] = {}
    images: list[str] = []
    in_json = False
    rest = iter(words[1:])
    for word in rest:
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            images.append(word)
        elif word == "--json":
            in_json = True
        elif option not in _VALUES or (equals and option == "-c"):
            return None
        else:
            name, value = _VALUES[option], value if equals else next(rest, "")
            if not value or value.startswith("-") or name in given:
                return None
            given[name] = value
    if words[:1] != ["check"] or len(images) != 1 or not images[0] or "server" not in given:
        return None
    return PlainCheck(images[0], given["server"], given.get("constitution"), in_json)


def _shown_by_rich() -> bool:
    return sys.stdout.isatty() or any(name in os.environ for name in _BY_RICH)


def _answer(asked: PlainCheck) -> str:
    """The verdict as the server's JSON has it.

    Raises:
        OSError, HTTPException, ValueError: there is no such answer, or it takes more than this to get it.
    """
    host, port = _plain(asked.server)
    body, boundary = _form(asked)
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    if key := os.environ.get(KEY_VARIABLE, "").strip():
        if not all("!" <= letter <= "~" for letter in key):
            raise ValueError
        headers["Authorization"] = f"Bearer {key}"
    with closing(HTTPConnection(host, port, timeout=SECONDS)) as connection:
        connection.request("POST", "/v1/judge", body, headers)
        said = connection.getresponse()
        if said.status != 200 or said.length is None or said.length > MOST:
            raise ValueError
        answer = said.read()
    before, mark, verdict = answer.partition(b'"verdicts":[')
    if not (mark and before.startswith(b'{"ids":[') and verdict.endswith(b"]}")):
        raise ValueError
    return verdict[:-2].decode()


def _plain(server: str) -> tuple[str, int]:
    """Host and port of an address that has nothing else in it, and no proxy before it."""
    host, _, port = server.removeprefix("http://").removesuffix("/").partition(":")
    proxies = any(name.lower().endswith("_proxy") for name in os.environ)
    letters = host.replace(".", "").replace("-", "")
    if proxies or not (server.startswith("http://") and letters.isascii() and letters.isalnum() and port.isdecimal()):
        raise ValueError
    return host, int(port)


def _form(asked: PlainCheck) -> tuple[bytes, str]:
    """The image as a form, and what stands between the parts of that."""
    if not asked.image.isprintable() or '"' in asked.image or "\\" in asked.image:
        raise ValueError
    parts = [(f'image"; filename="{asked.image}', _file(asked.image))]
    if asked.constitution is not None:
        parts.append(("constitution", asked.constitution.encode()))
    boundary = os.urandom(16).hex()
    form = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (boundary.encode(), name.encode(), data)
        for name, data in parts
    ]
    return b"".join(form) + f"--{boundary}--\r\n".encode(), boundary


def _file(name: str) -> bytes:
    """The bytes of a regular file, none of which are waited for."""
    if not stat.S_ISREG(os.stat(name).st_mode):  # noqa: PTH116 - pathlib takes as long as all of this
        raise ValueError
    with os.fdopen(os.open(name, os.O_RDONLY | _NO_FILE), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError
        data = file.read(MOST + 1)
    if not 0 < len(data) <= MOST:
        raise ValueError
    return data


class _Read:
    """A verdict, or a part of one, as JSON has it: its attributes are the keys, and None what is absent."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def __getattr__(self, name: str) -> Any:
        return _read(self._found.get(name))


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return _Read(value)
    return tuple(map(_read, value)) if isinstance(value, list) else value
