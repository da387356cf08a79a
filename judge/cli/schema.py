"""`judge schema`: the JSON Schema of a constitution or of a verdict, for editors, programs and CI."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def schema(
    verdict: Annotated[bool, typer.Option("--verdict", help="Of a verdict, as `check --json` prints it.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Print nothing; exit 1 when the shipped file is stale or missing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The same: a schema is JSON.")] = False,
) -> None:
    """Print the JSON Schema of a constitution file (draft 7), or of a verdict (2020-12)."""
    if verdict:
        _of_verdicts(check)
        return
    from judge.constitution.json_schema import schema_text, shipped_schema

    text = schema_text()
    if not check:
        print(text, end="")
        return
    path = shipped_schema()
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    state = "is stale" if path.is_file() else "is missing"
    print(f"judge: {path} {state}\n  hint: judge schema > {path}", file=sys.stderr)
    raise typer.Exit(1)


def _of_verdicts(check: bool) -> None:
    if check:
        from judge.errors import UserError

        raise UserError("no file of the schema of a verdict ships", hint="leave --check out: it is printed")
    from judge.verdict_schema import schema_text

    print(schema_text(), end="")
