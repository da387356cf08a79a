"""`POST /v1/moderations`: verdicts in the form of OpenAI's endpoint, for clients that exist already.

Which rule belongs to which of its categories, the constitution says (`categories:`) or the server's settings; nothing
is guessed. Every rule has a key of its own beside them, `rule/ID`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field, ValidationError

from judge.constitution.schema import ModerationKey
from judge.serving.http.judging import said
from judge.serving.http.outcome import Asker, ImageOutcome, service_of
from judge.serving.http.parsing import json_body
from judge.serving.http.presence import while_there
from judge.serving.http.problems import ApiProblem, cut, invalid
from judge.serving.http.reading import Given, Strict, check_count, check_most, from_text
from judge.serving.http.service import Service

router = APIRouter(tags=["compatible with others"])
KEYS: tuple[str, ...] = get_args(ModerationKey)
OF_IMAGES = frozenset(  # clients that check answers take ["image"] for these only
    {"self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "violence", "violence/graphic"}
)
_FORM = 'give images: {"type": "image_url", "image_url": {"url": "data:image/png;base64,..."}}'
_MOST_PARTS = 10_000  # of an input, texts among them
_THEIR_MODELS = ("omni-moderation", "text-moderation")  # clients name one of them by default


class ImageUrl(Strict):
    """Where an image is: a data URI, or an address where fetching is turned on."""

    url: str
    detail: str | None = Field(default=None, description="Chats have it; it is not read.")


class ImagePart(Strict):
    """An image."""

    type: Literal["image_url"]
    image_url: ImageUrl


class TextPart(Strict):
    """A text, which is not judged."""

    type: Literal["text"]
    text: str


class ModerationRequest(Strict):
    """As OpenAI's endpoint takes it. model: the name of a constitution; any of OpenAI's means the server's first."""

    input: (
        str
        | Annotated[list[str], Field(fail_fast=True)]
        | Annotated[list[Annotated[ImagePart | TextPart, Field(discriminator="type")]], Field(fail_fast=True)]
    ) = Field(description="Parts with images; text is not judged.")
    model: str | None = None


@router.post("/v1/moderations")
async def moderations(request: Request) -> Response:
    """Judge images, and answer as OpenAI's moderation endpoint does: one result for all images of a request."""
    service = service_of(request)
    body = await json_body(request)
    parts = body.get("input") if isinstance(body, dict) else None
    if isinstance(parts, list):
        check_most([one for one in parts if not isinstance(one, str) and not _is_text(one)], service.settings.limits)
        if len(parts) > _MOST_PARTS:
            raise ApiProblem(413, "too-large", f"input: has more than {_MOST_PARTS:,} parts", hint="leave texts out")
    try:
        asked = ModerationRequest.model_validate(body)
    except ValidationError as error:
        raise _mistaken(error) from error
    images, has_text = await _images(asked, service)
    name = None if asked.model is None or asked.model.startswith(_THEIR_MODELS) else asked.model
    client = Asker.of(request)

    async def answer() -> bytes:
        outcomes = await service.judge(client, images, name)
        constitution = outcomes[0].served.main.now.policy.constitution
        body = {
            "id": outcomes[0].id.replace("v_", "modr-"),
            "model": f"{constitution.constitution}@{constitution.version}",
            "results": [result(outcomes, service, ["text"] if has_text else [])],
        }
        return json.dumps(body).encode()

    options = f"{asked.model}|{has_text}".encode()
    return await while_there(request, service.answers.get(request, [options, *said(images)], answer))


def _mistaken(error: ValidationError) -> ApiProblem:
    """What is wrong with a request. What it has under a key that is not read might be an image."""
    found = error.errors()
    extra = next((one["loc"] for one in found if one["type"] == "extra_forbidden"), None)
    if extra is not None:
        where = "a part of the input" if extra[0] == "input" else "the request"
        detail = f"{where} has the key '{cut(str(extra[-1]))}', which is not read"
        return ApiProblem(422, "invalid-request", detail, hint=_FORM)
    if any(one["loc"][:1] == ("input",) for one in found):  # of three forms, each would be told as missed
        detail = "input: has to be a list of parts, each an image or a text"
        return ApiProblem(422, "invalid-request", detail, hint=_FORM)
    return invalid(found)


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "text"


async def _images(asked: ModerationRequest, service: Service) -> tuple[list[Given], bool]:
    """The images of a request, and whether there is text beside them.

    Raises:
        ApiProblem: there is none, or text that is not to be passed over.
    """
    parts = asked.input if isinstance(asked.input, list) else [asked.input]
    urls = [part.image_url.url for part in parts if isinstance(part, ImagePart)]
    has_text = len(urls) < len(parts)
    if has_text and (not urls or service.settings.moderation.text == "refuse"):
        raise ApiProblem(422, "text-not-judged", "this server judges images, and no text", hint=_FORM)
    check_count(len(urls), service.settings.limits)
    return [await from_text(url, f"image {number}") for number, url in enumerate(urls, start=1)], has_text


def result(outcomes: Sequence[ImageOutcome], service: Service, not_judged: list[str]) -> dict[str, Any]:
    """What came of the images of a request, the gravest of each: what OpenAI's clients know, and beside it what they do
    not."""
    categories = dict.fromkeys(KEYS, False)
    scores = dict.fromkeys(KEYS, 0.0)
    applied: dict[str, list[str]] = {key: [] for key in KEYS}
    for outcome in outcomes:
        for rule, keys in _enforced(outcome):
            for key in keys:
                categories[key] = categories.get(key, False) or rule in outcome.judged.violations
                scores[key] = max(scores.get(key, 0.0), outcome.judged.scores.get(rule, 0.0))
                applied[key] = ["image"] if key in OF_IMAGES or key not in KEYS else []
    words = {one.judged.verdict for one in outcomes}
    undecided = "needs_review" in words
    verdict = "violation" if "violation" in words else "needs_review" if undecided else "no_violation"
    return {
        "flagged": verdict == "violation" or (undecided and service.settings.moderation.needs_review == "flagged"),
        "categories": categories,
        "category_scores": scores,
        "category_applied_input_types": applied,
        "verdict": verdict,
        "needs_review": undecided,
        "violations": list(dict.fromkeys(rule for one in outcomes for rule in one.judged.violations)),
        "reasons": list(dict.fromkeys(reason for one in outcomes for reason in one.judged.reasons)),
        "causes": list(dict.fromkeys(cause for one in outcomes for cause in one.judged.causes)),
        "not_judged": not_judged,
        "ids": [one.id for one in outcomes],
        **({} if all(one.kept for one in outcomes) else {"kept": False}),
    }


def _enforced(outcome: ImageOutcome) -> Iterator[tuple[str, list[str]]]:
    """Each rule that is enforced, and the keys that it counts for."""
    constitution, own = outcome.active.policy.constitution, outcome.served.settings.moderation
    for rule in constitution.rules:
        if rule.status == "enforce":
            keys = (f"rule/{rule.id}", *constitution.categories.get(rule.category, ()), *own.get(rule.id, ()))
            yield rule.id, list(dict.fromkeys(keys))
