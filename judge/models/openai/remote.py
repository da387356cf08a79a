"""A line to one OpenAI-compatible server: many requests at once from synchronous code, retries, errors told apart.

Knows addresses and HTTP, and nothing of questions and probabilities.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import openai
import stamina
from pydantic import BaseModel, ValidationError

from judge.errors import ModelError, TriedInVain, Unreachable, UserError
from judge.models.openai.bounded import PLAIN, Elsewhere, TooMuch, bounded_client, origin
from judge.models.openai.wire import Completion, Models, PromptText, Served, Tokens

log = logging.getLogger(__name__)
logging.getLogger("stamina").setLevel(logging.ERROR)  # its line a retry says neither what nor why; ours does
Item = TypeVar("Item")
Result = TypeVar("Result")
Record = TypeVar("Record", bound=BaseModel)
_SAID = 300  # characters of a server's error message that are passed on
_TOLD = 5000  # characters of it that are searched for what the server does not take
_HINTS = {  # by status
    401: "is the API key right? it is read from OPENAI_API_KEY",
    413: "show it smaller pictures (--max-pixels), or let the server take larger requests",
}
_CUT = ("RemoteProtocolError", "ReadError", "WriteError", "EndOfStream", "ConnectionResetError")  # of any HTTP library
_LONGEST_WAIT = 30.0  # seconds to a retry at most; a server that asks for more is not waited for


class Refused(ModelError):
    """The server understood the request and declined it (4xx): sending it again would not help. told: all that it
    said of it."""

    def __init__(self, message: str, status: int, told: str = "") -> None:
        super().__init__(message, hint=_HINTS.get(status, ""))
        self.status, self.told = status, told


@dataclass(frozen=True)
class ServerLimits:
    """How hard a server is worked. Times in seconds.

    concurrency: requests under way at once. attempts: tries of one request. timeout: of one try, from its beginning to
    the last byte of its answer. patience: of all tries of a request and the waits between them; then it is given up
    (one try always has its time).
    wait: before the first retry; it doubles, with jitter.
    """

    concurrency: int = 16
    timeout: float = 120.0
    attempts: int = 4
    patience: float = 240.0
    wait: float = 0.5


def address(url: str) -> tuple[str, str | None]:
    """The base address (`/v1` is put in where no path is given) and the model named behind `#`.

    Raises:
        UserError: no address of a server.
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, an unclosed bracket
        sound = False
    if "?" in url.partition("#")[0]:  # what stands there may be a key, so it is not said
        raise UserError(
            "the server's address holds a query (what follows `?`), which is not sent",
            hint="leave it out; put an API key in OPENAI_API_KEY instead",
        )
    if not sound:
        raise UserError(f"not the address of a server: {url}", hint="such as http://localhost:8000/v1")
    if parts.username or parts.password:
        raise UserError("the server's address holds a password", hint="put an API key in OPENAI_API_KEY instead")
    path = parts.path.rstrip("/") or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path, "", "")), parts.fragment or None


