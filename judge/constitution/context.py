"""What may be told beside a picture: the fields that a constitution declares, and what of it a statement looks at.

Knows no picture and no text that was told.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError

from judge.settings import Frozen

MOST_CHARACTERS = 20_000  # of one field, whatever a constitution says
MOST_FIELDS = 16
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=80)]


def _characters(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_CHARACTERS:
        shown = "nothing" if given is None else f"`{str(given)[:60]}`"
        message = "{shown} is no length of a text: write a whole number of characters, from 1 to {most}"
        raise PydanticCustomError("context_most", message, {"shown": shown, "most": f"{MOST_CHARACTERS:,}"})
    return given


class ContextField(Frozen):
    """One field of the context. In YAML: `{most: N}`, or the bare number."""

    most: Annotated[int, Strict(), BeforeValidator(_characters)] = Field(ge=1, le=MOST_CHARACTERS)


def _short(given: Any) -> Any:
    return given if isinstance(given, (dict, list, ContextField)) else {"most": given}


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _once_each(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None:
        raise PydanticCustomError("read_twice", "`{name}` stands in it twice", {"name": twice})
    return names


ContextFields = Annotated[
    dict[FieldName, Annotated[ContextField, BeforeValidator(_short, json_schema_input_type=int | ContextField)]],
    Field(max_length=MOST_FIELDS),
]
Reads = Annotated[
    tuple[FieldName, ...],
    BeforeValidator(_listed, json_schema_input_type=FieldName | tuple[FieldName, ...]),
    AfterValidator(_once_each),
]
Sees = Literal["image"]


@dataclass(frozen=True)
class Reading:
    """What a statement looks at that reads: fields of the context, and the picture where it `sees` it, too."""

    fields: tuple[str, ...]
    sees: bool

    @classmethod
    def of(cls, reads: Iterable[str], sees: str | None) -> Reading | None:
        """None for a statement that reads nothing: it looks at the picture alone."""
        fields = tuple(reads)
        return cls(fields, sees is not None) if fields else None

    def __str__(self) -> str:
        read = ", ".join(self.fields)
        return f"reads {read} and sees the image" if self.sees else f"reads {read}"


IMAGE = "sees the image"  # what a statement does that reads nothing


def undeclared(field: str, declared: Collection[str]) -> tuple[str, str]:
    """What is wrong with a field that no constitution declares, and what to do."""
    near = difflib.get_close_matches(field, list(declared), n=1)
    known = f"declared here: {', '.join(declared)}" if declared else f"declare it: `context: {{{field}: 2000}}`"
    hint = f"did you mean `{near[0]}`? {known}" if near else known
    return f"`{field}` is no field of the constitution's `context`", hint
