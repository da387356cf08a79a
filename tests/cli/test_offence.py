"""`judge check --offence` and `judge.Client(offence=True)`: what is printed, what is sent, what is refused at once."""

from __future__ import annotations

import httpx2
import pytest

from judge import Client, assemble
from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedMllm
from judge.verdict import Verdict
from tests.cli.test_check import AN_IMAGE, RULES, YES, run  # noqa: F401 (a fixture)
from tests.judging.test_offence import FRAME, SAYS
from tests.media.clips.films import film, plain


@pytest.fixture
def replies(monkeypatch):
    """Gives `check` a model that sees fire and says these things of it."""

    def script(*said):
        mllm = ScriptedMllm({"fire is visible": [YES] * 2}, {"fire is visible": 0.5}, said)
        monkeypatch.setattr(assemble, "load_judge", lambda *_, **__: Judge(RULES, mllm))

    return script


ASKED = ("check", AN_IMAGE, "--model", "org/name", "--offence")


def test_each_thing_that_is_said_is_a_line_and_the_exit_code_is_the_verdicts(run, replies):  # noqa: F811
    replies(FRAME.replace("boys", "boys\\u001b[31m"))
    code, out, _ = run(*ASKED)
    assert code == 1 and "\x1b" not in out
    lines = [line.strip() for line in out.splitlines()[1:]]
    assert lines[0] == "how it may give offence, under fire (the model's words, part of no verdict):"
    assert lines[1] == f"intent: {SAYS['intent']}" and lines[2].startswith("target group: boys")
    assert lines[4] == f"context that would change it: {SAYS['would_change']}"


def test_a_refusal_is_said_to_be_one(run, replies):  # noqa: F811
    replies("I can't help with that.")
    code, out, _ = run(*ASKED)
    assert code == 1 and "no frame: the model refused to explain it" in out


def test_json_has_it_where_it_is_asked_and_nothing_of_it_elsewhere(run, replies):  # noqa: F811
    replies(FRAME)
    told = Verdict.model_validate_json(run(*ASKED, "--json")[1])
    assert told.offence.frames[0].intent == SAYS["intent"]
    replies()
    assert "offence" not in run("check", AN_IMAGE, "--json")[1]


def test_the_bundled_model_is_refused_before_it_is_loaded(run, monkeypatch):  # noqa: F811
    monkeypatch.setattr(assemble, "load_judge", lambda *_, **__: pytest.fail("it was loaded"))
    code, out, err = run("check", AN_IMAGE, "--offence")
    assert (code, out) == (2, "") and "the bundled model cannot say" in err and "--model" in err


def test_a_clip_is_refused_before_anything_is_judged(run, replies, tmp_path):  # noqa: F811
    replies()
    (tmp_path / "a.mp4").write_bytes(film([plain("red")] * 5))
    code, out, err = run("check", AN_IMAGE, tmp_path / "a.mp4", "--model", "org/name", "--offence")
    assert (code, out) == (2, "") and "a.mp4 is a clip, and --offence is for images" in err


def test_shapes_of_clips_and_offence_of_images_exclude_each_other(run, replies, tmp_path):  # noqa: F811
    replies()
    (tmp_path / "a.mp4").write_bytes(film([plain("red")] * 5))
    code, out, err = run("check", tmp_path / "a.mp4", "--model", "org/name", "--offence", "--as", "aws")
    assert (code, out) == (2, "") and "--as is for clips, and --offence for images" in err


def test_rules_beyond_the_most_are_named(run, monkeypatch):  # noqa: F811
    rules = "".join(f"  - {{id: r{n}, rule: No {n}., preconditions: [{n} is visible]}}\n" for n in range(9))
    every = [f"{n} is visible" for n in range(9)]
    mllm = ScriptedMllm({one: [YES] for one in every}, dict.fromkeys(every, 0.5), [FRAME] * 8)
    policy = parse_constitution(f"constitution: t\nversion: 1.0.0\nrules:\n{rules}")
    monkeypatch.setattr(assemble, "load_judge", lambda *_, **__: Judge(policy, mllm))
    assert "of offence not asked, beyond the first 8 rules: r8" in run(*ASKED)[1]


def test_a_client_says_it_in_the_request_and_else_says_nothing():
    sent = []

    def handle(request):
        sent.append(b'name="offence"' in request.content)
        return httpx2.Response(422, json={"type": "t", "detail": "enough"})

    client = Client("http://server", transport=httpx2.MockTransport(handle))
    for ask in (lambda: client.judge(b"a", offence=True), lambda: list(client.judge_many([b"a"], offence=True)),
                lambda: client.judge(b"a"), lambda: client.judge_clip(b"a")):  # fmt: skip
        with pytest.raises(UserError, match="enough"):
            ask()
    assert sent == [True, True, False, False]
