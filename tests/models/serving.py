"""An OpenAI-compatible server over the bundled model, in a thread of the test process: real HTTP, real answers.

`Manners` says in what ways it behaves unlike vLLM. What it was sent is kept in `Serving.seen`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from judge.models.constrained import pattern_processor
from judge.models.openai.remote import ServerLimits
from judge.ports import Conversation, Turn

KNOWN = {
    "model", "messages", "logprobs", "top_logprobs", "max_completion_tokens", "temperature", "response_format",
}  # fmt: skip
QUICK = ServerLimits(attempts=3, wait=0.01, timeout=60)  # how a test works a server
LIMITS = ("max_completion_tokens", "max_tokens")
PLAIN = ("a person stands.", "no JSON here")  # what a reply is where a schema is passed over


@dataclass
class Manners:
    """How the server behaves; may be changed while it runs.

    ids, tokenizer, logprobs: whether `logprob_token_ids`, `/tokenize` and log-probabilities are there. A server
    without log-probabilities passes over the wish, or refuses it (`refuses_logprobs`). strict: unknown keys are an
    error. images: whether they are taken. forms: the ways of asking for JSON that are kept to; others are refused
    (`refuses_forms`) or passed over. most_wide: pixels of a picture that is taken; a wider one is refused with the status
    `too_wide`. fail: status codes of the next requests (0 breaks the connection). delay:
    seconds before each completion. raw: the body of every answer, instead of an answer.
    """

    ids: bool = True
    tokenizer: bool = True
    logprobs: bool = True
    refuses_logprobs: bool = False
    strict: bool = False
    refuses: tuple[str, ...] = ()
    refuses_values: tuple[Any, ...] = ()
    top: int = 20
    limits: tuple[str, ...] = LIMITS
    silent: dict[str, Any] | None = None
    says: tuple[str, ...] = ()
    together: bool = True
    named: list[tuple[str | None, str | None]] = field(default_factory=list)
    images: bool = True
    holds: int = 64
    sees_nothing: bool = False
    forms: tuple[str, ...] = ("regex", "response_format", "structured_outputs")
    refuses_forms: bool = True
    most_wide: int | None = None
    too_wide: int = 400
    models: tuple[str, ...] = ("bundled",)
    key: str | None = None
    fail: list[int] = field(default_factory=list)
    retry_after: str | None = None
    delay: float = 0.0
    raw: str | None = None


class Refusal(Exception):
    """A request the server declines."""

    def __init__(self, said: str, status: int = 400) -> None:
        super().__init__(said)
        self.status = status


class Answering:
    """What the model says: plain forward passes, no sharing. Remembers, because suites ask the same again and again."""

    def __init__(self, adapter: Any) -> None:
        self._adapter, self._lock = adapter, threading.Lock()
        self.tokenizer = adapter._processor.tokenizer
        self._chances: dict[str, torch.Tensor] = {}
        self._replies: dict[str, str] = {}

    def chances(self, messages: list[dict[str, Any]]) -> torch.Tensor:
        """Log-probabilities of the next token."""
        key = json.dumps(messages)
        with self._lock:
            if key not in self._chances:
                own = [{**message, "content": _parts(message["content"])} for message in messages]
                inputs = self._adapter._processor.apply_chat_template(
                    own, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
                )
                with torch.inference_mode():
                    logits = self._adapter._model(**inputs, use_cache=False).logits[0, -1]
                self._chances[key] = logits.float().log_softmax(-1)
            return self._chances[key]

    def reply(self, messages: list[dict[str, Any]], most: int, schema: Any, pattern: str | None = None) -> str:
        """Greedy text, kept to a JSON Schema or to a pattern where one is given."""
        key = json.dumps([messages, most, schema, pattern])
        with self._lock:
            if key not in self._replies:
                parts = [_parts(message["content"]) for message in messages]
                turns = tuple(Turn(one["role"], own[-1]["text"]) for one, own in zip(messages, parts, strict=True))
                image = parts[0][0].get("image")
                fresh = type(self._adapter)(self._adapter._model, self._adapter._processor, self._adapter.identity)
                fresh._replying.constraints = self._adapter._replying.constraints  # seconds to build
                if pattern is not None:
                    schema = {"pattern": pattern}
                    fresh._replying.constraints.setdefault(json.dumps(schema), self._patterned(pattern))
                (self._replies[key],) = fresh.reply([Conversation(image, turns)], max_tokens=most, schema=schema)
            return self._replies[key]

    def _patterned(self, pattern: str) -> Any:
        return pattern_processor(self._adapter._model, self._adapter._processor, pattern)


def _form(body: Any) -> str | None:
    """The way in which a request asks for JSON."""
    if "response_format" in body:
        return "response_format"
    if "structured_outputs" in body:
        return "regex" if "regex" in body["structured_outputs"] else "structured_outputs"
    return None


def _parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    parts = []
    for part in content:
        if part["type"] == "image_url":
            head, data = part["image_url"]["url"].split(",", 1)
            assert head in ("data:image/png;base64", "data:image/jpeg;base64")
            parts.append({"type": "image", "image": Image.open(io.BytesIO(base64.b64decode(data)))})
        else:
            parts.append(part)
    return parts


class Serving:
    """The server. `seen`: bodies of the chat completions it got; `most`: how many it had at once; `held`: pictures by
    their names."""

    def __init__(self, answering: Answering, manners: Manners) -> None:
        self.manners, self._answering = manners, answering
        self.seen: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.held: dict[str, Any] = {}
        self.requests = self.most = self._now = self._said = 0
        self.port = 0
        self.app = Starlette(
            routes=[
                Route("/v1/models", self._handled(self._models)),
                Route("/v1/chat/completions", self._handled(self._complete), methods=["POST"]),
                Route("/tokenize", self._handled(self._tokenize), methods=["POST"]),
                Route("/detokenize", self._handled(self._detokenize), methods=["POST"]),
            ]
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def _handled(self, answer: Any) -> Any:
        """Manners before and around a handler."""

        async def handle(request: Request) -> Response:
            self.requests += 1
            self.keys.add(request.headers.get("authorization", ""))
            if self.manners.key is not None and request.headers["authorization"] != f"Bearer {self.manners.key}":
                return _error(401, "Unauthorized")
            if self.manners.fail:
                status = self.manners.fail.pop(0)
                if status == 0:
                    return Broken()
                more = {} if self.manners.retry_after is None else {"retry-after": self.manners.retry_after}
                return _error(status, "it is overloaded", more)
            if self.manners.raw is not None:
                return Response(self.manners.raw, media_type="application/json")
            body = await request.json() if request.method == "POST" else {}
            self._now += 1
            self.most = max(self.most, self._now)
            try:
                return JSONResponse(await answer(body))
            except Refusal as refusal:
                return _error(refusal.status, str(refusal))
            finally:
                self._now -= 1

        return handle

    async def _models(self, _: Any) -> Any:
        own = [
            {"id": name, "object": "model", "root": f"/srv/{name}", "max_model_len": 1024}
            for name in self.manners.models
        ]
        return {"object": "list", "data": own}

    async def _tokenize(self, body: Any) -> Any:
        if not self.manners.tokenizer:
            raise Refusal("no such thing")
        ids = self._answering.tokenizer(body["prompt"], add_special_tokens=body["add_special_tokens"])["input_ids"]
        return {"tokens": ids, "count": len(ids), "max_model_len": 1024}

    async def _detokenize(self, body: Any) -> Any:
        return {"prompt": self._answering.tokenizer.decode(body["tokens"])}

    async def _complete(self, body: Any) -> Any:
        self.seen.append(body)
        self._check(body)
        body = {**body, "messages": [{**one, "content": self._filled(one["content"])} for one in body["messages"]]}
        if self.manners.delay:
            await asyncio.sleep(self.manners.delay)
        most = next((body[name] for name in LIMITS if name in body and name in self.manners.limits), 64)
        if body.get("temperature", 1) == 1 and "logprobs" not in body and most > 1:
            answer = await run_in_threadpool(self._sampled, body)
        else:
            answer = await run_in_threadpool(*((self._one_token, body) if most == 1 else (self._text, body, most)))
        named = self.manners.named
        who = (named.pop(0) if len(named) > 1 else named[0]) if named else (body["model"], None)
        return {**answer, **dict(zip(("model", "system_fingerprint"), who, strict=True))}

    def _filled(self, content: Any) -> Any:
        """A message's parts with the pictures that they name put in."""
        parts: list[Any] = []
        for part in content if isinstance(content, list) else ():
            name = part.get("uuid")
            if part["type"] == "image_url" and part["image_url"] is None:
                if name not in self.held and not self.manners.sees_nothing:
                    raise Refusal("Cache miss for image at index 0 but data is not provided.")
                parts += [{**part, "image_url": self.held[name]}] if name in self.held else []
                continue
            if name is not None and part["type"] == "image_url" and self.manners.holds:
                self.held[name] = part["image_url"]
                for oldest in [*self.held][: -self.manners.holds]:
                    del self.held[oldest]
            parts.append(part)
        return parts if isinstance(content, list) else content

    def _check(self, body: Any) -> None:
        manners = self.manners
        parts = [part for one in body["messages"] if not isinstance(one["content"], str) for part in one["content"]]
        shown = [part for part in parts if part["type"] == "image_url"]
        if shown and not manners.images:
            raise Refusal("bundled is not a multimodal model")
        if body["model"] not in manners.models:
            raise Refusal("no such model")
        if manners.refuses_logprobs and "logprobs" in body:
            raise Refusal("logprobs are not supported")
        widths = [part["image"].width for part in _parts([one for one in shown if one["image_url"]])]
        if manners.most_wide is not None and max(widths, default=0) > manners.most_wide:
            raise Refusal("the picture is too long for the context", manners.too_wide)
        for name in manners.refuses:
            if name in body or any(name in part for part in shown):
                raise Refusal(f"Unsupported parameter: '{name}' is not supported with this model.")
        for name, value in body.items():
            if not isinstance(value, (dict, list)) and value in manners.refuses_values:
                raise Refusal(f"Unsupported value: '{name}' does not support {value!r} with this model.")
        if body.get("top_logprobs", 0) > manners.top:
            raise Refusal(f"Invalid value for 'top_logprobs': must be less than or equal to {manners.top}.")
        if manners.strict and (set(body) - KNOWN or any(set(part) - {"type", "image_url"} for part in shown)):
            raise Refusal("unknown keys")
        if manners.refuses_forms and _form(body) not in (None, *manners.forms):
            raise Refusal("structured output is not supported")

    def _one_token(self, body: Any) -> Any:
        chances = self._answering.chances(body["messages"])
        if self._thinks(body):
            chances = torch.full_like(chances, -20.0)
            chances[self._answering.tokenizer.encode("the", add_special_tokens=False)[0]] = -1e-6
        best = int(chances.argmax())
        choice: dict[str, Any] = {"index": 0, "finish_reason": "length"}
        choice["message"] = {"role": "assistant", "content": self._answering.tokenizer.decode([best])}
        if body.get("logprobs") and self.manners.logprobs:
            if self.manners.ids and "logprob_token_ids" in body:
                ids = [best, *body["logprob_token_ids"]]
            else:
                ids = chances.topk(body.get("top_logprobs", 0)).indices.tolist()
            by_id = self.manners.ids and body.get("return_tokens_as_token_ids")
            entries = [self._entry(index, chances, by_id) for index in ids]
            choice["logprobs"] = {"content": [{**self._entry(best, chances, by_id), "top_logprobs": entries}]}
        return {"object": "chat.completion", "model": body["model"], "choices": [choice]}

    def _sampled(self, body: Any) -> Any:
        count = body.get("n", 1) if self.manners.together else 1
        if self.manners.says:
            texts = [self.manners.says[(self._said + index) % len(self.manners.says)] for index in range(count)]
        else:
            drawn = self._answering.chances(body["messages"]).exp().multinomial(count, replacement=True)
            texts = [self._answering.tokenizer.decode([index]) for index in drawn.tolist()]
        self._said += count
        choices = [
            {"index": at, "message": {"content": text}, "finish_reason": "stop"} for at, text in enumerate(texts)
        ]
        return {"object": "chat.completion", "choices": choices}

    def _thinks(self, body: Any) -> bool:
        silent = self.manners.silent
        return silent is not None and any(body.get(name) != value for name, value in silent.items())

    def _entry(self, index: int, chances: torch.Tensor, by_id: Any) -> dict[str, Any]:
        token = f"token_id:{index}" if by_id else self._answering.tokenizer.decode([index])
        return {"token": token, "logprob": float(chances[index]), "bytes": list(token.encode())}

    def _text(self, body: Any, most: int) -> Any:
        form, schema, pattern = _form(body), None, None
        if form == "response_format":
            schema = body["response_format"]["json_schema"]["schema"]
        elif form is not None:
            schema, pattern = body["structured_outputs"].get("json"), body["structured_outputs"].get("regex")
        text = (
            PLAIN[1]
            if form is not None and form not in self.manners.forms
            else self._answering.reply(body["messages"], most, schema, pattern)
        )
        few = form is None and most < 5  # one more token is cheap then, and says whether there was more to come
        ended = "length" if few and self._answering.reply(body["messages"], most + 1, None) != text else "stop"
        choice: dict[str, Any] = {"index": 0, "finish_reason": ended, "message": {"role": "assistant", "content": text}}
        if self.manners.silent is not None and self._thinks(body):
            choice["message"]["reasoning_content"] = "there may be a person."
        return {"object": "chat.completion", "model": body["model"], "choices": [choice]}


class Broken(Response):
    """Ends the connection in the middle of an answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionAbortedError


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"message": message, "code": status}}, status_code=status, headers=headers)


@contextlib.contextmanager
def serving(answering: Answering, manners: Manners | None = None) -> Iterator[Serving]:
    """A server on a free port of this machine, until the block ends."""
    own = Serving(answering, manners or Manners())
    with running(own.app) as own.port:
        yield own


@contextlib.contextmanager
def running(app: Starlette) -> Iterator[int]:
    """The port of this machine on which an application answers, until the block ends."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, ws="none", lifespan="off", log_level="critical", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
