"""`load_constitution`: a file to a `Constitution`, or every mistake in it at once.

1. read the text; 2. parse it, keeping lines (`document`); 3. validate against the models (`schema`);
4. check what the models cannot see: ids used twice, parameters and categories that do not exist.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from judge.constitution.document import Document, read_document
from judge.constitution.schema import REFERENCE, Constitution, Precondition, Rule, Statement
from judge.errors import ConstitutionError, Problem, UserError
from judge.resources import shipped_constitutions
from judge.settings import ThresholdOverrides


def load_constitution(source: str | Path) -> Constitution:
    """Load a constitution from a path, or by the name of one that ships (`demo`, `os-bench`).

    Raises:
        UserError: no such file, or not readable text.
        ConstitutionError: mistakes in the file, all of them, each with file:line.
    """
    path = _locate(source)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason})", hint="save the file as UTF-8") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    return parse_constitution(text, file=str(path))


def parse_constitution(text: str, *, file: str = "<text>") -> Constitution:
    """Validate the text of a constitution; `file` is the name that mistakes are reported under.

    Raises:
        ConstitutionError: every mistake found.
    """
    document = read_document(text, file)
    problems = list(document.problems)
    constitution = None
    try:
        constitution = Constitution.model_validate(document.data)
    except ValidationError as error:
        problems += [_problem(document, one) for one in _distinct(error)]
    problems += _cross_checks(document)
    if problems or constitution is None:
        raise ConstitutionError(tuple(dict.fromkeys(problems)))
    return constitution


def _locate(source: str | Path) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    by_name = shipped_constitutions()
    if str(source) in by_name:
        return by_name[str(source)]
    near = difflib.get_close_matches(path.stem, by_name, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"give a path, or a shipped name: {', '.join(by_name)}"
    raise UserError(f"no constitution at {source}", hint=hint)


_MODELS: dict[str, type[BaseModel]] = {
    "rules": Rule, "preconditions": Precondition, "exceptions": Precondition, "any": Statement,
    "thresholds": ThresholdOverrides,
}  # fmt: skip


def _distinct(error: ValidationError) -> Iterable[Any]:
    """One mistake per place: a value that fits none of a union's types is one mistake, not several."""
    seen = set()
    for one in error.errors(include_url=False):
        key = (
            one["loc"][:-1]
            if one["type"].endswith(("_type", "_parsing")) and "parameters" in one["loc"]
            else one["loc"]
        )
        if key not in seen:
            seen.add(key)
            yield one


def _problem(document: Document, error: Any) -> Problem:
    loc, kind, context = tuple(error["loc"]), error["type"], error.get("ctx", {})
    name = loc[-1] if loc else ""
    if loc and name == "[key]":  # a mapping's key, not its value
        return document.problem(loc[:-1], f"`{loc[-2]}`: {error['msg']}", key=True)
    if kind == "extra_forbidden":
        known = tuple(_fields_at(loc[:-1]))
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
        return document.problem(loc, f"unknown key `{name}`", hint, key=True)
    if kind == "missing":
        return document.problem(loc[:-1], f"`{name}` is missing", "add it")
    if kind == "literal_error":
        hint = _nearest(error["input"], context["expected"])
        return document.problem(loc, f"`{error['input']}` is no {_named(loc)}", hint)
    if kind == "string_type":
        return document.problem(loc, f"{_named(loc)} must be text, not {error['input']!r}", "quote it")
    if kind == "string_pattern_mismatch":
        shape = "MAJOR.MINOR.PATCH, such as 1.0.0" if name == "version" else "lower-case letters, digits and hyphens"
        return document.problem(loc, f"{_named(loc)} `{error['input']}` does not fit", f"use {shape}")
    return document.problem(loc, f"{_named(loc)}: {error['msg'][0].lower()}{error['msg'][1:]}")


def _named(loc: tuple[Any, ...]) -> str:
    words = [str(part) for part in loc if isinstance(part, str)]
    return words[-1] if words else "the file"


def _nearest(given: object, expected: str) -> str:
    options = [option.strip(" '") for option in expected.replace(" or ", ",").split(",")]
    near = difflib.get_close_matches(str(given), options, n=1)
    return f"did you mean `{near[0]}`?" if near else f"one of: {', '.join(options)}"


def _fields_at(loc: tuple[Any, ...]) -> Iterable[str]:
    inner = [part for part in loc if part in _MODELS]
    model = _MODELS[inner[-1]] if inner else Constitution
    extra = ("statement", "central_objects") if model is Precondition else ()
    return (*model.model_fields, *extra)


def _cross_checks(document: Document) -> Iterable[Problem]:
    """What only shows when the whole file is seen; runs on raw data, so it works beside other mistakes."""
    data = document.data
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
