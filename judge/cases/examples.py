"""What who decides a debate is told of known pictures: cases of the constitution that say in `words` what they show.

Only words are told, and of each statement few: as many pictures that it holds of as that it fails of, the first in the
file. Each has the digest of its file, so that a picture is never told what it is itself; a case without its file has
none, and is not told. A statement that reads is told the texts that it reads, and no others; any other is told none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from judge.cases.reading import SUFFIX, Case, LocatedCase, parse_cases
from judge.constitution import Constitution
from judge.constitution.context import Reading
from judge.constitution.load import read_text
from judge.files import sha256_of
from judge.judging.debate import KnownPicture
from judge.settings import MOST_IMAGE

EACH = 2  # pictures of each kind for a statement: they stand in every prompt
MOST_TOLD = 1000  # characters of the texts beside one; longer ones are not told in part


def examples_beside(constitution: Constitution, file: Path) -> Mapping[str, Sequence[KnownPicture]]:
    """By statement, known pictures from `F.test.yaml` beside the constitution's file; nothing where there is none.

    Raises:
        UserError: it cannot be read. ConstitutionError: every mistake in it; that a picture is gone is none.
    """
    path = file.with_name(file.stem + SUFFIX)
    if not path.is_file():
        return {}
    return examples_of(parse_cases(read_text(path), path, constitution, images=False), constitution.readings)


def examples_of(cases: Iterable[LocatedCase], readings: Mapping[str, Reading]) -> Mapping[str, Sequence[KnownPicture]]:
    """By statement, pictures that cases tell in words, and whether it holds of them. readings: by statement, what those
    look at that read."""
    found: dict[str, list[KnownPicture]] = {}
    for one in cases:
        said = one.case.preconditions
        sha256 = _digest(one.path) if said else None
        if sha256 is None:
            continue
        for statement, outcome in said.items():
            known = _known(one.case, readings.get(statement), sha256, holds=outcome == "holds")
            every = found.setdefault(statement, [])
            if known is not None and sum(each.holds is known.holds for each in every) < EACH:
                every.append(known)
    return {statement: every for statement, every in found.items() if every}


def _known(case: Case, reading: Reading | None, sha256: str, *, holds: bool) -> KnownPicture | None:
    """A case as a statement is told of it; None where it does not say all that the statement looks at, or too much."""
    words = " ".join(case.words.split()) if case.words is not None else ""
    fields = reading.fields if reading is not None else ()
    told = tuple((name, case.context[name]) for name in fields if name in case.context)
    lacks_words = not words and (reading is None or reading.sees)
    if lacks_words or len(told) != len(fields) or sum(len(text) for _, text in told) > MOST_TOLD:
        return None
    return KnownPicture(words if reading is None or reading.sees else "", holds, sha256, told)


def _digest(path: str) -> str | None:
    try:
        return sha256_of(path, MOST_IMAGE)
    except (OSError, ValueError):
        return None
