"""Images by address: fetched where that is turned on, and never from a network that only this machine can reach.

The host's name is resolved once, every address it has must be one of the public internet, and the connection is made to
an address that was checked: a name that leads elsewhere a moment later leads nowhere. Redirects are checked alike.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

import h11

from judge.serving.http.problems import ApiProblem

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

REDIRECTS = 3
SECONDS = 15.0
_PORTS = {"http": 80, "https": 443}
_NUMERIC = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)(\.(0[xX][0-9a-fA-F]*|[0-9]+))*\.?")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_TUNNELS = tuple(map(ipaddress.IPv6Network, ("::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")))
_OTHERS = tuple(  # which Python takes for global, in some versions or in all: protocols' own, relays, examples, clouds
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20"))
)
_KINDS = ("image/", "application/octet-stream", "binary/octet-stream")
_CHUNK = 2**16
_AGAIN = 5.0  # seconds after which an address may be tried again


class NotFetched(Exception):
    """An address that is not fetched, and why."""


class Unwell(Exception):
    """Who has the image cannot give it now."""


@dataclass(frozen=True)
class Target:
    """Where to connect to, and what to ask for."""

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    path: str


async def fetch(url: str, most: int, seconds: float = SECONDS) -> bytes:
    """The bytes of an image on the public internet, at most so many.

    Raises:
        ApiProblem: it may not be fetched, cannot be, or is no image.
    """
    try:
        async with asyncio.timeout(seconds):
            for _ in range(REDIRECTS + 1):
                found = await _get(await target_of(url), most)
                if isinstance(found, bytes):
                    return found
                url = urljoin(url, found)
    except NotFetched as refused:
        raise ApiProblem(422, "url-refused", str(refused)) from refused
    except TimeoutError as late:
        raise _unreachable(f"the image did not come in {seconds:g} seconds") from late
    except Unwell as unwell:
        raise _unreachable(f"the address answers with status {unwell}") from unwell
    except (OSError, h11.ProtocolError) as error:
        detail = f"the image cannot be fetched ({type(error).__name__})"
        if isinstance(error, ssl.SSLError | h11.ProtocolError):  # how it answers, which will not be another in a moment
            raise ApiProblem(422, "url-refused", detail) from error
        raise _unreachable(detail) from error
    raise ApiProblem(422, "url-refused", f"more than {REDIRECTS} redirects")


def _unreachable(detail: str) -> ApiProblem:
    return ApiProblem(503, "url-unreachable", detail, retry_after=_AGAIN)


async def target_of(url: str) -> Target:
    """Where a URL leads, resolved and checked.

    Raises:
        NotFetched: it may not be fetched.
    """
    if any(one <= " " or one == "\x7f" for one in url):
        raise NotFetched("the address has blanks or control characters in it")
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotFetched(f"the address is none ({error})") from error
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    if scheme not in _PORTS:
        raise NotFetched("only http and https addresses are fetched")
    if not host or parts.username is not None or parts.password is not None:
        raise NotFetched("the address has no host, or a user in it")
    try:
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise NotFetched("the host's name is none") from error
    if _NUMERIC.fullmatch(host) and not _is_plain(host):
        raise NotFetched("the host is a number that is no plain IPv4 address")
    path = parts.path or "/"
    port = _PORTS[scheme] if port is None else port
    return Target(scheme, host, port, await _resolved(host, port), path + (f"?{parts.query}" if parts.query else ""))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet. An IPv6 address that stands for one of IPv4 is what that is; of
    networks that carry such in other ways, nobody knows where they lead."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(address in network for network in _TUNNELS) or address.is_site_local:
            return False
    if any(address in network for network in _OTHERS):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def _is_plain(host: str) -> bool:
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False


async def _resolved(host: str, port: int) -> tuple[str, ...]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotFetched(f"there is no host '{host[:80]}'") from error
    addresses = tuple(dict.fromkeys(str(one[4][0]) for one in found))
    for address in addresses:
        if "%" in address or not is_public(ipaddress.ip_address(address)):
            raise NotFetched("the host is none of the public internet")
    return addresses


async def _get(target: Target, most: int) -> bytes | str:
    """The body of an answer, or where it redirects to."""
    reader, writer = await _connected(target)
    try:
        talk = h11.Connection(h11.CLIENT)
        port = "" if target.port == _PORTS[target.scheme] else f":{target.port}"
        host = f"[{target.host}]" if ":" in target.host else target.host
        headers = [
            ("host", host + port),
            ("user-agent", "constitution-judge"),
            ("accept", "image/*"),
            ("accept-encoding", "identity"),
            ("connection", "close"),
        ]
        writer.write(talk.send(h11.Request(method="GET", target=target.path, headers=headers)) or b"")
        writer.write(talk.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        return await _answer(talk, reader, most)
    finally:
        writer.close()


async def _connected(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    tls = ssl.create_default_context() if target.scheme == "https" else None
    name = target.host if tls is not None else None
    error: OSError = ConnectionError()
    for address in target.addresses[:3]:
        try:
            return await asyncio.open_connection(address, target.port, ssl=tls, server_hostname=name)
        except OSError as failed:
            error = failed
    raise error


async def _answer(talk: h11.Connection, reader: asyncio.StreamReader, most: int) -> bytes | str:
    body = bytearray()
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            talk.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Response):
            headers = {name.lower(): value.decode("latin-1") for name, value in event.headers}
            if event.status_code in (301, 302, 303, 307, 308) and b"location" in headers:
                return headers[b"location"]
            _check(event.status_code, headers, most)
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > most:
                raise NotFetched(f"the image has more than {most:,} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return bytes(body)
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionError("the connection ended before the image did")


def _check(status: int, headers: dict[bytes, str], most: int) -> None:
    if status == 429 or status >= 500:
        raise Unwell(status)
    if status != 200:
        raise NotFetched(f"the address answers with status {status}")
    kind = headers.get(b"content-type", _KINDS[0]).lower()
    if not kind.startswith(_KINDS) or headers.get(b"content-encoding", "identity").lower() != "identity":
        raise NotFetched("what the address answers with is no image")
    length = headers.get(b"content-length", "0")
    if length.isdecimal() and int(length) > most:
        raise NotFetched(f"the image has more than {most:,} bytes")
