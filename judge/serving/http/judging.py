"""`POST /v1/judge`: images in, verdicts out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from judge.serving.http.problems import Problem
from judge.serving.http.reading import Asked, read_request

if TYPE_CHECKING:
    from judge.serving.http.service import Outcome, Service

router = APIRouter(tags=["judge"])
_NDJSON = "application/x-ndjson"


@router.post("/v1/judge")
async def judge(request: Request) -> Response:
    """Judge images, and answer with a verdict for each, in order."""
    service: Service = request.app.state.service
    asked = await read_request(request, service.settings.limits)
    client = request.scope.get("client_name") or (request.client.host if request.client else "")
    if asked.stream:
        found = service.stream(client, asked.images, asked.constitution)
        first = await anext(found)  # what keeps all from being judged is answered with its own status
        return StreamingResponse(_lines(first, found, asked), media_type=_NDJSON)
    outcomes = await service.judge(client, asked.images, asked.constitution)
    ids = json.dumps([one.id for one in outcomes]).encode()
    verdicts = b",".join(_shown(one, asked) for one in outcomes)
    return Response(b'{"ids":' + ids + b',"verdicts":[' + verdicts + b"]}", media_type="application/json")


def summary(outcome: Outcome) -> dict[str, Any]:
    """A verdict in short."""
    judged = outcome.judged
    return {
        "image": outcome.name,
        "verdict": judged.verdict,
        "violations": judged.violations,
        "shadow_violations": judged.shadow_violations,
        "reasons": judged.reasons,
        "causes": judged.causes,
        "failure": judged.failure,
        "retryable": judged.retryable,
    }


def _shown(outcome: Outcome, asked: Asked) -> bytes:
    return outcome.verdict if asked.detail == "full" else json.dumps(summary(outcome)).encode()


async def _lines(
    first: tuple[int, Outcome | Problem], rest: AsyncIterator[tuple[int, Outcome | Problem]], asked: Asked
) -> AsyncIterator[bytes]:
    yield _line(*first, asked)
    async for place, found in rest:
        yield _line(place, found, asked)


def _line(place: int, found: Outcome | Problem, asked: Asked) -> bytes:
    if isinstance(found, Problem):
        return json.dumps({"index": place, "problem": found.body}).encode() + b"\n"
    head = json.dumps({"index": place, "id": found.id})[:-1].encode()
    return head + b', "verdict": ' + _shown(found, asked) + b"}\n"
