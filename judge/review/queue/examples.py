"""Pictures that a rule forbids and pictures that it allows, beside the one under review: the cases of its constitution.

The nearest come first: by their colours and where these lie, which is all that is compared. Left out are the picture
itself and whatever somebody may be asked about blind. Shielded like everything else, until they are revealed, which is
a line of the log. Knows no Gradio.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import Field, ValidationError

from judge import media
from judge.cases.reading import SUFFIX, Expected, LocatedCase, load_cases
from judge.constitution import Constitution
from judge.errors import ImageError, JudgeError
from judge.files import read_whole, sha256_of
from judge.resources import shipped_constitutions
from judge.review.queue.messages import MOST, serial_of
from judge.review.shield import revealed, shielded
from judge.review.store import Item, Store
from judge.review.ui import render
from judge.review.ui.chains import READING_ORDER, rule_ids
from judge.review.ui.context import Person
from judge.review.workbench.casebook import CaseBook
from judge.review.workbench.draft import read
from judge.review.workbench.library import Library
from judge.settings import MOST_IMAGE, Frozen
from judge.verdict import RuleOutcome

EACH, COMPARED = 2, 40  # shown of each kind, and looked at to find the nearest
_SIDE, _SHIELD, _ORIGINAL = 8, 160, 480


class ExampleRequest(Frozen):
    """Which examples are wanted: of the item in hand, of a rule (empty: of the one in question), revealed or not."""

    serial: int = Field(ge=0, le=MOST)
    item: int | None = Field(default=None, ge=1, le=MOST)
    rule: str = Field(default="", max_length=200)
    reveal: bool = False


class ExampleUpdate(Frozen):
    """The examples as HTML; nothing where there are none."""

    serial: int
    html: str = ""


@dataclass(frozen=True)
class _Example:
    name: str
    source: str  # a data URI


class Examples:
    """The examples of everybody who has an item in hand."""

    def __init__(self, store: Store, data: Path) -> None:
        self._store, self._library = store, Library(data)
        self._book = CaseBook(self._library, store)

    def act(self, raw: Any, person: Person) -> str:
        """What the page asked for, as JSON."""
        try:
            asked = ExampleRequest.model_validate(raw)
        except ValidationError:
            return ExampleUpdate(serial=serial_of(raw)).model_dump_json()
        try:
            shown = self._html(asked, person)
        except JudgeError:  # an item that is gone: its page is told so by the desk
            shown = ""
        return ExampleUpdate(serial=asked.serial, html=shown).model_dump_json()

    def _html(self, asked: ExampleRequest, person: Person) -> str:
        if asked.item is None:
            return ""
        item = self._store.item(asked.item, person.name)
        if item.lease is None or item.lease.reviewer != person.name:
            return ""
        cases = self._cases(item.verdict.provenance.constitution)
        named = {rule for one in cases for rule in one.case.expect}
        rules = [rule for rule in rule_ids(item.verdict) if rule in named]
        if not rules:
            return ""
        rule = asked.rule if asked.rule in rules else _in_question(item, rules)
        kinds: dict[str, tuple[_Example, ...]] = {}
        if rule:
            kept = [one for one in cases if rule in one.case.expect]
            for word, expected in (("Forbidden", Expected.VIOLATES), ("Allowed", Expected.OK)):
                of_kind = [one for one in kept if one.case.expect[rule].settled is expected]
                kinds[word] = tuple(self._nearest(of_kind, item, person, reveal=asked.reveal))
        text = next((one.text for one in item.verdict.findings if one.rule == rule), "")
        return render.html("examples", rules=rules, rule=rule, text=text, kinds=kinds, revealed=asked.reveal)

    def _nearest(self, cases: Iterable[LocatedCase], item: Item, person: Person, *, reveal: bool) -> Iterator[_Example]:
        files = [path for path in (Path(one.path) for one in cases) if path.is_file()][:COMPARED]
        digests = {path: _digest(path, path.stat().st_mtime_ns) for path in files}
        left_out = self._store.read_blind(digests.values()) | {item.image_sha256}
        own = _fields(self._store.image(item.id)) if item.has_image else None
        near = sorted(
            (_distance(path, own), place) for place, path in enumerate(files) if digests[path] not in left_out
        )
        for _, place in near[:EACH]:
            path = files[place]
            image = read_whole(path, MOST_IMAGE)
            if reveal:
                extra = {"example": digests[path], "beside": item.id}
                self._store.record(person.name, "reveal", extra=extra)
            try:
                picture = revealed(image, _ORIGINAL) if reveal else shielded(image, _SHIELD)
            except ImageError:
                continue
            with Image.open(io.BytesIO(picture)) as opened:
                kind = (opened.format or "jpeg").lower()
            source = f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
            yield _Example("" if path.is_relative_to(self._store.images) else path.stem, source)

    def _cases(self, name: str) -> tuple[LocatedCase, ...]:
        """The cases of a constitution of the library; none where there are none, or a mistake is in the file: the
        workbench tells of it."""
        try:
            path, base = self._book.path(name), self._library.latest(name)
            known = shipped_constitutions().get(name)
            if not path.is_file() and known is not None:
                path = known.with_name(known.stem + SUFFIX)
            if base is None or not path.is_file():
                return ()
            return _read(path, path.stat().st_mtime_ns, self._library.text(base))
        except JudgeError:
            return ()


def _in_question(item: Item, rules: list[str]) -> str:
    """The rule that the judge found violated, else the first that it left open; none where that is hidden."""
    if not item.verdict_shown:
        return ""
    found = sorted(item.verdict.findings, key=lambda one: READING_ORDER[one.outcome])
    open_ones = [one for one in found if one.outcome in (RuleOutcome.VIOLATED, RuleOutcome.UNDECIDED)]
    return next((one.rule for one in open_ones if one.rule in rules), "")


@lru_cache(maxsize=32)
def _whole(text: str) -> Constitution:
    return read(text).whole()


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int, policy: str) -> tuple[LocatedCase, ...]:
    return load_cases(path, _whole(policy))


@lru_cache(maxsize=4096)
def _digest(path: Path, _changed: int) -> str:
    return sha256_of(path, MOST_IMAGE)


def _distance(path: Path, own: bytes | None) -> int:
    there = _fields_of(path, path.stat().st_mtime_ns)
    if own is None or there is None:
        return 0 if own is None else 255 * len(own)
    return sum(abs(one - other) for one, other in zip(own, there, strict=True))


@lru_cache(maxsize=4096)
def _fields_of(path: Path, _changed: int) -> bytes | None:
    return _fields(read_whole(path, MOST_IMAGE))


@lru_cache(maxsize=64)
def _fields(image: bytes) -> bytes | None:
    """A few colour fields of a picture, and nothing finer; None where it cannot be decoded."""
    try:
        picture = media.decode(image).views[0].image
    except ImageError:
        return None
    return picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX).tobytes()
