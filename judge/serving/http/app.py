"""The app: routes over one service. Nothing is loaded before the service is opened."""

from __future__ import annotations

import functools
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI

from judge.serving.http import guardrail, judging, lookup, moderations, problems, telemetry
from judge.serving.http.gate import Gate
from judge.serving.http.openapi import document

if TYPE_CHECKING:
    from judge.serving.http.service import Service


def create_app(service: Service) -> FastAPI:
    """The app of a service, which whoever runs the app opens and closes."""
    app = FastAPI(
        title="constitution-judge",
        version=version("constitution-judge"),
        description="Judges images under constitutions you write.",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    problems.install(app)
    for room in (judging, moderations, guardrail, lookup):
        app.include_router(room.router)
    app.add_middleware(Gate, service=service)
    if (tracing := telemetry.tracing_of(service)) is not None:
        app.add_middleware(tracing.middleware, tracing=tracing)
    app.openapi = functools.cache(lambda: document(app))  # type: ignore[method-assign]
    return app
