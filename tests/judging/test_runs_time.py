"""A run whose time is up, and servers that do not answer."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image

from judge import Judge
from judge.caches.verdicts import CachedVerdicts
from judge.causes import Cause
from judge.errors import Unreachable
from judge.settings import Settings
from tests.judging.scenes import constitution
from tests.judging.test_runs import GOOD, LONG, RED, Mllm, Red, judged, slowly, words


def test_a_slow_picture_ends_in_review_and_the_others_are_judged():
    mllm = Mllm(slowly(0.4), says=0.95)
    verdicts = judged([GOOD, RED, GOOD], mllm, rule=LONG, image_seconds=0.3)
    assert words(verdicts) == ["violation", "needs_review", "violation"]
    slow = verdicts[1]
    assert slow.reasons == ("judging it took longer than the limit of 0.3 s; not decided: long",)
    assert (slow.failure.kind, slow.failure.retryable) == ("model", True)
    assert slow.causes == (Cause.OUT_OF_TIME,)
    red = [call for call in mllm.calls if any(call)]
    assert len(red) == 2, "once with the others, once alone; then it is asked no more"


def test_what_was_found_before_the_time_was_up_counts():
    two = "id: r, rule: rr, preconditions: [aa]", LONG
    judge = Judge(constitution(*two), Mllm(slowly(0.4), says=0.95), settings=Settings(image_seconds=0.3))
    verdict = judge.judge(RED)
    assert (verdict.verdict, verdict.violations) == ("violation", ("r",))
    assert [one.outcome for one in verdict.findings] == ["violated", "undecided"]


def test_a_guard_that_takes_too_long_lets_nothing_through():
    mllm = Mllm()
    (verdict,) = judged([RED], mllm, guard=Red(lambda: time.sleep(0.3) or 0.5), image_seconds=0.2)
    assert (verdict.verdict, mllm.calls) == ("needs_review", [])


@pytest.mark.parametrize("detector", [None, Red(lambda: 0.9)])
def test_regions_and_reasoning_stop_as_well(detector):
    mllm = Mllm(slowly(0.15), says=0.7)
    verdicts = judged([GOOD, RED], mllm, rule=LONG, detector=detector, image_seconds=0.4)
    assert verdicts[1].verdict == "needs_review"
    assert verdicts[1].causes == (Cause.OUT_OF_TIME,)
    assert len([call for call in mllm.calls if any(call)]) <= 8


def test_an_animation_stops_between_its_frames():
    frames = [Image.new("RGB", (16, 16), (255, index * 50, 0)) for index in range(4)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    mllm = Mllm(slowly(0.2))
    (verdict,) = judged([buffer.getvalue()], mllm, batch=1, image_seconds=0.3)
    assert [finding.outcome for finding in verdict.findings] == ["not_violated"] * 2 + ["undecided"] * 2
    assert verdict.verdict == "needs_review"


def test_the_time_of_priors_is_no_pictures_own():
    class Slow(Mllm):
        def answer(self, asks):
            if asks[0].image is None:
                time.sleep(0.4)
            return super().answer(asks)

    (verdict,) = judged([GOOD], Slow(says=0.95), rule="id: p, rule: pp, preconditions: [prior of its own, another]", image_seconds=0.3)  # fmt: skip
    assert verdict.verdict == "violation"


def test_a_verdict_that_was_late_is_not_kept(tmp_path):
    (tmp_path / "red.png").write_bytes(RED)
    shadow = "id: s, rule: ss, status: shadow, preconditions: [aa, bb, cc]"
    mllm = Mllm(slowly(0.25), says=0.95)
    judge = Judge(
        constitution("id: f, rule: ff, preconditions: [zz], exceptions: [aa]", shadow), mllm,
        settings=Settings(image_seconds=0.4),
    )  # fmt: skip
    for _ in range(2):
        ((verdict, was_kept),) = CachedVerdicts(judge, tmp_path / "kept").judge_many([str(tmp_path / "red.png")])
        assert verdict.verdict == "no_violation", "the exception lifts it in time; only the shadow rule is late"
        assert not was_kept


# --- a server that does not answer ----------------------------------------------------------------------------------


def test_a_server_that_does_not_answer_is_asked_once_for_a_picture():
    """A call may cost the whole patience for a server: 35 questions would be an hour."""

    class Dead(Mllm):
        def answer(self, asks):
            super().answer(asks)
            raise Unreachable("the server did not answer in time", retryable=True)

    mllm = Dead()
    rules = constitution(
        *(f"id: r{index}, rule: rr {index}, preconditions: [a{index}, b{index}]" for index in range(35))
    )
    verdicts = list(Judge(rules, mllm).judge_many([GOOD] * 4))
    assert words(verdicts) == ["needs_review"] * 4
    assert len(mllm.calls) == 1 + 4
    assert all(one.failure.message == "the server did not answer in time" and one.failure.retryable for one in verdicts)


def test_time_is_shared_by_the_pictures_that_took_it_and_what_cannot_be_read_has_its_own():
    judge = Judge(constitution("id: r, rule: rr, preconditions: [aa]"), Mllm(slowly(0.2), says=0.95))
    begun = time.perf_counter()
    good, red, broken = (one.timings for one in judge.judge_many([GOOD, RED, b"no picture"]))
    took = time.perf_counter() - begun
    assert set(broken) == {"decode", "total"} and broken["total"] == broken["decode"]
    assert good["questions"] == red["questions"] >= 0.1
    assert sum(one["total"] for one in (good, red, broken)) <= took
    for one in (good, red, broken):
        assert one["total"] == pytest.approx(sum(one.values()) - one["total"], abs=1e-5)
