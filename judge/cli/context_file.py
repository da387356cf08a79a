"""`--context FILE.json`: what is told beside the images of a command line. Knows no model.

Either one object of fields and texts, told beside every image, or an object of such objects, by image.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from judge import files
from judge.constitution import Constitution
from judge.constitution.told import checked_context
from judge.errors import UserError
from judge.json_once import KeyTwice, once
from judge.printable import printable

MOST = 16 * 2**20  # bytes
_NAMED = 5  # images that a message names
ContextOf = Callable[[str], dict[str, str]]


def read_context(name: str, constitutions: Sequence[Constitution], images: Callable[[], Iterable[str]]) -> ContextOf:
    """What the file tells beside each image. constitutions: by which they are judged; none where a server has it, which
    says itself what does not fit. images: all that will be judged; they are listed only where the file speaks of them
    one by one.

    Raises:
        UserError: the file cannot be read, is no JSON, tells what no constitution declares, or more of it than one of
            them reads, has nothing of an image, or does not say of which of two it speaks.
    """
    text = _text(name)
    data = _parsed(text, name)
    kinds = {type(value) for value in data.values()}
    if kinds != {dict}:
        if dict in kinds:
            odd = next(key for key, value in data.items() if not isinstance(value, dict))
            _refuse(
                name, _line(text, odd), f"`{printable(odd)}` is no object, and others here are",
                "write one object of fields for all images, or one for each image",
            )  # fmt: skip
        told = _fits(constitutions, data, name, text, 0)
        return lambda _: told
    by_key = {key: _fits(constitutions, each, name, text, _at(text, key)) for key, each in data.items()}
    found = _by_image(by_key, images(), name, text)
    return lambda image: found[image]


def _by_image(
    by_key: dict[str, dict[str, str]], images: Iterable[str], name: str, text: str
) -> dict[str, dict[str, str]]:
    """The context of each image: under its path, however that is spelled, or under its file name, where only one has
    that."""
    place_of = _Places()
    every = {image: place_of(image) for image in images}
    there = set(every.values())
    by_place = dict[str, str]()
    for key, told in by_key.items():
        if (place := place_of(key)) in there and by_key[other := by_place.setdefault(place, key)] != told:
            _refuse(
                name, _line(text, key), f"`{printable(key)}` is told something else than `{printable(other)}`",
                "one file is meant by both: leave one of them",
            )  # fmt: skip
    found = {image: by_key[by_place[place]] for image, place in every.items() if place in by_place}
    named, without, twice = dict[str, str](), [], dict[str, str]()
    for image, place in every.items():
        key = Path(image).name
        elsewhere = place_of(key) not in there  # as a path the name is of no image here
        if image in found:
            if elsewhere and by_key.get(key, found[image]) != found[image]:
                twice.setdefault(key, image)
            continue
        if key not in by_key or not elsewhere:
            without.append(printable(image))
        elif every[other := named.setdefault(key, image)] != place:
            _refuse(
                name, _line(text, key), f"`{printable(key)}` may be {printable(other)} or {printable(image)}",
                "write the path of each, as the command line names it",
            )  # fmt: skip
    for key, image in twice.items():
        if key not in named:  # else it is told of another image of that name
            _refuse(
                name, _line(text, key), f"`{printable(key)}` is told something else than {printable(image)}",
                "one image is meant by both: leave one of them",
            )  # fmt: skip
    found |= {image: by_key[Path(image).name] for image in every if image not in found and Path(image).name in named}
    if without:
        some = ", ".join(without[:_NAMED]) + (f" and {len(without) - _NAMED} more" if without[_NAMED:] else "")
        raise UserError(
            f"{printable(name)} has nothing of {some}",
            hint="add each by its path or its name; {} where nothing is told",
        )
    return found


class _Places:
    """Where a path leads, so that each spelling of it is one. The file's own name stays, whatever it links to: two
    names are two images."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        folder, name = os.path.split(path)
        if folder not in self._folders:
            try:
                self._folders[folder] = os.path.realpath(folder)
            except (OSError, ValueError):  # a name too long, or one with a NUL in it
                self._folders[folder] = folder
        return os.path.join(self._folders[folder], name)  # noqa: PTH118


def _fits(
    constitutions: Sequence[Constitution], told: dict[str, Any], name: str, text: str, start: int
) -> dict[str, str]:
    for key, value in told.items():
        if not constitutions:
            if not isinstance(value, str):
                _refuse(name, _line(text, key, start), f"`{printable(key)}` is no text", "put it between quotes")
            continue
        for one in [each for each in constitutions if key in each.context] or constitutions[:1]:
            try:
                checked_context(one, {key: value})
            except UserError as error:
                _refuse(name, _line(text, key, start), error.message, error.hint)
    return told


def _text(name: str) -> str:
    try:
        return files.read_text(Path(name), MOST)
    except UnicodeDecodeError as error:
        raise UserError(f"{printable(name)}: not UTF-8 text ({error.reason})", hint="save it as UTF-8") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(f"{printable(name)}: cannot be read ({why})", hint="give the path of a JSON file") from error


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        data = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=once)
    except json.JSONDecodeError as error:
        _refuse(name, error.lineno, f"not JSON: {error.msg[0].lower()}{error.msg[1:]}", "check quotes and commas here")
    except KeyTwice as error:
        key = str(error)
        again = _at(text, key, _at(text, key) + 1)
        _refuse(name, text.count("\n", 0, again) + 1, f"`{printable(key)}` stands twice", "leave one of them")
    except (RecursionError, ValueError) as error:
        raise UserError(
            f"{printable(name)}: not JSON that can be read", hint="an object of fields and texts"
        ) from error
    if not isinstance(data, dict) or not data:
        shown = "nothing" if data in ({}, None) else f"a {type(data).__name__}" if not isinstance(data, dict) else ""
        _refuse(name, 1, f"it must be an object of fields and texts, not {shown}", 'such as {"caption": "..."}')
    return data


def _at(text: str, key: str, start: int = 0) -> int:
    """Where a key stands, from `start` on; `start` where it is written in another way."""
    for written in (json.dumps(key, ensure_ascii=False), json.dumps(key)):
        found = re.compile(r"(?<!\\)" + re.escape(written) + r"\s*:").search(text, start)
        if found is not None:
            return found.start()
    return start


def _line(text: str, key: str, start: int = 0) -> int:
    return text.count("\n", 0, _at(text, key, start)) + 1


def _refuse(name: str, line: int, message: str, hint: str) -> NoReturn:
    raise UserError(f"{printable(name)}:{line}: {message}", hint=hint)
