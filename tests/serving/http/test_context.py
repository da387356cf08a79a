"""What is told beside the images of a request: read, held against what is declared, and part of what is the same image."""

from __future__ import annotations

import base64
import json

import httpx2
import pytest
from typer.testing import CliRunner

from judge import Client
from judge.cli.verbs import app
from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.serving.http.process import Died
from judge.serving.http.worker import Loaded, LoadPolicy, judge_all
from judge.settings import Settings
from tests.serving.batch.test_context import BLACK, RED, TELLS, ReadingMllm
from tests.serving.http.running import serving

HAHA, NICE = {"caption": "haha"}, {"caption": "nice"}


class InThisProcess:
    """In the place of a process: judges with a model that reads. It notes what it was given. deadly: a text at which it
    dies."""

    def __init__(self):
        self.model, self.judges, self.given, self.deadly, self.pid, self.silence = ReadingMllm(), {}, [], None, 1, 0.0

    def __call__(self, settings, threads):
        return self

    async def ask(self, order, seconds):
        if isinstance(order, LoadPolicy):
            made = Judge(order.policy.constitution, self.model, settings=Settings(batch=8))
            self.judges[order.key] = made
            return Loaded(made.provenance, ())
        self.given += zip(order.images, order.contexts, strict=True)
        if any(one.get("caption") == self.deadly for one in order.contexts if self.deadly):
            raise Died
        return judge_all(self.judges[order.key], order)

    def kill(self):
        pass

    def end(self):
        pass


@pytest.fixture(scope="module")
def judging():
    return InThisProcess()


@pytest.fixture(scope="module")
def server(judging, tmp_path_factory):
    file = tmp_path_factory.mktemp("policy") / "posts.yaml"
    file.write_text(TELLS)
    with serving({"constitutions": [{"constitution": str(file)}]}, process=judging) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(judging):
    judging.given.clear()
    judging.deadly = None


def b64(data):
    return base64.b64encode(data).decode()


def as_json(server, *pairs, **more):
    images = [{"data": b64(data), "context": told} for data, told in pairs]
    return server.http.post("/v1/judge", json={"images": images}, **more)


def as_form(server, *pairs, told=None, **more):
    files = [("image", ("a.png", data)) for data, _ in pairs]
    beside = json.dumps([one for _, one in pairs]) if told is None else told
    return server.http.post("/v1/judge", files=files, data={"context": beside}, **more)


def words(answer):
    assert answer.status_code == 200, answer.text
    return [(one["verdict"], one.get("context")) for one in answer.json()["verdicts"]]


@pytest.mark.parametrize("send", [as_json, as_form])
def test_identical_images_with_other_contexts_have_verdicts_of_their_own(send, server, judging):
    told = [("violation", HAHA), ("no_violation", NICE), ("violation", HAHA), ("needs_review", None)]
    pairs = [(RED, HAHA), (RED, NICE), (RED, HAHA), (RED, None)]
    answer = send(server, *pairs)
    assert words(answer) == told
    assert answer.json()["verdicts"][3]["causes"] == ["no_context"]
    assert "caption" in " ".join(answer.json()["verdicts"][3]["reasons"])
    assert words(send(server, (RED, NICE))) == [("no_violation", NICE)]
    assert len(judging.given) <= 3, "each is judged once within the window"


def test_one_object_of_a_form_is_told_beside_all(server):
    found = as_form(server, (RED, None), (BLACK, None), told=json.dumps(HAHA))
    assert words(found) == [("violation", HAHA), ("no_violation", HAHA)]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"caption": "x" * 41}, "41 characters, and at most 40 are read"),
        ({"captoin": "x"}, "did you mean `caption`"),
        ({"caption": 7}, "valid string"),
        ({"caption": "x" * 20_001}, "20000"),
        ({"Caption": "x"}, "Caption"),
        ({f"c{number}": "" for number in range(17)}, "16"),
        ("haha", "context"),
    ],
)
@pytest.mark.parametrize("send", [as_json, as_form])
def test_what_does_not_fit_is_refused_in_words_before_anything_is_judged(send, told, said, server, judging):
    answer = send(server, (BLACK, None), (RED, told))
    assert answer.status_code == 422 and said in answer.text, answer.text
    assert judging.given == []


