"""The text of a lock file, in the short forms that people write, with every chain said back beside it.

The words are comments: they are made from the chain each time that the file is written, and nobody is judged by them.
People review by them, so that `said_otherwise` finds those that were edited, or whose chain was.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from textwrap import wrap
from typing import Annotated, Any

from pydantic import Field, ValidationError

from judge.chain import chain_of_conditions
from judge.constitution import Precondition, Rule
from judge.constitution.document import Document, clipped, comment, comments, read_document
from judge.errors import ConstitutionError, Problem
from judge.locks.chains import check_parameters
from judge.locks.lockfile import Lock, LockedRule
from judge.locks.said import in_words
from judge.settings import Frozen

_HEADER = """\
# Made by `judge compile {source}`: review it, commit it. Do not edit digests, priors or calibration.
# You may edit a rule's objective, preconditions and exceptions: edited and approved rules are kept when compiling
# again, as long as the rule's text stays. Put your name into `approved_by` when you stand behind a rule's chain: it
# stands for the chain as it is then. The comments say each chain back, and what just is and is not flagged by it.
"""
_WIDTH = 118
_OF_A_RULE = re.compile(r"^  \S")


def written(lock: Lock, source_name: str) -> str:
    """The text of the lock file, in the short forms that people write."""
    data = lock.model_dump(mode="json", exclude={"rules"}, exclude_none=True)
    data["measured_digest"] = lock.signed().measured_digest
    rules = _dumped({"rules": {name: _shown(rule) for name, rule in lock.rules.items()}})
    return _HEADER.format(source=source_name) + _dumped(data) + _commented(rules, lock)


def said_otherwise(text: str, lock: Lock) -> tuple[str, ...]:
    """Ids of the rules with a comment in the lock's text that is not the one written in that place: what the chain
    says, in the lines below the id, however they are broken. No comments say nothing.

    Raises:
        ConstitutionError: the text is no YAML.
    """
    keys = read_document(text, "the lock").keys
    ids = {keys[("rules", name)][0]: name for name in lock.rules}
    begun, said, astray = sorted(ids), dict[str, list[str]](), set[str]()
    for one in comments(text) if ids else ():
        if one.before in ids and one.line > one.before:
            said.setdefault(ids[one.before], []).extend(one.text[1:].split())
        elif one.line >= keys[("rules",)][0]:  # above an id it is read as of that rule
            astray.add(ids.get(one.behind) or ids[begun[max(bisect_right(begun, one.line) - 1, 0)]])
    meant = {name: [word for line in _said(lock.rules[name]) for word in line.split()] for name in said}
    return tuple(name for name in lock.rules if name in astray or said.get(name) != meant.get(name))


def chain_text(preconditions: tuple[Precondition, ...], exceptions: tuple[Precondition, ...]) -> str:
    """A chain as the lock file has it, to be edited by itself."""
    parts = {"preconditions": preconditions, "exceptions": exceptions}
    return _dumped({key: [_short(one.model_dump(mode="json")) for one in each] for key, each in parts.items()})


def read_chain(text: str, rule: Rule) -> tuple[tuple[Precondition, ...], tuple[Precondition, ...]]:
    """Preconditions and exceptions from a text like that of `chain_text`.

    Raises:
        ConstitutionError: mistakes in it, with their line.
        UserError: it names a parameter that the rule does not have.
    """
    document = read_document(text, "the chain")
    problems = list(document.problems)
    try:
        found = _Chain.model_validate(document.data)
    except ValidationError as error:
        problems += [_problem(document, one) for one in error.errors(include_url=False)]
    if problems:
        raise ConstitutionError(tuple(problems))
    check_parameters(rule, found.preconditions, found.exceptions, "the chain")
    return found.preconditions, found.exceptions


def _problem(document: Document, error: Any) -> Problem:
    where = ".".join(str(part) for part in error["loc"]) or "the chain"
    return document.problem(tuple(error["loc"]), f"{clipped(where)}: {error['msg']}", "mend it, or leave it as it was")


class _Chain(Frozen):
    """What is read of an edited chain."""

    preconditions: Annotated[tuple[Precondition, ...], Field(min_length=1)]
    exceptions: tuple[Precondition, ...] = ()


def _dumped(part: dict[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(
        _Inline, lambda dumper, one: dumper.represent_mapping("tag:yaml.org,2002:map", one, flow_style=True)
    )
    return str(yaml.dump(part, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH))


def _commented(rules: str, lock: Lock) -> str:
    """The rules with each chain said back above it. A rule's own line is the only kind indented by two."""
    entries = iter(lock.rules.values())
    lines = []
    for line in rules.splitlines(keepends=True):
        lines.append(line)
        if _OF_A_RULE.match(line) and (entry := next(entries, None)) is not None:
            lines += [f"    # {part}\n" for said in _said(entry) for part in _wrapped(said)]
    return "".join(lines)


def _said(entry: LockedRule) -> list[str]:
    chain = chain_of_conditions(entry.preconditions, entry.exceptions)
    return [comment(said) for said in in_words(chain)]


def _wrapped(said: str) -> list[str]:
    return wrap(said, _WIDTH - 6, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


_SHORTENED = ("objective", "score", "explanation", "exceptions", "warnings", "priors")  # left out where empty


def _shown(rule: LockedRule) -> dict[str, Any]:
    data = {name: said for name, said in rule.model_dump(mode="json").items() if said or name not in _SHORTENED}
    for name in ("preconditions", "exceptions"):
        if name in data:
            data[name] = [_short(each) for each in data[name]]
    if rule.calibration is not None:
        data["calibration"] = {**data["calibration"], "bounds": _Inline(rule.calibration.bounds)}
    if rule.priors:
        data["priors"] = {text: _Inline(prior) for text, prior in data["priors"].items()}
    return data


def _short(condition: dict[str, Any]) -> Any:
    each = [_short_statement(one) for one in condition["any"]]
    return each[0] if len(each) == 1 else {"any": each}


def _short_statement(one: dict[str, Any]) -> Any:
    """The text alone where nothing else is said of it; one field that it reads without its list."""
    said = {key: value for key, value in one.items() if value}
    if len(said) == 1:
        return one["statement"]
    reads = said.get("reads", [])
    return _Inline({**said, "reads": reads[0]} if len(reads) == 1 else said)


class _Inline(dict[str, Any]):
    """A mapping to be written on one line."""
