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
WIDE = Image.new("RGB", (320, 200), "white")


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


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_picture_that_a_server_refuses_is_its_own_failure_and_not_one_to_try_again(joined, pictures, status):
    server, mllm = joined
    server.manners.most_wide, server.manners.too_wide = 300, status
    before, wide, after = Judge(rules(2), mllm).judge_many([pictures[0], WIDE, pictures[1]])
    assert wide.failure.kind == "image" and not wide.failure.retryable and wide.failure.hint
    assert f"status {status}: the picture is too long for the context" in wide.failure.message
    assert (wide.verdict, exit_of(wide)) == ("needs_review", Exit.NEEDS_REVIEW)
    assert ("--max-pixels" in wide.failure.hint) == (status == 413)
    assert [before.failure, after.failure] == [None, None]
    with pytest.raises(NotShown, match="does not take this picture"):
        mllm.reply([suite.talk(WIDE, "What is this?")], max_tokens=2, schema=suite.Report.model_json_schema())


@pytest.mark.parametrize("status", [401, 403, 404, 408, 409])
def test_a_refusal_that_is_not_about_the_request_is_no_pictures_own(joined, status):
    server, mllm = joined
    server.manners.most_wide, server.manners.too_wide = 300, status
    (wide,) = Judge(rules(1), mllm).judge_many([WIDE])
    assert (wide.failure.kind, exit_of(wide)) == ("model", Exit.FAILURE)


@pytest.mark.parametrize(
    ("manners", "said"), [({"models": ()}, "no such model"), ({"most_wide": 1}, "the picture is too long")], ids=str
)
def test_a_server_that_refuses_every_picture_has_failed_and_its_words_are_told(joined, pictures, manners, said):
    server, mllm = joined
    server.manners.__dict__.update(manners)
    for verdict in Judge(rules(1), mllm).judge_many([pictures[0], WIDE]):
        assert (verdict.failure.kind, exit_of(verdict)) == ("model", Exit.FAILURE)
        assert f"status 400: {said}" in verdict.failure.message


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
