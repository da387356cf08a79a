"""Logins: users with a role and a password in the store. Roles and rights: `judge.review.store.roles`.

Passwords are kept as scrypt hashes with a salt each. After a few failed logins in a row a name has to wait, longer
each time; unknown names behave and take time like known ones.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from judge.errors import UserError
from judge.review.store import log
from judge.review.store.roles import Role
from judge.review.store.store import Store
from judge.review.store.tables import attempts, users
from judge.settings import Frozen

LEAST_LENGTH = 10
LONGEST_NAME = 64
LONGEST_PASSWORD = 1024
FREE_FAILURES = 5  # failed logins in a row before a name has to wait
LONGEST_WAIT = 900.0  # seconds
_COST, _BLOCK, _LANES = 2**14, 8, 5  # OWASP's figures for scrypt with 16 MiB
_NOBODY = "scrypt$" + "00" * 16 + "$" + "00" * 32


class User(Frozen):
    """Somebody who can log in."""

    name: str
    role: Role
    added: datetime


def add_user(store: Store, name: str, role: Role, password: str, *, by: str) -> User:
    """Let somebody log in. The first user of a store has to be an admin: others could not be managed.

    Raises:
        UserError: the name is taken or blank, the password too short, or the first user would be no admin.
    """
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise UserError(
            f"'{name[:LONGEST_NAME]}' is no user name",
            hint=f"use up to {LONGEST_NAME} letters that can be seen, no blanks around them",
        )
    hashed = _checked_hash(password)
    added = datetime.now(UTC)
    with store.writing() as connection:
        names = set(connection.execute(sa.select(users.c.name)).scalars())
        if name in names:
            raise UserError(f"there is a user '{name}' already", hint="judge review user password NAME changes it")
        if not names and role is not Role.ADMIN:
            raise UserError("the first user has to be an admin", hint="judge review user add NAME --role admin")
        connection.execute(users.insert().values(name=name, role=role, password=hashed, added=log.stamp(added)))
        extra = {"change": "added", "user": name, "role": role, "password": vouched(hashed)}
        log.append(connection, at=added, who=by, kind="user_changed", extra=extra)
    return User(name=name, role=role, added=added)


def set_password(store: Store, name: str, password: str, *, by: str) -> None:
    """Change a password, and let the name try again at once.

    Raises:
        UserError: no such user, or the password is too short.
    """
    hashed = _checked_hash(password)
    _change(store, name, {"password": hashed}, {"change": "password", "password": vouched(hashed)}, by)


def set_role(store: Store, name: str, role: Role, *, by: str) -> None:
    """Change what somebody may do.

    Raises:
        UserError: no such user, or the last admin would be lost.
    """
    _change(store, name, {"role": role}, {"change": "role", "role": role}, by)


def remove_user(store: Store, name: str, *, by: str) -> None:
    """Take somebody's login away; what they decided stays.

    Raises:
        UserError: no such user, or the last admin would be lost.
    """
    _change(store, name, None, {"change": "removed"}, by)


def list_users(store: Store) -> list[User]:
    """All users by name."""
    with store.reading() as connection:
        rows = connection.execute(sa.select(users.c.name, users.c.role, users.c.added).order_by(users.c.name))
        return [User.model_validate(dict(row)) for row in rows.mappings()]


class SignIn(NamedTuple):
    """What came of an attempt to sign in. wait: seconds before the name may try again. left: wrong tries that it has
    before it has to wait. Both are the same for names that nobody has."""

    user: User | None
    wait: float = 0.0
    left: int = FREE_FAILURES


def authenticate(store: Store, name: str, password: str) -> User | None:
    """The user, where name and password fit and the name need not wait; a login is recorded."""
    return attempt(store, name, password).user


def attempt(store: Store, name: str, password: str) -> SignIn:
    """Try to sign in; a login is recorded.

    An attempt counts as failed until it has succeeded, so that attempts made side by side are all counted.
    """
    if len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
        return SignIn(None)  # nobody has such a one, and what strangers send is not kept
    now = time.time()
    with store.writing() as connection:
        connection.execute(attempts.delete().where(attempts.c.last < now - 86400))
        tried = connection.execute(sa.select(attempts).where(attempts.c.name == name)).first()
        if tried is not None and now < tried.last + _wait(tried.failures):
            return SignIn(None, tried.last + _wait(tried.failures) - now, 0)
        failures = (tried.failures if tried else 0) + 1
        connection.execute(attempts.delete().where(attempts.c.name == name))
        connection.execute(attempts.insert().values(name=name, failures=failures, last=now))
        row = connection.execute(sa.select(users).where(users.c.name == name)).first()
    fits = _fits(password, row.password if row is not None else _NOBODY)
    if row is None or not fits:
        return SignIn(None, _wait(failures), max(FREE_FAILURES - failures, 0))
    with store.writing() as connection:
        connection.execute(attempts.delete().where(attempts.c.name == name))
        log.append(connection, at=datetime.now(UTC), who=name, kind="login")
    return SignIn(User(name=row.name, role=row.role, added=row.added))


def _wait(failures: int) -> float:
    """Seconds that a name has to wait after so many failures in a row."""
    return 0.0 if failures < FREE_FAILURES else min(2.0 ** (failures - FREE_FAILURES), LONGEST_WAIT)


def _change(store: Store, name: str, values: dict[str, str] | None, extra: dict[str, str], by: str) -> None:
    """Change a user, or with None remove it; in one transaction with the check that an admin is left."""
    with store.writing() as connection:
        this = users.c.name == name
        row = connection.execute(sa.select(users).where(this)).first()
        if row is None:
            raise UserError(f"no user '{name}'", hint="judge review user list")
        loses_admin = row.role == Role.ADMIN and (values or {"role": ""}).get("role", Role.ADMIN) != Role.ADMIN
        others = sa.select(users.c.name).where(users.c.role == Role.ADMIN, users.c.name != name)
        if loses_admin and connection.execute(others).first() is None:
            raise UserError(f"{name} is the last admin", hint="make somebody else an admin first")
        connection.execute(users.delete().where(this) if values is None else users.update().where(this).values(values))
        connection.execute(attempts.delete().where(attempts.c.name == name))
        at = datetime.now(UTC)
        log.append(connection, at=at, who=by, kind="user_changed", extra={"user": name, **extra})


def vouched(hashed: str) -> str:
    """What the log keeps of a password: a digest of its salted hash, by which a replaced one is noticed."""
    return hashlib.sha256(hashed.encode()).hexdigest()


def _checked_hash(password: str) -> str:
    if len(password) < LEAST_LENGTH:
        raise UserError(f"the password is shorter than {LEAST_LENGTH} characters", hint="choose a longer one")
    if len(password) > LONGEST_PASSWORD:
        raise UserError(f"the password is longer than {LONGEST_PASSWORD} characters", hint="choose a shorter one")
    salt = os.urandom(16)
    return f"scrypt${salt.hex()}${_scrypt(password, salt).hex()}"


def _fits(password: str, kept: str) -> bool:
    _, salt, hashed = kept.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(hashed))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, maxmem=2**26, dklen=32)
