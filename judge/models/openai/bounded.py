"""An HTTP client for servers that nobody vouches for: an answer has a largest size, whatever they send, and comes
from the server that was named.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import openai

from judge.printable import printable

MOST = 16 * 2**20  # bytes of an answer; a list of twenty log-probabilities has a few thousand
PLAIN = {"Accept-Encoding": "identity"}  # what is packed can be small and unpack to gigabytes
# httpx, or whichever successor of it openai's client is made of.
_client = next(kind for kind in openai.DefaultAsyncHttpxClient.__mro__ if kind.__name__ == "AsyncClient")
_library: Any = sys.modules[_client.__module__.partition(".")[0]]


_LONGEST = 200  # characters of what a server says that stand in a message
Kind = TypeVar("Kind", bound=Exception)


class Elsewhere(Exception):
    """The server sends whoever asks to another address. It says which. Pictures go to no server but the one named."""


class TooMuch(Exception):
    """The answer is longer than is read, or packed, so that its length is not known. It says which."""


class _Counted(_library.AsyncByteStream):  # type: ignore[misc]  # the library is known when it runs
    """A body that ends with an error once it has more than `MOST` bytes."""

    def __init__(self, body: Any) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._body:
            read += len(chunk)
            if read > MOST:
                raise TooMuch(f"more than {MOST // 2**20} MiB")
            yield chunk

    async def aclose(self) -> None:
        await self._body.aclose()


async def _bound(response: Any) -> None:
    """Called when an answer's head has come, before its body is read, or another address is asked instead."""
    if response.status_code in (301, 302, 303, 307, 308):
        raise Elsewhere(shown(response.headers.get("location", "")) or "nowhere")
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise TooMuch("packed data that it was asked not to send")
    response.stream = _Counted(response.stream)


def bounded_client(timeout: openai.Timeout) -> Any:
    """A client for `openai.AsyncOpenAI(http_client=...)` that reads at most `MOST` bytes of an answer."""
    return openai.DefaultAsyncHttpxClient(timeout=timeout, event_hooks={"response": [_bound]})


def shown(text: str) -> str:
    """A server's words for a message: not too many, and nothing that could rewrite a terminal."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return printable(cut)


def origin(error: BaseException, kind: type[Kind]) -> Kind | None:
    """The exception of a kind that an error of openai's client is, or came from: some versions of it wrap what they
    meet."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, kind):
        found = found.__cause__ or found.__context__
    return found
