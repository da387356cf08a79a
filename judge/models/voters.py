"""Tells the models of a committee apart: one that is named in two ways would vote twice. Loads nothing."""

from __future__ import annotations

import ipaddress
import posixpath
import socket
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from judge.errors import UserError
from judge.ports import Mllm
from judge.printable import printable
from judge.settings import is_address

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
    if is_address(name):
        return (*_address(name), urlsplit(name).fragment)
    folder = Path(name)
    return ("folder", folder.resolve()) if folder.is_dir() else ("name", name)


def _model(name: str, mllm: Mllm) -> Hashable:
    identity = mllm.identity
    if identity.served and is_address(name):
        return (*_address(name), identity.name)
    return ("weights", identity.digest) if identity.digest != _UNKNOWN else ("name", name)


def _address(name: str) -> tuple[str, str, int | None, str]:
    """An address without what may be written in several ways. No name is looked up: two may be one computer."""
    parts = urlsplit(name)
    path = posixpath.normpath("/" + unquote(parts.path).strip("/"))
    port = parts.port or _PORTS.get(parts.scheme)
    return parts.scheme, _host(parts.hostname or ""), port, "/v1" if path == "/" else path


def _host(written: str) -> str:
    """A host as one text: `127.1`, `2130706433` and `::ffff:127.0.0.1` are `127.0.0.1`, which is this computer."""
    host = unicodedata.normalize("NFKC", unquote(written)).rstrip(".")
    try:
        own = ipaddress.ip_address(host)
    except ValueError:
        try:
            own = ipaddress.ip_address(socket.inet_aton(host))
        except OSError:
            return host  # a name
    mapped = own.ipv4_mapped if isinstance(own, ipaddress.IPv6Address) else None
    own = mapped or own
    return "localhost" if own.is_loopback or own.is_unspecified else str(own)
