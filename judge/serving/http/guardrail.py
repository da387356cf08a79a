"""`POST /beta/litellm_basic_guardrail_api`: LiteLLM's generic guardrail. It is always answered with an action.

LiteLLM takes an answer without an action for one that lets the request pass. So whatever goes wrong here is an action,
too. An image that the judge itself failed at (the model, want of room or of time) does what the server's settings say;
what cannot be read, is refused or goes beyond a limit blocks: else whoever sends junk beside an image frees it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from judge.serving.http.gate import GUARDRAIL, OWN_FAILURES
from judge.serving.http.messages import Unjudged, images_in, payload
from judge.serving.http.outcome import Asker, ImageOutcome, service_of
from judge.serving.http.parsing import json_body
from judge.serving.http.presence import while_there
from judge.serving.http.problems import ApiProblem, cut
from judge.serving.http.reading import Given, check_count, check_most, from_text
from judge.serving.http.service import Service

router = APIRouter(tags=["compatible with others"])
_MOST = 1000  # characters of a reason
_MOST_UNSEEN = 3  # things that are told of a request


class GuardrailParams(BaseModel):
    """What LiteLLM's configuration says to this guardrail. A misspelt key would have another constitution judge."""

    model_config = ConfigDict(extra="forbid")

    constitution: str | None = Field(default=None, description="The name of the one to judge by.")


class GuardrailRequest(BaseModel):
    """What is read of what LiteLLM sends. Its texts are not judged."""

    images: Annotated[list[str], Field(fail_fast=True)] | None = Field(
        default=None, description="In base64, as data URIs, or addresses."
    )
    structured_messages: list[Any] | None = Field(
        default=None, description="The chat, of which images are judged that do not stand in `images`."
    )
    additional_provider_specific_params: GuardrailParams | None = None


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
            return _blocked(_unjudged(unseen)) if unseen else GuardrailAnswer(action="NONE")
        check_count(len(texts), service.settings.limits)
        images, found = await _read(texts)
        if images:
            named = (asked.additional_provider_specific_params or GuardrailParams()).constitution
            judging = service.stream(Asker.of(request), images, named)
            found += await while_there(request, _all_of(judging))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(cut(str(part)) for part in first["loc"])
        return _blocked(_unjudged(f"the request cannot be read ({where}: {first['msg']})"))
    except ApiProblem as problem:
        service.metrics.problem(problem.slug)
        return GuardrailAnswer(action="NONE") if passes(service, problem) else _blocked(_unjudged(problem.detail))
    for one in found:
        if isinstance(one, ApiProblem):
            service.metrics.problem(one.slug)
    return _action(service, found, [_unjudged(unseen)] if unseen else [])


async def _all_of(found: AsyncIterator[tuple[int, ImageOutcome | ApiProblem]]) -> list[ImageOutcome | ApiProblem]:
    return [one async for _, one in found]


def passes(service: Service, problem: ApiProblem) -> bool:
    """Whether what a problem kept from being judged passes."""
    return problem.slug in OWN_FAILURES and service.settings.guardrail.failure == "pass"


async def _read(texts: list[str]) -> tuple[list[Given], list[ImageOutcome | ApiProblem]]:
    """Images that can be read, and what is wrong with the others."""
    images: list[Given] = []
    wrong: list[ImageOutcome | ApiProblem] = []
    for number, text in enumerate(texts, start=1):
        try:
            images.append(await from_text(text, f"image {number}"))
        except ApiProblem as problem:
            wrong.append(problem)
    return images, wrong


def _texts(asked: GuardrailRequest) -> tuple[list[str], str]:
    """All images of a request, each once, and what nobody can see. LiteLLM makes `images` apart from the messages, and
    leaves out what it has no form for."""
    texts = list(asked.images or ())
    unseen: list[str] = []
    known = {payload(text) for text in texts}
    for one in images_in(asked.structured_messages):
        if isinstance(one, Unjudged):
            if one.what not in unseen and len(unseen) < _MOST_UNSEEN:
                unseen.append(one.what)
        elif payload(one) not in known:
            known.add(payload(one))
            texts.append(one)
    return texts, "; ".join(unseen)


def _action(service: Service, found: list[ImageOutcome | ApiProblem], why: list[str]) -> GuardrailAnswer:
    """What becomes of the whole. why: it is blocked already."""
    outcomes = [one for one in found if isinstance(one, ImageOutcome)]
    violated = [f"{one.name} violates {', '.join(one.judged.violations)}" for one in outcomes if one.judged.violations]
    if violated:
        return _blocked("; ".join(violated))
    why = list(why)
    for one in found:
        if isinstance(one, ApiProblem):
            if not passes(service, one):
                why.append(_unjudged(one.detail))
        elif one.judged.verdict != "no_violation":
            review = f"{one.name} needs review: {'; '.join(one.judged.reasons)}"
            own = one.judged.failure == "model" and one.judged.retryable  # else the image may be made to fail
            if one.judged.failure is None:
                if service.settings.guardrail.needs_review == "block":
                    why.append(review)
            elif not (own and service.settings.guardrail.failure == "pass"):
                why.append(_unjudged(review))
    return _blocked("; ".join(why)) if why else GuardrailAnswer(action="NONE")


def _unjudged(why: str) -> str:
    return f"the image could not be judged: {why}"


def _blocked(why: str) -> GuardrailAnswer:
    return GuardrailAnswer(action="BLOCKED", blocked_reason=why[:_MOST])
