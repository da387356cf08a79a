"""A process of the server: started again where it could not be, and it is seen whether it lives."""

from __future__ import annotations

import asyncio
import os
import signal
from multiprocessing.context import SpawnProcess

import pytest

from judge.serving.http.process import Died, ModelProcess
from judge.serving.http.worker import LoadPolicy, OrderRefused
from judge.settings import Settings
from tests.serving.http.running import DEMO


def test_a_process_that_could_not_be_started_is_started_by_the_next_order(monkeypatch):
    async def main():
        process = ModelProcess(Settings(model="/nowhere"), 1)
        order = LoadPolicy("demo", DEMO, frozenset({"demo"}))
        with monkeypatch.context() as full:
            full.setattr(SpawnProcess, "start", _no_memory)
            with pytest.raises(Died):
                await process.ask(order, 60)
        try:
            assert process.pid is None
            assert process.silence is None
            assert isinstance(await process.ask(order, 60), OrderRefused)  # it runs, and there is no such model
            os.kill(process.pid, signal.SIGSTOP)
            assert await becomes(process, lambda silence: silence > 1.5)
            os.kill(process.pid, signal.SIGCONT)
            assert await becomes(process, lambda silence: silence < 1)
            os.kill(process.pid, signal.SIGKILL)
            assert await becomes(process, lambda silence: silence is None)
        finally:
            process.end()

    asyncio.run(main())


async def becomes(process, wanted):
    for _ in range(200):
        if wanted(process.silence):
            return True
        await asyncio.sleep(0.05)
    return False


def _no_memory(process):
    raise OSError(12, "Cannot allocate memory")
