"""A draft saved as a new version, in two steps: `propose` shows everything that would be written, `save` writes it.

A version's file is never written over; the changelog beside it is, which is why it is part of what is shown. Between
the steps nothing may have changed: the token of the proposal is a digest of all that is shown.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from judge.constitution import Constitution
from judge.constitution.document import read_document
from judge.constitution.load import parse_constitution
from judge.diff.changes import Level
from judge.diff.policy import PolicyDiff, bumped, compare
from judge.errors import ConstitutionError, UserError
from judge.files import read_text, sha256_of, write_whole
from judge.locks.lockfile import lock_path
from judge.locks.text import written as lock_text
from judge.review.store import LogEntry, Right, Store
from judge.review.workbench.draft import FILE, PolicyDraft, read
from judge.review.workbench.library import Library, Ref, is_version, precedence
from judge.settings import Frozen

LINE = 300  # characters of a changelog line
_SCALAR = re.compile(r"""("[^"\n]*"|'[^'\n]*'|[^\s#]+)""")


class Proposal(Frozen):
    """What saving would write. base: the version that it follows. policy: the changes since, in words.

    diff: per file, its path in the data folder and the lines of a unified diff. version is the draft's own where that
    does, else the least that does (`suggested`).
    """

    name: str
    version: str
    suggested: str
    base: str | None
    policy: PolicyDiff | None
    diff: tuple[tuple[str, tuple[str, ...]], ...]
    files: dict[str, str]
    token: str


def propose(
    library: Library, store: Store, draft: PolicyDraft, line: str, by: str, now: datetime | None = None
) -> Proposal:
    """Everything that saving the draft would write. Writes nothing.

    Raises:
        UserError: `by` may not, the draft does not load, nothing changed, or there is no changelog line.
    """
    store.require(by, Right.EDIT_CONSTITUTIONS)
    draft.whole()
    written = draft.written
    if written is None:
        raise UserError("the draft does not load", hint="mend what Check lists first")
    said = " ".join(line.split())
    if not said:
        raise UserError("a new version needs a line for its changelog", hint="write what changed, and why")
    if len(said) > LINE:
        raise UserError(f"the changelog line is longer than {LINE} characters", hint="shorten it")
    base = library.latest(written.constitution)
    before = library.text(base) if base is not None else None
    policy = None if before is None else compare(_judged(before, str(base)), draft.whole())
    version, suggested = _version(written, draft.text, before, policy)
    text = draft.text if version == written.version else with_version(draft.text, version)
    files = _files(library, written.constitution, version, text, draft, _entry(version, said, by, now))
    diff = tuple(_diff(library, path, new, base, before) for path, new in files.items())
    shown = "\0".join([by, *(part for path, new in files.items() for part in (path, new)), str(diff)])
    return Proposal(
        name=written.constitution,
        version=version,
        suggested=suggested,
        base=None if base is None else str(base),
        policy=policy,
        diff=diff,
        files=files,
        token=hashlib.sha256(shown.encode()).hexdigest(),
    )


def save(library: Library, store: Store, draft: PolicyDraft, line: str, by: str, token: str) -> tuple[Ref, LogEntry]:
    """Write what was proposed, and a line of the log; the new version.

    Raises:
        UserError: as `propose`, or what was shown is not what would be written any more.
    """
    store.require(by, Right.EDIT_CONSTITUTIONS)
    folder = library.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(folder / ".saving", timeout=20):
        proposal = propose(library, store, draft, line, by)
        if proposal.token != token:
            raise UserError("something changed since you looked at the changes", hint="look at them again, then save")
        ref = Ref(origin="saved", name=proposal.name, version=proposal.version)
        target = library.path(ref)
        _inside(library, target)
        made: list[Path] = []
        try:
            for path, text in proposal.files.items():
                place = folder / path
                if place.name == "CHANGELOG.md":
                    continue
                _write_new(place, text)
                made.append(place)
            entry = store.record(
                by, "constitution_saved", reason=" ".join(line.split()), extra=_extra(proposal, target)
            )
        except BaseException:
            for place in made:
                place.unlink(missing_ok=True)
            raise
        write_whole(library.folder_of(proposal.name) / "CHANGELOG.md", proposal.files[f"{proposal.name}/CHANGELOG.md"])
    return ref, entry


