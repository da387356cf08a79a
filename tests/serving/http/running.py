"""Servers in this process, on a free port: with the bundled model, or with a judge that does as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
import time

import httpx

from judge.judging.record import provenance
from judge.locks.loading import load_policy
from judge.serving.devices import Processes
from judge.serving.http.process import Died
from judge.serving.http.server import address_of, listen, run, server_of
from judge.serving.http.service import Service
from judge.serving.http.settings import server_settings
from judge.serving.http.worker import JudgedImage, Loaded, LoadPolicy
from judge.settings import Settings
from judge.verdict import ImageFacts, ModelIdentity, Verdict


class Running:
    """A server, and what tests want of it."""

    def __init__(self, service, server, url, loop):
        self.service, self.server, self.url, self.loop = service, server, url, loop
        self.http = httpx.Client(base_url=url, timeout=60)

    def wait(self, seconds=120.0):
        deadline = time.monotonic() + seconds
        while self.http.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline, "not ready"
            time.sleep(0.05)

    def on_loop(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(60)


@contextlib.contextmanager
def serving(given=None, judging=None, process=None, number=1):
    """A running server. process: makes what judges; None is a real process."""
    more = {} if process is None else {"process": process}
    service, server, loop, listening = None, None, None, listen("127.0.0.1", 0)
    made, failed = threading.Event(), []

    def work():
        nonlocal service, server, loop

        async def main():
            nonlocal service, server, loop
            loop = asyncio.get_running_loop()
            service = Service(server_settings(given or {}), judging or Settings(), Processes(number, (), 1), **more)
            server = server_of(service)
            made.set()
            await run(service, server, listening)

        try:
            asyncio.run(main())
        except Exception as error:
            failed.append(error)
        finally:
            made.set()

    thread = threading.Thread(target=work)
    thread.start()
    made.wait(10)
    running = Running(service, server, address_of(listening), loop)
    try:
        running.wait()
        yield running
    finally:
        running.http.close()
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()
        assert not failed, failed


class Scripted:
    """In the place of a process: says `violation` of bytes that begin with b"v", `no_violation` of others.

    A clip is what begins like one; it takes until its future in `clips` is done, unless `clips_at_once`, and it is dropped
    when told so.

    seconds: that a parcel takes. deadly: bytes at which it dies. silence: as a process has it. It notes the parcels that
    it was given.
    """

    def __init__(self, seconds=0.0, deadly=(), provenance=None, *, clips_at_once=False):
        self.clips_at_once = clips_at_once
        self.seconds, self.deadly, self.parcels, self.loads, self.pid = seconds, set(deadly), [], [], 1
        self.clips, self.clip_orders, self.dropped, self._at_clip = {}, [], [], None
        self.ended, self.refuses, self.silence, self.killed = False, None, 0.0, 0

    def __call__(self, settings, threads):
        return self

    async def ask(self, order, seconds):
        if isinstance(order, LoadPolicy):
            self.loads.append(order.policy.constitution.constitution)
            if self.refuses is not None:
                return self.refuses
            return Loaded(provenance_of(order.policy), ())
        self.parcels.append(list(order.images))
        await asyncio.sleep(self.seconds)
        if self.deadly & set(order.images):
            raise Died
        return [said(data) for data in order.images]

    async def ask_clip(self, order, seconds):
        self.clip_orders.append(order)
        self._at_clip = self.clips.setdefault(order.data, asyncio.get_running_loop().create_future())
        if order.data in self.deadly:
            raise Died
        if self.clips_at_once:
            return said(order.data)
        await self._at_clip
        return None if self._at_clip.result() == "dropped" else said(order.data)

    def drop_clip(self):
        self.dropped.append(self.clip_orders[-1].data)
        if not self._at_clip.done():
            self._at_clip.set_result("dropped")

    def kill(self):
        self.killed, self.silence = self.killed + 1, 0.0

    def end(self):
        self.ended = True


def clip_named(name):
    """Bytes that are a clip, as far as its beginning tells."""
    return bytes.fromhex("3026b2758e66cf11") + name.encode()


def said(data):
    word = "violation" if data.startswith(b"v") else "needs_review" if data.startswith(b"r") else "no_violation"
    sha256 = hashlib.sha256(data).hexdigest()
    whole = Verdict(image="", verdict=word, image_facts=ImageFacts(sha256=sha256), provenance=PROVENANCE)
    return JudgedImage(
        body=whole.model_dump_json().encode(),
        verdict=word,
        violations=("body-on-fire",) if word == "violation" else (),
        causes=("between_thresholds",) if word == "needs_review" else (),
        reasons=("somebody has to look",) if word == "needs_review" else (),
        outcomes={"body-on-fire": "violated" if word == "violation" else "not_violated"},
        scores={"body-on-fire": 0.9 if word == "violation" else 0.1},
        timings={"total": 0.1},
        escalated={"region": 0, "reasoning": 0},
        sha256=sha256,
        keep=True,
    )


def provenance_of(policy):
    return provenance(
        policy.constitution, (ModelIdentity(role="mllm", name="scripted", digest="0"),), Settings(), (), {}
    )


DEMO = load_policy("demo")
PROVENANCE = provenance_of(DEMO)
