"""Asks a server that `judge serve` runs: images go, verdicts come back. Loads no model.

    from judge import Client
    with Client("http://127.0.0.1:8080") as client:
        print(client.judge("drawing.png").verdict)

What may succeed a moment later (a full server, a process that ended, a connection that broke) is tried again, as the
server's `Retry-After` says and under one `Idempotency-Key`, so that nothing is judged twice for it. A request that has
more than the server takes, or something that it does not take, is sent in parts, so that the rest is judged.
"""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from judge.client.connection import KEY_VARIABLE, Connection, NotTaken
from judge.client.files import Context, SentFile, Source, of_image, read_verdict, size_of, told_beside, told_size
from judge.errors import ImageError, UserError

if TYPE_CHECKING:
    import httpx2

    from judge.clip_verdict import ClipVerdict
    from judge.verdict import Verdict

ATTEMPTS = 5
TIMEOUT = 120.0  # seconds for one answer
TOGETHER = 16  # images of a request
_TOGETHER_BYTES = 32 * 2**20
_TOGETHER_TOLD = 2**18  # characters of contexts


@dataclasses.dataclass(frozen=True)
class _Wanted:
    """What is wanted of all images of a request."""

    constitution: str | None = None
    offence: bool = False

    @property
    def form(self) -> dict[str, str | None]:
        """As parts of a form; None: nothing is said."""
        return {"constitution": self.constitution, "offence": "true" if self.offence else None}


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
        given = key if key is not None else os.environ.get(KEY_VARIABLE, "")
        self._connection = Connection(url, given, timeout, attempts, transport)
        self._together, self._bytes = TOGETHER, _TOGETHER_BYTES  # of a request; less, once the server refuses so much

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.http.close()

    def judge(
        self,
        image: Source,
        *,
        name: str | None = None,
        constitution: str | None = None,
        context: Context | None = None,
        offence: bool = False,
    ) -> Verdict:
        """The verdict on one image: a path, or the bytes of a file. name: what it calls it (default: its path).
        context: what is told beside it, by field of the constitution's `context`. offence: whether its model is asked
        afterwards how it may give offence (`verdict.offence`).

        An image that cannot be read, and one larger than the server takes, has a `needs_review` verdict whose `failure`
        says why, like everywhere.

        Raises:
            UserError: the server has no such constitution, wants a key, or takes no such request, such as one whose
                context does not fit.
            ModelError: the server cannot be reached, or gave no verdict in all tries.
        """
        (found,) = self._verdicts([SentFile.of(image, name, context)], _Wanted(constitution, offence))
        return of_image(found)

    def judge_clip(
        self, clip: Source, *, name: str | None = None, constitution: str | None = None, context: Context | None = None
    ) -> ClipVerdict:
        """The verdict on one clip, as `judge` of one image.

        Raises as `judge` does.
        """
        from judge.verdict import Verdict

        (found,) = self._verdicts([SentFile.of(clip, name, context)], _Wanted(constitution))
        if isinstance(found, Verdict):
            if found.failure is not None and found.failure.kind == "image":
                raise UserError(f"{found.image}: {found.failure.message}", hint=found.failure.hint)
            raise UserError(f"{found.image} is no clip", hint="ask for it with `judge`")
        return found

    def judge_many(
        self,
        images: Iterable[Source],
        *,
        constitution: str | None = None,
        contexts: Iterable[Context | None] | None = None,
        offence: bool = False,
    ) -> Iterator[Verdict]:
        """Verdicts for many images, in order, a few images to a request. contexts: one for each, in the same order,
        None where nothing is told. offence: see `judge`.

        Raises as `judge` does; what came before is given first.
        """
        return map(of_image, self.judge_all(images, constitution=constitution, contexts=contexts, offence=offence))

    def judge_all(
        self,
        sources: Iterable[Source],
        *,
        constitution: str | None = None,
        contexts: Iterable[Context | None] | None = None,
        offence: bool = False,
    ) -> Iterator[Verdict | ClipVerdict]:
        """Verdicts for many images and clips, in order, a few of them to a request. What each is, its content says.
        contexts: see `judge_many`. offence: see `judge`; a clip among them is a mistake then.

        Raises as `judge` does; what came before is given first.
        """
        if isinstance(sources, str | bytes | bytearray | Path):  # a text would be taken for a list of its letters
            raise UserError("one image, where several belong", hint="give a list of them, or ask with `judge`")
        wanted = _Wanted(constitution, offence)
        if contexts is None:
            return self._in_turn(((one, None) for one in sources), wanted)
        from judge.judging.given import in_step

        beside: list[Context | None] = []
        return self._in_turn(((one, beside.pop()) for one in in_step(sources, contexts, beside)), wanted)

    def constitutions(self) -> list[dict[str, Any]]:
        """What the server judges by, as `/v1/constitutions` says it.

        Raises as `judge` does.
        """
        found: list[dict[str, Any]] = self._connection.ask("GET", "/v1/constitutions").json()["constitutions"]
        return found

    def verdict(self, identity: str) -> Verdict | ClipVerdict:
        """A verdict that the server has kept.

        Raises as `judge` does.
        """
        return read_verdict(self._connection.ask("GET", f"/v1/verdicts/{identity}").json())

    def _in_turn(
        self, sources: Iterable[tuple[Source, Context | None]], wanted: _Wanted
    ) -> Iterator[Verdict | ClipVerdict]:
        held: list[SentFile] = []
        for source, context in sources:
            held.append(SentFile.of(source, context=context))
            full = len(held) >= self._together or size_of(held) > self._bytes
            if full or told_size(held) > _TOGETHER_TOLD:
                yield from self._verdicts(held, wanted)
                held = []
        if held:
            yield from self._verdicts(held, wanted)

    def _verdicts(self, images: Sequence[SentFile], wanted: _Wanted) -> Iterator[Verdict | ClipVerdict]:
        if len(images) > self._together:
            yield from self._in_parts(images, wanted)
            return
        files = [("image", (one.name, one.data)) for one in images]
        said = {"context": told_beside(images), **wanted.form}
        form = {name: text for name, text in said.items() if text is not None}
        headers = {"idempotency-key": secrets.token_hex(16)}
        try:
            answer = self._connection.ask("POST", "/v1/judge", files=files, data=form, headers=headers)
        except NotTaken as error:
            yield from self._without(error, images, wanted)
            return
        verdicts = [read_verdict(found) for found in json.loads(answer.content)["verdicts"]]
        yield from [one.told(verdict) for one, verdict in zip(images, verdicts, strict=True)]

    def _without(self, error: NotTaken, images: Sequence[SentFile], wanted: _Wanted) -> Iterator[Verdict | ClipVerdict]:
        """Verdicts on what the server takes of a request that it refused, and that it does not take the rest."""
        (first, *others) = images
        if others:
            if error.what == "too-many-images":
                self._together = (len(images) + 1) // 2
            elif error.what in ("too-large", ""):  # a proxy in front says no more than 413
                self._bytes = min(self._bytes, size_of(images) // 2)
            yield from self._in_parts(images, wanted)
        elif first.unread is not None:
            raise UserError(error.message, hint=error.hint) from error
        else:
            why = error.message.removeprefix(first.name + ": ")
            if error.what != "clips-not-judged":
                why = f"more than the server takes ({why})"
            unread = ImageError(why, hint=error.hint or "shrink it, or have the server take larger requests")
            yield from self._verdicts([dataclasses.replace(first, data=b"", unread=unread)], wanted)

    def _in_parts(self, images: Sequence[SentFile], wanted: _Wanted) -> Iterator[Verdict | ClipVerdict]:
        half = (len(images) + 1) // 2
        yield from self._verdicts(images[:half], wanted)
        yield from self._verdicts(images[half:], wanted)
