"""Asks a server that `judge serve` runs: images go, verdicts come back. Loads no model.

    from judge import Client
    with Client("http://127.0.0.1:8080") as client:
        print(client.judge("drawing.png").verdict)

What may succeed a moment later (a full server, a process that ended, a connection that broke) is tried again, as the
server's `Retry-After` says and under one `Idempotency-Key`, so that nothing is judged twice for it. A
request that has more than the server takes is sent in parts.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from judge.errors import ImageError, JudgeError, ModelError, UserError
from judge.files import open_regular
from judge.settings import DEFAULT_LIMITS

if TYPE_CHECKING:
    import httpx2

    from judge.clip_verdict import ClipVerdict
    from judge.verdict import Verdict

KEY_VARIABLE = "JUDGE_API_KEY"
ATTEMPTS = 5
TIMEOUT = 120.0  # seconds for one answer
TOGETHER = 16  # images of a request
_TOGETHER_BYTES = 32 * 2**20
_LONGEST_WAIT = 30.0  # seconds between tries
_NO_ADDRESS = re.compile(r"/v1(/(judge|moderations|constitutions))?/*$")  # what some have behind it
Source = str | Path | bytes


class Client:
    """A connection to a server. key: an API key; by default the environment variable `JUDGE_API_KEY`."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = TIMEOUT,
        attempts: int = ATTEMPTS,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """attempts: of each request. transport: in the place of the network.

        Raises:
            UserError: the address or the key is none, or the extra `[remote]` is not installed.
        """
        try:
            import httpx2
        except ImportError as error:
            hint = "pip install 'constitution-judge[remote]'"
            raise UserError(f"asking a server needs the package '{error.name}'", hint=hint) from error
        if not url.startswith(("http://", "https://")):
            raise UserError(f"'{url[:200]}' is no address of a server", hint="write it as http://HOST:PORT")
        if behind := _NO_ADDRESS.search(url):
            alone, path = url[: behind.start()], behind[0].rstrip("/")
            hint = "leave out the /v1: it is for OpenAI's clients" if path == "/v1" else f"give it alone: {alone[:200]}"
            raise UserError(f"'{url[:200]}' is no address of a server", hint=hint)
        self._url, self._attempts = url.rstrip("/"), attempts
        self._together, self._bytes = TOGETHER, _TOGETHER_BYTES  # of a request; less, once the server refuses so much
        key = _key(key if key is not None else os.environ.get(KEY_VARIABLE, ""))
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.Client(base_url=self._url, headers=headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def judge(self, image: Source, *, name: str | None = None, constitution: str | None = None) -> Verdict:
        """The verdict on one image: a path, or the bytes of a file. name: what it calls it (default: its path).

        An image that cannot be read, and one larger than the server takes, has a `needs_review` verdict whose `failure`
        says why, like everywhere.

        Raises:
            UserError: the server has no such constitution, wants a key, or takes no such request.
            ModelError: the server cannot be reached, or gave no verdict in all tries.
        """
        (found,) = self._verdicts([_Sent.of(image, name)], constitution)
        return _of_image(found)

    def judge_clip(self, clip: Source, *, name: str | None = None, constitution: str | None = None) -> ClipVerdict:
        """The verdict on one clip, as `judge` of one image.

        Raises as `judge` does.
        """
        from judge.verdict import Verdict

        (found,) = self._verdicts([_Sent.of(clip, name)], constitution)
        if isinstance(found, Verdict):
            if found.failure is not None and found.failure.kind == "image":
                raise UserError(f"{found.image}: {found.failure.message}", hint=found.failure.hint)
            raise UserError(f"{found.image} is no clip", hint="ask for it with `judge`")
        return found

    def judge_many(self, images: Iterable[Source], *, constitution: str | None = None) -> Iterator[Verdict]:
        """Verdicts for many images, in order, a few images to a request.

        Raises as `judge` does; what came before is given first.
        """
        return map(_of_image, self.judge_all(images, constitution=constitution))

    def judge_all(
        self, sources: Iterable[Source], *, constitution: str | None = None
    ) -> Iterator[Verdict | ClipVerdict]:
        """Verdicts for many images and clips, in order, a few of them to a request. What each is, its content says.

        Raises as `judge` does; what came before is given first.
        """
        if isinstance(sources, str | bytes | bytearray | Path):  # a text would be taken for a list of its letters
            raise UserError("one image, where several belong", hint="give a list of them, or ask with `judge`")
        return self._in_turn(sources, constitution)

    def constitutions(self) -> list[dict[str, Any]]:
        """What the server judges by, as `/v1/constitutions` says it.

        Raises as `judge` does.
        """
        found: list[dict[str, Any]] = self._asked("GET", "/v1/constitutions").json()["constitutions"]
        return found

    def verdict(self, identity: str) -> Verdict | ClipVerdict:
        """A verdict that the server has kept.

        Raises as `judge` does.
        """
        return _verdict(self._asked("GET", f"/v1/verdicts/{identity}").json())

    def _in_turn(self, sources: Iterable[Source], constitution: str | None) -> Iterator[Verdict | ClipVerdict]:
        held: list[_Sent] = []
        for source in sources:
            held.append(_Sent.of(source))
            if len(held) >= self._together or _bytes(held) > self._bytes:
                yield from self._verdicts(held, constitution)
                held = []
        if held:
            yield from self._verdicts(held, constitution)

    def _verdicts(self, images: Sequence[_Sent], constitution: str | None) -> Iterator[Verdict | ClipVerdict]:
        if len(images) > self._together:
            yield from self._in_parts(images, constitution)
            return
        files = [("image", (one.name, one.data)) for one in images]
        form = {"constitution": constitution} if constitution is not None else {}
        headers = {"idempotency-key": secrets.token_hex(16)}
        try:
            answer = self._asked("POST", "/v1/judge", files=files, data=form, headers=headers)
        except _TooLarge as error:
            if len(images) > 1:
                if error.what == "too-many-images":
                    self._together = (len(images) + 1) // 2
                elif error.what in ("too-large", ""):  # a proxy in front says no more than 413
                    self._bytes = min(self._bytes, _bytes(images) // 2)
                yield from self._in_parts(images, constitution)
                return
            if images[0].unread is not None:
                raise UserError(error.message, hint=error.hint) from error
            why = f"more than the server takes ({error.message.removeprefix(images[0].name + ': ')})"
            unread = ImageError(why, hint=error.hint or "shrink it, or have the server take larger requests")
            yield from self._verdicts([dataclasses.replace(images[0], data=b"", unread=unread)], constitution)
            return
        verdicts = [_verdict(found) for found in json.loads(answer.content)["verdicts"]]
        yield from [one.told(verdict) for one, verdict in zip(images, verdicts, strict=True)]

    def _in_parts(self, images: Sequence[_Sent], constitution: str | None) -> Iterator[Verdict | ClipVerdict]:
        half = (len(images) + 1) // 2
        yield from self._verdicts(images[:half], constitution)
        yield from self._verdicts(images[half:], constitution)

    def _asked(self, method: str, path: str, **given: Any) -> httpx2.Response:
        """The answer to a request, tried again while that may help. stamina is only imported where it is needed: a
        script's first verdict is not to wait for it."""
        try:
            return self._answered(method, path, **given)
        except _Again as failed:
            first: _Again | None = failed
        import stamina

        logging.getLogger("stamina").setLevel(logging.ERROR)  # what fails at last is raised
        try:
            for attempt in stamina.retry_context(_wait_of, self._attempts, timeout=None, wait_max=_LONGEST_WAIT):
                with attempt:
                    if first is not None:
                        raised, first = first, None
                        raise raised
                    return self._answered(method, path, **given)
        except _Again as error:
            raise ModelError(error.message, hint=error.hint, retryable=True) from error.__cause__
        raise AssertionError("the last attempt raises")

    def _answered(self, method: str, path: str, **given: Any) -> httpx2.Response:
        import httpx2

        try:
            answer = self._http.request(method, path, **given)
        except httpx2.TransportError as error:
            message = f"the server at {self._url} cannot be reached ({type(error).__name__})"
            raise _Again(message, hint="is `judge serve` running there?") from error
        if answer.is_success:
            return answer
        try:
            problem = answer.json()
            detail, hint, slug = str(problem["detail"]), str(problem.get("hint", "")), str(problem["type"])
        except (ValueError, KeyError, TypeError):
            detail, hint, slug = f"the server at {self._url} answers with status {answer.status_code}", "", ""
        if (wait := answer.headers.get("retry-after", "")).isdecimal():
            raise _Again(detail, hint=hint, wait=float(wait))
        if answer.status_code >= 500:
            raise ModelError(detail, hint=hint)
        if answer.status_code == 401:
            hint = f"put a key of this server into the environment variable {KEY_VARIABLE}, or give `Client` a `key`"
        if answer.status_code == 413 and method == "POST":
            raise _TooLarge(detail, hint=hint, what=slug.rpartition(":")[2])
        raise UserError(detail, hint=hint)


def _bytes(images: Iterable[_Sent]) -> int:
    return sum(len(one.data) for one in images)


def _key(text: str) -> str:
    """A key as it is sent. Files and shells add white space around it."""
    key = text.strip()
    if not all("!" <= letter <= "~" for letter in key):
        hint = f"look at the environment variable {KEY_VARIABLE}, or at the `key` that `Client` is given"
        raise UserError("the key has a character that no key has", hint=hint)
    return key


def _verdict(found: Any) -> Verdict | ClipVerdict:
    """A verdict from its JSON."""
    if isinstance(found, dict) and "clip" in found:
        from judge.clip_verdict import ClipVerdict

        return ClipVerdict.model_validate(found)
    from judge.verdict import Verdict

    return Verdict.model_validate(found)


def _of_image(found: Verdict | ClipVerdict) -> Verdict:
    """The verdict on an image; where a clip was given for one, that it is none."""
    from judge.verdict import Verdict

    if isinstance(found, Verdict):
        return found
    from judge.judging.record import unreadable

    error = ImageError("a clip, not an image", hint="ask for it with `judge_clip`, or `judge_all`")
    return unreadable(found.clip, error, found.provenance, found.timings)


class _Again(JudgeError):
    """Another try may help. wait: after so many seconds, where the server says it."""

    def __init__(self, message: str, *, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.wait = wait


class _TooLarge(JudgeError):
    """A request has more than the server takes. what: of what, in the server's word; empty where it says none."""

    def __init__(self, message: str, *, hint: str = "", what: str = "") -> None:
        super().__init__(message, hint=hint)
        self.what = what


@dataclass(frozen=True)
class _Sent:
    """An image as it is sent. unread: why it is sent without its bytes."""

    name: str
    data: bytes
    unread: ImageError | None = None

    @classmethod
    def of(cls, image: Source, name: str | None = None) -> _Sent:
        called = name or ("<bytes>" if isinstance(image, bytes) else str(image))
        called = called.encode("utf-8", "backslashreplace").decode()
        if isinstance(image, bytes):
            return cls(called, image)
        try:
            with open_regular(image) as file:
                data = file.read(DEFAULT_LIMITS.file_bytes + 1)
        except (OSError, ValueError):
            data = b""
        if 0 < len(data) <= DEFAULT_LIMITS.file_bytes:
            return cls(called, data)
        return cls(called, b"", _why_unread(image))

    def told(self, verdict: Verdict | ClipVerdict) -> Verdict | ClipVerdict:
        """The verdict. On a file that is not sent the server's is on nothing: it knows what judges there."""
        if self.unread is None:
            return verdict
        from judge.judging.record import unreadable

        return unreadable(self.name, self.unread, verdict.provenance, verdict.timings)


def _why_unread(image: str | Path) -> ImageError | None:
    """What `judge check` says of a file that is not sent. Only then are decoders imported."""
    from judge.media.reading import read_bytes

    try:
        read_bytes(image)
    except ImageError as error:
        return error
    return ImageError("it changed while it was read", retryable=True)


def _wait_of(error: Exception) -> bool | float:
    """Whether a request is tried again after this, and after how many seconds, where the server says so."""
    if not isinstance(error, _Again):
        return False
    return True if error.wait is None else min(error.wait, _LONGEST_WAIT)