@pytest.mark.parametrize(
    ("text", "said"), [("{", "no JSON"), ("[" * 100_000, ""), ("[{}]", "a list with 1 of them, and there are 2 images")]
)
def test_a_part_that_is_no_context_is_refused(text, said, server, judging):
    answer = as_form(server, (RED, None), (BLACK, None), told=text)
    assert answer.status_code == 422 and said in answer.text and judging.given == []


@pytest.mark.parametrize("send", [as_json, as_form])
def test_an_idempotency_key_is_of_a_request_with_its_contexts(send, server):
    more = {"headers": {"idempotency-key": f"one {send.__name__}"}}
    first = send(server, (RED, HAHA), **more)
    assert words(first) == [("violation", HAHA)]
    again = send(server, (RED, HAHA), **more)
    assert again.content == first.content and again.headers["idempotent-replayed"] == "true"
    assert send(server, (RED, NICE), **more).status_code == 422


def test_a_context_at_which_processes_die_leaves_others_of_the_same_image_alone(server, judging):
    judging.deadly = "deadly"
    assert as_json(server, (RED, {"caption": "deadly"})).status_code == 503
    server.wait()
    assert words(as_json(server, (RED, {"caption": "deadly"}))) == [("needs_review", {"caption": "deadly"})]
    server.wait()
    judging.given.clear()
    assert words(as_json(server, (RED, {"caption": "nice", "place": "new"})))[0][0] == "no_violation"
    assert len(judging.given) == 1


def test_what_has_no_context_to_give_leaves_it_to_a_person(server):
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{b64(RED)}"}}
    (result,) = server.http.post("/v1/moderations", json={"input": [image]}).json()["results"]
    assert result["flagged"] and result["needs_review"] and result["causes"] == ["no_context"]
    body = {"texts": ["haha"], "images": [b64(RED)], "input_type": "request"}
    found = server.http.post("/beta/litellm_basic_guardrail_api", json=body).json()
    assert found["action"] == "BLOCKED" and "caption" in found["blocked_reason"]


def test_the_client_and_the_command_line_tell_it(server, tmp_path):
    with Client(server.url) as client:
        assert client.judge(RED, context=HAHA).verdict == "violation"
        found = list(client.judge_many([RED, RED, BLACK], contexts=[NICE, HAHA, None]))
        assert [one.context for one in found] == [NICE, HAHA, None]
        assert [one.verdict for one in found] == ["no_violation", "violation", "no_violation"]
        with pytest.raises(UserError, match="at most 40"):
            client.judge(RED, context={"caption": "x" * 41})
        with pytest.raises(UserError, match="no text"):
            client.judge(RED, context={"caption": "\ud800"})
        with pytest.raises(UserError, match="`caption` of the context must be text, not int"):
            client.judge(RED, context={"caption": 3})
        with pytest.raises(UserError, match="more images than contexts"):
            list(client.judge_many([RED, RED], contexts=[NICE]))
    (tmp_path / "a.png").write_bytes(RED)
    (tmp_path / "b.png").write_bytes(RED)
    (tmp_path / "told.json").write_text(json.dumps({"a.png": HAHA, "b.png": NICE}))
    options = ["--server", server.url, "--context", str(tmp_path / "told.json"), "--json"]
    found = CliRunner().invoke(app, ["check", str(tmp_path / "a.png"), str(tmp_path / "b.png"), *options])
    told = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(one["verdict"], one["context"]) for one in told] == [("violation", HAHA), ("no_violation", NICE)]


def test_a_request_of_the_client_holds_no_more_text_than_a_form_may():
    sizes = []

    def handle(request):
        sizes.append(len(request.content))
        return httpx2.Response(422, json={"type": "t", "detail": "enough"})

    client = Client("http://server", transport=httpx2.MockTransport(handle))
    with pytest.raises(UserError, match="enough"):
        list(client.judge_many([RED] * 16, contexts=[{f"f{n}": "é" * 20_000 for n in range(16)}] * 16))
    assert sizes[0] < 2**20
