"""An HTTP client for servers that nobody vouches for: an answer has a largest size, whatever the server sends."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import openai

MOST = 16 * 2**20  # bytes of an answer; a list of twenty log-probabilities has a few thousand
PLAIN = {"Accept-Encoding": "identity"}  # what is packed can be small and unpack to gigabytes
# httpx, or whichever successor of it openai's client is made of.
_client = next(kind for kind in openai.DefaultAsyncHttpxClient.__mro__ if kind.__name__ == "AsyncClient")
_library: Any = sys.modules[_client.__module__.partition(".")[0]]


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
    """Called when an answer's head has come, before its body is read."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise TooMuch("packed data that it was asked not to send")
    response.stream = _Counted(response.stream)


def bounded_client(timeout: openai.Timeout) -> Any:
    """A client for `openai.AsyncOpenAI(http_client=...)` that reads at most `MOST` bytes of an answer."""
    return openai.DefaultAsyncHttpxClient(timeout=timeout, event_hooks={"response": [_bound]})


def too_much(error: BaseException) -> TooMuch | None:
    """The `TooMuch` that an error of openai's client is, or came from: some versions of it wrap what they meet."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, TooMuch):
        found = found.__cause__ or found.__context__
    return found
