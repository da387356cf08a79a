"""What the server takes and gives, as an OpenAPI document. Bodies that routes read by themselves are described here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from judge.clip_verdict import ClipVerdict
from judge.serving.http.gate import GUARDRAIL
from judge.serving.http.guardrail import GuardrailRequest
from judge.serving.http.moderations import ModerationRequest
from judge.serving.http.problems import MEDIA
from judge.serving.http.reading import JudgeRequest
from judge.verdict import Verdict

if TYPE_CHECKING:
    from fastapi import FastAPI

_REF = "#/components/schemas/"
_TINY = (  # a PNG of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class VerdictSummary(BaseModel):
    """A verdict in short."""

    image: str
    verdict: str
    violations: list[str]
    shadow_violations: list[str]
    reasons: list[str]
    causes: list[str]
    failure: str | None
    retryable: bool


class JudgeAnswer(BaseModel):
    """Verdicts, in the order of the images. ids: under which they can be asked for again, where they are kept."""

    ids: list[str]
    kept: bool | None = Field(default=None, description="False where they were to be kept and could not be.")
    verdicts: list[Verdict | ClipVerdict | VerdictSummary]


class StreamedLine(BaseModel):
    """A line of a stream: the place of an image among those of the request, and its verdict or why there is none."""

    index: int
    id: str | None = None
    kept: bool | None = None
    verdict: Verdict | ClipVerdict | VerdictSummary | None = None
    problem: dict[str, Any] | None = None


class ModerationResult(BaseModel):
    """What came of the images of a request, in OpenAI's words and in ours."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[str]]
    verdict: str
    needs_review: bool
    violations: list[str]
    reasons: list[str]
    causes: list[str]
    not_judged: list[str]
    ids: list[str]
    kept: bool | None = None


class ModerationAnswer(BaseModel):
    """An answer as OpenAI's endpoint gives it."""

    id: str
    model: str
    results: list[ModerationResult]


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(extra="forbid")
    type: str
    title: str
    status: int
    detail: str
    message: str
    retryable: bool
    hint: str | None = None
    errors: list[dict[str, str]] | None = None


class GuardrailProblem(ProblemDetails):
    """An error of the guardrail, which says what LiteLLM is to do as well."""

    action: Literal["BLOCKED", "NONE"]
    blocked_reason: str | None


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the app."""
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in [name for name in schemas if name.startswith(("HTTPValidationError", "ValidationError"))]:
        del schemas[name]
    described: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        *((one, "validation") for one in (JudgeRequest, ModerationRequest, GuardrailRequest)),
        *(
            (one, "serialization")
            for one in (JudgeAnswer, StreamedLine, ModerationAnswer, ProblemDetails, GuardrailProblem)
        ),
    ]
    _, defined = models_json_schema(described, ref_template=_REF + "{model}")
    schemas.update(defined["$defs"])
    paths = found["paths"]
    _body(paths["/v1/judge"]["post"], "JudgeRequest", {"image": _TINY, "detail": "summary"})
    paths["/v1/judge"]["post"]["requestBody"]["content"]["multipart/form-data"] = _FORM
    _answer(paths["/v1/judge"]["post"], "JudgeAnswer")
    lines = {"schema": {"$ref": _REF + "StreamedLine"}}
    paths["/v1/judge"]["post"]["responses"]["200"]["content"]["application/x-ndjson"] = lines
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_TINY}"}}
    _body(paths["/v1/moderations"]["post"], "ModerationRequest", {"input": [part]})
    _answer(paths["/v1/moderations"]["post"], "ModerationAnswer")
    _body(paths[GUARDRAIL]["post"], "GuardrailRequest", {"texts": [], "images": [_TINY], "input_type": "request"})
    kept = {"anyOf": [{"$ref": _REF + "Verdict"}, {"$ref": _REF + "ClipVerdict"}]}
    paths["/v1/verdicts/{identity}"]["get"]["responses"]["200"]["content"] = {"application/json": {"schema": kept}}
    paths["/metrics"]["get"]["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    for path, operations in paths.items():
        kind = (GuardrailProblem if path == GUARDRAIL else ProblemDetails).__name__
        problem = {"description": "A problem.", "content": {MEDIA: {"schema": {"$ref": _REF + kind}}}}
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = problem
    found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{}, {"key": []}]
    return found


_FORM = {
    "schema": {
        "type": "object",
        "required": ["image"],
        "properties": {
            "image": {"type": "array", "items": {"type": "string", "format": "binary"}},
            "constitution": {"type": "string"},
            "detail": {"type": "string", "enum": ["full", "summary"]},
            "stream": {"type": "boolean"},
            "offence": {"type": "boolean"},
            "context": {
                "type": "string",
                "description": "JSON: an object of fields and texts, told beside all images, or a list with one each.",
            },
        },
    }
}


def _body(operation: dict[str, Any], name: str, example: Any) -> None:
    content = {"application/json": {"schema": {"$ref": _REF + name}, "example": example}}
    operation["requestBody"] = {"required": True, "content": content}


def _answer(operation: dict[str, Any], name: str) -> None:
    operation["responses"]["200"]["content"] = {"application/json": {"schema": {"$ref": _REF + name}}}