class Remote:
    """One server, spoken to from an event loop in a thread of its own, so that callers need not be asynchronous.

    While nothing answers, as at the start and after all tries of a request, requests are tried once until one gets
    through: else a dead server would cost the full patience for every question of a run.
    """

    def __init__(self, url: str, limits: ServerLimits) -> None:
        self.url, self._limits = url, limits
        self._root = url.removesuffix("/v1")
        self._down = True
        self._gate = asyncio.Semaphore(limits.concurrency)
        timeout = openai.Timeout(limits.timeout, connect=min(10.0, limits.timeout))
        self._client = openai.AsyncOpenAI(
            base_url=url,
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            timeout=timeout,
            max_retries=0,
            default_headers=PLAIN,
            http_client=bounded_client(timeout),
        )
        self._retry = stamina.AsyncRetryingCaller(
            attempts=limits.attempts,
            timeout=limits.patience,
            wait_initial=limits.wait,
            wait_jitter=limits.wait,
            wait_max=_LONGEST_WAIT,
        )
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, name="judge-server", daemon=True)
        thread.start()
        self.close = weakref.finalize(self, _close, self._loop, thread, self._client)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do one piece of asynchronous work and wait for it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:  # Ctrl-C above all: what is under way must not go on unseen
            future.cancel()
            raise

    def each(self, work: Callable[[Item], Awaitable[Result]], items: Sequence[Item]) -> list[Result]:
        """`work` on every item, as many at once as the limits allow, in order. The first failure ends all."""

        async def one(item: Item) -> Result:
            async with self._gate:
                return await work(item)

        async def every() -> list[Result]:
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(one(item)) for item in items]
            except ExceptionGroup as failures:
                first = failures.exceptions[0]
                raise first from first.__cause__
            return [task.result() for task in tasks]

        return self.run(every())

    async def models(self) -> list[Served]:
        """What the server serves."""
        return (await self._sent(Models, "/models")).data

    async def complete(self, body: dict[str, Any]) -> Completion:
        """A chat completion."""
        return await self._sent(Completion, "/chat/completions", body)

    async def tokenize(self, model: str, text: str) -> list[int]:
        """Token ids of a text, nothing added. vLLM has this beside `/v1`, not under it."""
        body = {"model": model, "prompt": text, "add_special_tokens": False}
        return (await self._sent(Tokens, f"{self._root}/tokenize", body)).tokens

    async def detokenize(self, model: str, ids: Sequence[int]) -> str:
        """The text of token ids."""
        return (await self._sent(PromptText, f"{self._root}/detokenize", {"model": model, "tokens": list(ids)})).prompt

    async def _sent(self, record: type[Record], path: str, body: dict[str, Any] | None = None) -> Record:
        """One request, retried where that can help, and its answer checked.

        Raises:
            Refused, TriedInVain, Unreachable, ModelError
        """

        async def once() -> object:
            # The client's own limit is of every read alone: a server that drips would never reach it.
            async with asyncio.timeout(self._limits.timeout):
                if body is None:
                    return await self._client.get(path, cast_to=object)
                return await self._client.post(path, body=body, cast_to=object)

        try:
            async with asyncio.timeout(max(self._limits.patience, self._limits.timeout)):  # the tries together
                answer = await self._retry(self._again, once)
            self._down = False
            if (told := _failed(answer)) is not None:
                raise ModelError(f"the server {self.url} answered with an error: {told}", retryable=True)
            return record.model_validate(answer)
        except (openai.APIConnectionError, TimeoutError, TooMuch, Elsewhere) as error:
            elsewhere = origin(error, Elsewhere)
            if elsewhere is not None:
                told = f"the server {self.url} redirects to {elsewhere}, which is not followed"
                raise Unreachable(told, hint="if that is the server you mean, name its address") from error
            excess = origin(error, TooMuch)
            if excess is not None:
                raise ModelError(f"the server {self.url} answered with {excess}", retryable=True) from error
            self._down = True
            raise Unreachable(f"the server {self.url} {_broken(error)}", retryable=True) from error
        except openai.APIStatusError as error:
            self._down = False
            said = f"the server {self.url} answered with status {error.status_code}: {_said(error)}"
            if (wait := _wait(error)) is not None and wait > _LONGEST_WAIT:
                said = f"the server {self.url} asks to wait {wait:.0f} s (status {error.status_code}: {_said(error)})"
                raise Unreachable(said, hint="try again after that time", retryable=True) from error
            if _may_pass(error):
                raise TriedInVain(said, retryable=True) from error
            raise Refused(said, error.status_code, str(error.body or error.message)[:_TOLD]) from error
        except (
            ValueError,
            RecursionError,
            openai.APIError,
        ) as error:  # no JSON, or JSON of another shape
            said = f"the server {self.url} gave an answer that makes no sense: {_senseless(error)}"
            raise ModelError(said, hint="is it an OpenAI-compatible server?", retryable=True) from error

    def _again(self, error: Exception) -> bool | float:
        """Whether to try again, or after how many seconds (where the server says so)."""
        if origin(error, TooMuch) is not None or origin(error, Elsewhere) is not None:
            return False
        if isinstance(error, (openai.APIConnectionError, TimeoutError)):
            if not self._down:
                log.info("%s: %s; trying again", self.url, type(error).__name__)
            return not self._down
        if not isinstance(error, openai.APIStatusError) or not _may_pass(error):
            return False
        wait = _wait(error)
        if wait is not None and wait > _LONGEST_WAIT:
            return False
        log.info("%s: status %d; trying again", self.url, error.status_code)
        return True if wait is None else wait


def _broken(error: BaseException) -> str:
    """How it came to no answer."""
    if isinstance(error, (openai.APITimeoutError, TimeoutError)):
        return "did not answer in time"
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__ in _CUT:
            return "cut the connection in the middle of an answer"
        cause = cause.__cause__
    return "cannot be reached"


def _senseless(error: BaseException) -> str:
    """What is wrong with an answer, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        return f"{where}: {first['msg']}"
    if isinstance(error, json.JSONDecodeError):
        return f"its JSON is damaged, or breaks off, at character {error.pos}"
    return "it is no JSON" if isinstance(error, ValueError) else type(error).__name__


def _wait(error: openai.APIStatusError) -> float | None:
    """The seconds after which a server that is busy wants to be asked again, as a number or a date; None: not said.
    A time that has passed, or under 0, is now."""
    asked = error.response.headers.get("retry-after", "").strip() if _may_pass(error) else ""
    if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{0,12})?", asked):
        return max(0.0, float(asked))
    try:
        until = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _may_pass(error: openai.APIStatusError) -> bool:
    return error.status_code == 429 or error.status_code >= 500


def _said(error: openai.APIStatusError) -> str:
    """The server's own message, in one line."""
    body = error.body
    if isinstance(body, list) and len(body) == 1:  # Gemini
        body = body[0]
    if isinstance(body, dict):
        inner = body.get("error", body)  # the SDK has usually taken the outer layer off
        body = inner.get("message", inner) if isinstance(inner, dict) else inner
    return _one_line(body or error.message)


def _failed(answer: object) -> str | None:
    """What a server says that failed, though its status is that of success."""
    error = answer.get("error") if isinstance(answer, dict) else None
    return _one_line(error.get("message", error) if isinstance(error, dict) else error) if error else None


def _one_line(said: object) -> str:
    text = " ".join(str(said).split())
    return text if len(text) <= _SAID else f"{text[:_SAID]}..."


def _close(loop: asyncio.AbstractEventLoop, thread: threading.Thread, client: openai.AsyncOpenAI) -> None:
    """End the connections, then the loop and its thread."""

    async def end() -> None:
        await client.close()
        await loop.shutdown_default_executor()

    if threading.current_thread() is thread:  # the last reference went inside the loop: it cannot wait for itself
        loop.stop()
        return
    asyncio.run_coroutine_threadsafe(end(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
