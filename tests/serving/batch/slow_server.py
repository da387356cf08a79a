"""An OpenAI-compatible server that takes its time: `python -m tests.serving.batch.slow_server PORT SECONDS`.

It says yes to every statement about a picture with probability 0.95, and 0.3 without one; one question at a time.
"""

from __future__ import annotations

import asyncio
import sys
from math import log
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


def app(seconds: float, name: str) -> Starlette:
    turn = asyncio.Semaphore(1)

    async def models(_: Any) -> JSONResponse:
        return JSONResponse({"data": [{"id": name}]})

    async def complete(request: Any) -> JSONResponse:
        said = (await request.json())["messages"][0]["content"]
        async with turn:
            await asyncio.sleep(seconds)
        yes = 0.3 if isinstance(said, str) else 0.95
        listed = [{"token": "Yes", "logprob": log(yes)}, {"token": "No", "logprob": log(1 - yes)}]
        logprobs = {"content": [{**listed[0], "top_logprobs": listed}]}
        choice = {"message": {"content": "Yes"}, "finish_reason": "length", "logprobs": logprobs}
        return JSONResponse({"model": name, "choices": [choice]})

    routes = [Route("/v1/models", models), Route("/v1/chat/completions", complete, methods=["POST"])]
    return Starlette(routes=routes)


if __name__ == "__main__":
    port, seconds, name = sys.argv[1:]
    uvicorn.run(app(float(seconds), name), host="127.0.0.1", port=int(port), log_level="error")
