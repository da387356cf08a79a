"""The folder of a batch: one run for each policy and set of models that it was judged under, and which is the last.

    OUT/batch.json                what is judged, where that is, and the runs in the order in which they were begun
    OUT/RUN/manifest.jsonl        see `shards`
    OUT/RUN/grounds.json          see `recalling`; without it a changed policy finds out more anew
    OUT/RUN/images/*.parquet      see `schema`
    OUT/RUN/statements/*.parquet

A run is named by what its verdicts depend on. So a changed policy gets a run of its own, the old one stays, and going
back to an earlier policy goes on with its run.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from judge.errors import JudgeError, UserError
from judge.files import read_text, write_whole
from judge.printable import printable
from judge.serving.batch.schema import depended_on
from judge.serving.batch.shards import Shards
from judge.verdict import Provenance

_VERSION = 1
_GROUNDS = "grounds.json"
_NOWHERE = (errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)  # what can be no folder, nor be in one


@dataclass(frozen=True)
class RunName:
    """name: of the run's folder. ground: digest of all that its verdicts depend on but the policy. models: all that are
    asked, as `role:name@digest`."""

    name: str
    ground: str
    models: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, provenance: Provenance) -> RunName:
        """Of a judge."""
        held = depended_on(provenance)
        policy = {name: held.pop(name, None) for name in ("constitution_digest", "lock_digest", "calibration_digest")}
        named = held.pop("constitution")
        held.pop("constitution_version")
        ground = _digest(held)
        models = tuple(f"{one.role}:{one.name}@{one.digest[:12]}" for one in provenance.models)
        return cls(f"{named}-{_digest([ground, policy])[:12]}", ground, models)


class Room:
    """The folder of a batch, for one process at a time. source: what is judged, as people write it; place: the same for
    all spellings of it (`sources.place_of`).

    Raises:
        UserError: another process is at it, it holds another input or something else, or no folder can be called so.
        JudgeError: it cannot be written to.
    """

    def __init__(self, folder: Path, source: str, place: str) -> None:
        self.folder, self._file = folder, folder / "batch.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self._file.exists() and any(map(_is_foreign, folder.iterdir())):
                raise UserError(
                    f"{printable(str(folder))} holds other files", hint="name a new or empty folder with -o"
                )
            self._lock = FileLock(folder / ".lock", mode=0o600)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(
                f"another process is at work in {printable(str(folder))}", hint="wait for it, or name another folder"
            ) from error
        except OSError as error:
            told = printable(str(folder))
            if error.errno in (errno.EEXIST, *_NOWHERE):
                raise UserError(
                    f"{told} can be no folder: {error.strerror}", hint="name another one with -o"
                ) from error
            raise JudgeError(f"{told} cannot be written to: {error.strerror}") from error
        self._held = self._read() or {"version": _VERSION, "source": source, "place": place, "runs": []}
        # the spelling alone is enough: input and tables may have been moved together
        if source != self._held["source"] and place != self._held.get("place"):
            self.close()
            raise UserError(
                f"{printable(str(folder))} holds the batch of {printable(self._held['source'])}, and this is "
                f"{printable(source)}",
                hint="name another folder with -o: keys of two inputs may be the same",
            )

    def run(self, name: RunName) -> tuple[Shards, Shards | None]:
        """The shards of a run, and those of the last other one whose outcomes may be taken over. It is the last now."""
        earlier = next((one for one in reversed(self._held["runs"]) if _may_lend(one, name)), None)
        runs = [one for one in self._held["runs"] if one["name"] != name.name]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        begun = {"name": name.name, "ground": name.ground, "last": now, "models": list(name.models)}
        self._held["runs"] = [*runs, begun]
        self._write()
        shards = Shards(self.folder / name.name)
        return shards, Shards(self.folder / earlier["name"]) if earlier is not None else None

    def _write(self) -> None:
        try:
            write_whole(self._file, json.dumps(self._held, indent=2) + "\n")
        except OSError as error:
            raise JudgeError(f"{self._file} cannot be written: {error.strerror or error}") from error

    def close(self) -> None:
        """Let others at it."""
        self._lock.release()

    def _read(self) -> dict[str, Any] | None:
        return _held(self._file)


def last_run(folder: Path) -> Path:
    """The folder of the run that was worked at last.

    Raises:
        UserError: the folder is none of a batch, or of one that only begins.
    """
    held = _held(folder / "batch.json")
    if held is None and os.path.exists(folder / ".lock"):  # noqa: PTH110 (of a name that is too long, too)
        raise no_rows_yet(folder)  # models are being loaded
    if held is None or not held["runs"]:
        raise UserError(f"{printable(str(folder))} is no folder of a batch", hint="judge batch INPUT -o FOLDER")
    return folder / str(held["runs"][-1]["name"])


def models_of_run(run: Path) -> list[str]:
    """The models that a run of a batch asks, as `role:name@digest`."""
    held = _held(run.parent / "batch.json")
    return (
        [str(model) for one in held["runs"] if one["name"] == run.name for model in one.get("models", ())]
        if held
        else []
    )


def no_rows_yet(folder: Path) -> UserError:
    """What there is to say of a batch that has written nothing so far."""
    return UserError(
        f"{printable(str(folder))} holds no rows yet", hint="they come with every 1,000 images, or 5 minutes"
    )


def runs(folder: Path) -> list[tuple[Path, str]]:
    """The folder of every run, and what its verdicts depend on beside the policy (`RunName.ground`)."""
    held = _held(folder / "batch.json")
    return [(folder / str(one["name"]), str(one["ground"])) for one in held["runs"]] if held is not None else []


def source_of_batch(folder: Path) -> str:
    """What the images of a batch were called by."""
    held = _held(folder / "batch.json")
    return str(held["source"]) if held is not None else ""


def note_grounds(run: Path, grounds: Mapping[str, Mapping[str, str]]) -> None:
    """Keep what the statements of a run depend on, for the next policy.

    Raises:
        JudgeError: it cannot be written.
    """
    try:
        write_whole(run / _GROUNDS, json.dumps(grounds))
    except OSError as error:
        raise JudgeError(f"{run / _GROUNDS} cannot be written: {error.strerror or error}") from error


def grounds_of_run(run: Path) -> dict[str, dict[str, str]]:
    """What the statements of a run depend on; nothing where that is not known."""
    try:
        held = json.loads(read_text(run / _GROUNDS))
        return {str(rule): {str(text): str(one) for text, one in its.items()} for rule, its in held.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def _held(file: Path) -> dict[str, Any] | None:
    try:
        held: dict[str, Any] = json.loads(read_text(file))
        if held["version"] != _VERSION:
            raise UserError(
                f"{printable(str(file))} was written by another version", hint="name another folder with -o"
            )
        return held
    except OSError as error:
        if error.errno in (errno.ENOENT, *_NOWHERE):
            return None
        raise _damaged(file, error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> JudgeError:
    return JudgeError(f"{printable(str(file))} is damaged ({error})", hint="bring it back from a copy")


def _is_foreign(path: Path) -> bool:
    """What is in the folder of a batch that was killed before it wrote anything is not."""
    return path.name != ".lock" and path.suffix != ".part"


def _may_lend(run: dict[str, str], name: RunName) -> bool:
    return run["ground"] == name.ground and run["name"] != name.name


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
