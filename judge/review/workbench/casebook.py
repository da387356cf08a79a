"""The cases of a constitution in the data folder: `constitutions/NAME/NAME.test.yaml`, one file for all its versions.

A case is made of a decided item in one step: its picture, which stays where the store keeps it, and what people came to
of the rules that they or the judge named. Only added to: what somebody wrote there by hand stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from judge.cases.reading import SUFFIX, Expected, LocatedCase, parse_cases
from judge.constitution import Constitution
from judge.constitution.document import comment
from judge.constitution.told import fields_read
from judge.errors import UserError
from judge.files import read_text, sha256_of, write_whole
from judge.judging.scoring import rule_scores
from judge.review.store import DecidedItem, LogEntry, Right, Store, pictures
from judge.review.workbench.draft import read
from judge.review.workbench.library import Library
from judge.settings import MOST_IMAGE

_HEAD = "# Cases of {name}, from what people decided: judge test {name}.yaml --cases {file}\ncases:\n"


class Made(NamedTuple):
    """A case that was written: into which file, what it expects, and the log's line."""

    path: Path
    expect: dict[str, Expected]
    entry: LogEntry


class CaseBook:
    """Reads and adds to the test files of a data folder."""

    def __init__(self, library: Library, store: Store) -> None:
        self._library, self._store = library, store

    def path(self, name: str) -> Path:
        """Where the cases of a constitution are, or would be.

        Raises:
            UserError: no name of a constitution, or its folder leads out of the data folder.
        """
        path = self._library.folder_of(name) / f"{name}{SUFFIX}"
        if not path.resolve().is_relative_to(self._library.folder.resolve()):
            raise UserError(f"{path} leads out of the data folder", hint="remove the link")
        return path

    def cases(self, name: str, policy: Constitution) -> tuple[LocatedCase, ...]:
        """The cases there are; `policy`: the version whose rules they name.

        Raises:
            ConstitutionError: every mistake in the file. UserError: it cannot be read.
        """
        path = self.path(name)
        return parse_cases(read_text(path), path, policy) if path.is_file() else ()

    def sha256(self, case: LocatedCase) -> str | None:
        """The digest of a case's picture; None where it lies outside of the data folder or cannot be read."""
        path = Path(case.path)
        if path.is_relative_to(os.path.normpath(self._store.images)):
            return path.name
        try:
            return sha256_of(path, MOST_IMAGE)
        except OSError:
            return None

    def add(self, decided: DecidedItem, by: str) -> Made:
        """Write the case that a decided item makes, and a line of the log.

        Raises:
            UserError: `by` may not, the item's picture was not kept, it has a case already, or the constitution has
                none of its rules any more.
        """
        self._store.require(by, Right.EDIT_CONSTITUTIONS)
        name = decided.verdict.provenance.constitution
        base = self._library.latest(name)
        if base is None:
            raise UserError(f"{name} is no constitution here", hint="save a version of it first")
        policy = read(self._library.text(base)).whole()
        sha256 = decided.verdict.image_facts.sha256
        image = pictures.path_of(self._store.images, sha256) if sha256 else None
        if sha256 is None or image is None or not image.is_file():
            raise UserError(f"the image of item {decided.item} was not kept", hint="a case needs its image")
        told = set(decided.verdict.context or {})
        untold = {rule.id for rule in policy.rules if not set(fields_read(rule)) <= told}
        expect = expected(decided, {rule.id for rule in policy.rules}, untold)
        path = self.path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self._library.folder / ".saving", timeout=20):
            known = read_text(path) if path.is_file() else _HEAD.format(name=name, file=path.name)
            for one in parse_cases(known, path, policy) if path.is_file() else ():
                if self.sha256(one) == sha256 and one.case.context == (decided.verdict.context or {}):
                    raise UserError(f"item {decided.item} has a case already, on line {one.line} of {path.name}")
            text = known if known.endswith("\n") else f"{known}\n"
            text += _case(os.path.relpath(image, path.parent), decided, expect)
            parse_cases(text, path, policy)  # so that nothing is written that cannot be read
            write_whole(path, text)
            said = {one: str(what) for one, what in expect.items()}
            extra = {"constitution": name, "item": decided.item, "image": sha256, "expect": said}
            entry = self._store.record(by, "case_added", extra={**extra, "file_sha256": sha256_of(path)})
        return Made(path, expect, entry)


def overridden(decided: DecidedItem) -> bool:
    """Whether people came to something else than the judge, or to other rules."""
    verdict = decided.verdict
    if verdict.verdict == "needs_review":
        return False
    return verdict.verdict != decided.action or set(verdict.violations) != set(decided.rules)


def expected(decided: DecidedItem, known: set[str], untold: Collection[str] = ()) -> dict[str, Expected]:
    """What a case of the item expects: of the rules that people named that they are violated, of those that only the
    judge named, or left open, that they are not; where nobody named one, of the rule that came nearest.

    untold: rules that read what was not told: whoever decided could say nothing of them.

    Raises:
        UserError: `known`, the rules there are, has none of them, or they are all `untold`.
    """
    verdict, known = decided.verdict, known - set(untold)
    scores = {rule: score for rule, score in rule_scores(verdict).items() if rule in known}
    open_ = [one.rule for one in verdict.findings if one.outcome == "undecided"]
    wanted = dict.fromkeys(decided.rules, Expected.VIOLATES)
    wanted |= {rule: Expected.OK for rule in (*verdict.violations, *open_) if rule not in wanted}
    unread = [rule for rule in wanted if rule in untold]
    wanted = {rule: what for rule, what in wanted.items() if rule not in untold}
    if not wanted and not decided.rules and scores:
        wanted = {max(scores, key=lambda rule: scores[rule]): Expected.OK}
    found = {rule: what for rule, what in wanted.items() if rule in known}
    if not found and unread:
        raise UserError(
            f"item {decided.item} makes no case: {', '.join(unread)} reads what was not told beside its picture",
            hint="add the picture with its context, and decide that",
        )
    if not found:
        raise UserError(f"the constitution has none of the rules of item {decided.item} any more")
    return found


def _case(image: str, decided: DecidedItem, expect: dict[str, Expected]) -> str:
    said = comment(f"item {decided.item}, {decided.verdict.image}")
    lines = [f"  - image: {image}  # {said}"]
    if told := decided.verdict.context:
        import yaml

        shown = yaml.safe_dump(told, default_flow_style=True, allow_unicode=True, width=float("inf"))
        lines.append(f"    context: {shown.strip()}")
    lines.append("    expect:")
    return "\n".join([*lines, *(f"      {rule}: {what}" for rule, what in expect.items())]) + "\n"
