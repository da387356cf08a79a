"""`judge init`: a folder to start from: rules, their cases, four drawings and a pre-commit entry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_RULES = "house-rules.yaml"


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")] = Path(),
) -> None:
    """Write a constitution to start from, with test cases. Exit code: 0 written, 2 your mistake."""
    import shlex

    from judge.errors import UserError
    from judge.printable import printable
    from judge.resources import shipped

    files = _starter(shipped("examples"))
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise UserError(
            f"{printable(str(folder))} has {', '.join(there)} already; nothing was written",
            hint="name another folder: judge init FOLDER",
        )
    try:
        for name, source in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:  # what came there meanwhile stays
                file.write(source.read_bytes())
            print(printable(str(path)))
    except OSError as error:
        raise UserError(f"cannot write {printable(str(path))}: {error.strerror}", hint="name another folder") from error
    go = "" if folder == Path() else f"cd {shlex.quote(printable(str(folder)))} && "
    print(f"\nnext: {go}judge test {_RULES}\n      judge lint {_RULES}\n      judge check images -c {_RULES}")


def _starter(examples: Path) -> dict[str, Path]:
    """Name in the new folder to the file that it is a copy of."""
    starter = examples / "starter"
    names = (_RULES, "house-rules.test.yaml")
    files = {name: starter / name for name in names} | {".pre-commit-config.yaml": starter / "pre-commit-config.yaml"}
    for image in _images(starter / names[1]):
        files[image] = examples / image
    return files


def _images(cases: Path) -> list[str]:
    import yaml

    return [case["image"] for case in yaml.safe_load(cases.read_text(encoding="utf-8"))["cases"]]
