"""`judge schema`: the JSON Schema of a constitution, for editors and for CI."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Print nothing; exit 1 when the shipped file is stale or missing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The same: a schema is JSON.")] = False,
) -> None:
    """Print the JSON Schema (draft 7) of a constitution file."""
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