def with_version(text: str, version: str) -> str:
    """The text with another version in its `version:` line, all else as it is.

    Raises:
        UserError: the line is written in a way that cannot be changed safely.
    """
    line, column = read_document(text, FILE).values[("version",)]
    lines = text.splitlines(keepends=True)
    at = lines[line - 1]
    lines[line - 1] = at[: column - 1] + _SCALAR.sub(version, at[column - 1 :], count=1)
    changed = "".join(lines)
    with contextlib.suppress(ConstitutionError):
        if parse_constitution(changed, file=FILE).version == version:
            return changed
    raise UserError("the draft's version line cannot be changed from here", hint=f"write `version: {version}` in it")


def _version(written: Constitution, text: str, before: str | None, policy: PolicyDiff | None) -> tuple[str, str]:
    """The version to save as, and the least that does. A change that may flip a verdict is at least minor."""
    if not is_version(written.version):
        raise UserError(f"version {written.version} cannot be saved", hint="write it like 1.2.0 or 1.2.0-rc.1")
    if policy is None or before is None:
        return written.version, written.version
    level = max(policy.level, Level.MINOR if policy.can_flip else Level.NONE)
    old = policy.old.version
    if level is Level.NONE and text == before:
        raise UserError(f"nothing changed since {policy.old.constitution} {old}", hint="edit the draft first")
    if level is Level.NONE:  # comments or layout
        if with_version(text, old) == with_version(before, old):
            raise UserError(f"nothing but the version changed since {old}", hint="edit the draft first")
        level = Level.PATCH
    suggested = bumped(old, level)
    does = precedence(written.version)[:3] >= precedence(suggested)[:3]
    return (written.version if does else suggested), suggested


def _files(library: Library, name: str, version: str, text: str, draft: PolicyDraft, entry: str) -> dict[str, str]:
    """Path under `constitutions/` to what it will hold."""
    target = library.path(Ref(origin="saved", name=name, version=version))
    _inside(library, target)
    if target.exists():
        raise UserError(f"there is a version {version} already", hint="write a higher one in the draft")
    files = {f"{name}/{target.name}": text if text.endswith("\n") else f"{text}\n"}
    if draft.lock is not None:  # chains that the rule grammar read, and bounds that still hold: judged by anywhere
        before = library.latest(name)
        lock = read(text, previous=library.lock(before) if before is not None else None).lock
        if lock is not None:
            files[f"{name}/{lock_path(target).name}"] = lock_text(lock, target.name)
    changelog = library.folder_of(name) / "CHANGELOG.md"
    known = read_text(changelog) if changelog.is_file() else ""
    title = f"# Changelog of {name}\n"
    rest = known.removeprefix(title).lstrip("\n")
    files[f"{name}/CHANGELOG.md"] = f"{title}\n{entry}\n{rest}" if rest else f"{title}\n{entry}"
    return files


def _entry(version: str, line: str, by: str, now: datetime | None) -> str:
    day = (now or datetime.now(UTC)).date().isoformat()
    return f"## {version} ({day}, {by})\n\n- {line}\n"


def _diff(library: Library, path: str, new: str, base: Ref | None, before: str | None) -> tuple[str, tuple[str, ...]]:
    """A new version against the one that it follows, any other file against itself."""
    place = library.folder / path
    label, old = "/dev/null", ""
    if place.is_file():
        label, old = path, read_text(place)
    elif place.name.endswith(".yaml") and not place.name.endswith(".lock.yaml") and before is not None:
        label, old = str(base), before
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), label, path, lineterm="")
    return path, tuple(lines)


def _extra(proposal: Proposal, target: Path) -> dict[str, str | None]:
    return {
        "constitution": proposal.name,
        "version": proposal.version,
        "follows": proposal.base,
        "digest": read(proposal.files[f"{proposal.name}/{target.name}"]).whole().digest,
        "file_sha256": sha256_of(target),
    }


def _judged(text: str, name: str) -> Constitution:
    draft = read(text)
    if draft.judged is None:
        raise UserError(f"{name}, which this version follows, does not load", hint="mend or remove that file")
    return draft.judged


def _inside(library: Library, target: Path) -> None:
    """Refuse a folder that leads out of the data folder: somebody put a link there."""
    if not target.resolve().is_relative_to(library.folder.resolve()):
        raise UserError(f"{target} leads out of the data folder", hint="remove the link")


def _write_new(path: Path, text: str) -> None:
    """Write a file whole, where there is none.

    Raises:
        UserError: there is one, or the folder cannot be written to.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.link(name, path)  # unlike a rename it fails where there is a file
        finally:
            Path(name).unlink(missing_ok=True)
    except FileExistsError as error:
        raise UserError(f"{path.name} was saved by somebody else just now", hint="look at the changes again") from error
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror})", hint="check the data folder") from error
