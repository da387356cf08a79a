"""`load_constitution`: a file to a `Constitution`, or every mistake in it at once.

1. read the text; 2. parse it, keeping lines (`document`); 3. validate against the models (`schema`);
4. check what the models cannot see: ids used twice, parameters and categories that do not exist.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from judge import files
from judge.constitution.clip_bound import ClipBound
from judge.constitution.context import ContextField
from judge.constitution.document import MAX_BYTES, Document, clipped, read_document
from judge.constitution.reading_checks import reading_mistakes
from judge.constitution.schema import LANGUAGE, REFERENCE, Constitution, Precondition, Rule, Statement
from judge.errors import ConstitutionError, Problem, UserError
from judge.languages import available
from judge.resources import shipped_constitutions
from judge.settings import ThresholdOverrides


def load_constitution(source: str | Path) -> Constitution:
    """Load a constitution from a path, or by the name of one that ships (`demo`, `os-bench`).

    Raises:
        UserError: no such file, or not readable text.
        ConstitutionError: mistakes in the file, all of them, each with file:line.
    """
    path = locate(source)
    return parse_constitution(read_text(path), file=str(path))


def read_text(path: Path, most: int = MAX_BYTES) -> str:
    """The text of a file that a person wrote, of at most `most` bytes.

    Raises:
        UserError: not readable, no regular file, larger, or not UTF-8.
    """
    try:
        return files.read_text(path, most)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason})", hint="save the file as UTF-8") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error


def parse_constitution(text: str, *, file: str = "<text>") -> Constitution:
    """Validate the text of a constitution; `file` is the name that mistakes are reported under.

    Raises:
        ConstitutionError: every mistake found.
    """
    constitution, problems = examine(read_document(text, file))
    if problems or constitution is None:
        raise ConstitutionError(problems)
    return constitution


def examine(document: Document) -> tuple[Constitution | None, tuple[Problem, ...]]:
    """The constitution in a parsed file, where it is whole, and every mistake found."""
    problems = list(document.problems)
    constitution = None
    try:
        constitution = Constitution.model_validate(document.data)
    except ValidationError as error:
        unread = {(one.line, one.column) for one in problems}
        found = (_problem(document, one) for one in _distinct(error))
        problems += [one for one in found if one.message.endswith("missing") or (one.line, one.column) not in unread]
    problems += _cross_checks(document)
    return constitution, tuple(dict.fromkeys(problems))


def locate(source: str | Path) -> Path:
    """The file that `source` means: a path, or the name of a constitution that ships.

    Raises:
        UserError: there is none.
    """
    path = Path(source)
    try:
        if path.is_file():
            return path
    except OSError as error:
        raise UserError(f"no constitution at {clipped(source)}: {error.strerror}") from error
    by_name = shipped_constitutions()
    if str(source) in by_name:
        return by_name[str(source)]
    near = difflib.get_close_matches(path.stem, by_name, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"give a path, or a shipped name: {', '.join(by_name)}"
    raise UserError(f"no constitution at {clipped(source)}", hint=hint)


_MODELS: dict[str, type[BaseModel]] = {
    "rules": Rule,
    "preconditions": Precondition,
    "exceptions": Precondition,
    "any": Statement,
    "thresholds": ThresholdOverrides,
    "clip": ClipBound,
    "context": ContextField,
}


def _distinct(error: ValidationError) -> Iterable[Any]:
    """One mistake per place: a parameter that fits no type of its union is one mistake, not several."""
    seen = set()
    for one in error.errors(include_url=False):
        place = one["loc"][:4] if _is_parameter(one["loc"]) else one["loc"]
        if one["type"] == "too_short" and one["input"]:
            continue  # its items were dropped for mistakes of their own, which are reported
        if place not in seen:
            seen.add(place)
            yield one


def _is_parameter(loc: tuple[Any, ...]) -> bool:
    return loc[2:3] == ("parameters",) and len(loc) > 4 and loc[-1] != "[key]"


_SHAPES = {
    "dict_type": "a mapping (`key: value` lines)",
    "model_type": "a mapping (`key: value` lines)",
    "tuple_type": "a list",
}
_NAME_SHAPES = {
    "version": "MAJOR.MINOR.PATCH, such as 1.0.0",
    "parameters": "letters, digits and underscores",
    "language": "a short code, such as en or de",
    "context": "lower-case letters, digits, hyphens and underscores, a letter first",
    "reads": "the name of a field of `context`",
}


def _problem(document: Document, error: Any) -> Problem:
    loc, kind, context = tuple(error["loc"]), error["type"], error.get("ctx", {})
    name = loc[-1] if loc else ""
    shape = _NAME_SHAPES.get(_named(loc[:-2] if name == "[key]" else loc), "lower-case letters, digits and hyphens")
    if loc and name == "[key]":  # a mapping's key, not its value
        return document.problem(loc[:-1], f"key `{clipped(loc[-2])}` does not fit", f"use {shape}", key=True)
    if _is_parameter(loc):
        message = f"parameter `{clipped(loc[3])}` must be a number or text, not {_shown(error['input'])}"
        return document.problem(loc, message, "quote it")
    loc = _written(document, loc)
    if kind == "extra_forbidden":
        known = tuple(_fields_at(loc[:-1]))
        if name in known:
            return document.problem(loc, f"`{name}` does not go with `any`", "put it under `any`", key=True)
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
        return document.problem(loc, f"unknown key `{clipped(name)}`", hint, key=True)
    if kind == "missing":
        return document.problem(loc[:-1], f"`{name}` is missing", "add it")
    if kind == "literal_error":
        hint = _nearest(error["input"], context["expected"])
        what = "step" if _named(loc) == "escalate" else _named(loc)
        return document.problem(loc, f"`{clipped(error['input'])}` is no {what}", hint)
    if kind == "string_type":
        return document.problem(loc, f"{_named(loc)} must be text, not {_shown(error['input'])}", "quote it")
    if kind == "string_pattern_mismatch":
        return document.problem(loc, f"{_named(loc)} `{clipped(error['input'])}` does not fit", f"use {shape}")
    if kind == "too_short":
        return document.problem(loc, f"{_named(loc)} must not be empty")
    if kind == "unfilled":
        hint = "say in place of ___ what is seen in a picture that breaks the rule, or take the line out"
        return document.problem(loc, f"`{clipped(context['text'])}` is not filled in", hint)
    if kind in _SHAPES:
        short_form = kind == "model_type" and _named(loc) in ("preconditions", "exceptions", "any")
        wanted = f"text or {_SHAPES[kind]}" if short_form else _SHAPES[kind]
        return document.problem(loc, f"{_named(loc)} must be {wanted}, not {_shown(error['input'])}")
    if kind == "context_most":
        return document.problem(loc, f"{loc[1]}: {error['msg']}")
    said = error["msg"].removeprefix("Value error, ")
    return document.problem(loc, f"{_named(loc)}: {said[0].lower()}{said[1:]}")


def _named(loc: tuple[Any, ...]) -> str:
    words = [str(part) for part in loc if isinstance(part, str)]
    if words[:1] == ["categories"] and len(words) > 1:
        return "moderation key"
    return words[-1] if words else "the file"


def _shown(value: object) -> str:
    return "nothing" if value is None else clipped(repr(value))


def _written(document: Document, loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """`loc` as the file has it: the short form of a precondition is read as `any` with one alternative."""
    short = loc[2:3] in (("preconditions",), ("exceptions",)) and loc[4:5] == ("any",) and len(loc) > 5
    return (*loc[:4], *loc[6:]) if short and loc[:5] not in document.values else loc


def _nearest(given: object, expected: str) -> str:
    options = [option.strip(" '") for option in expected.replace(" or ", ",").split(",")]
    near = difflib.get_close_matches(str(given), options, n=1)
    return f"did you mean `{near[0]}`?" if near else f"one of: {', '.join(options)}"


def _fields_at(loc: tuple[Any, ...]) -> Iterable[str]:
    inner = [part for part in loc if part in _MODELS] if loc[:1] != ("context",) else ["context"] * (len(loc) > 1)
    model = _MODELS[inner[-1]] if inner else Constitution
    return (*Statement.model_fields, "any") if model is Precondition else model.model_fields


def _cross_checks(document: Document) -> Iterable[Problem]:
    """What only shows when the whole file is seen; runs on raw data, so it works beside other mistakes."""
    data = document.data
    if isinstance(data, dict):
        yield from _language(document, data.get("language"))
        yield from reading_mistakes(document)
    rules = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(rules, list):
        return
    seen: dict[str, int] = {}
    for index, rule in enumerate(rules):
        if not isinstance(rule, dict):
            continue
        identifier = rule.get("id")
        if isinstance(identifier, str):
            if identifier in seen:
                line = document.values[("rules", seen[identifier], "id")][0]
                yield document.problem(
                    ("rules", index, "id"), f"id `{identifier}` is used twice", f"first on line {line}"
                )
            seen.setdefault(identifier, index)
        yield from _references(document, rule, index)
        yield from _category(document, rule, index, data.get("categories"))


def _language(document: Document, written: Any) -> Iterable[Problem]:
    """Prompts must exist in the language: statements in one and prompts in another get answers that mean nothing."""
    if isinstance(written, str) and re.match(LANGUAGE, written) and written not in available():
        hint = f"there are: {', '.join(available())}"
        yield document.problem(("language",), f"no prompts in language `{clipped(written)}`", hint)


def _references(document: Document, rule: dict[str, Any], index: int) -> Iterable[Problem]:
    parameters = rule.get("parameters")
    known = list(parameters) if isinstance(parameters, dict) else []
    for path, text in _texts(rule, ("rules", index)):
        if path[2] in ("parameters", "thresholds"):
            continue
        for name in REFERENCE.findall(text):
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {{{near[0]}}}?" if near else "add it under `parameters`"
                yield document.problem(path, f"{{{name}}} is no parameter of this rule", hint)


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts(inner, (*path, position))


def _category(document: Document, rule: dict[str, Any], index: int, categories: Any) -> Iterable[Problem]:
    """A mapped constitution must map every category; one without `categories` maps nothing."""
    category = rule.get("category")
    if isinstance(categories, dict) and categories and isinstance(category, str) and category not in categories:
        near = difflib.get_close_matches(category, list(categories), n=1)
        hint = f"did you mean `{near[0]}`?" if near else "add it under `categories` with its moderation keys, or []"
        yield document.problem(("rules", index, "category"), f"category `{category}` is not mapped", hint)
