"""API keys: a file of them, hashed, each with what it may do and how fast. Knows no request.

A key is 256 random bits, so one round of SHA-256 keeps it as well as a slow hash would: nobody can guess that many.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from judge.errors import UserError
from judge.files import read_text, write_whole
from judge.settings import Frozen

log = logging.getLogger("judge")
Scope = Literal["judge", "read", "admin"]
PREFIX = "cj"
_NOBODY = hashlib.sha256(b"").hexdigest()
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class ApiKey(Frozen):
    """A key as it is kept. id: the part of it that is no secret. scopes: `judge` sends images, `read` reads
    constitutions, its own verdicts and metrics, `admin` may do all of it and read everybody's verdicts."""

    name: Name
    id: str
    sha256: str
    scopes: tuple[Scope, ...]
    rate: float | None = Field(default=None, gt=0)
    """Images a second, over time; None: no limit."""
    burst: int | None = Field(default=None, ge=1)
    """Images that may come at once; None: as many as in ten seconds."""
    added: datetime

    def may(self, scope: Scope) -> bool:
        """Whether it may do that."""
        return scope in self.scopes or "admin" in self.scopes


class _KeyFile(Frozen):
    keys: tuple[ApiKey, ...] = ()


class Bucket:
    """Lets `rate` a second through, and `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self._left, self._at = burst, time.monotonic()

    def wait(self) -> float:
        """Seconds until something may come; 0 where it may now."""
        now = time.monotonic()
        self._left, self._at = min(self.burst, self._left + (now - self._at) * self.rate), now
        return 0.0 if self._left >= 1 else (1 - self._left) / self.rate

    def take(self, count: int) -> None:
        """So many have come. More than are left are waited for afterwards, by whoever comes next."""
        self._left -= count


class Keys:
    """The keys of a file, read anew when it has changed."""

    def __init__(self, path: Path) -> None:
        """Raises UserError: the file cannot be read, or holds no keys."""
        self._path = path
        self._stamp = self._look()
        self._by_id = {key.id: key for key in read_keys(path)}
        if not self._by_id:
            raise UserError(f"{path} holds no keys", hint=f"judge serve keys add NAME --keys {path}")
        self._buckets: dict[str, Bucket] = {}

    def of(self, text: str) -> ApiKey | None:
        """The key that this is; None where it is none. It takes as long for either."""
        self._renew()
        key = self._by_id.get(text.split("_")[1] if text.count("_") >= 2 else "")
        digest = hashlib.sha256(text.encode()).hexdigest()
        fits = hmac.compare_digest(digest, key.sha256 if key is not None else _NOBODY)
        return key if fits else None

    def bucket(self, key: ApiKey) -> Bucket | None:
        """What bounds how fast a key may be used, if anything."""
        if key.rate is None:
            return None
        burst = float(key.burst or max(1.0, 10 * key.rate))
        bucket = self._buckets.get(key.id)
        if bucket is None or (bucket.rate, bucket.burst) != (key.rate, burst):
            bucket = self._buckets[key.id] = Bucket(key.rate, burst)
        return bucket

    def _renew(self) -> None:
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._by_id = {key.id: key for key in read_keys(self._path)}
        except UserError as error:
            log.error("the keys stay as they were: %s", error)

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def read_keys(path: Path) -> tuple[ApiKey, ...]:
    """The keys of a file.

    Raises:
        UserError: it cannot be read, or is no file of keys.
    """
    try:
        return _KeyFile.model_validate_json(read_text(path)).keys
    except ValidationError as error:
        raise UserError(f"{path} is no file of keys ({error.errors()[0]['msg']})") from error
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read ({getattr(error, 'strerror', None) or error})",
            hint=f"make it: judge serve keys add NAME --keys {path}",
        ) from error


def add_key(
    path: Path, name: str, scopes: tuple[Scope, ...], rate: float | None = None, burst: int | None = None
) -> str:
    """Add a key to a file, which is made where there is none, and return it: it is kept nowhere.

    Raises:
        UserError: the name is taken or none, or the file cannot be used.
    """
    keys = read_keys(path) if path.exists() else ()
    if any(key.name == name for key in keys):
        raise UserError(f"there is a key '{name}' already", hint="take it away first: judge serve keys remove NAME")
    identity = secrets.token_hex(6)
    text = f"{PREFIX}_{identity}_{secrets.token_urlsafe(32)}"
    try:
        added = ApiKey(
            name=name,
            id=identity,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            scopes=scopes,
            rate=rate,
            burst=burst,
            added=datetime.now(UTC),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    _write(path, (*keys, added))
    return text


def remove_key(path: Path, name: str) -> None:
    """Take a key away: nobody can use it from the next request on.

    Raises:
        UserError: there is none of that name, or the file cannot be used.
    """
    keys = read_keys(path)
    if all(key.name != name for key in keys):
        raise UserError(f"no key '{name}'", hint="judge serve keys list shows them")
    _write(path, tuple(key for key in keys if key.name != name))


def _write(path: Path, keys: tuple[ApiKey, ...]) -> None:
    text = json.dumps(_KeyFile(keys=keys).model_dump(mode="json"), indent=2) + "\n"
    try:
        write_whole(path, text, private=True)
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror})") from error
