"""What is told beside a picture, put between marks for a model, and what was found out about it alone.

It comes from anybody, so it is text to be judged and never an instruction. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from judge.constitution.context import Reading
from judge.errors import ModelError, UserError
from judge.judging.probability import Facts
from judge.languages import Language

Context = Mapping[str, str]
_LINES = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
_MARKS = re.compile(r"\[(?=/?[A-Z][A-Z_0-9 ]*\])|\N{WHITE LEFT-POINTING TRIANGLE}")  # `[INST]` and what is like it
_OPENING = re.compile("[<\N{FULLWIDTH LESS-THAN SIGN}\N{SMALL LESS-THAN SIGN}]")
_ROLES = re.compile(  # turns of templates without marks: in capitals anywhere, since some write them in one line
    r"(\b(?:USER|ASSISTANT|SYSTEM|HUMAN)|^[ \t>#*_-]*(?i:user|human|assistant|system|model|bot|ai))([ \t*_]*)"
    "[:\N{FULLWIDTH COLON}]",
    re.M,
)
_JOINERS = "\u200c\u200d"  # within words of some scripts, and within emoji
_END = object()


@dataclass(eq=False)
class GivenContext:
    """What is told beside one picture, or beside one clip, and what was found out about it alone.

    fields: the texts by field. readings: by statement, what it looks at. facts, failures, exhausted: of statements that
    look at these texts alone, as a `ViewState` keeps them of a view: they are asked once, however many views there are.
    """

    fields: Context = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    failures: dict[str, ModelError] = field(default_factory=dict)
    exhausted: set[str] = field(default_factory=set)

    def missing(self, reading: Reading) -> tuple[str, ...]:
        """The fields that a statement reads and that were not given. An empty text is given."""
        return tuple(name for name in reading.fields if name not in self.fields)

    def block(self, reading: Reading, language: Language) -> str:
        """The fields that a statement reads, and no others, between marks."""
        return block([(name, self.fields[name]) for name in reading.fields], language)


def block(fields: Iterable[tuple[str, str | None]], language: Language) -> str:
    """Fields between marks that their texts cannot close; None: that it was not told."""
    shown = [(name, None if text is None else quoted(text)) for name, text in fields]
    return language.render("given", fields=shown)


def quoted(text: str) -> str:
    """A text as it goes between marks: nothing in it can close them, or begin another turn of the conversation.

    What could is replaced by a sign that looks like it, and what cannot be seen by its number: visibly, so that nothing
    is hidden from the model either.
    """
    plain = _MARKS.sub(lambda found: "\N{FULLWIDTH LEFT SQUARE BRACKET}" if found[0] == "[" else "(", text)
    plain = _LINES.sub("\n", _OPENING.sub("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", plain))
    plain = _ROLES.sub("\\1\\2\N{MODIFIER LETTER COLON}", plain)
    return "".join(one if one.isprintable() or one in "\n\t" + _JOINERS else repr(one)[1:-1] for one in plain)


def in_step(images: Iterable[Any], contexts: Iterable[Any], told: list[Any]) -> Iterator[Any]:
    """The images, each after its context was put behind `told`.

    Raises:
        UserError: there are more of one than of the other, once that shows.
    """
    others = iter(contexts)
    for image in images:
        context = next(others, _END)
        if context is _END:
            raise UserError("there are more images than contexts", hint="give one for each; None where nothing is told")
        told.append(context)
        yield image
    if next(others, _END) is not _END:
        raise UserError("there are more contexts than images", hint="give one for each image, in the same order")
