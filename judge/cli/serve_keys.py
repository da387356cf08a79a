"""`judge serve keys`: API keys of a server, in a file that it reads."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="API keys, in a file that the server reads.", no_args_is_help=True)
_File = Annotated[Path, typer.Option("--keys", help="File of keys; made where there is none.")]


class _Scopes(StrEnum):
    JUDGE = "judge"
    READ = "read"
    ADMIN = "admin"


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    keys: _File,
    scope: Annotated[
        list[_Scopes] | None,
        typer.Option(
            help="judge: send images; read: constitutions, own verdicts, metrics; admin: all. Default: judge."
        ),
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Images a second, over time.")] = None,
    burst: Annotated[int | None, typer.Option(min=1, help="Images at once. Default: those of ten seconds.")] = None,
) -> None:
    """Make a key and print it: only its hash is kept, so it cannot be shown again."""
    from judge.serving.http.keys import add_key

    print(add_key(keys, name, tuple(one.value for one in scope or [_Scopes.JUDGE]), rate, burst))
    print("judge: this is the only time that the key is shown", file=sys.stderr)


@app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="Whose it is.")], keys: _File) -> None:
    """Take a key away, from the next request on."""
    from judge.serving.http.keys import remove_key

    remove_key(keys, name)


@app.command("list")
def list_(keys: _File) -> None:
    """Show whose keys there are, and what each may do."""
    from judge.serving.http.keys import read_keys

    for key in read_keys(keys):
        rate = "" if key.rate is None else f"  {key.rate:g} images/s"
        print(f"{key.name}  {','.join(key.scopes)}{rate}  added {key.added:%Y-%m-%d}")
