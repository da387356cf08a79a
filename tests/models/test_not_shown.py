"""A picture that a processor does not take: a person looks at it, nobody tries again, and the others are judged."""

from __future__ import annotations

import pytest
from PIL import Image

from judge.bench.speed import rules
from judge.cli.exits import Exit, exit_of
from judge.errors import ModelError, NotShown
from judge.judging.pipeline import Judge
from tests.models import conformance as suite
from tests.models.conftest import anew

STRIP = Image.new("RGB", (20000, 1), "white")


@pytest.mark.parametrize("family", ["qwen3_vl", "llava"])
def test_a_strip_is_its_own_failure_and_not_one_to_try_again(loaded, pictures, family):
    judge = Judge(rules(2), anew(loaded(family)))
    alone = next(iter(judge.judge_many([pictures[0]])))
    before, strip, after = judge.judge_many([pictures[0], STRIP, pictures[1]])
    assert strip.verdict == "needs_review" and strip.causes and "over 200 times" in strip.reasons[0]
    assert strip.failure.kind == "image" and not strip.failure.retryable and strip.failure.hint
    assert exit_of(strip) is Exit.NEEDS_REVIEW
    assert [before.failure, after.failure] == [None, None] and before.findings == alone.findings


def test_replies_about_it_fail_alike(loaded):
    with pytest.raises(NotShown, match="over 200 times"):
        anew(loaded("qwen3_vl")).reply([suite.talk(STRIP, "What is this?")], max_tokens=2)


def test_what_a_processor_does_not_take_is_said_in_its_words(loaded, pictures, monkeypatch):
    mllm = anew(loaded("llava"))

    def fail(*_, **__):
        raise ValueError("such a picture cannot be resized")

    monkeypatch.setattr(type(mllm._processor), "__call__", fail)
    with pytest.raises(NotShown, match="its processor says: such a picture cannot be resized"):
        mllm.answer(suite.asks_of(pictures[:1], ["a"]))


def test_an_encoder_looks_at_no_strip_either_and_at_the_longest_that_may_be(loaded, pictures):
    encoder = anew(loaded("clip"))
    with pytest.raises(NotShown, match="the encoder cannot be shown"):
        encoder.similarity([pictures[0], STRIP], ["a"])
    assert len(encoder.similarity([Image.new("RGB", (1, 200))], ["a"])) == 1


def test_a_server_is_sent_none(joined, pictures):
    _, mllm = joined
    before, strip, after = Judge(rules(1), mllm).judge_many([pictures[0], STRIP, pictures[1]])
    assert strip.failure.kind == "image" and not strip.failure.retryable
    assert [before.failure, after.failure] == [None, None]


def test_what_the_model_itself_raises_may_still_pass(loaded, pictures, monkeypatch):
    mllm = anew(loaded("llava"))

    def fail(*_, **__):
        raise ValueError("a kernel broke")

    monkeypatch.setattr(mllm._model.lm_head, "forward", fail)
    with pytest.raises(ModelError, match="a kernel broke") as caught:
        mllm.answer(suite.asks_of(pictures[:1], ["a"]))
    assert caught.value.retryable and not isinstance(caught.value, NotShown)


def test_a_detectors_processor_is_no_other_matter(loaded, pictures, monkeypatch):
    eyes = anew(loaded("owlv2"))

    def fail(_):
        raise ValueError("such a picture cannot be resized")

    monkeypatch.setattr(eyes._pixels, "of", fail)
    with pytest.raises(NotShown, match=r"the detector cannot be shown this picture: .* cannot be resized"):
        eyes.detect(pictures[0], ["person"])
