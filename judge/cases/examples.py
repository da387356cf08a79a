"""What who decides a debate is told of known pictures: cases of the constitution that say in `words` what they show.

Only words are told, and of each statement few: as many pictures that it holds of as that it fails of, the first in the
file. Each has the digest of its file, so that a picture is never told what it is itself; a case without its file has
none, and is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from judge.cases.reading import SUFFIX, LocatedCase, parse_cases
from judge.constitution import Constitution
from judge.constitution.load import read_text
from judge.files import sha256_of
from judge.judging.debate import KnownPicture
from judge.settings import MOST_IMAGE

EACH = 2  # pictures of each kind for a statement: they stand in every prompt


def examples_beside(constitution: Constitution, file: Path) -> Mapping[str, Sequence[KnownPicture]]:
    """By statement, known pictures from `F.test.yaml` beside the constitution's file; nothing where there is none.

    Raises:
        UserError: it cannot be read. ConstitutionError: every mistake in it; that a picture is gone is none.
    """
    path = file.with_name(file.stem + SUFFIX)
    if not path.is_file():
        return {}
    return examples_of(parse_cases(read_text(path), path, constitution, images=False))


def examples_of(cases: Iterable[LocatedCase]) -> Mapping[str, Sequence[KnownPicture]]:
    """By statement, pictures that cases tell in words, and whether it holds of them."""
    found: dict[str, list[KnownPicture]] = {}
    for one in cases:
        words, said = one.case.words, one.case.preconditions
        sha256 = _digest(one.path) if words and said else None
        if words is None or sha256 is None:
            continue
        for statement, outcome in said.items():
            known, holds = found.setdefault(statement, []), outcome == "holds"
            if sum(each.holds is holds for each in known) < EACH:
                known.append(KnownPicture(" ".join(words.split()), holds, sha256))
    return found


def _digest(path: str) -> str | None:
    try:
        return sha256_of(path, MOST_IMAGE)
    except (OSError, ValueError):
        return None
