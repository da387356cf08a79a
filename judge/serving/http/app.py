"""The app: routes over one service. `create_app` puts it together; nothing is loaded before it is started."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from judge.serving.http import problems
from judge.serving.http.gate import Gate
from judge.serving.http.judging import router as judging

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
    )
    app.state.service = service
    problems.install(app)
    app.include_router(judging)
    app.include_router(health)
    app.add_middleware(Gate, service=service)
    return app


health = APIRouter(tags=["health"])


@health.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the server answers at all."""
    return {"status": "ok"}


@health.get("/readyz", responses={503: {"description": "Models are being loaded."}})
async def readyz(request: Request) -> Response:
    """Whether images would be judged now."""
    service: Service = request.app.state.service
    if service.ready:
        return JSONResponse({"status": "ready", "processes": service.engine.ready, "waiting": service.engine.waiting})
    return problems.Problem(503, "not-ready", "the models are being loaded", retry_after=1.0).response()
