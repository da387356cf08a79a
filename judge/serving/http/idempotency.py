"""A request that is sent twice under one `Idempotency-Key` is answered once. Knows no image.

The second gets the answer of the first, also where that one's connection broke. Only answers with a verdict are kept:
what failed may be tried again under the same key.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from fastapi.responses import Response

from judge.serving.http.once import Once
from judge.serving.http.problems import ApiProblem

if TYPE_CHECKING:
    from starlette.requests import Request

HEADER = "idempotency-key"
SECONDS = 24 * 3600.0
MOST_BYTES = 64 * 2**20  # of answers that are kept
_LONGEST = 255


class KeptAnswer(NamedTuple):
    """What was answered to a request of that digest."""

    request: str
    body: bytes


class IdempotentAnswers:
    """IdempotentAnswers by client and key."""

    def __init__(self) -> None:
        self._once: Once[KeptAnswer] = Once(
            SECONDS, MOST_BYTES, lambda one: len(one.body), lambda one: True, finish=True
        )

    async def get(self, request: Request, said: Iterable[bytes], answer: Callable[[], Awaitable[bytes]]) -> Response:
        """The answer to a request that says this, in JSON: an earlier one, or what `answer` finds.

        Raises:
            ApiProblem: the key was used for another request. Whatever `answer` raises.
        """
        key = request.headers.get(HEADER)
        if key is None:
            return Response(await answer(), media_type="application/json")
        if not 0 < len(key) <= _LONGEST:
            raise ApiProblem(422, "invalid-request", f"an {HEADER} has 1 to {_LONGEST} characters")
        digest = await asyncio.to_thread(_digest, request.url.path, said)

        async def found() -> KeptAnswer:
            return KeptAnswer(digest, await answer())

        kept, repeated = await self._once.get((request.scope["client_name"], key), found)
        if kept.request != digest:
            raise ApiProblem(422, "idempotency-key-reused", f"this {HEADER} was sent with another request before")
        headers = {"idempotent-replayed": "true"} if repeated else None
        return Response(kept.body, media_type="application/json", headers=headers)


def _digest(path: str, said: Iterable[bytes]) -> str:
    digest = hashlib.sha256(path.encode())
    for one in said:
        digest.update(len(one).to_bytes(8, "big") + one)
    return digest.hexdigest()
