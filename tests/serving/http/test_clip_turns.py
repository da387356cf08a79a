"""Clips hold nobody back: images have their turn, each clip its time, and what nobody waits for is dropped."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time

import pytest

from judge.errors import UserError
from judge.media.clips.wanted import GivenUp, Wanted
from judge.serving.devices import Processes
from judge.serving.http.admission import Overloaded
from judge.serving.http.bounds import EngineBounds
from judge.serving.http.clipping import clip_judged
from judge.serving.http.engine import Engine
from judge.serving.http.worker import ClipOrder, Parcel, judge_all
from judge.serving.turns import Turns
from judge.settings import Settings
from tests.judging.clips.eyes import RED, judge_of
from tests.judging.scenes import png
from tests.media.clips.films import dotted, film
from tests.serving.http.running import DEMO, Scripted, clip_named

A, B, C, D = (clip_named(name) for name in "abcd")


def run(scenario, script, number=1, **changed):
    async def main():
        wanted = {"waiting": 8, "batch": 4, "window": 0.0, "seconds": 60.0, "pixels": 10**6, **changed}
        engine = Engine(Settings(), Processes(number, (), 1), EngineBounds(**wanted), process=script)
        engine.start()
        try:
            await engine.load("demo", DEMO)
            return await scenario(engine)
        finally:
            await engine.stop()

    return asyncio.run(main())


def judge(engine, data, client="a", request=None):
    subject = hashlib.sha256(data).hexdigest()
    return asyncio.ensure_future(engine.judge(client, "demo", data, subject, request=request))


async def until(true):
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_images_are_judged_while_a_clip_is():
    async def scenario(engine):
        clip = judge(engine, A)
        await until(lambda: script.clip_orders)
        assert (await asyncio.wait_for(judge(engine, b"v", "b"), 5)).verdict == "violation"
        assert not clip.done()
        script.clips[A].set_result("judged")
        return (await clip).verdict

    script = Scripted()
    assert run(scenario, script) == "no_violation"


def test_what_nobody_waits_for_is_not_judged():
    async def scenario(engine):
        first, second = judge(engine, A), judge(engine, B)
        images = [judge(engine, b"%d" % n) for n in range(6)]
        await until(lambda: script.clip_orders and script.parcels)
        for task in (first, second, *images):
            task.cancel()
        await until(lambda: script.dropped and not engine.waiting)
        third = judge(engine, C)
        await until(lambda: C in script.clips)
        script.clips[C].set_result("judged")
        await third

    script = Scripted(0.05)
    run(scenario, script)
    assert [one.data for one in script.clip_orders] == [A, C], "the one that waited was never begun"
    assert script.dropped == [A] and len(script.parcels) == 1


def test_clients_take_turns_with_clips_and_whoever_would_wait_too_long_is_refused():
    async def scenario(engine):
        begun = judge(engine, A)
        await until(lambda: script.clip_orders)
        waits = judge(engine, B)
        with pytest.raises(Overloaded, match="too many clips"):
            await judge(engine, C)
        waits.cancel()
        await asyncio.sleep(0)
        other = judge(engine, D, "b")
        script.clips[A].set_result("judged")
        await begun
        await until(lambda: D in script.clips)
        script.clips[D].set_result("judged")
        await other
        return [order.seconds for order in script.clip_orders]

    script = Scripted()
    assert run(scenario, script) == [27.0, 27.0], "each has the time of a clip, though one had to wait"


def test_clips_of_one_request_share_its_time_and_no_others():
    async def scenario(engine):
        request, clips = object(), [clip_named(f"one{n}") for n in range(4)]
        tasks = [judge(engine, one, request=request) for one in clips]
        for one in clips:
            await until(lambda one=one: one in script.clips)
            script.clips[one].set_result("judged")
        await asyncio.gather(*tasks)
        return [round(order.seconds, 1) for order in script.clip_orders]

    script = Scripted()
    assert run(scenario, script) == [13.5, 18.0, 27.0, 27.0], "what one leaves over the others have"


def test_a_clip_at_which_a_process_died_is_judged_alone_and_by_a_person_after_two():
    async def scenario(engine):
        found = []
        for _ in range(3):
            found.append((await asyncio.gather(judge(engine, A), return_exceptions=True))[0])
        return found

    script = Scripted(deadly={A})
    first, second, third = run(scenario, script)
    assert type(first).__name__ == "Lost" and (second.verdict, third.verdict) == ("needs_review", "needs_review")
    assert len(script.clip_orders) == 2


CLIP = film([dotted(place) for place in range(0, 40, 2)])


def order_of(**changed):
    return ClipOrder(**{"key": "demo", "data": CLIP, "seconds": 60.0, **changed})


def test_in_a_process_images_have_their_turn_between_few_frames_of_a_clip():
    judge, busy, seen, reached = judge_of(RED, batch=8), Turns(), [], threading.Event()
    ask = judge.mllm._one

    def noted(one):
        seen.append(threading.current_thread().name)
        if seen.count("clip") == 3 and not reached.is_set():  # in the middle of what may be a turn an image comes
            reached.set()
            deadline = time.monotonic() + 20
            while not busy.waiting and time.monotonic() < deadline:
                time.sleep(0.001)
        return ask(one)

    judge.mllm._one = noted
    clip = threading.Thread(target=clip_judged, args=(judge, order_of(), busy, Wanted()), name="clip")
    clip.start()
    assert reached.wait(20)
    with busy:
        (found,) = judge_all(judge, Parcel("demo", (png(),), 10**6))
    clip.join(30)
    assert found.verdict == "no_violation"
    assert seen.index("MainThread") <= 4, "an eighth of a batch at most is finished before"
    assert seen[-1] == "clip", "and the clip goes on behind it"


def test_a_model_that_has_nothing_to_say_of_offence_judges_what_is_not_asked_for_it():
    judge = judge_of(RED)
    many = judge.judge_many

    def silent(images, *, offence=False, **given):
        if offence:
            raise UserError("this model cannot say how a picture may give offence")
        return many(images, offence=offence, **given)

    judge.judge_many = silent
    assert judge_all(judge, Parcel("demo", (png(),), 10**6))[0].verdict == "no_violation"


def test_a_clip_that_is_given_up_ends_at_its_next_turn():
    judge, wanted = judge_of(RED, batch=8), Wanted()
    ask = judge.mllm._one
    judge.mllm._one = lambda one: (wanted.give_up(), ask(one))[1]
    assert clip_judged(judge, order_of(), Turns(), wanted) is None
    assert judge.mllm.seen == 1
    assert clip_judged(judge, order_of(), Turns(), wanted) is None, "nor is it begun"


def test_what_is_under_way_is_ended_when_nobody_waits():
    wanted, ended = Wanted(), threading.Event()
    with pytest.raises(GivenUp), wanted.ending(ended.set):
        threading.Thread(target=wanted.give_up).start()
        assert ended.wait(5)


def test_a_clip_whose_time_is_up_says_how_long_it_had():
    judge = judge_of(RED, batch=4)
    ask = judge.mllm._one
    judge.mllm._one = lambda one: (time.sleep(0.3), ask(one))[1]
    found = clip_judged(judge, order_of(seconds=1.5), Turns(), Wanted())
    assert (found.verdict, found.causes, found.retryable) == ("needs_review", ("out_of_time",), True)
    assert "longer than 1.5 s" in found.reasons[0]
