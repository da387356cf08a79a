"""Files as they are sent to a server, and verdicts as they come back. Knows no connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import ImageError, UserError
from judge.files import open_regular
from judge.printable import printable
from judge.settings import DEFAULT_LIMITS

if TYPE_CHECKING:
    from judge.clip_verdict import ClipVerdict
    from judge.verdict import Verdict

Source = str | Path | bytes
Context = Mapping[str, str]
_SUCH = 'such as {"caption": "..."}'


@dataclass(frozen=True)
class SentFile:
    """An image as it is sent. unread: why it is sent without its bytes. context: what is told beside it."""

    name: str
    data: bytes
    unread: ImageError | None = None
    context: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, image: Source, name: str | None = None, context: Any = None) -> SentFile:
        if context is not None and not isinstance(context, Mapping):
            said = f"the context must be a mapping of field to text, not {type(context).__name__}"
            raise UserError(said, hint=_SUCH)
        for field_name, text in (context or {}).items():
            if not isinstance(text, str):
                said = f"`{printable(str(field_name))}` of the context must be text, not {type(text).__name__}"
                raise UserError(said, hint=_SUCH)
        return replace(cls._read(image, name), context=dict(context or {}))

    @classmethod
    def _read(cls, image: Source, name: str | None) -> SentFile:
        if not isinstance(image, str | PathLike | bytes):
            raise UserError(f"{type(image).__name__} is no image", hint="give a path, or the bytes of a file")
        if image == "":
            raise UserError("no name of an image is given", hint="give a path, or the bytes of a file")
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

        return unreadable(self.name, self.unread, verdict.provenance, verdict.timings, self.context)


def _why_unread(image: str | Path) -> ImageError | None:
    """What `judge check` says of a file that is not sent. Only then are decoders imported."""
    from judge.media.reading import read_bytes

    try:
        read_bytes(image)
    except ImageError as error:
        return error
    return ImageError("it changed while it was read", retryable=True)


def told_beside(files: Iterable[SentFile]) -> str | None:
    """What is told beside the files, as a form has it; None where nothing is."""
    contexts = [dict(one.context) or None for one in files]
    try:
        return json.dumps(contexts, ensure_ascii=False).encode().decode() if any(contexts) else None
    except (TypeError, UnicodeEncodeError) as error:
        raise UserError(f"a context holds what is no text ({error})", hint=_SUCH) from error


def told_size(files: Iterable[SentFile]) -> int:
    """Characters of all that is told."""
    return sum(len(str(text)) for one in files for text in one.context.values())


def size_of(files: Iterable[SentFile]) -> int:
    """Bytes of all of them."""
    return sum(len(one.data) for one in files)


def read_verdict(found: Any) -> Verdict | ClipVerdict:
    """A verdict from its JSON."""
    if isinstance(found, dict) and "clip" in found:
        from judge.clip_verdict import ClipVerdict

        return ClipVerdict.model_validate(found)
    from judge.verdict import Verdict

    return Verdict.model_validate(found)


def of_image(found: Verdict | ClipVerdict) -> Verdict:
    """The verdict on an image; where a clip was given for one, that it is none."""
    from judge.verdict import Verdict

    if isinstance(found, Verdict):
        return found
    from judge.judging.record import unreadable

    error = ImageError("a clip, not an image", hint="ask for it with `judge_clip`, or `judge_all`")
    return unreadable(found.clip, error, found.provenance, found.timings)
