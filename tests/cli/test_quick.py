"""`judge check IMAGE --server URL`, done quickly: it says what the command says otherwise, imports next to nothing, and
leaves to the command what is not plain."""

from __future__ import annotations

import contextlib
import json
import os
import socketserver
import subprocess
import sys
import threading

import pytest
import typer.main
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from judge.cli import quick
from judge.cli.verbs import app
from judge.client import client
from judge.constitution import parse_constitution
from judge.verdict import Condition, Evidence, Failure, Finding, ImageFacts, Verdict
from tests.conftest import ROOT
from tests.serving.http.running import PROVENANCE, Scripted, serving

HEAVY = (
    "asyncio", "httpx", "httpx2", "inspect", "judge.settings", "judge.verdict", "logging", "numpy", "pathlib",
    "PIL", "prometheus_client", "pydantic", "rich", "stamina", "tenacity", "tornado", "torch", "typer", "yaml",
)  # fmt: skip
RULES = parse_constitution(
    "{constitution: c, version: 1.0.0, rules: [{id: a, rule: No fire., preconditions: [fire is visible]}]}"
)


def finding(outcome, *conditions, exceptions=()):
    made = [
        [Condition(outcome=one, alternatives=(Evidence(statement=f"{one} is said", outcome=one),)) for one in some]
        for some in (conditions, exceptions)
    ]
    return Finding(
        rule="a", text="No fire.", view="image", category="c", severity="low", enforced=True, outcome=outcome, preconditions=made[0], exceptions=made[1]
    )  # fmt: skip


SAID = {
    "violation": {"violations": ("a", "b"), "shadow_violations": ("c",), "findings": (finding("violated", "holds"),)},
    "near": {"verdict": "no_violation", "notes": ("a note\n", "another")},
    "wanting": {"verdict": "no_violation", "findings": (finding("not_violated", "holds", "fails"),)},
    "lifted": {"verdict": "no_violation", "findings": (finding("not_violated", "holds", exceptions=("holds",)),)},
    "open": {"verdict": "needs_review", "reasons": ("a: it stays open", "\x1b[1mb"), "causes": ("between_thresholds",)},
    "unread": {"verdict": "needs_review", "reasons": ("no",), "failure": Failure(kind="image", message="no", hint="x")},
    "failed": {"verdict": "needs_review", "reasons": ("no",), "failure": Failure(kind="model", message="no")},
    "later": {"verdict": "needs_review", "failure": Failure(kind="image", message="no", retryable=True)},
}


def body_of(image, said="violation", **more):
    whole = {"image": image, "verdict": "violation", "provenance": PROVENANCE, **SAID[said], **more}
    verdict = Verdict(**whole, image_facts=ImageFacts(views=("image",)), timings={"total": 0.00001}).model_dump_json()
    return b'{"ids":["v_1"],"verdicts":[' + verdict.encode() + b"]}"


@contextlib.contextmanager
def answering(answer):
    """The address of a server that says these bytes to whatever it is asked, and what it was asked."""
    came = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            head = b"".join(iter(self.rfile.readline, b"\r\n"))
            length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length"))
            came.append((head, self.rfile.read(int(length.split()[1]))))
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", came
        finally:
            server.shutdown()
            thread.join()


def whole(body, status=b"200 OK", *fields):
    fields = [b"content-length: %d" % len(body), *fields]
    return b"HTTP/1.1 " + status + b"\r\n" + b"\r\n".join(fields) + b"\r\n\r\n" + body


@pytest.fixture(autouse=True)
def plain(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in (*quick._BY_RICH, "JUDGE_API_KEY", *(one for one in os.environ if one.lower().endswith("_proxy"))):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "a picture, é.png").write_bytes(b"some bytes")
    return "a picture, é.png"


@pytest.mark.parametrize("more", [["--json"], ["-c", "x"], ["--json", "--constitution=a b"], []])
@pytest.mark.parametrize("said", SAID)
def test_it_says_what_the_command_says(said, more, picture, capsys):
    with answering(whole(body_of(picture, said))) as (url, came):
        code = quick.check(["check", picture, *more, "--server", url])
        quickly = capsys.readouterr()
        slowly = CliRunner().invoke(app, ["check", picture, *more, "--server", url])
    assert (code, quickly.out, quickly.err) == (slowly.exit_code, slowly.stdout, slowly.stderr)
    assert quickly.out and len(came) == 2


def test_it_sends_what_the_command_sends(picture, monkeypatch):
    monkeypatch.setenv("JUDGE_API_KEY", "k")
    with serving({"constitutions": ["demo"]}, process=(judging := Scripted())) as server:
        assert quick.check(["check", picture, "-c", "demo", "--server", server.url]) == 0
        assert quick.check(["check", picture, "-c", "none", "--server", server.url]) is None
    assert judging.parcels == [[b"some bytes"]]
    with answering(whole(body_of(picture))) as (url, came):
        assert quick.check(["check", picture, "--server", url]) == 1
    assert b"\r\nauthorization: bearer k\r\n" in came[0][0].lower()
    monkeypatch.setenv("JUDGE_API_KEY", " k\n")
    with answering(whole(body_of(picture))) as (url, came):
        assert quick.check(["check", picture, "--server", url]) == 1
    assert b"\r\nauthorization: bearer k\r\n" in came[0][0].lower()
    assert (quick.KEY_VARIABLE, quick.SECONDS) == (client.KEY_VARIABLE, client.TIMEOUT)


