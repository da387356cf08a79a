"""`judge lint F.yaml...`: what makes a constitution hard to judge, without a model."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.errors import UserError

if TYPE_CHECKING:
    from judge.lint import LintFinding


class LintFormat(StrEnum):
    """Choices of `--format`."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def lint(
    files: Annotated[
        list[str], typer.Argument(help="Constitutions: YAML files, or shipped names.", metavar="F.yaml...")
    ],
    older: Annotated[
        str | None, typer.Option(help="An older version, to find renamed rules. Default: the lock file, if any.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="`bundled`: find words that the bundled model does not know.")
    ] = None,
    output: Annotated[LintFormat, typer.Option("--format", "-f", help="How to show findings.")] = LintFormat.TEXT,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Find what makes a constitution hard to judge. Exit code: 1 for an error or a warning, 0 none, 2 your mistake."""
    from judge.lint.formats import as_json, as_sarif, as_text

    if model not in (None, "bundled"):
        raise UserError(f"--model {model}: lint knows the words of the bundled model only", hint="leave it out")
    findings: list[LintFinding] = []
    names = []
    for file in dict.fromkeys(files):
        name, found = _lint_file(file, older, bundled=model == "bundled")
        names.append(name)
        findings += found
    chosen = LintFormat.JSON if json else output
    if chosen is LintFormat.JSON:
        print(as_json(findings, names))
    elif chosen is LintFormat.SARIF:
        from importlib.metadata import version

        from judge.lint.linting import ALL_CHECKS

        print(as_sarif(findings, ALL_CHECKS, version("constitution-judge")))
    else:
        sys.stdout.write(as_text(findings))
    print(_summary(findings, len(names)), file=sys.stderr)
    raise typer.Exit(1 if any(finding.counts for finding in findings) else 0)


def _lint_file(file: str, older: str | None, *, bundled: bool) -> tuple[str, tuple[LintFinding, ...]]:
    from judge.constitution.load import locate, read_text
    from judge.lint import lint_text
    from judge.lint.neighbours import read_cases, read_older, test_file_of
    from judge.locks.lockfile import lock_path, read_lock

    path = locate(file)
    lock, tests = read_lock(lock_path(path)), test_file_of(path)
    compiled = None if lock is None else {rule: entry.rule for rule, entry in lock.rules.items()}
    name = _shown(path)
    return name, lint_text(
        read_text(path),
        name,
        older=compiled if older is None else read_older(Path(older)),
        cases=read_cases(tests),
        test_file=tests.name,
        bundled=bundled,
        lock=lock,
    )


def _shown(path: Path) -> str:
    """A path as short as it can be said from here: a code host wants it from the root of the checkout."""
    here = Path.cwd()
    inside = path.is_absolute() and path.is_relative_to(here)
    return os.fspath(path.relative_to(here) if inside else path)


def _summary(findings: list[LintFinding], files: int) -> str:
    from judge.lint import Severity

    told = [
        f"{count} {severity}{'s' if count != 1 and severity is not Severity.INFO else ''}"
        for severity in Severity
        if (count := sum(one.check.severity is severity and one.silenced is None for one in findings))
    ]
    silenced = sum(one.silenced is not None for one in findings)
    where = f"{files} file{'s' if files != 1 else ''}"
    return f"judge: {where}: {', '.join(told) or 'nothing found'}" + (f" ({silenced} silenced)" if silenced else "")
