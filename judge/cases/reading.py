"""`F.test.yaml` to cases, or every mistake in it at once. Knows no verdict and no model.

1. read the text, keeping lines; 2. validate its shape; 3. check what names something else: rules, statements, images.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from judge.chain import chain_of
from judge.constitution import Constitution
from judge.constitution.document import Document, clipped, read_document
from judge.constitution.load import read_text
from judge.constitution.told import checked_context
from judge.errors import ConstitutionError, Problem, UserError
from judge.settings import Frozen

SUFFIX = ".test.yaml"
MOST_WORDS = 300  # characters


class Expected(StrEnum):
    """What a rule should come to on an image. `todo_*`: it should, and today it is known not to."""

    VIOLATES = "violates"
    OK = "ok"
    TODO_VIOLATES = "todo_violates"
    TODO_OK = "todo_ok"

    @property
    def is_todo(self) -> bool:
        return self in (Expected.TODO_VIOLATES, Expected.TODO_OK)

    @property
    def settled(self) -> Expected:
        """The expectation without its `todo_`."""
        return Expected(self.removeprefix("todo_"))


class Case(Frozen):
    """One image, what each rule should come to on it, and what single statements should come to.

    words: what the image shows, for whoever decides a debate about another one. context: what is told beside the image.
    One image may have a case with each of several.
    """

    image: Annotated[str, StringConstraints(min_length=1)]
    words: Annotated[str, StringConstraints(min_length=1, max_length=MOST_WORDS)] | None = None
    context: dict[str, str] = Field(default_factory=dict)
    expect: dict[str, Expected] = Field(min_length=1)
    preconditions: dict[str, Literal["holds", "fails"]] = Field(default_factory=dict)


class _TestFile(Frozen):
    cases: tuple[Case, ...] = Field(min_length=1)


class LocatedCase(Frozen):
    """A case, where it stands, and the path of its image as it can be opened from here."""

    case: Case
    path: str
    file: str
    line: int


def beside(constitution: Path) -> Path:
    """The test file that belongs to a constitution: `F.test.yaml` beside `F.yaml`.

    Raises:
        UserError: there is none.
    """
    path = constitution.with_name(constitution.stem.removesuffix(".lock") + SUFFIX)
    if not path.is_file():
        raise UserError(
            f"no test file at {path}",
            hint="write it (`cases:` with `image:` and `expect: {RULE: violates}`), or name one with --cases",
        )
    return path


def load_cases(path: Path, constitution: Constitution) -> tuple[LocatedCase, ...]:
    """Read a test file.

    Raises:
        UserError: the file cannot be read.
        ConstitutionError: every mistake in it, each with file:line.
    """
    return parse_cases(read_text(path), path, constitution)


def parse_cases(text: str, path: Path, constitution: Constitution, *, images: bool = True) -> tuple[LocatedCase, ...]:
    """Validate the text of a test file; images are looked for from the folder of `path`. images: whether it
    is a mistake that one is not there.

    Raises:
        ConstitutionError: every mistake found.
    """
    document = read_document(text, str(path))
    problems = list(document.problems)
    read = None
    try:
        read = _TestFile.model_validate(document.data)
    except ValidationError as error:
        problems += [_problem(document, one) for one in error.errors(include_url=False)]
    problems += _cross_checks(document, path.parent, constitution, images)
    if problems or read is None:
        raise ConstitutionError(tuple(dict.fromkeys(problems)))
    return tuple(
        LocatedCase(
            case=case,
            path=_opened_at(path.parent, case.image),
            file=str(path),
            line=document.values[("cases", index)][0],
        )
        for index, case in enumerate(read.cases)
    )


def _opened_at(folder: Path, image: str) -> str:
    return os.path.normpath(folder / image)


_KNOWN = {"cases": Case.model_fields, "": _TestFile.model_fields}
_SHAPES = {
    "dict_type": "a mapping (`key: value` lines)",
    "model_type": "a mapping (`key: value` lines)",
    "tuple_type": "a list",
    "string_type": "text",
}


def _problem(document: Document, error: Any) -> Problem:
    loc, kind = tuple(error["loc"]), error["type"]
    name = str(loc[-1]) if loc else "the file"
    shown = "nothing" if error["input"] is None else clipped(repr(error["input"]))
    if kind == "extra_forbidden":
        known = tuple(_KNOWN["cases" if loc[:1] == ("cases",) else ""])
        return document.problem(loc, f"unknown key `{clipped(name)}`", _nearest(name, known), key=True)
    if kind == "missing":
        return document.problem(loc[:-1], f"`{name}` is missing", "add it")
    if kind in ("enum", "literal_error"):
        words = tuple(Expected) if kind == "enum" else ("holds", "fails")
        hint = _nearest(str(error["input"]), words) if isinstance(error["input"], str) else f"one of {_listed(words)}"
        return document.problem(loc, f"`{clipped(name)}` cannot be expected to be {shown}", hint)
    if kind == "string_too_long":
        return document.problem(loc, f"{name} must have at most {MOST_WORDS} characters, and has {len(error['input'])}")
    if kind in ("too_short", "string_too_short"):
        return document.problem(loc, f"{name} must not be empty")
    if kind in _SHAPES:
        where = "a case" if isinstance(loc[-1] if loc else None, int) else name
        return document.problem(loc, f"{where} must be {_SHAPES[kind]}, not {shown}")
    return document.problem(loc, f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}")


def _nearest(given: str, known: Iterable[str]) -> str:
    words = list(known)
    near = difflib.get_close_matches(given, words, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known here: {_listed(words)}"


def _listed(words: Iterable[str]) -> str:
    every = list(words)
    return ", ".join(every[:12]) + (", ..." if len(every) > 12 else "")


def _cross_checks(document: Document, folder: Path, constitution: Constitution, images: bool) -> Iterator[Problem]:
    """Mistakes in what cases name. Works on plain data, so that it also sees files that did not validate."""
    cases = document.data.get("cases") if isinstance(document.data, dict) else None
    if not isinstance(cases, list):
        return
    statements = {rule.id: chain_of(rule).statements for rule in constitution.rules}
    seen: dict[tuple[str, str], int] = {}
    for index, case in enumerate(cases):
        if not isinstance(case, dict):
            continue
        yield from _context(document, constitution, case.get("context"), index)
        if images:
            yield from _image(document, folder, case, index, seen)
        expect = case.get("expect")
        expected = list(expect) if isinstance(expect, dict) else []
        for rule in expected:
            if rule not in statements:
                yield document.problem(
                    ("cases", index, "expect", rule),
                    f"no rule `{clipped(rule)}` in {constitution.constitution}",
                    _nearest(rule, statements),
                    key=True,
                )
        preconditions = case.get("preconditions")
        if isinstance(preconditions, dict) and all(rule in statements for rule in expected):
            known = list(dict.fromkeys(text for rule in expected for text in statements[rule]))
            for text in preconditions:
                if text not in known:
                    yield document.problem(
                        ("cases", index, "preconditions", text),
                        f"'{clipped(text)}' is no statement of the rules expected here",
                        _nearest_statement(text, known, statements),
                        key=True,
                    )


def _nearest_statement(text: str, known: list[str], statements: dict[str, tuple[str, ...]]) -> str:
    owner = next((rule for rule, texts in statements.items() if text in texts), None)
    if owner is not None:
        return f"it is one of `{owner}`: say under `expect` what that rule comes to"
    return _nearest(text, known) if known else "parameters are to be put in, as the model is asked"


def _context(document: Document, constitution: Constitution, context: Any, index: int) -> Iterator[Problem]:
    for name, text in context.items() if isinstance(context, dict) else ():
        try:
            checked_context(constitution, {name: text})
        except UserError as error:
            yield document.problem(("cases", index, "context", name), error.message, error.hint)


def _image(
    document: Document, folder: Path, case: dict[str, Any], index: int, seen: dict[tuple[str, str], int]
) -> Iterator[Problem]:
    image = case.get("image")
    if not isinstance(image, str) or not image:
        return
    path = _opened_at(folder, image)
    try:
        present = Path(path).is_file()
    except (OSError, ValueError):  # a name too long, or one with a NUL in it
        present = False
    if not present:
        yield document.problem(("cases", index, "image"), f"no image at {clipped(path)}", _near_file(path))
    elif (thing := (path, json.dumps(case.get("context") or {}, sort_keys=True, default=str))) in seen:
        first = document.values[("cases", seen[thing], "image")][0]
        yield document.problem(
            ("cases", index, "image"), f"{clipped(image)} has a case already", f"on line {first}: expect it all there"
        )
    else:
        seen[thing] = index


def _near_file(path: str) -> str:
    try:
        names = [one.name for one in Path(path).parent.iterdir()]
    except (OSError, ValueError):
        return "paths start from the folder of the test file"
    near = difflib.get_close_matches(Path(path).name, names, n=1)
    return f"did you mean `{near[0]}`?" if near else "paths start from the folder of the test file"
