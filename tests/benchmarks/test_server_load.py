"""The measurement of the server under load counts what clients were answered. The judge is scripted."""

from __future__ import annotations

import asyncio
import io
import os

from PIL import Image, ImageChops

from benchmarks.server_load import DRAWINGS, Load, full, other_bytes, overload, ready, unloaded
from tests.serving.http.running import Scripted, said, serving

IMAGES = [b"v1" + bytes(12), b"n2" + bytes(12), b"v3" + bytes(12)]


def test_a_full_server_does_what_its_processes_can_and_an_overloaded_one_refuses_the_rest():
    with serving({"once_seconds": 0}, process=Scripted(0.2)) as running:
        assert ready(running.url, 1) < 5
        load = Load(running.url, IMAGES)
        assert 0.2 <= asyncio.run(unloaded(load, 8)) < 5
        assert load.answers == {"200": 48} and load.wrong == 0
        pace = asyncio.run(full(Load(running.url, IMAGES), 16, 1.0, os.getpid()))
        assert 1 < pace.per_second <= 41, "eight in 0.2 seconds"
        load = Load(running.url, IMAGES)
        found = asyncio.run(overload(load, 60, 120.0, 1.0, None))
        assert set(found["answers"]) == {"200", "503"} and found["answers"]["503"] > 20
        assert sum(found["answers"].values()) == 120 and found["verdicts_that_differ"] == 0
        assert len(load.took) == found["answers"]["200"] and found["accepted_p99_s"] >= found["accepted_p50_s"] > 0


def test_every_file_is_another_one_with_the_same_picture():
    path = DRAWINGS[0]
    with Image.open(path) as one, Image.open(io.BytesIO(other_bytes(path.read_bytes(), 17))) as two:
        two.load()
        assert two.text == {"number": "17"}
        assert ImageChops.difference(one.convert("RGB"), two.convert("RGB")).getbbox() is None


def test_a_verdict_that_differs_and_a_refusal_that_says_nothing_are_noticed():
    class Fickle(Scripted):
        async def ask(self, order, seconds):
            found = await super().ask(order, seconds)
            return (
                found if not isinstance(found, list) else [said(b"v" if len(self.parcels) % 2 else b"n") for _ in found]
            )

    with serving({"once_seconds": 0}, process=Fickle()) as running:
        load = Load(running.url, IMAGES[:1])
        asyncio.run(full(load, 1, 0.3, os.getpid()))
        assert load.wrong > 0
