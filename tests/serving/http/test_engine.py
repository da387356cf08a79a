"""What waits is judged together and in turn; a process that dies costs a try, never a verdict. With scripted processes."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest

from judge.errors import ModelError, UserError
from judge.serving.devices import Processes
from judge.serving.http.admission import Overloaded
from judge.serving.http.bounds import EngineBounds, for_process
from judge.serving.http.engine import Engine, Lost
from judge.serving.http.lane import Lane
from judge.serving.http.queue import TimeUp
from judge.serving.http.worker import LoadPolicy, OrderRefused
from judge.settings import Settings
from tests.serving.http.running import DEMO, Scripted


def bounds(**changed):
    return EngineBounds(**{"waiting": 8, "batch": 4, "window": 0.01, "seconds": 5.0, "pixels": 10**6, **changed})


def run(scenario, script, number=1, **changed):
    async def main():
        engine = Engine(Settings(), Processes(number, (), 1), bounds(**changed), process=script)
        engine.start()
        try:
            await engine.load("demo", DEMO)
            return await scenario(engine)
        finally:
            await engine.stop()

    return asyncio.run(main())


def judge(engine, data, client="a", key="demo"):
    return asyncio.ensure_future(engine.judge(client, key, data, hashlib.sha256(data).hexdigest()))


async def settled(tasks):
    return await asyncio.gather(*tasks, return_exceptions=True)


def names(found):
    return [type(one).__name__ if isinstance(one, BaseException) else one.verdict for one in found]


def test_images_that_come_together_are_judged_together_each_with_its_own_verdict():
    script = Scripted()
    found = run(lambda engine: settled([judge(engine, b"v%d" % n if n % 2 else b"n%d" % n) for n in range(4)]), script)
    assert [len(one) for one in script.parcels] == [4]
    assert names(found) == ["no_violation", "violation", "no_violation", "violation"]


def test_clients_take_turns_however_many_images_each_has():
    async def scenario(engine):
        many = [judge(engine, b"many%d" % n, "greedy") for n in range(8)]
        await asyncio.sleep(0)
        few = [judge(engine, b"few%d" % n, "modest") for n in range(2)]
        await settled([*many, *few])

    script = Scripted(0.01)
    run(scenario, script)
    assert [len(one) for one in script.parcels] == [4, 4, 2]
    assert {b"few0", b"few1"} <= set(script.parcels[1]), "though four more of the other waited first"


def test_idle_processes_share_what_waits():
    script = Scripted(0.05)
    run(lambda engine: settled([judge(engine, b"%d" % n) for n in range(4)]), script, number=2)
    assert sorted(len(one) for one in script.parcels) == [2, 2]


def test_a_process_that_dies_costs_a_try_and_only_the_deadly_image_is_left_to_a_person():
    async def scenario(engine):
        images = [b"a", b"b", b"deadly", b"vc"]
        tries = []
        for _ in range(3):
            found = await settled([judge(engine, data) for data in images])
            tries.append(names(found))
            while engine.trouble:
                await asyncio.sleep(0.01)
        assert not found[2].retryable and json.loads(found[2].body)["failure"]["retryable"] is False, "it is not tried"
        return tries

    script = Scripted(deadly={b"deadly"})
    first, second, third = run(scenario, script)
    assert first == ["Lost"] * 4
    assert second == ["no_violation", "no_violation", "needs_review", "Lost"], "the last one waited, and none was left"
    assert third == ["no_violation", "no_violation", "needs_review", "violation"]
    assert script.loads == ["demo"] * 3, "each death has the policies loaded anew"
    assert sum(b"deadly" in parcel for parcel in script.parcels) == 2, "and it is never judged again"


def test_what_waits_when_the_only_process_dies_is_told_to_come_again_when_another_is_ready():
    class Slow(Scripted):
        async def ask(self, order, seconds):
            await asyncio.sleep(0.2 if isinstance(order, LoadPolicy) else 0.0)
            return await super().ask(order, seconds)

    async def scenario(engine):
        first = [judge(engine, data) for data in (b"deadly", b"1", b"2", b"3")]
        await asyncio.sleep(0.03)
        later = judge(engine, b"vlater")
        found = await settled([*first, later])
        assert 0.2 <= engine.until_ready < 5.0
        assert names(await settled([judge(engine, b"too late")])) == ["Lost"], "it was let in before"
        while engine.trouble:
            await asyncio.sleep(0.01)
        assert engine.until_ready == 0.0
        return names(found), names(await settled([judge(engine, b"vlater")]))

    assert run(scenario, Slow(0.05, deadly={b"deadly"})) == (["Lost"] * 5, ["violation"])


def test_what_waits_when_one_of_two_processes_dies_is_judged_by_the_other():
    async def scenario(engine):
        first = [judge(engine, data) for data in (b"deadly", b"1", b"2", b"3")]
        await asyncio.sleep(0.03)
        return names(await settled([*first, judge(engine, b"vlater")]))

    found = run(scenario, Scripted(0.05, deadly={b"deadly"}), number=2)
    assert found[0] == "Lost" and found[-1] == "violation" and found.count("Lost") == 2


def test_where_too_much_waits_nobody_is_let_in_and_is_told_when_to_come_again():
    async def scenario(engine):
        engine.admit()
        waiting = [judge(engine, b"%d" % n) for n in range(20)]
        await asyncio.sleep(0.03)
        with pytest.raises(Overloaded) as caught:
            engine.admit()
        await settled(waiting)
        engine.admit()
        return caught.value.seconds

    assert 0 <= run(scenario, Scripted(0.05)) < 5


def test_what_waited_longer_than_its_request_may_take_is_not_judged():
    async def scenario(engine):
        found = await settled([judge(engine, b"%d" % n) for n in range(5)])
        return names(found)

    script = Scripted(0.1)
    assert run(scenario, script, seconds=0.05) == ["no_violation"] * 4 + [TimeUp.__name__]
    assert len(script.parcels) == 1


def test_a_policy_that_cannot_be_judged_by_is_refused_and_the_others_go_on():
    async def scenario(engine):
        script.refuses = OrderRefused("no such words", "choose others", mistake=True)
        with pytest.raises(UserError, match="no such words"):
            await engine.load("other", DEMO)
        script.refuses = OrderRefused("disk gone", "", mistake=False)
        with pytest.raises(ModelError, match="disk gone"):
            await engine.load("other", DEMO)
        return names(await settled([judge(engine, b"v")]))

    script = Scripted()
    assert run(scenario, script) == ["violation"]


def test_requests_are_let_in_while_another_policy_waits_to_be_loaded():
    async def scenario(engine):
        busy = judge(engine, b"v")
        await asyncio.sleep(0.05)
        loading = asyncio.ensure_future(engine.load("next", DEMO))
        await asyncio.sleep(0)
        engine.admit()
        await loading
        return names(await settled([busy, judge(engine, b"v2", key="next"), judge(engine, b"v3")]))

    assert run(scenario, Scripted(0.2)) == ["violation"] * 3


def test_stopping_leaves_nobody_waiting():
    async def scenario(engine):
        waiting = [judge(engine, b"%d" % n) for n in range(6)]
        await asyncio.sleep(0.03)
        await engine.stop()
        return {type(one) for one in await settled(waiting)}

    script = Scripted(5.0)
    assert run(scenario, script) == {Lost} and script.ended


def test_what_waits_for_a_policy_that_is_gone_is_lost_and_no_mistake(caplog):
    async def scenario(engine):
        await engine.load("old", DEMO)
        first = judge(engine, b"deadly", key="old")
        engine.forget("old")
        await asyncio.sleep(0.8)
        found = names(await settled([first, judge(engine, b"later", key="old")]))
        return found + names(await settled([judge(engine, b"v")]))

    assert run(scenario, Scripted(1.0, deadly={b"deadly"}), seconds=0.6) == ["Lost", "Lost", "violation"]
    assert "unexpected" not in caplog.text


def test_a_policy_that_comes_back_before_it_is_forgotten_stays():
    async def scenario(engine):
        await engine.load("old", DEMO)
        engine.forget("old")
        await engine.load("old", DEMO)
        await asyncio.sleep(0.2)
        first = names(await settled([judge(engine, b"deadly", key="old")]))
        return first + names(await settled([judge(engine, b"v", key="old")]))

    assert run(scenario, Scripted(deadly={b"deadly"}), seconds=0.1) == ["Lost", "violation"]


def test_a_process_without_a_sign_of_life_is_given_nothing_and_that_is_said():
    async def scenario(engine):
        script.silence = 12.3
        with pytest.raises(Overloaded, match="no sign of life for 12 seconds"):
            engine.admit()
        waiting = judge(engine, b"v")
        await asyncio.sleep(0.05)
        assert not script.parcels and not engine.ready and not script.killed, "it may come back"
        script.silence = 0.5
        engine.admit()
        return names(await settled([waiting]))

    script = Scripted()
    assert run(scenario, script) == ["violation"]


@pytest.mark.parametrize("silence", [None, 30.0])
def test_a_process_that_ends_or_is_silent_for_long_while_it_has_nothing_to_do_is_started_anew(monkeypatch, silence):
    monkeypatch.setattr("judge.serving.http.engine._LOOK", 0.01)
    monkeypatch.setattr(EngineBounds, "patience", 0.05)

    async def scenario(engine):
        script.silence = silence
        assert "ended; it is started anew" in engine.trouble or "30 seconds" in engine.trouble
        deadline = asyncio.get_running_loop().time() + 5
        while not engine.ready:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)
        return names(await settled([judge(engine, b"v")]))

    script = Scripted()
    assert run(scenario, script) == ["violation"]
    assert script.killed == 1 and script.loads == ["demo", "demo"]


def test_processes_that_were_stopped_together_and_go_on_are_not_ended_for_the_time_between():
    lane = Lane(Scripted(), loaded={"demo"})
    lane.process.silence = 3600.0
    assert not lane.lost(patience=60.0), "it is seen for the first time"
    lane.process.silence = 0.1
    assert not lane.lost(patience=60.0) and lane.ready


def test_decoding_an_image_leaves_time_for_judging_it_within_its_request():
    hurried = for_process(Settings(), "", bounds(seconds=20.0))
    assert (hurried.limits.seconds, hurried.image_seconds) == (10.0, 20.0)
    assert for_process(Settings(), "", bounds(seconds=60.0)).limits == Settings().limits
