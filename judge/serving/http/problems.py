"""Every error that the server answers with, as RFC 9457 has it (`application/problem+json`). Knows no route."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

log = logging.getLogger("judge")
TYPES = "urn:constitution-judge:problem:"
MEDIA = "application/problem+json"
MOST_ERRORS = 20  # mistakes of one request that are listed
_NAME, _DETAIL = 80, 1500  # characters of what a stranger wrote, and of all that is said of it


def cut(text: str, most: int = _NAME) -> str:
    """A text of others as it is told them again. Its end often says what is wrong, so the middle is left out."""
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"


class ApiProblem(Exception):
    """An error for whoever asked. slug: what kind, for programs. detail: what is wrong. hint: what to do.
    retry_after: seconds after which the same request may succeed; None where it will not."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        hint: str = "",
        retry_after: float | None = None,
        errors: Sequence[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        detail, hint = cut(detail, _DETAIL), cut(hint, _DETAIL)
        super().__init__(detail)
        self.status, self.slug, self.detail, self.hint = status, slug, detail, hint
        self.retry_after, self.errors = retry_after, list(errors)
        self._headers = headers or {}

    @property
    def body(self) -> dict[str, Any]:
        """What is answered."""
        body: dict[str, Any] = {
            "type": TYPES + self.slug,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "message": f"{self.detail} ({self.hint})" if self.hint else self.detail,  # what OpenAI's clients look for
            "retryable": self.retry_after is not None,
        }
        return body | ({"hint": self.hint} if self.hint else {}) | ({"errors": self.errors} if self.errors else {})

    @property
    def headers(self) -> dict[str, str]:
        """That go with it."""
        wait = {} if self.retry_after is None else {"retry-after": str(max(1, math.ceil(self.retry_after)))}
        return {"content-type": MEDIA, **wait, **self._headers}

    def response(self, beside: dict[str, Any] | None = None) -> Response:
        """The answer. beside: what stands in it beside what stands in all."""
        return JSONResponse(self.body | (beside or {}), self.status, self.headers)


def unknown_constitution(name: str, known: Sequence[str]) -> ApiProblem:
    """There is no constitution of that name."""
    return ApiProblem(
        404, "unknown-constitution", f"no constitution '{cut(name)}'", hint=f"there are: {', '.join(known)}"
    )


def install(app: FastAPI) -> None:
    """Have the app answer with problems only, whatever raises."""
    app.add_exception_handler(ApiProblem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def invalid(errors: Sequence[Any]) -> ApiProblem:
    """A request that does not have the form it is to have. errors: as pydantic lists them."""
    told = [
        {"where": ".".join(cut(str(part)) for part in one["loc"]) or "body", "what": cut(str(one["msg"]), 200)}
        for one in errors[:MOST_ERRORS]
    ]
    first = told[0]
    return ApiProblem(
        422, "invalid-request", f"{first['where']}: {first['what']}", errors=told, hint="see /openapi.json"
    )


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiProblem)
    return _counted(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _counted(request, invalid(error.errors()))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    slug = HTTPStatus(status).phrase.lower().replace(" ", "-")
    details = {404: f"there is nothing at {request.url.path[:200]}", 405: f"{request.method} is not for this address"}
    detail = details.get(status, str(error.detail)[:200])
    return _counted(request, ApiProblem(status, slug, detail, headers=dict(error.headers or {})))


def unexpected(error: Exception) -> ApiProblem:
    """A mistake of ours. Nothing of it is told to strangers."""
    log.error("a request could not be answered (%s)", type(error).__name__)
    log.debug("where it failed", exc_info=error)
    hint = "report it with the server's log"
    return ApiProblem(500, "internal-error", "the server made a mistake", hint=hint)


async def _unexpected(request: Request, error: Exception) -> Response:
    return _counted(request, unexpected(error))


def _counted(request: Request, problem: ApiProblem) -> Response:
    request.app.state.service.metrics.problem(problem.slug)
    beside = request.scope.get("beside_problem")  # which the gate says, where it was asked
    return problem.response(beside(problem) if beside else None)
