"""A server with the bundled model: what it says is what the judge says, however it is asked; a killed process costs tries.

All tests that need a real model are here, so that one server is started for them.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmarks.four_ways import by_server, without_timings
from judge import Client
from judge.cli import quick
from judge.cli.verbs import app
from judge.errors import UserError
from tests.conftest import ROOT
from tests.serving.http import litellm_cases
from tests.serving.http.conftest import DRAWINGS
from tests.serving.http.test_compatible import RULE, moderated

VIOLATING = next(one for one in DRAWINGS if one.name == "body-on-fire-violating.png")


@pytest.fixture(scope="module")
def itself(_own_cache):
    from judge import load_judge

    return load_judge("demo")


@pytest.fixture(scope="module")
def expected(itself):
    return [one.model_dump_json(exclude={"timings"}) for one in itself.judge_many(map(str, DRAWINGS))]


def files(*paths):
    return [("image", (str(path), path.read_bytes())) for path in paths]


def test_all_drawings_have_byte_for_byte_the_verdicts_of_the_judge_itself(real, expected):
    """In batches of eight, as the judge puts them together: others in a batch may change the sixth decimal."""
    assert len(DRAWINGS) == 36
    found = []
    for start in range(0, 36, 8):
        answer = real.http.post("/v1/judge", files=files(*DRAWINGS[start : start + 8]), data={"stream": "true"})
        assert answer.status_code == 200, answer.text
        found += sorted(answer.content.splitlines(), key=lambda line: json.loads(line)["index"])
    for line, verdict in zip(found, expected, strict=True):
        said = line[line.index(b'"verdict": ') + 11 :]
        assert said[: said.index(b',"timings":')] + b"}" == verdict.encode()


def test_an_image_judged_alone_has_one_verdict_by_api_command_server_and_client(real, itself, capsys):
    few = DRAWINGS[::13]
    own = [itself.judge(path).model_dump_json() for path in few]
    real.service._once._kept.clear()
    sent = [by_server(real.url, path) for path in few]
    real.service._once._kept.clear()
    with Client(real.url) as client:
        typed = [client.judge(path).model_dump_json() for path in few]
    printed = CliRunner().invoke(app, ["check", "--json", "--batch", "1", *map(str, few)]).stdout.splitlines()
    assert quick.check(["check", str(few[0]), "--json", "--server", real.url]) is not None
    quickly = capsys.readouterr().out.splitlines()
    for way in (sent, typed, printed):
        assert [*map(without_timings, way)] == [*map(without_timings, own)]
    assert without_timings(quickly[0]) == without_timings(own[0])


@pytest.mark.parametrize("form", ["base64", "data URI", "object"])
def test_an_image_may_come_as_text(real, form):
    text = base64.b64encode(VIOLATING.read_bytes()).decode()
    given = {"base64": text, "data URI": f"data:image/png;base64,{text}", "object": {"data": text, "name": "x"}}[form]
    answer = real.http.post("/v1/judge", json={"image": given, "detail": "summary"})
    assert answer.status_code == 200, answer.text
    (verdict,) = answer.json()["verdicts"]
    assert (verdict["verdict"], verdict["violations"]) == ("violation", ["body-on-fire"])
    assert verdict["image"] == ("x" if form == "object" else "image 1")


def test_a_stream_has_a_line_for_each_image_with_its_place(real):
    answer = real.http.post("/v1/judge", files=files(*DRAWINGS[:3]), data={"stream": "true", "detail": "summary"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(line["index"] for line in lines) == [0, 1, 2]
    assert all(line["verdict"]["image"] == str(DRAWINGS[line["index"]]) for line in lines)


def test_what_is_no_image_goes_to_a_person_and_stops_no_other(real):
    answer = real.http.post("/v1/judge", files=[("image", ("broken.png", b"nonsense")), *files(VIOLATING)])
    broken, fine = answer.json()["verdicts"]
    assert (broken["verdict"], broken["causes"], broken["failure"]["kind"]) == ("needs_review", ["unreadable"], "image")
    assert fine["verdict"] == "violation"


def test_a_client_gets_the_verdicts_of_the_server(real, tmp_path):
    broken, missing = tmp_path / "broken.png", tmp_path / "missing.png"
    broken.write_bytes(b"nonsense")
    with Client(real.url) as client:
        verdicts = list(client.judge_many([VIOLATING, str(broken), missing, VIOLATING.read_bytes()]))
        assert client.judge(VIOLATING, name="x").image == "x"
        assert [one["name"] for one in client.constitutions()] == ["demo"]
        with pytest.raises(UserError, match="no constitution 'none'"):
            client.judge(VIOLATING, constitution="none")
    assert [one.verdict for one in verdicts] == ["violation", "needs_review", "needs_review", "violation"]
    assert [one.image for one in verdicts] == [str(VIOLATING), str(broken), str(missing), "<bytes>"]
    assert verdicts[2].reasons == ("no such file",) and verdicts[2].failure.retryable
    assert verdicts[2].provenance == verdicts[0].provenance


def test_check_by_a_server_prints_what_check_prints(real, tmp_path):
    found = CliRunner().invoke(app, ["check", "--server", real.url, str(VIOLATING)])
    assert found.exit_code == 1 and found.stdout.split() == ["violation", str(VIOLATING), "body-on-fire"]
    (tmp_path / "a.png").write_bytes(b"nonsense")
    found = CliRunner().invoke(app, ["check", "--server", real.url, str(tmp_path), "--json", "-c", "demo"])
    assert found.exit_code == 4 and json.loads(found.stdout)["causes"] == ["unreadable"]


def test_one_image_with_too_many_pixels_stops_no_other(real):
    large = io.BytesIO()
    Image.new("1", (513, 512)).save(large, "PNG")
    with Client(real.url) as client:
        verdicts = list(client.judge_many([VIOLATING, large.getvalue()]))
    assert [one.verdict for one in verdicts] == ["violation", "needs_review"]
    assert "more than 0.262 megapixels" in verdicts[1].reasons[0]
    assert verdicts[1].causes == ("unreadable",)


def test_the_real_judge_answers_the_openai_package(real):
    path = next(one for one in DRAWINGS if one.name == "body-on-fire-violating.png")
    (result,) = moderated(real, path.read_bytes()).results
    assert result.flagged and result.categories.model_extra[RULE] is True
    assert result.category_scores.model_extra[RULE] > 0.5 > result.category_scores.model_extra["rule/drugs"]


def test_requests_as_litellm_sends_them_have_an_action(real):
    found = {}
    for name, sent in litellm_cases.recorded().items():
        for one in sent:
            answer = real.http.post(one["path"], json=one["body"], headers=one["headers"])
            assert answer.status_code == 200, answer.text
            found[name] = answer.json()
    assert found["benign"] == found["down"] == {"action": "NONE", "blocked_reason": None}
    assert found["violating"] == {"action": "BLOCKED", "blocked_reason": "image 2 violates body-on-fire"}


@pytest.mark.skipif(not litellm_cases.installed(), reason="pip install litellm")
def test_litellm_itself_lets_pass_what_is_allowed_and_nothing_else(real):
    found = litellm_cases.asked(real.url)
    assert found["benign"]["passes"]
    assert not found["violating"]["passes"] and "image 2 violates body-on-fire" in found["violating"]["why"]
    assert not found["down"]["passes"], "a judge that is not there blocks"
    assert {name: len(one["sent"]) for name, one in found.items() if name != "image alone"} == {
        "benign": 1,
        "violating": 1,
        "down": 1,
    }
    alone = found["image alone"]
    assert (alone["passes"], alone["sent"]) == (True, []), "LiteLLM has mended it: docs/server.md says otherwise"


def test_a_killed_process_makes_no_verdict_and_the_next_one_judges(real):
    expected = {
        path: real.http.post("/v1/judge", files={"image": ("x", path.read_bytes())}).json()["verdicts"][0]["verdict"]
        for path in DRAWINGS[:3]
    }
    real.service._once._kept.clear()
    found, begun = [], time.monotonic()

    def client(path):
        with httpx.Client(base_url=real.url, timeout=120) as http:
            while True:
                answer = http.post("/v1/judge", files={"image": ("x", path.read_bytes())}, data={"detail": "summary"})
                found.append((path, answer))
                if answer.status_code == 200:
                    return
                time.sleep(0.2)

    threads = [threading.Thread(target=client, args=(path,)) for path in expected]
    for thread in threads:
        thread.start()
    while not real.service.engine._pace or time.monotonic() - begun < 0.15:
        time.sleep(0.01)
    os.kill(real.service.engine.pids[0], signal.SIGKILL)
    for thread in threads:
        thread.join(120)
    lost = [answer for _, answer in found if answer.status_code != 200]
    assert lost, "the process was killed while it judged"
    for answer in lost:
        assert answer.status_code == 503 and answer.headers["retry-after"] and answer.json()["retryable"]
    right = {path: answer.json()["verdicts"][0]["verdict"] for path, answer in found if answer.status_code == 200}
    assert right == expected


def test_the_command_serves_other_machines_with_keys_only_and_ends_in_order(tmp_path):
    run, keys = CliRunner().invoke, str(tmp_path / "keys.json")
    refused = run(app, ["serve", "--host", "0.0.0.0", "--port", "0"])
    assert isinstance(refused.exception, UserError) and "judge serve keys add" in refused.exception.hint
    key = run(app, ["serve", "keys", "add", "ada", "--keys", keys]).stdout.strip()
    assert run(app, ["serve", "keys", "list", "--keys", keys]).stdout.startswith("ada  judge  added ")
    command = [sys.executable, "-m", "judge", "serve", "--port", "0", "--processes", "1", "--keys", keys]
    given = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **given) as started:
        for line in started.stderr:
            if found := re.search(r"serving demo on (http://\S+)", line):
                break
        url, headers = found[1], {"authorization": f"Bearer {key}"}
        files = {"image": ("a.png", DRAWINGS[0].read_bytes())}
        answers = []

        def ask():
            answers.append(httpx.post(f"{url}/v1/judge", files=files, headers=headers, timeout=120))

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.3)
        started.send_signal(signal.SIGTERM)
        thread.join(120)
        assert [one.status_code for one in answers] == [200], "what was accepted is finished"
        assert started.wait(60) == 0
        assert started.stderr.read() == ""


def test_a_head_that_never_ends_is_cut_off(real, monkeypatch):
    from judge.serving import connections

    monkeypatch.setattr(connections, "HEAD", 0.3)
    host, port = real.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        slow.sendall(b"POST /v1/judge HTTP/1.1\r\nHost: x\r\n")
        begun = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert slow.recv(100) == b""
        assert time.monotonic() - begun < 5
    assert real.http.get("/healthz").status_code == 200
