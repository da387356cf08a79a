"""What every tab of the review app is built on: the store, the judges, and who is asking.

A tab is a module with `def build(context: Context) -> None`, called inside a `gr.Blocks`. Every event asks
`Context.person` who sent it and `Person.may` what they may do: hiding a button is a courtesy, not a lock.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from judge.errors import UserError
from judge.review.store.roles import Right, Role, may

if TYPE_CHECKING:
    from judge.constitution import Constitution
    from judge.judging.pipeline import Judge
    from judge.review.store import Store
    from judge.settings import Settings

LOCAL = "local"  # who decides where nobody signs in: the one person at this machine
KEPT = 8  # judges of edited constitutions that are kept; they share the models, so each is small


@dataclass(frozen=True)
class Person:
    """Who is asking: the name that stands in the log, and the role that says what they may do."""

    name: str
    role: Role

    def may(self, right: Right) -> bool:
        """Whether the person may do this; the store checks decisions, leases and reveals itself as well."""
        return may(self.role, right)


class Judges:
    """Judges by constitution, made when first asked for; all share the models that the first one loaded.

    Safe from many threads: `busy` is held while a judge is made, and callers hold it while one judges, because
    the models are shared and a machine has no use for two images at a time.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.busy = threading.RLock()
        self._by_key: OrderedDict[str, Judge] = OrderedDict()

    def of(self, constitution: str | Path | Constitution) -> Judge:
        """The judge of a shipped name, a file (read anew when it changed) or a constitution already loaded.

        Raises:
            ConstitutionError: mistakes in the file.
            UserError: no such constitution or model.
            ModelError: the model failed to load.
        """
        from judge.assemble import load_judge, load_like
        from judge.constitution import Constitution
        from judge.locks.loading import load_policy

        with self.busy:
            policy = constitution if isinstance(constitution, Constitution) else load_policy(constitution)
            loaded, lock = (policy, None) if isinstance(policy, Constitution) else (policy.constitution, policy.lock)
            key = f"{loaded.model_dump_json()}\n{'' if lock is None else lock.digest}"
            if key not in self._by_key:
                like = next(
                    (one for one in self._by_key.values() if one.constitution.language == loaded.language), None
                )
                self._by_key[key] = load_like(like, policy) if like is not None else load_judge(policy, self.settings)
            self._by_key.move_to_end(key)
            while len(self._by_key) > KEPT:
                self._by_key.popitem(last=False)
            return self._by_key[key]

    def warm(self, constitution: str) -> None:
        """Load in the background, so that the first image does not wait; what fails then fails again when asked."""

        def load() -> None:
            with contextlib.suppress(Exception):  # the person who asks for it is told
                self.of(constitution)

        threading.Thread(target=load, name="warm-judge", daemon=True).start()


@dataclass(frozen=True)
class Context:
    """Everything a tab may use.

    data: the data folder. authenticated: whether people sign in; without, everybody is `LOCAL` with every right.
    """

    store: Store
    settings: Settings
    data: Path
    authenticated: bool
    judges: Judges = field(repr=False)

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
