"""The server backend against a real llama.cpp server that serves the bundled model with its eyes, or without them."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

import pytest
from PIL import Image

from judge.assemble import load_judge
from judge.errors import ModelError, Unreachable, UserError
from judge.judging.escalation import Summary
from judge.models.openai import sampling
from judge.models.openai.opening import OpenedServer
from judge.models.openai.plan import LIMITS, ServerPlan
from judge.models.openai.server import ServerMllm, load_server
from judge.settings import Settings
from tests.models import conformance as suite
from tests.models.conftest import IMAGES, anew
from tests.models.llama_cpp import PATIENT, judge, llama_cpp
from tests.models.test_openai_server import masked

pytestmark = pytest.mark.rare

ALIKE = 2e-3  # the bundled model's GELU is not llama.cpp's to the last digit
STATEMENTS = (*suite.STATEMENTS, "a child holds a bottle of alcohol", "there is blood", "somebody is asleep")


@pytest.fixture(scope="module")
def url():
    with llama_cpp("bundled") as address:
        yield address


@pytest.fixture(scope="module")
def blind():
    with llama_cpp("bundled", "--blind") as address:
        yield address


@pytest.fixture(scope="module")
def served(url):
    mllm = load_server(url, limits=PATIENT)
    yield mllm
    mllm.close()


@pytest.fixture(scope="module")
def drawings():
    """Every fifth shipped drawing. They are square: others llama.cpp pads, where transformers stretches them."""
    return [Image.open(file).convert("RGB") for file in sorted(IMAGES.glob("*.png"))[::5]]


@pytest.fixture
def port():
    """One that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class TestConformance(suite.MllmConformance):
    @pytest.fixture
    def subject(self, url, bundled, pictures):
        longest = max(len(token) for token in bundled._processor.tokenizer.get_vocab())
        return suite.MllmSubject(lambda: load_server(url, limits=PATIENT), pictures, longest)


def alike(served, bundled, images):
    asks = suite.asks_of(images, STATEMENTS)
    expected = suite.numbers(anew(bundled), asks)
    assert suite.numbers(served, asks) == pytest.approx(expected, abs=ALIKE, rel=0)
    assert sum(0.01 < number < 0.99 for number in expected) > 2  # else equality would say little


def test_it_is_asked_for_twenty_tokens(served):
    assert served._plan == ServerPlan(limits=LIMITS[0]) and served._plan.top == 20


def test_scores_of_drawings_equal_those_of_transformers(served, bundled, drawings):
    assert len(drawings) > 3
    alike(served, bundled, drawings)
    alike(served, bundled, [masked(drawings[0]), drawings[1].crop((40, 40, 168, 168))])


def test_scores_without_an_image_equal_those_of_transformers(served, bundled):
    alike(served, bundled, [None])


def test_the_label_mass_is_that_of_transformers(served, bundled, drawings):
    asks = suite.asks_of(drawings[:2], STATEMENTS)
    masses = [answer.label_mass for answer in served.answer(asks)]
    assert masses == pytest.approx([answer.label_mass for answer in anew(bundled).answer(asks)], abs=ALIKE)


def test_free_replies_equal_those_of_transformers(served, bundled, drawings):
    talks = [
        *(suite.talk(drawing, suite.QUESTIONS[0]) for drawing in (*drawings[:3], None)),
        suite.talk(drawings[0], suite.QUESTIONS[0], "a person and a fire.", suite.QUESTIONS[1]),
    ]
    assert served.reply(talks, max_tokens=24) == anew(bundled).reply(talks, max_tokens=24)


def test_a_summary_is_json_of_its_schema(served, drawings):
    talk = suite.talk(drawings[0], suite.QUESTIONS[0], "a person and a fire.", suite.QUESTIONS[1])
    (reply,) = served.reply([talk], max_tokens=160, schema=Summary.model_json_schema())
    Summary.model_validate_json(reply)


