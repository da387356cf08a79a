"""Judgements on disk, so that an evaluation that was interrupted goes on where it stopped. Runs no method.

`FOLDER/NAME.jsonl` has one line per judgement: the SHA-256 of the image's bytes (and of what is told beside it, where
anything is), a digest of the method's name and identity, and the judgement. A line is used only where both fit. Lines
are only ever added, each as soon as it is known; one that was torn by an interruption is passed over, and its image is
judged again.
"""

from __future__ import annotations

import hashlib
import json
import re
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from judge.caches.verdicts import model_failed
from judge.errors import UserError
from judge.evaluation.protocols import Judgement, Method
from judge.files import lines_of, open_regular

if TYPE_CHECKING:
    from filelock import BaseFileLock


class CachedJudgements:
    """What is kept of one method in one folder."""

    def __init__(self, folder: Path, method: Method) -> None:
        self._path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', method.name)}.jsonl"
        self._under = hashlib.sha256(f"{method.name}|{method.identity}".encode()).hexdigest()

    def lock(self) -> BaseFileLock:
        """Held while the method runs: two processes must not ask the same twice.

        Raises:
            UserError: the folder cannot be written to.
        """
        from filelock import FileLock

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch()
            open_regular(self._path).close()
        except OSError as error:
            raise UserError(f"cannot write {self._path} ({error.strerror})", hint="choose another --out") from error
        return FileLock(self._path.with_suffix(".lock"))

    def read(self) -> dict[str, Judgement]:
        """By image and what is told beside it, what may be used again; the last line counts where there are several."""
        found: dict[str, Judgement] = {}
        with TextIOWrapper(open_regular(self._path), encoding="utf-8", errors="replace") as file:
            for line in lines_of(file):
                try:
                    row = json.loads(line)
                    if row["method"] != self._under or not isinstance(row["image"], str):
                        continue
                    judgement = Judgement.model_validate(row["judgement"])
                except (ValueError, ValidationError, KeyError, TypeError, RecursionError):
                    continue  # torn or damaged: judged again
                if not failed(judgement):
                    found[row["image"]] = judgement
        return found

    def add(self, image: str | None, example: str, judgement: Judgement) -> None:
        """Add one line. image: its SHA-256, with that of what is told beside it. example: for people who read it."""
        row = {
            "image": image,
            "example": example,
            "method": self._under,
            "judgement": judgement.model_dump(mode="json", exclude_defaults=True),
        }
        with self._path.open("rb+") as file:
            torn = file.seek(0, 2) > 0 and (file.seek(-1, 2), file.read(1))[1] != b"\n"
            file.write(b"\n" * torn + json.dumps(row).encode() + b"\n")


def failed(judgement: Judgement) -> bool:
    """Whether another try may go better: a file or a model failed. A reply that says nothing is an answer, too."""
    if judgement.trace is not None:
        return judgement.trace.failure is not None or model_failed(judgement.trace)
    return judgement.failure is not None and judgement.said is None
