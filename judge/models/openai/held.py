"""Which pictures a server holds, so that each is sent to it in full once. Knows digests, and nothing of requests."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from judge.models.openai.remote import Refused

MOST = 1024  # pictures that are remembered; of the others nothing is known, so they are sent in full
Result = TypeVar("Result")
Send = Callable[[bool], Awaitable[Result]]


class HeldPictures:
    """Remembers what was sent in full. A server may have forgotten it, and says so: then it is sent again."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, asyncio.Future[bool]] = OrderedDict()

    async def once(self, digest: str, send: Send[Result]) -> Result:
        """What `send` gives: called with True it sends the picture in full, with False its name alone. The first
        request about a picture goes before all others about it.

        Raises whatever sending in full raises.
        """
        sent = self._sent.get(digest)
        if sent is None:
            return await self._first(digest, send)
        self._sent.move_to_end(digest)
        if await asyncio.shield(sent):
            try:
                return await send(False)
            except Refused:  # forgotten, or refused for another reason, which it then says again
                pass
        return await send(True)

    async def _first(self, digest: str, send: Send[Result]) -> Result:
        sent = self._sent[digest] = asyncio.get_running_loop().create_future()
        if len(self._sent) > MOST:
            self._sent.popitem(last=False)
        try:
            result = await send(True)
        except BaseException:
            if self._sent.get(digest) is sent:
                del self._sent[digest]
            sent.set_result(False)
            raise
        sent.set_result(True)
        return result
