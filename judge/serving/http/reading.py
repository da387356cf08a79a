"""What a request says, read from its body: images and how they are to be judged. Knows no judge.

Three ways to give images: parts of a form, base64 or a data URI in JSON, and addresses, which are only fetched where
that is turned on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from judge.constitution.context import MOST_CHARACTERS, MOST_FIELDS, FieldName
from judge.serving.http.parsing import LARGE, decoded, json_body, json_text, twice
from judge.serving.http.problems import MOST_ERRORS, ApiProblem, cut, invalid

if TYPE_CHECKING:
    from starlette.requests import Request

    from judge.serving.http.settings import RequestLimits

_DATA_URI = re.compile(r"data:[^,;]*(;[^,;]*)*;base64,", re.ASCII | re.IGNORECASE)
_MOST_FIELD = 2**21  # bytes of a field of a form: the context of one image fits, however long its texts are
_OBJECT = "ImageGiven"  # what pydantic calls an image that is an object, in the place of a mistake
Name = Annotated[str, StringConstraints(max_length=1000)]
ContextGiven = Annotated[
    dict[FieldName, Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]], Field(max_length=MOST_FIELDS)
]


class Strict(BaseModel):
    """Takes no keys but its own. Of others a few are told, since each costs as much as an image that is right."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few_mistakes(cls, given: Any) -> Any:
        if not isinstance(given, dict) or len(given) <= len(cls.model_fields) + MOST_ERRORS:
            return given
        known = {name: given[name] for name in cls.model_fields if name in given}
        return known | dict(islice(((key, None) for key in given if key not in known), MOST_ERRORS))


class ImageGiven(Strict):
    """An image in JSON."""

    data: str | None = Field(default=None, description="Its bytes in base64, or a data URI.")
    url: str | None = Field(default=None, max_length=8000, description="Its address, where fetching is turned on.")
    name: Name | None = Field(default=None, description="What the verdict calls it.")
    context: ContextGiven | None = Field(
        default=None, description="What is told beside it, by field of the constitution's `context`."
    )


class JudgeRequest(Strict):
    """Images, and how they are to be judged."""

    image: str | ImageGiven | None = Field(default=None, description="One image: base64, a data URI, or an object.")
    images: Annotated[list[str | ImageGiven], Field(fail_fast=True)] = Field(default=[], description="Several of them.")
    constitution: str | None = Field(default=None, description="Its name; else the server's first.")
    detail: Literal["full", "summary"] = Field(default="full", description="How much of each verdict is wanted.")
    stream: bool = Field(default=False, description="Verdicts as lines of JSON, as they are ready.")
    offence: bool = Field(default=False, description="Have the model also say how images may give offence, by rule.")


class _FormContext(Strict):
    """The part `context` of a form."""

    context: ContextGiven | Annotated[list[ContextGiven | None], Field(fail_fast=True)] | None = None


@dataclass(frozen=True)
class Given:
    """An image as it came: its bytes, or where they are. context: what is told beside it, as whoever asks says it."""

    name: str
    data: bytes = b""
    url: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request to judge, read."""

    images: list[Given]
    constitution: str | None = None
    detail: Literal["full", "summary"] = "full"
    stream: bool = False
    offence: bool = False

    @classmethod
    def of(cls, images: list[Given], said: JudgeRequest) -> Asked:
        """What a request says, and its images as they were read.

        Raises:
            ApiProblem: what it asks for of offence a summary would leave out.
        """
        if said.offence and said.detail == "summary":
            detail = "offence: a summary has no place for it"
            raise ApiProblem(422, "invalid-request", detail, hint="ask for the detail `full`")
        return cls(images, said.constitution, said.detail, said.stream, said.offence)


async def read_request(request: Request, limits: RequestLimits) -> Asked:
    """What a request to judge says.

    Raises:
        ApiProblem: it says it wrongly, or has too many images.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form(request, limits)
    if kind in ("application/json", ""):
        return await _json(request, limits)
    raise ApiProblem(
        415,
        "unsupported-media-type",
        f"a body of type '{cut(kind)}' is not read",
        hint="send multipart/form-data with parts named 'image', or application/json",
    )


async def from_text(text: str, name: str) -> Given:
    """An image given as base64, a data URI or an address.

    Raises:
        ApiProblem: it is none of these.
    """
    if text[:8].lower().startswith(("http://", "https://")):
        return Given(name, url=text)
    if text[:5].lower() == "data:":
        found = _DATA_URI.match(text[:200])
        if found is None:
            raise ApiProblem(
                422, "invalid-request", f"{name}: a data URI has to be in base64 (data:image/png;base64,...)"
            )
        text = text[found.end() :]
    try:
        data = await asyncio.to_thread(decoded, text) if len(text) > LARGE else decoded(text)
    except ValueError as error:
        raise ApiProblem(422, "invalid-request", f"{name}: no base64 ({error})") from error
    return Given(name, data)


