"""A process of the server that cannot be started is tried again, like one that died."""

from __future__ import annotations

import asyncio
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
            assert isinstance(await process.ask(order, 60), OrderRefused)  # it runs, and there is no such model
        finally:
            process.end()

    asyncio.run(main())


def _no_memory(process):
    raise OSError(12, "Cannot allocate memory")
