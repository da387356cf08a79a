"""What a store keeps of the team: the log, the settings, what everybody prefers, and who may do what."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from judge.errors import UserError
from judge.review.store import breaks, log, reading
from judge.review.store.data_folder import DataFolder
from judge.review.store.records import (
    Kind,
    LogEntry,
    Preferences,
    ReviewSettings,
    Session,
)
from judge.review.store.roles import Right, Role, may
from judge.review.store.tables import log_lines, preferences, settings


class TeamFolder(DataFolder):
    """The log, the settings and the roles of a data folder that is open."""

    def __init__(self, folder: Path, engine: sa.Engine) -> None:
        super().__init__(folder, engine)
        self._began: dict[str, breaks.Began] = {}  # by person: their session, as far as it is known

    def record(self, who: str, kind: Kind, *, extra: dict[str, Any] | None = None, reason: str = "") -> LogEntry:
        """Add a line that is about no item: a login, a saved constitution, an export."""
        with self.writing() as connection:
            return log.append(connection, at=datetime.now(UTC), who=who, kind=kind, extra=extra, reason=reason)

    def log(
        self, *, item: int | None = None, who: str | None = None, kind: Kind | None = None, last: int | None = None
    ) -> tuple[LogEntry, ...]:
        """Lines of the log in their order: of an item, of a person, of a kind, only the last ones."""
        conditions = [] if item is None else [log_lines.c.item == item]
        conditions += [] if kind is None else [log_lines.c.kind == kind]
        conditions += [] if who is None else [log_lines.c.who == who]
        with self.reading() as connection:
            if last is not None:
                newest = sa.select(log_lines.c.seq).where(*conditions).order_by(log_lines.c.seq.desc()).limit(last)
                conditions = [log_lines.c.seq.in_(newest)]
            return tuple(log.entries(connection, *conditions))

    def session(self, reviewer: str, now: datetime | None = None) -> Session:
        """How long the reviewer has been at work, and whether a break is due, by the team's settings or their own."""
        moment = log.now_or(now)
        with self.reading() as connection:
            found = breaks.session(connection, reviewer, reading.settings(connection).breaks, moment, self._began)
            own = breaks.reminder(connection, reviewer, _preferred(connection, reviewer), found.started, moment)
            return found.model_copy(update={"reminder": own})

    # Settings and roles

    @property
    def settings(self) -> ReviewSettings:
        """How this team reviews."""
        with self.reading() as connection:
            return reading.settings(connection)

    def configure(self, chosen: ReviewSettings, who: str) -> None:
        """Change how this team reviews; recorded. Whoever asks has been checked for `Right.MANAGE`."""
        with self.writing() as connection:
            connection.execute(settings.delete())
            connection.execute(settings.insert().values(id=1, json=chosen.model_dump_json()))
            extra = chosen.model_dump(mode="json")
            log.append(connection, at=datetime.now(UTC), who=who, kind="settings_changed", extra=extra)

    def preferences(self, name: str) -> Preferences:
        """What a person chose for themselves."""
        with self.reading() as connection:
            return _preferred(connection, name)

    def prefer(self, name: str, chosen: Preferences) -> None:
        """Keep what a person chose for themselves. It is not recorded: nothing hangs on it."""
        with self.writing() as connection:
            connection.execute(preferences.delete().where(preferences.c.name == name))
            connection.execute(preferences.insert().values(name=name, json=chosen.model_dump_json()))

    def has_users(self) -> bool:
        """Whether anybody was given a login. Without users there are no roles: everybody may everything."""
        with self.reading() as connection:
            return reading.has_users(connection)

    def role_of(self, name: str) -> Role:
        """The role of a user; `admin` for everybody in a store without users.

        Raises:
            UserError: there are users, and this is none of them.
        """
        with self.reading() as connection:
            return reading.role(connection, name)

    def require(self, who: str, right: Right) -> None:
        """Refuse who has not the right.

        Raises:
            UserError: the role of `who` may not.
        """
        role = self.role_of(who)
        if not may(role, right):
            needed = next(one for one in Role if may(one, right))
            raise UserError(
                f"{who} is a {role} and may not {right.replace('_', ' ')}", hint=f"ask somebody with the role {needed}"
            )


def _preferred(connection: sa.Connection, name: str) -> Preferences:
    kept = connection.execute(sa.select(preferences.c.json).where(preferences.c.name == name)).scalar()
    return Preferences() if kept is None else Preferences.model_validate_json(kept)