GOOD = body_of("a picture, é.png")
ODD = {
    "busy": whole(b"{}", b"503 Service Unavailable", b"retry-after: 0"),
    "no key": whole(GOOD, b"401 Unauthorized"),
    "moved": whole(GOOD, b"302 Found", b"location: /"),
    "nothing": b"",
    "no HTTP": b"hello",
    "cut off": whole(GOOD)[:-9],
    "no length": whole(GOOD).replace(b"content-length", b"x"),
    "no JSON": whole(GOOD[:-3] + b"]]}"),
    "another verdict": whole(GOOD.replace(b'"violation"', b'"fine"', 1)),
    "another image": whole(body_of("b.png")),
    "two verdicts": whole(GOOD[:-2] + b"," + GOOD.partition(b"[{")[2].join([b"{", b""])),
    "a list": whole(b'{"ids":[],"verdicts":[]}'),
    "a word": whole(b'{"ids":[],"verdicts":["violation"]}'),
    "violations that are none": whole(GOOD.replace(b'"violations":["a","b"]', b'"violations":7')),
    "a problem": whole(b'{"type":"x","detail":"y"}'),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_not_a_whole_answer_with_a_verdict_is_left_to_the_command(odd, picture, capsys):
    with answering(ODD[odd]) as (url, came):
        assert quick.check(["check", picture, "--server", url]) is None
    assert len(came) == 1 and capsys.readouterr() == ("", "")


def test_what_is_not_plain_is_not_even_asked_about(picture, monkeypatch, tmp_path):
    (tmp_path / "none.png").write_bytes(b"")
    (tmp_path / 'a"b.png').write_bytes(b"x")
    (tmp_path / "large.png").write_bytes(bytes(quick.MOST + 1))
    os.mkfifo(tmp_path / "pipe")
    with answering(whole(GOOD)) as (url, came):
        for image in ("none.png", 'a"b.png', "large.png", "pipe", "nowhere.png", ".", "\udcff"):
            assert quick.check(["check", image, "--server", url]) is None
        port = url.rpartition(":")[2]
        for server in (f"https://127.0.0.1:{port}", f"{url}/x", f"http://a@127.0.0.1:{port}", "http://127.0.0.1", port):
            assert quick.check(["check", picture, "--server", server]) is None
        for name, value in (
            ("FORCE_COLOR", "1"),
            ("http_proxy", url),
            ("JUDGE_API_KEY", "a\r\nb"),
            ("JUDGE_API_KEY", "ü"),
            ("ALL_PROXY", url),
        ):
            with monkeypatch.context() as own:
                own.setenv(name, value)
                assert quick.check(["check", picture, "--server", url]) is None
    assert came == []
    assert quick.check(["check", picture, "--server", "http://127.0.0.1:9"]) is None


WORDS = ["a.png", "b.png", "--json", "-c", "-c=x", "-cx", "--constitution", "--constitution=x", "--server", "--server=u", "x", "", "--", "-", "--explain",
         "--help", "-h", "--model", "--batch=4", "--server=", "--js", "--json=1", "-", "--no-json", "check"]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=7))
def test_a_command_line_that_it_reads_is_read_by_typer_in_the_same_way(words):
    asked = quick.asked_for(["check", *words])
    if asked is None:
        return
    context = typer.main.get_command(app).commands["check"].make_context("check", list(words))
    said = {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}
    found = {name: context.params[name] for name in said}
    expected = {"images": [asked.image], "server": asked.server}
    expected |= {"json": True} if asked.json else {}
    expected |= {"constitution": asked.constitution} if asked.constitution is not None else {}
    assert found == expected


def test_a_plain_command_line_is_read():
    assert quick.asked_for(["check", "a", "--json", "-c", "x", "--server=u"]) == ("a", "u", "x", True)
    assert quick.asked_for(["check", "a"]) is quick.asked_for(["batch", "a", "--server", "u"]) is None


def test_a_first_verdict_imports_next_to_nothing(tmp_path):
    (tmp_path / "a.png").write_bytes(b"violates")
    code = (
        "import atexit, sys\n"
        "from judge.cli.main import main\n"
        f"atexit.register(lambda: print([name for name in sys.modules if name in {HEAVY!r}], file=sys.stderr))\n"
        "main()"
    )
    with serving(process=Scripted()) as server:
        for more, said in ([], "violation    a.png\n"), (["--json"], None):
            command = [sys.executable, "-c", code, "check", "a.png", "--server", server.url, *more]
            surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=60, check=False)
            assert done.returncode == 1 and done.stderr.splitlines()[-1] == "[]", done.stderr
            assert done.stdout == said or json.loads(done.stdout)["verdict"] == "violation"
