"""Who is let in when more comes than can be judged: as many as are soon answered, however suddenly they come."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from judge.serving.http.admission import Overloaded, WaitingRoom
from judge.settings import Settings
from tests.serving.http.running import Scripted, serving


def test_a_batch_for_each_process_that_is_ready_may_wait():
    room = WaitingRoom(None, batch=8)
    assert [room.most(ready) for ready in (1, 2, 3)] == [8, 16, 24]
    assert WaitingRoom(5, batch=8).most(3) == 5
    room.check(waiting=15, ready=2, pace=0.1)
    with pytest.raises(Overloaded) as caught:
        room.check(waiting=16, ready=2, pace=0.25)
    assert caught.value.seconds == 16 * 0.25 / 2, "what waits is judged by then"


def test_what_was_let_in_and_is_not_in_the_queue_yet_counts_until_it_is_or_is_given_up():
    room = WaitingRoom(None, batch=2)
    with room.coming(2) as coming:
        with pytest.raises(Overloaded):
            room.check(waiting=0, ready=1, pace=0.1)
        coming.arrived()
        room.check(waiting=0, ready=1, pace=0.1)
    with pytest.raises(ZeroDivisionError), room.coming(5):
        raise ZeroDivisionError
    room.check(waiting=1, ready=1, pace=0.1)
    assert not room.expected


@pytest.mark.parametrize("stream", ["false", "true"])
def test_of_requests_that_come_at_once_no_more_are_let_in_than_of_those_that_come_in_turn(stream):
    async def burst(url):
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=30) as http:
            form = {"detail": "summary", "stream": stream}
            asked = (http.post(url, files={"image": b"n%d" % n}, data=form) for n in range(60))
            return Counter([one.status_code for one in await asyncio.gather(*asked)])

    with serving({"once_seconds": 0}, Settings(batch=4), Scripted(0.5)) as running:
        answers = asyncio.run(burst(f"{running.url}/v1/judge"))
    assert set(answers) == {200, 503}
    assert answers[200] <= 4 + 4 + 4, "four that wait, those that were taken at once, and no more"
