"""A connection to a server: a request, tried again while that may help, and what refusals mean. Knows no image."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from judge.errors import JudgeError, ModelError, UserError

if TYPE_CHECKING:
    import httpx2

KEY_VARIABLE = "JUDGE_API_KEY"
_LONGEST_WAIT = 30.0  # seconds between tries
_HOST = re.compile(r"https?://[^/?#\s]")
_NO_ADDRESS = re.compile(r"/v1(/(judge|moderations|constitutions))?/*$")  # what some have behind it


class TryAgain(JudgeError):
    """Another try may help. wait: after so many seconds, where the server says it."""

    def __init__(self, message: str, *, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.wait = wait


class NotTaken(JudgeError):
    """A request has something that the server does not take: another one without it may do. what: the server's word for
    that; empty where it says none."""

    def __init__(self, message: str, *, hint: str = "", what: str = "") -> None:
        super().__init__(message, hint=hint)
        self.what = what


class Connection:
    """key: an API key, or nothing. timeout: seconds for one answer. attempts: of each request."""

    def __init__(
        self, url: str, key: str, timeout: float, attempts: int, transport: httpx2.BaseTransport | None = None
    ) -> None:
        """transport: in the place of the network.

        Raises:
            UserError: the address or the key is none, or the extra `[remote]` is not installed.
        """
        try:
            import httpx2
        except ImportError as error:
            hint = "pip install 'constitution-judge[remote]'"
            raise UserError(f"asking a server needs the package '{error.name}'", hint=hint) from error
        self._url, self._attempts = _address(url), attempts
        key = _key(key)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self.http = httpx2.Client(base_url=self._url, headers=headers, timeout=timeout, transport=transport)

    def ask(self, method: str, path: str, **given: Any) -> httpx2.Response:
        """The answer to a request, tried again while that may help. stamina is only imported where it is needed: a
        script's first verdict is not to wait for it.

        Raises:
            NotTaken: the server does not take something in it.
            UserError: it wants a key, or takes no such request.
            ModelError: it cannot be reached, or gave no answer in all tries.
        """
        try:
            return self._answer(method, path, **given)
        except TryAgain as failed:
            first: TryAgain | None = failed
        import stamina

        logging.getLogger("stamina").setLevel(logging.ERROR)  # what fails at last is raised
        try:
            for attempt in stamina.retry_context(_wait_of, self._attempts, timeout=None, wait_max=_LONGEST_WAIT):
                with attempt:
                    if first is not None:
                        raised, first = first, None
                        raise raised
                    return self._answer(method, path, **given)
        except TryAgain as error:
            raise ModelError(error.message, hint=error.hint, retryable=True) from error.__cause__
        raise AssertionError("the last attempt raises")

    def _answer(self, method: str, path: str, **given: Any) -> httpx2.Response:
        import httpx2

        try:
            answer = self.http.request(method, path, **given)
        except httpx2.TransportError as error:
            message = f"the server at {self._url} cannot be reached ({type(error).__name__})"
            raise TryAgain(message, hint="is `judge serve` running there?") from error
        if answer.is_success:
            return answer
        try:
            problem = answer.json()
            detail, hint, slug = str(problem["detail"]), str(problem.get("hint", "")), str(problem["type"])
        except (ValueError, KeyError, TypeError):
            detail, hint, slug = f"the server at {self._url} answers with status {answer.status_code}", "", ""
        if (wait := answer.headers.get("retry-after", "")).isdecimal():
            raise TryAgain(detail, hint=hint, wait=float(wait))
        if answer.status_code >= 500:
            raise ModelError(detail, hint=hint)
        if answer.status_code == 401:
            hint = f"put a key of this server into the environment variable {KEY_VARIABLE}, or give `Client` a `key`"
        what = slug.rpartition(":")[2]
        if method == "POST" and (answer.status_code == 413 or what == "clips-not-judged"):
            raise NotTaken(detail, hint=hint, what=what)
        raise UserError(detail, hint=hint)


def _address(url: str) -> str:
    """Where a server is, and nothing else."""
    if not _HOST.match(url):
        raise UserError(f"'{url[:200]}' is no address of a server", hint="write it as http://HOST:PORT")
    if behind := _NO_ADDRESS.search(url):
        alone, path = url[: behind.start()], behind[0].rstrip("/")
        hint = "leave out the /v1: it is for OpenAI's clients" if path == "/v1" else f"give it alone: {alone[:200]}"
        raise UserError(f"'{url[:200]}' is no address of a server", hint=hint)
    return url.rstrip("/")


def _key(text: str) -> str:
    """A key as it is sent. Files and shells add white space around it."""
    key = text.strip()
    if not all("!" <= letter <= "~" for letter in key):
        hint = f"look at the environment variable {KEY_VARIABLE}, or at the `key` that `Client` is given"
        raise UserError("the key has a character that no key has", hint=hint)
    return key


def _wait_of(error: Exception) -> bool | float:
    """Whether a request is tried again after this, and after how many seconds, where the server says so."""
    if not isinstance(error, TryAgain):
        return False
    return True if error.wait is None else min(error.wait, _LONGEST_WAIT)