async def _json(request: Request, limits: RequestLimits) -> Asked:
    body = await json_body(request)
    if isinstance(body, dict):
        check_most(body.get("images"), limits, beside=body.get("image") is not None)
    try:
        asked = JudgeRequest.model_validate(body)
    except ValidationError as error:
        raise invalid(list(_told(error))) from error
    given = [*([asked.image] if asked.image is not None else []), *asked.images]
    check_count(len(given), limits)
    images = []
    for number, one in enumerate(given, start=1):
        called = (one.name if isinstance(one, ImageGiven) else None) or f"image {number}"
        text = one if isinstance(one, str) else one.data if one.data is not None else one.url
        if text is None or (isinstance(one, ImageGiven) and one.data is not None and one.url is not None):
            raise ApiProblem(422, "invalid-request", f"{called}: give either its data or its url")
        told = one.context if isinstance(one, ImageGiven) else None
        images.append(replace(await from_text(text, called), context=told or {}))
    return Asked.of(images, asked)


def _told(error: ValidationError) -> Iterator[dict[str, Any]]:
    """Mistakes, of an image that is an object only those of the object: that it is no text either helps nobody."""
    found = error.errors()
    objects = {one["loc"][: one["loc"].index(_OBJECT)] for one in found if _OBJECT in one["loc"][:-1]}
    for one in found:
        if one["loc"][-1:] == ("str",) and one["loc"][:-1] in objects:
            continue
        told = {**one, "loc": tuple(part for part in one["loc"] if part != _OBJECT)}
        yield told | ({"msg": "is not read here"} if one["type"] == "extra_forbidden" else {})


class _InMemory(MultiPartParser):
    """A form that is whole: what follows its end, or lacks it, may be an image that nobody would judge."""

    spool_max_size = 2**62  # bodies are bounded, and nothing that a stranger sends is written to a disk
    _ended = False

    def on_end(self) -> None:
        self._ended = True

    async def parse(self) -> FormData:
        _, said = parse_options_header(self.headers.get("content-type"))
        self.stream = self._whole(self.stream, b"\r\n--" + said.get(b"boundary", b"") + b"--")
        return await super().parse()

    async def _whole(self, stream: AsyncGenerator[bytes, None], end: bytes) -> AsyncGenerator[bytes, None]:
        before = b"\r\n"  # the first line may be the last
        async for chunk in stream:
            ended = self._ended
            yield chunk  # the parser reads it, and calls `on_end` where the form ends in it
            if self._ended:
                behind = chunk if ended else (before + chunk).partition(end)[2]
                if behind.strip():
                    raise MultiPartException("the upload goes on behind its closing boundary")
            before = (before + chunk)[1 - len(end) :]
        if not self._ended:
            raise MultiPartException("the upload is cut off: its closing boundary is missing")


async def _form(request: Request, limits: RequestLimits) -> Asked:
    try:
        form = await _InMemory(
            request.headers, request.stream(), max_files=limits.images + 1, max_fields=100, max_part_size=_MOST_FIELD
        ).parse()
    except MultiPartException as error:
        if "Too many files" in error.message:
            raise _too_many(limits) from error
        raise ApiProblem(422, "invalid-request", f"the form cannot be read ({error.message[:100]})") from error
    fields: dict[str, Any] = {}
    images: list[Given] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and name in ("image", "images"):
            data = await value.read()
            images.append(Given(value.filename or f"image {len(images) + 1}", data))
            await value.close()
        elif name in ("image", "images"):
            hint = "send the file itself: curl -F image=@photo.jpg, with the @"
            raise ApiProblem(422, "invalid-request", f"the part '{name}' is a text, and no file", hint=hint)
        elif isinstance(value, UploadFile) or name not in ("constitution", "detail", "stream", "context", "offence"):
            raise ApiProblem(
                422, "invalid-request", f"'{cut(name)}' is no part that is read", hint="images are parts named 'image'"
            )
        elif name in fields:
            raise twice(name)
        else:
            fields[name] = value
    check_count(len(images), limits)
    images = _with_contexts(images, fields.pop("context", None))
    try:
        asked = JudgeRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid(error.errors()) from error
    return Asked.of(images, asked)


def _with_contexts(images: list[Given], text: str | None) -> list[Given]:
    """The images of a form with what its part `context` tells: one object beside all, or a list with one for each."""
    if text is None:
        return images
    try:
        told = _FormContext.model_validate({"context": json_text(text)}).context
    except ValidationError as error:
        raise invalid(error.errors()) from error
    beside = told if isinstance(told, list) else [told] * len(images)
    if len(beside) != len(images):
        detail = f"context: a list with {len(beside)} of them, and there are {len(images)} images"
        raise ApiProblem(422, "invalid-request", detail, hint="one for each image, in the same order; null for nothing")
    return [replace(image, context=each or {}) for image, each in zip(images, beside, strict=True)]


def check_count(count: int, limits: RequestLimits) -> None:
    """Refuse a request without images, and one with too many."""
    if not count:
        raise ApiProblem(422, "invalid-request", "there is no image in the request")
    if count > limits.images:
        raise _too_many(limits)


def check_most(images: Any, limits: RequestLimits, beside: int = 0) -> None:
    """Refuse too many images, with so many beside them, before each is looked at. What is no list is refused later."""
    if isinstance(images, list) and len(images) + beside > limits.images:
        raise _too_many(limits)


def _too_many(limits: RequestLimits) -> ApiProblem:
    hint = "send them in several requests"
    return ApiProblem(413, "too-many-images", f"a request may have {limits.images} images at most", hint=hint)
