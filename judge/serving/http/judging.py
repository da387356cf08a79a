"""`POST /v1/judge`: images and clips in, verdicts out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from judge.serving.http.idempotency import HEADER
from judge.serving.http.outcome import Asker, ImageOutcome, service_of
from judge.serving.http.presence import while_there
from judge.serving.http.problems import ApiProblem
from judge.serving.http.reading import Asked, read_request

if TYPE_CHECKING:
    from judge.serving.http.reading import Given

router = APIRouter(tags=["judge"])
Found = tuple[int, ImageOutcome | ApiProblem]
_NDJSON = "application/x-ndjson"


@router.post("/v1/judge")
async def judge(request: Request) -> Response:
    """Judge images and clips, and answer with a verdict for each, in order."""
    service = service_of(request)
    asked = await read_request(request, service.settings.limits)
    client = Asker.of(request)
    if asked.stream:
        if HEADER in request.headers:
            raise ApiProblem(422, "invalid-request", f"a stream takes no {HEADER}", hint="leave either out")
        found = service.stream(client, asked.images, asked.constitution, asked.offence)
        # what keeps all from being judged is answered with its own status
        first = await while_there(request, anext(found))
        return StreamingResponse(_lines(first, found, asked), media_type=_NDJSON)

    async def answer() -> bytes:
        outcomes = await service.judge(client, asked.images, asked.constitution, asked.offence)
        ids = json.dumps([one.id for one in outcomes]).encode()
        kept = b"" if all(one.kept for one in outcomes) else b',"kept":false'
        return b'{"ids":' + ids + kept + b',"verdicts":[' + b",".join(_shown(one, asked) for one in outcomes) + b"]}"

    options = f"{asked.constitution}|{asked.detail}{'|offence' * asked.offence}".encode()
    return await while_there(request, service.answers.get(request, [options, *said(asked.images)], answer))


def said(images: list[Given]) -> Iterator[bytes]:
    """All that a request says of its images."""
    for one in images:
        told = json.dumps(one.context, sort_keys=True).encode() if one.context else b""
        yield from (one.name.encode("utf-8", "replace"), one.data, (one.url or "").encode(), told)


def summary(outcome: ImageOutcome) -> dict[str, Any]:
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


def _shown(outcome: ImageOutcome, asked: Asked) -> bytes:
    return outcome.verdict if asked.detail == "full" else json.dumps(summary(outcome)).encode()


async def _lines(first: Found, rest: AsyncIterator[Found], asked: Asked) -> AsyncIterator[bytes]:
    yield _line(*first, asked)
    async for place, found in rest:
        yield _line(place, found, asked)


def _line(place: int, found: ImageOutcome | ApiProblem, asked: Asked) -> bytes:
    if isinstance(found, ApiProblem):
        return json.dumps({"index": place, "problem": found.body}).encode() + b"\n"
    kept = {} if found.kept else {"kept": False}
    head = json.dumps({"index": place, "id": found.id, **kept})[:-1].encode()
    return head + b', "verdict": ' + _shown(found, asked) + b"}\n"
