"""YAML text to plain data in which every value keeps its line. Knows nothing of rules.

Only what is safe is understood: no tags, no merge keys, no recursion, bounds on depth (the C composer
would overflow its stack) and on the number of values (a few aliases can otherwise stand for billions).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from judge.constitution.yaml_words import in_words
from judge.errors import ConstitutionError, Problem

MAX_BYTES = 16 * 2**20
MAX_NODES = 1_000_000
MAX_DEPTH = 64
_TOO_DEEP = ("nested too deeply", f"at most {MAX_DEPTH} levels")
Path = tuple[str | int, ...]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times faster


@dataclass
class Document:
    """Plain data of one file, and where each value and each key stands (1-based line, column)."""

    file: str
    data: Any = None
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """A problem at `path`, or at its nearest enclosing value that has a place."""
        places = self.keys if key else self.values
        while path and path not in places:
            path, places = path[:-1], self.values
        line, column = places.get(path, (1, 1))
        return Problem(self.file, line, column, message, hint)


def read_document(text: str, file: str) -> Document:
    """Parse one YAML document.

    Raises:
        ConstitutionError: when the text is no YAML at all. Lesser mistakes (duplicate keys, recursion)
            are collected in `Document.problems`.
    """
    document = Document(file)
    if len(text) > MAX_BYTES:
        raise ConstitutionError((Problem(file, 1, 1, f"larger than {MAX_BYTES // 2**20} MiB"),))
    text = text.removeprefix("\ufeff")
    _check_characters(text, file)
    loader = None
    try:
        _check_depth(text, file)
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise ConstitutionError((_syntax_problem(error, text, file),)) from error
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        raise ConstitutionError((Problem(file, 1, 1, "the file is empty", "start with `constitution: NAME`"),))
    document.data = _Walk(document).value(node, (), ())
    return document


def clipped(value: object) -> str:
    """A value as one line of at most 60 characters, to be quoted in a message."""
    line = " ".join(str(value).split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def comment(text: str) -> str:
    """`text` as one line that can stand in a comment, with a mark for every character that YAML does not allow."""
    return _FORBIDDEN.sub("\ufffd", " ".join(text.split()))


def _check_characters(text: str, file: str) -> None:
    found = _FORBIDDEN.search(text)
    if found:
        before = text[: found.start()]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        message = f"not YAML: the character U+{ord(found.group()):04X} is not allowed"
        raise ConstitutionError((Problem(file, line, column, message, "remove it"),))


def _check_depth(text: str, file: str) -> None:
    """Events come one by one without recursion, unlike nodes."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_deep(event, file)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(at: Any, file: str) -> ConstitutionError:
    line, column = at.start_mark.line + 1, at.start_mark.column + 1
    return ConstitutionError((Problem(file, line, column, *_TOO_DEEP),))


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    if "nesting depth" in said:  # newer libyaml has a limit of its own, and reads ahead of the events that we count
        return Problem(file, line, column, *_TOO_DEEP)
    lines = text.splitlines()
    at = lines[line - 1] if line <= len(lines) else ""
    message, hint = in_words(said, error, at)
    return Problem(file, line, column, f"not YAML: {message}", hint)


class Comment(NamedTuple):
    """A comment, and the lines (from 1) that it, what ends before it and what begins behind it stand on."""

    text: str
    line: int
    before: int
    behind: int


def comments(text: str) -> tuple[Comment, ...]:
    """Every comment in a YAML text: what begins with `#` between its tokens, or in the first line of a block.

    Raises:
        yaml.YAMLError: the text is no YAML.
    """
    text = text.removeprefix("\ufeff")
    found: list[Comment] = []
    at, line = 0, 0
    for token in yaml.scan(text, Loader=_Loader):
        start, end = token.start_mark, token.end_mark
        between = enumerate(text[at : start.index].splitlines(), line + 1)
        found += [Comment(one.strip(), n, line + 1, start.line + 1) for n, one in between if one.strip()]
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            _, mark, said = text[start.index : end.index].partition("\n")[0].partition("#")
            found += [Comment(mark + said, start.line + 1, start.line + 1, end.line + 1)] if mark else []
        at, line = end.index, end.line
    return tuple(found)


class _Walk:
    """Turns a node tree into data, noting places and refusing what is not plain."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0
        self.constructor = yaml.SafeLoader("")

    def value(self, node: Any, path: Path, parents: tuple[int, ...]) -> Any:
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.document.values[path] = place
        self.count += 1
        if self.count > MAX_NODES:
            problem = Problem(
                self.document.file, *place, f"more than {MAX_NODES:,} values", "aliases multiply: write it out"
            )
            raise ConstitutionError((problem,))
        if id(node) in parents:
            self._note(path, "an anchor that contains itself", "remove the alias")
            return None
        if len(parents) > MAX_DEPTH:  # aliases nest without indentation
            raise _too_deep(node, self.document.file)
        parents = (*parents, id(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if node.tag not in _PLAIN_TAGS:
            self._note(path, f"cannot read a value as {clipped(node.tag.rsplit(':', 1)[-1])}", "remove the tag")
            return None
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index), parents) for index, item in enumerate(node.value)]
        return self._mapping(node, path, parents)

    def _mapping(self, node: Any, path: Path, parents: tuple[int, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                problem = Problem(self.document.file, line, column, "a key must be plain text", "write the keys out")
                self.document.problems.append(problem)
                continue
            key = str(key_node.value)
            if key in data:
                first = self.document.keys[(*path, key)][0]
                problem = Problem(
                    self.document.file, line, column, f"`{clipped(key)}` stands twice", f"first on line {first}"
                )
                self.document.problems.append(problem)
                continue
            self.document.keys[(*path, key)] = (line, column)
            data[key] = self.value(value_node, (*path, key), parents)
        return data

    def _scalar(self, node: Any, path: Path) -> Any:
        try:
            return self.constructor.construct_object(node)
        except Exception:  # the constructors of PyYAML fail with KeyError, IndexError, AttributeError, ...
            kind = clipped(node.tag.rsplit(":", 1)[-1])
            self._note(path, f"cannot read `{clipped(node.value)}` as {kind}", "quote it, or remove the tag")
            return None

    def _note(self, path: Path, message: str, hint: str) -> None:
        self.document.problems.append(self.document.problem(path, message, hint))
