"""`POST /beta/litellm_basic_guardrail_api`: LiteLLM's generic guardrail. It is always answered with an action.

LiteLLM takes an answer without an action for one that lets the request pass. So whatever goes wrong here is an action,
too, which the server's settings choose; by default the request is blocked.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError

from judge.serving.http.gate import GUARDRAIL
from judge.serving.http.messages import images_in, payload
from judge.serving.http.outcome import Asker, ImageOutcome, service_of
from judge.serving.http.problems import ApiProblem
from judge.serving.http.reading import check_count, check_most, from_text, json_body
from judge.serving.http.service import Service

router = APIRouter(tags=["compatible with others"])
_UNSEEN = "a message names an image or a file and does not hold it, or came without its content"
_MOST = 1000  # characters of a reason


class GuardrailRequest(BaseModel):
    """What is read of what LiteLLM sends. Its texts are not judged."""

    images: Annotated[list[str], Field(fail_fast=True)] | None = Field(
        default=None, description="In base64, as data URIs, or addresses."
    )
    structured_messages: list[Any] | None = Field(
        default=None, description="The chat, of which images are judged that do not stand in `images`."
    )
    additional_provider_specific_params: dict[str, Any] | None = Field(
        default=None, description="`constitution`: the name of the one to judge by."
    )


class GuardrailAnswer(BaseModel):
    """What LiteLLM is to do with its request."""

    action: Literal["BLOCKED", "NONE"]
    blocked_reason: str | None = None


@router.post(GUARDRAIL)
async def guardrail(request: Request) -> GuardrailAnswer:
    """Judge the images of a request to a language model, and say whether it is blocked."""
    service = service_of(request)
    try:
        body = await json_body(request)
        check_most(body.get("images") if isinstance(body, dict) else None, service.settings.limits)
        asked = GuardrailRequest.model_validate(body)
        texts, unseen = await asyncio.to_thread(_texts, asked)  # a chat may be long
        if not texts:
            return _failed(service, _UNSEEN) if unseen else GuardrailAnswer(action="NONE")
        check_count(len(texts), service.settings.limits)
        images = [await from_text(text, f"image {number}") for number, text in enumerate(texts, start=1)]
        named = (asked.additional_provider_specific_params or {}).get("constitution")
        outcomes = await service.judge(Asker.of(request), images, None if named is None else str(named))
    except ValidationError as error:
        return _failed(service, f"the request cannot be read ({error.errors()[0]['msg']})")
    except ApiProblem as problem:
        service.metrics.problem(problem.slug)
        return _failed(service, problem.detail)
    found = _action(service, outcomes)
    return _failed(service, _UNSEEN) if unseen and found.action == "NONE" else found


def _texts(asked: GuardrailRequest) -> tuple[list[str], bool]:
    """All images of a request, each once, and whether others are only named. LiteLLM makes `images` apart
    from the messages, and leaves out what it has no form for."""
    texts, unseen = list(asked.images or ()), False
    known = {payload(text) for text in texts}
    for text in images_in(asked.structured_messages):
        if text is None:
            unseen = True
        elif payload(text) not in known:
            known.add(payload(text))
            texts.append(text)
    return texts, unseen


def _action(service: Service, outcomes: list[ImageOutcome]) -> GuardrailAnswer:
    violated = [f"{one.name} violates {', '.join(one.judged.violations)}" for one in outcomes if one.judged.violations]
    if violated:
        return _blocked("; ".join(violated))
    open_ = [
        f"{one.name} needs review: {'; '.join(one.judged.reasons)}"
        for one in outcomes
        if one.judged.verdict != "no_violation"
    ]
    if any(one.judged.failure is not None for one in outcomes):
        return _failed(service, "; ".join(open_))
    if open_ and service.settings.guardrail.needs_review == "block":
        return _blocked("; ".join(open_))
    return GuardrailAnswer(action="NONE")


def _failed(service: Service, why: str) -> GuardrailAnswer:
    if service.settings.guardrail.failure == "block":
        return _blocked(f"the image could not be judged: {why}")
    return GuardrailAnswer(action="NONE")


def _blocked(why: str) -> GuardrailAnswer:
    return GuardrailAnswer(action="BLOCKED", blocked_reason=why[:_MOST])
