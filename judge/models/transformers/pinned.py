"""Checks the bundled models' files against the digests that ship beside them, before anything is read from them.

Catches what a torn copy, a Git LFS pointer or an edited file would make of verdicts. `SHA256SUMS` is in the format
of sha256sum: `cd judge/models/bundled && sha256sum */*.json */*.jinja */*.safetensors > SHA256SUMS` writes it.
"""

from __future__ import annotations

from pathlib import Path

from judge.errors import ModelError
from judge.files import read_text, sha256_of

SUMS = "SHA256SUMS"


def check_pinned(folder: Path) -> None:
    """Compare every pinned file of a bundled model's folder with its digest.

    Raises:
        ModelError: a file is missing or differs, or nothing is pinned for this folder.
    """
    try:
        lines = read_text(folder.parent / SUMS).splitlines()
        pins = {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}
        pinned = {name: digest for name, digest in pins.items() if name.startswith(f"{folder.name}/")}
        differing = [name for name, digest in pinned.items() if sha256_of(folder.parent / name) != digest]
    except (OSError, ValueError) as error:
        raise _damaged(folder, str(error)) from error
    if not pinned:
        raise _damaged(folder, f"{SUMS} names none of its files")
    if differing:
        raise _damaged(folder, f"{', '.join(differing)} differs from {SUMS}")


def _damaged(folder: Path, why: str) -> ModelError:
    return ModelError(
        f"the bundled model {folder.name} is damaged: {why}",
        hint="install constitution-judge again, or check the files out anew",
    )
