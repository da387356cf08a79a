"""Bounds on what a request sends: bytes and seconds, counted as they arrive. Knows no address and no login.

What a request says of its own length is not believed: it may say 5 and send gigabytes in pieces.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_HANG_UP = (b"connection", b"close")
TOO_LARGE = (413, "This is larger than the server takes.")
TOO_SLOW = (408, "This took too long to arrive.")
NO_ROOM = (503, "There is no room for this now.")
ENDING = (503, "The server is ending.")
Refuse = Callable[[Send, int, str], Awaitable[None]]


class Limit(NamedTuple):
    """What a request's body may be: so many bytes, all of them there after so many seconds."""

    most: int
    seconds: float


class Arrivals:
    """Bodies that are on their way. Once `end` was called none is waited for: each that is not whole is refused."""

    def __init__(self) -> None:
        self.ended = False
        self._waits: set[asyncio.Timeout] = set()

    async def next(self, receive: Receive, until: float) -> Message:
        """What comes next.

        Raises:
            TimeoutError: nothing came until then, or `end` was called.
        """
        if self.ended:
            raise TimeoutError
        async with asyncio.timeout_at(until) as wait:
            self._waits.add(wait)
            try:
                return await receive()
            finally:
                self._waits.discard(wait)

    def end(self) -> None:
        """Wait for nothing more."""
        self.ended = True
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(asyncio.get_running_loop().time())


async def refuse(send: Send, status: int, words: str) -> None:
    """Answer in plain text and hang up, so that nothing that is still on its way is read."""
    headers = [(b"content-type", b"text/plain"), _HANG_UP]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})


async def bounded(
    app: App,
    scope: Message,
    receive: Receive,
    send: Send,
    limit: Limit,
    *,
    refused: Refuse = refuse,
    arriving: Callable[[int], bool] = lambda count: True,
    arrivals: Arrivals | None = None,
) -> None:
    """Run the app on a request; a body beyond the limit looks to it as if the sender had gone, and is refused here.

    refused: answers in place of `refuse`. arriving: is told of so many bytes that have come, and says whether there is
    room for them; where there is none the request is refused with `NO_ROOM`. arrivals: all that are on their way.
    """
    arrivals = arrivals or Arrivals()
    until = asyncio.get_running_loop().time() + limit.seconds
    sends = any(
        name == b"transfer-encoding" or (name == b"content-length" and said != b"0") for name, said in scope["headers"]
    )
    arrived, whole, answered = 0, False, False
    refusal: tuple[int, str] | None = None

    async def counted() -> Message:
        nonlocal arrived, whole, refusal
        if whole:  # from here on the app waits for the sender to go, which takes as long as it takes
            return await receive()
        if refusal is None:
            try:
                message = await arrivals.next(receive, until)
            except TimeoutError:
                refusal = ENDING if arrivals.ended else TOO_SLOW
            else:
                count = len(message.get("body", b""))
                arrived += count
                if arrived > limit.most:
                    refusal = TOO_LARGE
                elif not arriving(count):
                    refusal = NO_ROOM
                else:
                    whole = not message.get("more_body", False)
                    return message
        return {"type": "http.disconnect"}

    async def passed_on(message: Message) -> None:
        nonlocal answered
        if refusal is None:  # what the app says of a body that it never saw whole is of no use to anybody
            answered = True
            if message["type"] == "http.response.start" and sends and not whole:
                message["headers"] = [*message.get("headers", ()), _HANG_UP]  # the rest would be read for nothing
            await send(message)

    try:
        await app(scope, counted, passed_on)
    except Exception:
        if refusal is None:
            raise
    if refusal is not None and not answered:
        await refused(send, *refusal)
