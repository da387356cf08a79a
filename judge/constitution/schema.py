"""The shape of a constitution file, as pydantic models: the one source of its validation and its schema."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import Field, Strict, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from judge.constitution.clip_bound import ClipBound
from judge.constitution.context import IMAGE, ContextFields, Reading, Reads, Sees, undeclared
from judge.errors import UserError
from judge.languages import DEFAULT, Language, language_of
from judge.settings import Frozen, Ladder, ThresholdOverrides

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=2000)]
ModerationKey = Literal[
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
]
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"  # BCP 47, its short forms
LanguageCode = Annotated[str, StringConstraints(pattern=LANGUAGE, max_length=35)]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Parameter = Annotated[int, Strict()] | Annotated[float, Strict()] | str  # strict: `yes` is no 1
TO_FILL = "___"  # in a statement: a place that its author has yet to fill
REFERENCE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _unset(value: object) -> bool:
    """Left out where it is not set: a constitution that does not have it keeps its digest."""
    return value is None


def _nothing(value: object) -> bool:
    """Left out where it is empty: a constitution that does not have it keeps its digest."""
    return not value


class Statement(Frozen):
    """One yes/no statement about the image, and the words a detector looks for to find what it is about.

    reads: fields of the context that it is about, instead of the image; with `sees: image` it is about both.
    """

    statement: Sentence
    central_objects: tuple[Sentence, ...] = ()
    reads: Reads = Field(default=(), exclude_if=_nothing)
    sees: Sees | None = Field(default=None, exclude_if=_unset)

    @field_validator("statement")
    @classmethod
    def _filled(cls, text: str) -> str:
        if TO_FILL in text:
            raise PydanticCustomError("unfilled", "`{text}` has a place to fill in", {"text": text})
        return text

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: Any) -> Any:
        """`sees: image` alone says what goes without saying: both ways of writing it are one constitution."""
        if isinstance(given, dict) and given.get("sees") == "image" and not given.get("reads"):
            return {key: value for key, value in given.items() if key != "sees"}
        return given

    @property
    def reading(self) -> Reading | None:
        """What it looks at where it reads; None: the image alone."""
        return Reading.of(self.reads, self.sees)


class Precondition(Frozen):
    """Holds when any of its alternatives holds. One alternative is the common case.

    In YAML: a string, `{statement: ..., central_objects: [...]}` or `{any: [...]}`.
    """

    any: tuple[Statement, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        if isinstance(given, str) or (isinstance(given, dict) and "any" not in given):
            given = {"any": [given]}
        if isinstance(given, dict) and isinstance(given.get("any"), list):
            spread = [{"statement": one} if isinstance(one, str) else one for one in given["any"]]
            return {**given, "any": spread}
        return given


class Rule(Frozen):
    """One rule of a constitution. `{name}` in its texts stands for a value of `parameters`."""

    id: Identifier
    rule: Sentence
    category: Identifier = "other"
    severity: Literal["low", "medium", "high", "critical"] = "medium"
    status: Literal["enforce", "shadow"] = "enforce"
    preconditions: tuple[Precondition, ...] = ()
    exceptions: tuple[Precondition, ...] = ()
    parameters: dict[ParameterName, Parameter] = Field(default_factory=dict)
    thresholds: ThresholdOverrides = ThresholdOverrides()
    clip: ClipBound | None = Field(default=None, exclude_if=_unset)

    def fill(self, text: str) -> str:
        """`text` with this rule's parameters put in. Every reference was checked when the file was loaded."""
        return REFERENCE.sub(lambda match: str(self.parameters[match.group(1)]), text)

    @property
    def text(self) -> str:
        """The rule's text with its parameters put in."""
        return self.fill(self.rule)

    @property
    def readings(self) -> dict[str, Reading | None]:
        """By statement, parameters put in, what it looks at; None: the image alone."""
        groups = (*self.preconditions, *self.exceptions)
        return {self.fill(one.statement): one.reading for group in groups for one in group.any}


def _not_asked_for(value: object) -> bool:
    """Left out where it is off: a constitution that does not have it keeps its digest."""
    return value is False


class Constitution(Frozen):
    """A whole policy: what people write, validated.

    language: what rules and statements are written in; the model is asked in it. require_approval: rules whose chain
    nobody has approved in the lock file are judged as `shadow`. escalate: what the undecided goes through
    before a person looks (see `Settings`). context: what may be told beside an image, for statements that read it.
    """

    constitution: Identifier
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$")]
    description: str = ""
    language: LanguageCode = DEFAULT
    require_approval: bool = Field(default=False, exclude_if=_not_asked_for)
    escalate: Ladder | None = Field(default=None, exclude_if=_unset)
    context: ContextFields = Field(default_factory=dict, exclude_if=_nothing)
    categories: dict[Identifier, tuple[ModerationKey, ...]] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = Field(min_length=1)

    @property
    def asked_in(self) -> Language:
        """The language that models are asked in.

        Raises:
            UserError: there are no prompts in it.
        """
        return language_of(self.language)

    @property
    def readings(self) -> dict[str, Reading]:
        """By statement, parameters put in, what it looks at; without those that look at the image alone.

        Raises:
            UserError: one reads a field that is not declared, or looks at one thing here and at another there: what is
                found out about a statement is kept by its words.
        """
        found: dict[str, tuple[str, Reading | None]] = {}
        for rule in self.rules:
            for one in (each for group in (*rule.preconditions, *rule.exceptions) for each in group.any):
                text, reading = rule.fill(one.statement), one.reading
                for field in one.reads:
                    if field not in self.context:
                        message, hint = undeclared(field, self.context)
                        raise UserError(f"{rule.id}: `{text}` reads what is not there: {message}", hint=hint)
                where, before = found.setdefault(text, (rule.id, reading))
                if before != reading:
                    raise UserError(
                        f"{rule.id}: `{text}` {reading or IMAGE}, and in {where} it {before or IMAGE}",
                        hint="write the same `reads` and `sees` in both, or other words in one of them",
                    )
        return {text: reading for text, (_, reading) in found.items() if reading is not None}

    @property
    def digest(self) -> str:
        """SHA-256 of the meaning of the file: comments and layout do not count."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def settled(self, approved: Collection[str]) -> Constitution:
        """The constitution as it is judged where approval is required: rules that are not `approved` in shadow.

        Where no approval is required, or it was settled before, the constitution itself.
        """
        if not self.require_approval:
            return self
        rules = (rule if rule.id in approved else rule.model_copy(update={"status": "shadow"}) for rule in self.rules)
        return self.model_copy(update={"rules": tuple(rules), "require_approval": False})

    @property
    def without_chain(self) -> tuple[str, ...]:
        """Ids of the rules that have no preconditions, and so cannot be judged."""
        return tuple(rule.id for rule in self.rules if not rule.preconditions)
