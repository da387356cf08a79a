"""`judge review user`: who can log in. Passwords come from a prompt or from stdin, never from the command line."""

from __future__ import annotations

import getpass
import sys
from enum import StrEnum
from typing import Annotated

import typer

from judge.cli.audit import Data
from judge.errors import UserError

app = typer.Typer(help="Who can log in, and what they may do.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME")]


class RoleName(StrEnum):
    """Choices of `--role`."""

    REVIEWER = "reviewer"
    POLICY = "policy"
    ADMIN = "admin"


@app.command("add")
def add(
    name: Name,
    role: Annotated[RoleName, typer.Option(help="What the user may do; each role may all of the one before.")],
    data: Data = None,
) -> None:
    """Let somebody log in. The password is asked for, or is the first line of stdin."""
    from judge.review.access import logins as access
    from judge.review.store import Role, Store, data_dir

    with Store.open(data or data_dir()) as store:
        access.add_user(store, name, Role(role), _password(), by=operator())
    print(f"{name} can log in as {role}", file=sys.stderr)


@app.command("list")
def list_(data: Data = None, json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False) -> None:
    """Name, role and since when, a user per line."""
    from judge.review.access import logins as access
    from judge.review.store import Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        users = access.list_users(store)
    if json:
        from json import dumps

        print(dumps([user.model_dump(mode="json") for user in users]))
        return
    for user in users:
        print(f"{user.name}\t{user.role}\t{user.added:%Y-%m-%d}")


@app.command("role")
def role(
    name: Name, role: Annotated[RoleName, typer.Option(help="What the user may do from now on.")], data: Data = None
) -> None:
    """Change what somebody may do."""
    from judge.review.access import logins as access
    from judge.review.store import Role, Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        access.set_role(store, name, Role(role), by=operator())


@app.command("password")
def password(name: Name, data: Data = None) -> None:
    """Change a password. It is asked for, or is the first line of stdin."""
    from judge.review.access import logins as access
    from judge.review.store import Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        access.set_password(store, name, _password(), by=operator())


@app.command("remove")
def remove(name: Name, data: Data = None) -> None:
    """Take a login away. What the user decided stays."""
    from judge.review.access import logins as access
    from judge.review.store import Store, data_dir

    with Store.open(data or data_dir(), make=False) as store:
        access.remove_user(store, name, by=operator())


def operator() -> str:
    """How the log calls whoever works on the command line: with the data folder in hand they may everything."""
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container whose user has no name
        return "command line"


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise UserError("the two passwords differ", hint="try again")
    return first
