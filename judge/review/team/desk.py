"""What happens on the team's page: one event in, the parts that change out. Knows no Gradio, and keeps nothing.

Every event asks the store whether who sent it may manage; a password is passed on to be hashed, and never sent back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field, ValidationError

from judge.errors import JudgeError, UserError
from judge.review.access import logins
from judge.review.queue.messages import MOST, in_words, misunderstood, serial_of
from judge.review.store import Breaks, GoldReads, LogEntry, ReviewSettings, Right, Role, SecondReads, Store
from judge.review.ui import render
from judge.review.ui.context import Context, Person
from judge.review.ui.parts import toast
from judge.settings import Frozen

CHANGES = 12  # lines of the log that are shown


class Chosen(Frozen):
    """What was changed in the form of the team's settings; shares in percent. Only what is set counts: what the page
    shows of the rest may be older than what a colleague has saved since."""

    second_reads: float = Field(default=0, ge=0, le=100)
    verdict_shown: bool = False
    gold: float = Field(default=0, ge=0, le=100)
    lease: int = Field(default=1, ge=1, le=1440)
    break_every: int = Field(default=0, ge=0, le=1440)
    break_for: int = Field(default=1, ge=1, le=1440)
    anonymous: bool = False


class TeamRequest(Frozen):
    """One thing that an admin did on the page."""

    kind: Literal["start", "add", "role", "password", "remove", "settings"]
    serial: int = Field(ge=0, le=MOST)
    name: str = Field(default="", max_length=200)
    role: Role = Role.REVIEWER
    password: str = Field(default="", max_length=2000, repr=False)
    chosen: Chosen | None = None


class TeamUpdate(Frozen):
    """What the page has to change. allowed: whether the page is for who asked. done: empty the form that was sent."""

    serial: int = 0
    allowed: bool = True
    slots: dict[str, str] = Field(default_factory=dict)
    done: bool = False
    toasts: tuple[dict[str, Any], ...] = ()

    def json_text(self) -> str:
        """Only what was set."""
        return self.model_dump_json(exclude_unset=True)


class TeamDesk:
    """The page of everybody who manages."""

    def __init__(self, context: Context) -> None:
        self._context, self._store = context, context.store
        self._handlers: dict[str, Callable[[TeamRequest, Person], str]] = {
            "add": self._add,
            "role": self._role,
            "password": self._password,
            "remove": self._remove,
            "settings": self._settings,
        }

    def act(self, raw: Any, person: Person) -> str:
        """Do what was asked; the reply as JSON. Mistakes are told, never raised."""
        try:
            asked = TeamRequest.model_validate(raw)
        except ValidationError as error:
            told = _of_form(error) or misunderstood(error)
            return TeamUpdate(serial=serial_of(raw), toasts=(told,)).json_text()
        if asked.kind == "start" and not person.may(Right.MANAGE):
            return TeamUpdate(serial=asked.serial, allowed=False).json_text()
        try:
            self._store.require(person.name, Right.MANAGE)
            if asked.kind == "start":
                return TeamUpdate(serial=asked.serial, allowed=True, slots=self._slots(person)).json_text()
            said = toast(self._handlers[asked.kind](asked, person))
            slots = self._slots(person) if self._still(person) else {}
            reply = TeamUpdate(serial=asked.serial, slots=slots, done=True, toasts=(said,))
        except JudgeError as error:
            reply = TeamUpdate(serial=asked.serial, toasts=(toast(in_words(error), bad=True),))
        return reply.json_text()

    # What can be asked

    def _add(self, asked: TeamRequest, person: Person) -> str:
        if not self._context.authenticated:  # else nobody could go on: `local` is no user
            raise UserError(
                "this app runs without sign-in, so its first user cannot be made here",
                hint="run `judge review user add NAME --role admin`, and start the app again",
            )
        user = logins.add_user(self._store, asked.name.strip(), asked.role, asked.password, by=person.name)
        return f"{user.name} can sign in as {user.role}. {self._line()}"

    def _role(self, asked: TeamRequest, person: Person) -> str:
        logins.set_role(self._store, asked.name, asked.role, by=person.name)
        return f"{asked.name} is {asked.role} from now on. {self._line()}"

    def _password(self, asked: TeamRequest, person: Person) -> str:
        logins.set_password(self._store, asked.name, asked.password, by=person.name)
        return f"The password of {asked.name} is changed. {self._line()}"

    def _remove(self, asked: TeamRequest, person: Person) -> str:
        logins.remove_user(self._store, asked.name, by=person.name)
        return f"{asked.name} cannot sign in any more; what they decided stays. {self._line()}"

    def _settings(self, asked: TeamRequest, person: Person) -> str:
        old, new = self._store.settings, asked.chosen
        if new is None:
            raise UserError("there is nothing to save")
        chosen = changed(old, new)
        if chosen == old:
            return "Nothing changed."
        self._store.configure(chosen, person.name)
        return f"The team's settings are saved. {self._line()}"

    # How a reply is made

    def _slots(self, person: Person) -> dict[str, str]:
        users = logins.list_users(self._store)
        return {
            "users": render.html(
                "team_users",
                users=users,
                me=person.name,
                roles=tuple(Role),
                signed_in=self._context.authenticated,
                least=logins.LEAST_LENGTH,
            ),
            "settings": render.html("team_settings", now=self._store.settings),
            "changes": render.html("team_changes", changes=_changes(self._store)),
        }

    def _still(self, person: Person) -> bool:
        """Whether the page is still for who took something away, perhaps from themselves."""
        try:
            self._store.require(person.name, Right.MANAGE)
        except UserError:
            return False
        return True

    def _line(self) -> str:
        return f"Line {self._store.log(last=1)[0].seq} of the log."


def changed(old: ReviewSettings, new: Chosen) -> ReviewSettings:
    """The settings with what was changed in the form; the rest stays."""
    sent = new.model_dump(include=new.model_fields_set)
    reads, gold, breaks = old.second_reads, old.gold, old.breaks
    update = {
        "second_reads": SecondReads(
            share=sent["second_reads"] / 100 if "second_reads" in sent else reads.share,
            seed=reads.seed,
            verdict_shown=sent.get("verdict_shown", reads.verdict_shown),
        ),
        "gold": GoldReads(share=sent["gold"] / 100) if "gold" in sent else gold,
        "breaks": Breaks(
            every_minutes=sent["break_every"] or None if "break_every" in sent else breaks.every_minutes,
            for_minutes=sent.get("break_for", breaks.for_minutes),
        ),
        "lease_minutes": sent.get("lease", old.lease_minutes),
        "anonymous": sent.get("anonymous", old.anonymous),
    }
    return old.model_copy(update=update)


_FIELDS = {
    "second_reads": "Read twice",
    "gold": "Gold items among those given out",
    "lease": "An item is held for",
    "break_every": "A break is due after",
    "break_for": "A break lasts",
    "password": "The password",
    "name": "The name",
}


def _of_form(error: ValidationError) -> dict[str, Any] | None:
    """What is wrong with a field of a form, in a sentence."""
    one = error.errors(include_url=False, include_input=False)[0]
    name = str(one["loc"][-1]) if one["loc"] else ""
    if name not in _FIELDS:
        return None
    if name not in Chosen.model_fields:
        return toast(f"{_FIELDS[name]}: {one['msg'][0].lower()}{one['msg'][1:]}.", bad=True)
    bounds = {
        side: getattr(one, side)
        for one in Chosen.model_fields[name].metadata
        for side in ("ge", "le")
        if hasattr(one, side)
    }
    what = "number" if name in ("second_reads", "gold") else "whole number"
    return toast(
        f"{_FIELDS[name]}: a {what} from {bounds['ge']} to {bounds['le']}, please. Nothing was saved.", bad=True
    )


def _changes(store: Store) -> list[tuple[LogEntry, str]]:
    """The last changes of users and settings, the newest first, with what was changed."""
    lines = (*store.log(kind="user_changed", last=CHANGES), *store.log(kind="settings_changed", last=CHANGES))
    newest = sorted(lines, key=lambda one: -one.seq)[:CHANGES]
    return [(one, _said(one)) for one in newest]


def _said(line: LogEntry) -> str:
    if line.kind == "settings_changed":
        return "the team's settings"
    user, change = line.extra.get("user", ""), line.extra.get("change")
    words = {
        "added": f"{user} added as {line.extra.get('role')}",
        "role": f"{user} made {line.extra.get('role')}",
        "password": f"password of {user}",
        "removed": f"{user} removed",
    }
    return words.get(str(change), str(user))
