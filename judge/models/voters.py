"""Tells the models of a committee apart: one that is named in two ways would vote twice. Loads nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from judge.errors import UserError
from judge.ports import Mllm
from judge.printable import printable

_UNKNOWN = "unknown"  # the digest of a model that does not say which it is
_PORTS = {"http": 80, "https": 443}


def check_names(names: Sequence[str]) -> None:
    """Refuse two names of one place, before anything is loaded.

    Raises:
        UserError: two of them are one folder, or one model at one address.
    """
    _refuse_twice([(name, _place(name)) for name in names])


def check_models(models: Mapping[str, Mllm]) -> None:
    """Refuse two models that are one: the same weights, or the same model at one address. models: by name.

    Raises:
        UserError: two of them are one.
    """
    _refuse_twice([(name, _model(name, mllm)) for name, mllm in models.items()])


def _refuse_twice(named: Sequence[tuple[str, Hashable]]) -> None:
    first: dict[Hashable, str] = {}
    for name, key in named:
        if (other := first.get(key)) is not None:
            raise UserError(
                f"{printable(other)} and {printable(name)} are one model: it would vote twice",
                hint="name models that differ, each once: as the judge, as a member, or as the stronger one",
            )
        first[key] = name


def _place(name: str) -> Hashable:
    if name.startswith(("http://", "https://")):
        return (*_address(name), urlsplit(name).fragment)
    folder = Path(name)
    return ("folder", folder.resolve()) if folder.is_dir() else ("name", name)


def _model(name: str, mllm: Mllm) -> Hashable:
    identity = mllm.identity
    if identity.served and name.startswith(("http://", "https://")):
        return (*_address(name), identity.name)
    return ("weights", identity.digest) if identity.digest != _UNKNOWN else ("name", name)


def _address(name: str) -> tuple[str, str, int | None, str]:
    """An address without what may be written in several ways."""
    parts = urlsplit(name)
    host = (parts.hostname or "").rstrip(".")
    try:
        own = ipaddress.ip_address(host)
        host = "localhost" if own.is_loopback or own.is_unspecified else str(own)
    except ValueError:
        pass  # a name
    return parts.scheme, host, parts.port or _PORTS.get(parts.scheme), parts.path.rstrip("/")
