"""Addresses of images: what is fetched, and what leads to networks that only the server can reach is not."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading

import pytest

from judge.serving.http import fetching
from judge.serving.http.fetching import NotFetched, fetch, is_public, target_of
from judge.serving.http.problems import ApiProblem
from tests.serving.http.running import Scripted, serving


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1",
        "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "fec0::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "100::1", "192.0.0.8", "192.0.0.9", "192.0.0.10",
        "192.0.0.192", "192.88.99.1", "168.63.129.16", "3fff::1", "3fff:fff::1", "2002:808:808::1", "64:ff9b:1::808:808",
        "::ffff:192.0.0.192", "::ffff:192.88.99.1", "::ffff:168.63.129.16", "64:ff9b::c000:c0", "64:ff9b::c058:6301", "64:ff9b::a83f:8110",
    ],
)  # fmt: skip
def test_addresses_that_are_none_of_the_public_internet(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_that_are(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/a", "gopher://x", "data:,x", "http:///a", "http://", "//example.com/a", "http://[::1",
        "http://user@example.com/", "http://user:pass@example.com/", "http://a b/", "http://example.com/\r\nx", "http://example.com:99999/",
        "http://localhost/", "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/",
        "http://0x7f.1/", "http://017700000001/", "http://134744072/", "http://010.8.8.8/", "http://0/", "http://127.0.0.1./", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[fe80::1%25eth0]/", "http://169.254.169.254/latest/meta-data/",
        "http://\uff11\uff12\uff17.0.0.1/", "http://\u2460\u2461\u2466.0.0.1/",
    ],
)  # fmt: skip
def test_what_leads_elsewhere_is_refused(url):
    with pytest.raises(NotFetched):
        asyncio.run(target_of(url))


def test_a_name_with_one_address_inside_is_refused(monkeypatch):
    def two(*_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with pytest.raises(NotFetched, match="public internet"):
        asyncio.run(target_of("http://example.com/"))


class Web:
    """A server on this machine that a name of the public internet is made to lead to."""

    def __init__(self, *answers):
        self.answers, self.came = list(answers), []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        for answer in self.answers:
            connection, _ = self.socket.accept()
            with connection:
                self.came.append(connection.recv(4096))
                connection.sendall(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def answered(status="200 OK", kind="image/png", body=b"picture", *more):
    head = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}", *more, "", ""]
    return "\r\n".join(head).encode() + body


@pytest.fixture
def public(monkeypatch):
    """Names lead to this machine, as if it were the public internet; each time a name is resolved is noted."""
    resolved = []

    async def resolve(host, port):
        if host not in ("example.com", "elsewhere.example"):
            return await real(host, port)
        resolved.append(host)
        return ("127.0.0.1",)

    real = fetching._resolved
    monkeypatch.setattr(fetching, "_resolved", resolve)
    return resolved


def fetched(web, path="/a.png", **more):
    return asyncio.run(fetch(f"http://example.com:{web.port}{path}", more.pop("most", 1000), **more))


def test_an_image_is_fetched_by_the_address_that_was_checked(public):
    with Web(answered()) as web:
        assert fetched(web, "/a.png?b=1#c") == b"picture"
    assert (
        web.came[0].startswith(b"GET /a.png?b=1 HTTP/1.1\r\n")
        and f"host: example.com:{web.port}".encode() in web.came[0].lower()
    )
    assert public == ["example.com"], "resolved once"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answered("404 Not Found"), "status 404"),
        (answered(kind="text/html"), "no image"),
        (answered("200 OK", "image/png", b"x", "content-encoding: gzip"), "no image"),
        (answered(body=b"x" * 1001), "more than 1,000 bytes"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7d1\r\n" + b"x" * 2001 + b"\r\n0\r\n\r\n", "more than 1,000 bytes"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", "cannot be fetched"),
        (b"nonsense\r\n\r\n", "cannot be fetched"),
        (answered("302 Found", "image/png", b"", "location: http://127.0.0.1/"), "public internet"),
        (answered("302 Found", "image/png", b"", "location: http://[::1]/"), "public internet"),
        (answered("302 Found", "image/png", b"", "location: file:///etc/passwd"), "only http"),
    ],
)  # fmt: skip
def test_what_is_no_image_and_redirects_inside_are_refused(public, answer, why):
    with Web(answer) as web, pytest.raises(ApiProblem, match=why) as caught:
        fetched(web)
    assert caught.value.status == 422


def test_redirects_are_followed_a_few_times(public):
    with Web(answered("302 Found", "image/png", b"", "location: /b.png"), answered()) as web:
        assert fetched(web) == b"picture"
    assert web.came[1].startswith(b"GET /b.png") and public == ["example.com"] * 2, "and checked anew"
    with (
        Web(*[answered("302 Found", "image/png", b"", "location: /b.png")] * 4) as web,
        pytest.raises(ApiProblem, match="3 redirects"),
    ):
        fetched(web)


def test_an_image_that_does_not_come_is_not_waited_for(public):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://example.com:{silent.getsockname()[1]}/"
        with pytest.raises(ApiProblem, match=r"did not come in 0\.2 seconds") as caught:
            asyncio.run(fetch(url, 1000, 0.2))
    assert caught.value.status == 503 and caught.value.retry_after


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests"])
def test_who_cannot_give_an_image_now_may_be_asked_again(public, status):
    with Web(answered(status)) as web, pytest.raises(ApiProblem, match=f"status {status[:3]}") as caught:
        fetched(web)
    assert (caught.value.status, caught.value.slug) == (503, "url-unreachable") and caught.value.retry_after


def test_an_address_at_which_nobody_answers_may_be_asked_again(public):
    with Web() as web:
        pass
    with pytest.raises(ApiProblem, match="cannot be fetched") as caught:
        fetched(web)
    assert caught.value.status == 503 and caught.value.retry_after


def test_a_server_fetches_only_where_it_is_turned_on(public):
    with Web(answered(body=b"vpicture")) as web:
        url = f"http://example.com:{web.port}/a.png"
        with serving(process=Scripted()) as running:
            assert running.http.post("/v1/judge", json={"image": url}).status_code == 422
            assert not web.came
        with serving({"fetch_urls": True}, process=Scripted()) as running:
            answer = running.http.post("/v1/judge", json={"image": {"url": url}, "detail": "summary"})
            assert answer.json()["verdicts"][0]["verdict"] == "violation"
            refused = running.http.post("/v1/judge", json={"image": "http://127.0.0.1/"})
            assert (refused.status_code, refused.json()["type"][-11:]) == (422, "url-refused")
