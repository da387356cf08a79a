"""How images may give offence, asked of the server: per request, judged apart from those of which it is not asked."""

from __future__ import annotations

import base64
import json

import pytest
from typer.testing import CliRunner

from judge import Client
from judge.cli.verbs import app
from judge.errors import UserError
from judge.serving.http.process import Died
from judge.settings import Settings
from tests.judging.test_offence import FRAME, SAYS
from tests.media.clips.films import film, plain
from tests.serving.batch.colours import picture
from tests.serving.batch.test_context import BLACK, RED, TELLS, ReadingMllm
from tests.serving.http.running import Scripted, serving
from tests.serving.http.test_context import InThisProcess

HAHA = {"caption": "haha"}


class Speaking(ReadingMllm):
    """Says one thing of offence. talked: how often."""

    talked = 0

    def reply(self, talks, *, max_tokens, schema=None):
        self.talked += len(talks)
        return [FRAME] * len(talks)


class Processes(InThisProcess):
    """In the place of a process, with a model that speaks."""

    def __init__(self):
        super().__init__()
        self.model, self.dies = Speaking(), False

    async def ask(self, order, seconds):
        if self.dies and getattr(order, "offence", ()):
            raise Died
        return await super().ask(order, seconds)


@pytest.fixture(scope="module")
def processes():
    return Processes()


@pytest.fixture(scope="module")
def server(processes, tmp_path_factory):
    file = tmp_path_factory.mktemp("policy") / "posts.yaml"
    file.write_text(TELLS)
    settings = {"constitutions": [{"constitution": str(file)}]}
    with serving(settings, judging=Settings(model="org/name"), process=processes) as running:
        yield running


def as_json(server, offence, *, image=RED, **more):
    images = [{"data": base64.b64encode(image).decode(), "context": HAHA}]
    return server.http.post("/v1/judge", json={"images": images, "offence": offence, **more.pop("said", {})}, **more)


def as_form(server, offence, *, image=RED, **more):
    said = {"context": json.dumps(HAHA), "offence": json.dumps(offence), **more.pop("said", {})}
    return server.http.post("/v1/judge", files=[("image", ("a.png", image))], data=said, **more)


@pytest.mark.parametrize("send", [as_json, as_form])
def test_a_request_says_whether_it_is_asked_and_each_is_answered_with_its_own(send, server, processes):
    plain_one, asked, again = (send(server, offence).json()["verdicts"][0] for offence in (False, True, False))
    (frame,) = asked.pop("offence")["frames"]
    assert (frame["rule"], frame["intent"], frame["reads"]) == ("mocked", SAYS["intent"], ["caption"])
    assert "offence" not in plain_one and plain_one == again
    for one in (plain_one, asked):
        one["timings"], one["image"] = {}, ""
    assert plain_one == asked, "the verdict is the same"


def test_what_was_asked_within_the_window_is_asked_once(server, processes):
    as_json(server, True)
    before = processes.model.talked
    as_form(server, True)
    assert processes.model.talked == before


def test_images_of_one_request_are_all_explained_and_safe_ones_have_no_frames(server):
    images = [{"data": base64.b64encode(one).decode(), "context": HAHA} for one in (RED, BLACK)]
    found = server.http.post("/v1/judge", json={"images": images, "offence": True}).json()["verdicts"]
    assert [len(one["offence"]["frames"]) for one in found] == [1, 0]
    lines = server.http.post("/v1/judge", json={"images": images, "offence": True, "stream": True}).text.splitlines()
    assert all("offence" in json.loads(line)["verdict"] for line in lines)


@pytest.mark.parametrize("send", [as_json, as_form])
def test_an_idempotency_key_is_of_a_request_that_asks_the_same(send, server):
    more = {"headers": {"idempotency-key": f"offence {send.__name__}"}}
    assert send(server, True, **more).status_code == 200
    assert send(server, False, **more).status_code == 422


@pytest.mark.parametrize("send", [as_json, as_form])
@pytest.mark.parametrize(
    ("offence", "said", "why"), [("perhaps", {}, "offence"), (True, {"detail": "summary"}, "a summary has no place")]
)
def test_what_it_cannot_be_is_refused(send, offence, said, why, server):
    answer = send(server, offence, said=said)
    assert answer.status_code == 422 and why in answer.text


def test_a_clip_is_refused(server):
    clip = film([plain("red")] * 5)
    answer = server.http.post("/v1/judge", files={"image": clip}, data={"offence": "true"})
    assert answer.status_code == 422 and "of offence images are asked only" in answer.text


def test_where_processes_die_of_it_the_image_is_still_judged_without(server, processes):
    image = picture(9)  # red, as RED is
    processes.dies = True
    assert as_json(server, True, image=image).status_code == 503
    server.wait()
    assert as_json(server, True, image=image).json()["verdicts"][0]["verdict"] == "needs_review"
    server.wait()
    processes.dies = False
    assert as_json(server, False, image=image).json()["verdicts"][0]["verdict"] == "violation"


def test_the_client_and_the_command_line_ask_it(server, tmp_path):
    with Client(server.url) as client:
        assert client.judge(RED, context=HAHA, offence=True).offence.frames[0].target_group == SAYS["target_group"]
        assert client.judge(RED, context=HAHA).offence is None
    (tmp_path / "a.png").write_bytes(RED)
    (tmp_path / "told.json").write_text(json.dumps(HAHA))
    options = ["--server", server.url, "--context", str(tmp_path / "told.json"), "--json", "--offence"]
    found = CliRunner().invoke(app, ["check", str(tmp_path / "a.png"), *options])
    assert json.loads(found.stdout)["offence"]["frames"][0]["would_change"] == SAYS["would_change"]


def test_a_server_with_the_bundled_model_refuses_it_in_words():
    with serving(process=Scripted()) as running, Client(running.url) as client:
        with pytest.raises(UserError, match="the bundled model cannot say") as raised:
            client.judge(b"v", offence=True)
        assert "leave `offence` out" in raised.value.hint
        assert client.judge(b"v").verdict == "violation"
