"""`judge import POLICY.md`: a markdown policy, or a table of rules, becomes a constitution file."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

import typer

from judge.errors import UserError
from judge.files import write_whole


def import_policy(
    policy: Annotated[
        Path,
        typer.Argument(
            help="Markdown (headings, bullets, sentences), or CSV with a column `rule`.", metavar="POLICY.md"
        ),
    ],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where to write. Default: to stdout.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object: the file, and what was skipped and why.")
    ] = False,
) -> None:
    """Import a plain markdown policy: headings become categories; sentences, bullets and rows of tables rules.

    What is left out (versions, dates, scope, definitions, code) is named on stderr with its line. Exit
    code: 2 where no rule is found, or where it is open which rule an exception lifts.
    """
    from judge.constitution.load import read_text
    from judge.importers.csv_file import import_csv, is_csv
    from judge.importers.markdown import import_markdown

    text = read_text(policy)
    if out is not None and out.exists():
        if out.samefile(policy):
            raise UserError(f"{out} is the policy itself", hint="choose another name for the constitution")
        if not force:
            raise UserError(f"{out} exists already", hint="choose another name, or give --force to write over it")
    if out is not None and not out.parent.is_dir():
        raise UserError(f"{out}: there is no folder {out.parent}", hint="make it first, or write somewhere else")
    made = (import_csv if is_csv(text, policy.name) else import_markdown)(text, file=str(policy))
    if out is not None:
        try:
            write_whole(out, made.text)
        except OSError as error:
            raise UserError(f"{out}: cannot be written ({error.strerror})") from error
    if json:
        skipped = [{"line": one.line, "what": one.what, "why": one.why} for one in made.skipped]
        said = {"out": str(out) if out else None, "rules": made.rules, "skipped": skipped, "constitution": made.text}
        print(json_module.dumps(said, ensure_ascii=False))
    elif out is None:
        print(made.text, end="")
    for one in made.skipped:
        print(f"{policy}: {one}", file=sys.stderr)
    where = f" in {out}" if out else ""
    print(f"{made.rules} rules{where}, {len(made.skipped)} passages skipped", file=sys.stderr)
