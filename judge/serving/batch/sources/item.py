"""What a source gives: items, each with a key of its own. Knows no kind of source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from judge.errors import ImageError


@dataclass(frozen=True)
class SourceItem:
    """One image of a source.

    key: unlike that of any other item of the source, and the same whenever the source is read again. name: what people
    call it, such as a path. read: gives the bytes of its file; raises `ImageError` where there are none. file: of a row
    that names a file, its path. context: what the source tells beside it, by field of the constitution's `context`, as
    it stands there: not yet held against what is declared.
    """

    key: str
    name: str
    read: Callable[[], bytes]
    file: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """A stream of items that can be begun anew. Holds no more than it needs for the next one.

    name: what it was called by, as people write it; `says` is what was passed over so far, a line each.
    """

    @property
    def name(self) -> str: ...

    def items(self) -> Iterator[SourceItem]:
        """The items, always in the same order.

        Raises:
            UserError: the input cannot be read as what it calls itself, from here on.
        """
        ...

    def says(self) -> list[str]: ...

    def count(self) -> int | None:
        """How many items there will be, about; None where that would take a pass over everything."""
        ...


@dataclass(frozen=True)
class RefusedItem:
    """A `read` of an item whose bytes cannot be had, as is known before anybody reads."""

    message: str
    hint: str = ""
    retryable: bool = False

    def __call__(self) -> bytes:
        raise ImageError(self.message, hint=self.hint, retryable=self.retryable)
