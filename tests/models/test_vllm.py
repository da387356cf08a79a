"""The server backend against a real vLLM that serves the bundled model in float32; run when one is named.

tools/serve_bundled_vllm.sh 8000                                                                  # in one terminal
JUDGE_VLLM_URL=http://127.0.0.1:8000/v1 python -m pytest tests/models/test_vllm.py                # in another
"""

from __future__ import annotations

import os

import pytest
from PIL import Image

from judge.assemble import load_judge
from judge.judging.escalation import Summary
from judge.models.openai.server import load_server
from tests.models import conformance as suite
from tests.models.conftest import IMAGES, anew
from tests.models.test_openai_server import masked

URL = os.environ.get("JUDGE_VLLM_URL")
pytestmark = [pytest.mark.vllm, pytest.mark.skipif(not URL, reason="JUDGE_VLLM_URL names no server")]
ALIKE = 1e-3
STATEMENTS = (*suite.STATEMENTS, "a child holds a bottle of alcohol", "there is blood", "somebody is asleep")


@pytest.fixture(scope="module")
def served():
    mllm = load_server(str(URL))
    yield mllm
    mllm.close()


@pytest.fixture(scope="module")
def drawings():
    """Every fifth shipped drawing."""
    files = sorted(IMAGES.glob("*.png"))[::5]
    return [Image.open(file).convert("RGB") for file in files]


class TestConformance(suite.MllmConformance):
    @pytest.fixture
    def subject(self, bundled, pictures):
        longest = max(len(token) for token in bundled._processor.tokenizer.get_vocab())
        return suite.MllmSubject(lambda: load_server(str(URL)), pictures, longest)


def alike(served, bundled, images):
    asks = suite.asks_of(images, STATEMENTS)
    expected = suite.numbers(anew(bundled), asks)
    assert suite.numbers(served, asks) == pytest.approx(expected, abs=ALIKE, rel=0)
    assert sum(0.01 < number < 0.99 for number in expected) > 2  # else equality would say little


def test_it_is_asked_for_exactly_the_tokens_that_matter(served):
    assert served._plan.yes and served._plan.no and served._plan.named


def test_scores_of_drawings_equal_those_of_transformers(served, bundled, drawings):
    assert len(drawings) > 3
    alike(served, bundled, drawings)


def test_scores_without_an_image_equal_those_of_transformers(served, bundled):
    alike(served, bundled, [None])


def test_scores_of_masked_cropped_and_stretched_drawings_equal_those_of_transformers(served, bundled, pictures):
    alike(served, bundled, [masked(pictures[0]), *pictures[2:], pictures[1].crop((40, 40, 120, 140))])


def test_free_replies_equal_those_of_transformers(served, bundled, pictures):
    talks = [
        *(suite.talk(picture, suite.QUESTIONS[0]) for picture in (*pictures, None)),
        suite.talk(pictures[0], suite.QUESTIONS[0], "a person and a fire.", suite.QUESTIONS[1]),
    ]
    assert served.reply(talks, max_tokens=24) == anew(bundled).reply(talks, max_tokens=24)


def test_a_summary_is_json_of_its_schema(served, pictures):
    talk = suite.talk(pictures[0], suite.QUESTIONS[0], "a person and a fire.", suite.QUESTIONS[1])
    (reply,) = served.reply([talk], max_tokens=160, schema=Summary.model_json_schema())
    Summary.model_validate_json(reply)


@pytest.mark.parametrize("reason", [False, True], ids=["without reasoning", "with reasoning"])
def test_a_verdict_equals_that_of_transformers(drawing, reason):
    """With reasoning too: a grammar that admits no space before the brace once turned a rating round."""
    bare = {"reason": reason, "encoder": "none", "detector": "none"}
    own = load_judge("demo", dtype="float32", device="cpu", **bare).judge(drawing)
    theirs = load_judge("demo", model=URL, **bare).judge(drawing)
    assert [(one.rule, one.outcome) for one in theirs.findings] == [(one.rule, one.outcome) for one in own.findings]
    assert theirs.verdict == own.verdict