@pytest.mark.parametrize("reason", [False, True], ids=["without reasoning", "with reasoning"])
def test_a_verdict_equals_that_of_transformers(url, drawing, reason):
    bare = {"escalate": ("reasoning",) if reason else (), "encoder": "none", "detector": "none"}
    own = load_judge("demo", dtype="float32", device="cpu", **bare).judge(drawing)
    theirs = load_judge("demo", model=url, **bare).judge(drawing)
    assert [(one.rule, one.outcome) for one in theirs.findings] == [(one.rule, one.outcome) for one in own.findings]
    assert theirs.verdict == own.verdict and theirs.failure is None
    assert len({one.outcome for one in theirs.findings}) > 1  # else equality would say little


def test_a_server_that_gives_log_probabilities_is_not_sampled(url):
    mllm = load_server(url, Settings(without_logprobs="sample:8"), PATIENT)
    assert mllm._opened.samples == 0
    mllm.close()


def test_frequencies_of_sampled_answers_are_near_the_probabilities(served, drawings, monkeypatch):
    """`top_p` is said: by its own default of 0.95 llama.cpp would never say what is unlikely. One token, because the
    bundled model talks on after its yes or no."""
    monkeypatch.setattr(sampling, "WORD_TOKENS", 1)
    asks = suite.asks_of(drawings[:1], STATEMENTS)
    wanted = [answer.p_yes for answer in served.answer(asks)]
    sampled = ServerMllm(served._talk, OpenedServer(replace(served._plan, top=0), samples=32))
    answers = sampled.answer(asks)
    assert [answer.answered_by for answer in answers] == ["samples"] * len(asks)
    assert [answer.p_yes for answer in answers] == pytest.approx(wanted, abs=0.35)  # four standard deviations
    assert all(answer.label_mass > 0.8 for answer in answers)


def test_the_command_judges_and_probes(url):
    done = judge("check", "examples/images/body-on-fire-violating.png", "-c", "demo", "--model", url, "--json")
    assert done.returncode == 1, done.stderr
    (verdict,) = map(json.loads, done.stdout.splitlines())
    assert verdict["verdict"] == "violation" and verdict["violations"] == ["body-on-fire"]
    done = judge("probe", "--model", url, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and "Traceback" not in done.stderr
    outcomes = {line["check"]: line["outcome"] for line in report["lines"]}
    assert outcomes["label mass"] == outcomes["picture"] == outcomes["JSON"] == "pass"


def test_a_server_that_sees_nothing_is_refused_with_what_to_do(blind):
    with pytest.raises(UserError, match=r"declines questions about an image: .*image input is not supported") as caught:
        load_server(blind, limits=PATIENT)
    assert "--mmproj" in caught.value.hint
    done = judge("check", "examples/images/body-on-fire-violating.png", "-c", "demo", "--model", blind)
    assert done.returncode == 2 and not done.stdout
    assert "declines questions about an image" in done.stderr and "--mmproj" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_model_at_the_address_is_noticed(port, drawings):
    """Its answers are believed in nothing, and the image goes to review."""
    with llama_cpp("bundled", "--name", "one", port=port) as address:
        judged = load_judge("demo", model=address, encoder="none", detector="none")
        assert judged.judge(drawings[0]).failure is None
    with llama_cpp("bundled", "--name", "two", port=port):
        verdict = judged.judge(drawings[1])
    assert verdict.verdict == "needs_review"
    assert "another model than at the start: two, before one" in verdict.failure.message


def test_a_server_that_goes_away_is_a_model_error_and_works_again_when_it_is_back(port, drawings):
    asks = suite.asks_of(drawings[:1], STATEMENTS)
    with llama_cpp("bundled", port=port) as address:
        mllm = load_server(address, limits=PATIENT)
        known = suite.numbers(mllm, asks)
    with pytest.raises(Unreachable, match=r"cannot be reached|cut the connection") as caught:
        mllm.answer(asks)
    assert caught.value.retryable
    with llama_cpp("bundled", port=port):
        assert suite.numbers(mllm, asks) == pytest.approx(known, abs=suite.NEAR)
    mllm.close()


def test_a_request_longer_than_its_context_is_refused_in_its_words(served):
    with pytest.raises(ModelError, match="context") as caught:
        served.answer(suite.asks_of([None], ["a knife " * 4000]))
    assert not caught.value.retryable
