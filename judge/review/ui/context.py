"""What every tab of the review app is built on: the store, the judges, and who is asking.

A tab is a module with `def build(context: Context) -> None`, called inside a `gr.Blocks`. Every event asks
`Context.person` who sent it and `Person.may` what they may do: hiding a button is a courtesy, not a lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from judge.errors import UserError
from judge.review.store.roles import Right, Role, may

if TYPE_CHECKING:
    from judge.review.store import Store
    from judge.serving.judges import Judges
    from judge.settings import Settings

LOCAL = "local"  # who decides where nobody signs in: the one person at this machine


@dataclass(frozen=True)
class Person:
    """Who is asking: the name that stands in the log, and the role that says what they may do."""

    name: str
    role: Role

    def may(self, right: Right) -> bool:
        """Whether the person may do this; the store checks decisions, leases and reveals itself as well."""
        return may(self.role, right)


@dataclass(frozen=True)
class Context:
    """Everything a tab may use.

    data: the data folder. authenticated: whether people sign in; without, everybody is `LOCAL` with every right.
    at_the_end: what tabs do when the app stops.
    """

    store: Store
    settings: Settings
    data: Path
    authenticated: bool
    judges: Judges = field(repr=False)
    at_the_end: list[Callable[[], None]] = field(default_factory=list, repr=False)

    def person(self, request: gr.Request | None) -> Person:
        """Who sent a request, as the store knows them now: a role taken away is gone at the next click.

        Raises:
            UserError: nobody signed in, or the account is gone.
        """
        name = getattr(request, "username", None) if self.authenticated else LOCAL
        if not name:
            raise UserError("you are not signed in", hint="reload the page and sign in")
        return Person(name, self.store.role_of(name))

    def page(self, request: gr.Request) -> str:
        """The page that a request speaks for: bound to who sent it, because anybody can send another page's hash.

        Nobody else's request ever has the same, nor has a stranger's that of a person.
        """
        name = (getattr(request, "username", None) or "") if self.authenticated else LOCAL
        return f"{name}\n{request.session_hash or ''}"
