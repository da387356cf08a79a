"""The server under load, beside an offline batch of the same images in the same run, on this machine.

    python -m benchmarks.server_load [--seconds 60] [--clients 200] [--times 4] [--kill]

1. offline: processes as `judge batch` has them judge the drawings again and again; 2. unloaded: as many images as are
judged at a time, sent at once to a server that does nothing else; 3. full: enough clients to keep it busy, for its
throughput; 4. overload: `--clients` that together send `--times` what it can do, each at its own pace and whatever it
is answered; with `--kill` a process is killed in the middle, and how long it is gone stands beside what the server took
to start; 5. a first verdict (`benchmarks/server_first.py`). Clients and server share the machine. CPU seconds of an
image tell more than images a second where others use the machine, too.
Prints JSON; exit code 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import struct
import sys
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from benchmarks.server_first import FASTER, ROOT, first_verdicts, serving
from judge.locks.loading import load_policy
from judge.serving.batch.pool import Pool
from judge.serving.batch.worker import Task, Work
from judge.serving.devices import processes_for
from judge.settings import Settings

DRAWINGS = sorted((ROOT / "examples/images").glob("*.png"))
SLOWEST, LEAST = 3.0, 0.9  # the bars: p99 over an unloaded batch, throughput over offline
GROWTH = 256.0  # MiB that the server's own process may grow by under overload
BATCH = Settings().batch
_BACK = 300.0  # seconds that a process that was killed is waited for


class Pace(NamedTuple):
    """Images a second, and CPU seconds of each in the processes that judge and what gives them their work."""

    per_second: float
    cpu_s: float


def offline(images: list[bytes], seconds: float) -> Pace:
    """Processes as `judge batch` has them, once their models are loaded and warm."""
    plan = processes_for(Settings())
    pool = Pool(Work(load_policy("demo"), Settings(), "none", plan.devices), plan.number, plan.threads)
    given = done = 0

    def give() -> None:
        nonlocal given
        some = range(given, given + BATCH)
        pool.give([Task(str(n), "", str(n), images[n % len(images)]) for n in some])
        given += BATCH

    try:
        pool.describe()
        for _ in range(4 * plan.number):  # until every process has loaded, and knows its way
            give()
            while pool.room <= 0:
                list(pool.done())
        begun, used = time.perf_counter(), cpu(os.getpid())
        while time.perf_counter() - begun < seconds:
            while pool.room > 0:
                give()
            done += len(list(pool.done()))
        return Pace(done / (time.perf_counter() - begun), (cpu(os.getpid()) - used) / done)
    finally:
        pool.stop()


def other_bytes(png: bytes, number: int) -> bytes:
    """The same picture in a file of its own: the server judges equal bytes that are under way at a time once."""
    text = b"tEXtnumber\0" + str(number).encode()
    end = len(png) - 12  # of what goes before IEND
    return png[:end] + struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text)) + png[end:]


class Load:
    """What clients were answered."""

    def __init__(self, url: str, images: list[bytes]) -> None:
        self.url, self.images = url, images
        self.took: list[float] = []
        self.answers: Counter[str] = Counter()
        self.wrong = self.sent = 0
        self.truth: dict[int, str] = {}

    async def ask(self, http: httpx2.AsyncClient, number: int) -> int:
        """Send one image."""
        which = number % len(self.images)
        self.sent += 1
        files = {"image": (f"{which}.png", other_bytes(self.images[which], self.sent))}
        begun = time.perf_counter()
        answer = await http.post(f"{self.url}/v1/judge", files=files, data={"detail": "summary"})
        if answer.status_code == 200:
            self.took.append(time.perf_counter() - begun)
            said = answer.json()["verdicts"][0]["verdict"]
            self.wrong += said != self.truth.setdefault(which, said)
        again = answer.status_code < 400 or "retry-after" in answer.headers
        self.answers[f"{answer.status_code}{'' if again else ' without Retry-After'}"] += 1
        return answer.status_code


async def unloaded(load: Load, count: int) -> float:
    """Seconds of as many images as are judged at a time, the median of five tries."""
    tries = []
    async with httpx2.AsyncClient(timeout=120) as http:
        for turn in range(6):
            begun = time.perf_counter()
            await asyncio.gather(*(load.ask(http, turn * count + n) for n in range(count)))
            tries.append(time.perf_counter() - begun)
    return statistics.median(tries[1:])


async def full(load: Load, clients: int, seconds: float, pid: int) -> Pace:
    """Where each client sends the next image as soon as the last is answered."""
    until = time.perf_counter() + seconds

    async def client(first: int) -> int:
        done = 0
        async with httpx2.AsyncClient(timeout=120) as http:
            while time.perf_counter() < until:
                if await load.ask(http, first + done * clients) == 200:
                    done += 1
                else:
                    await asyncio.sleep(0.05)
        return done

    begun, used = time.perf_counter(), cpu(pid)
    done = sum(await asyncio.gather(*map(client, range(clients))))
    return Pace(done / (time.perf_counter() - begun), (cpu(pid) - used) / done)


async def overload(load: Load, clients: int, rate: float, seconds: float, kill: int | None) -> dict[str, Any]:
    """Clients that together send `rate` images a second. kill: a process to kill in the middle."""
    begun = time.perf_counter()

    async def client(place: int) -> None:
        async with httpx2.AsyncClient(timeout=120) as http:
            sent = 0
            while (at := (sent + place / clients) * clients / rate) < seconds:
                await asyncio.sleep(max(0.0, begun + at - time.perf_counter()))
                await load.ask(http, place + sent * clients)
                sent += 1

    async def killer() -> dict[str, float]:
        if kill is None:
            return {}
        async with httpx2.AsyncClient(timeout=120) as http:
            there = (await http.get(f"{load.url}/readyz")).json()["processes"]
            await asyncio.sleep(seconds / 2)
            os.kill(kill, signal.SIGKILL)
            killed, gone = time.perf_counter(), False
            while True:
                now = (await http.get(f"{load.url}/readyz")).json().get("processes")
                gone = gone or now != there
                if gone and now == there:
                    break
                assert time.perf_counter() - killed < _BACK, "a process did not come back"
                await asyncio.sleep(0.05)
            return {"killed_process_back_s": round(time.perf_counter() - killed, 2)}

    back, *_ = await asyncio.gather(killer(), *map(client, range(clients)))
    took = sorted(load.took)
    return {
        **back,
        "answers": dict(load.answers),
        "accepted_p50_s": round(took[len(took) // 2], 3),
        "accepted_p99_s": round(took[int(len(took) * 0.99)], 3),
        "accepted_per_second": round(len(took) / (time.perf_counter() - begun), 2),
        "verdicts_that_differ": load.wrong,
    }


def cpu(pid: int) -> float:
    """CPU seconds of a process and of those that it started, so far."""
    ticks = 0
    for one in (pid, *children(pid)):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """MiB that a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def children(pid: int) -> list[int]:
    """Processes that judge, of a server."""
    found = " ".join(one.read_text() for one in Path(f"/proc/{pid}/task").glob("*/children")).split()
    names = {int(one): Path(f"/proc/{one}/cmdline").read_text() for one in found}
    return [one for one, name in names.items() if "resource_tracker" not in name]


def told(pace: Pace) -> dict[str, float]:
    """A pace, rounded."""
    return {"per_second": round(pace.per_second, 2), "cpu_s_of_an_image": round(pace.cpu_s, 4)}


def ready(url: str, processes: int, seconds: float = 120.0) -> float:
    """Seconds until so many processes are ready to judge."""
    begun = time.monotonic()
    while httpx2.get(f"{url}/readyz").json().get("processes") != processes:
        assert time.monotonic() - begun < seconds, "a process did not come back"
        time.sleep(0.1)
    return time.monotonic() - begun


def measure(clients: int, times: float, seconds: float, *, kill: bool) -> dict[str, Any]:
    """All figures, and which bars they miss."""
    images = [one.read_bytes() for one in DRAWINGS]
    at_a_time = BATCH * processes_for(Settings()).number
    before_it = offline(images, seconds / 2)
    found: dict[str, Any] = {"offline": told(before_it)}
    begun = time.perf_counter()
    with serving() as (url, pid):
        found["start_s"] = round(time.perf_counter() - begun, 2)
        batch = asyncio.run(unloaded(Load(url, images), at_a_time))
        busy = asyncio.run(full(Load(url, images), 2 * at_a_time, seconds / 2, pid))
        before, load = memory(pid), Load(url, images)
        victim = children(pid)[0] if kill else None
        over = asyncio.run(overload(load, clients, times * busy.per_second, seconds, victim))
        found |= {"unloaded_batch_s": round(batch, 3), "full": told(busy), "overload": over}
        found["memory_mib"] = {"before": round(before), "after": round(memory(pid))}
        ready(url, processes_for(Settings()).number)
        found["first_verdict"] = first_verdicts(url, 3)
    bars = {
        "no 5xx but with Retry-After": not any("without" in one for one in over["answers"] if one >= "5"),
        "nothing but verdicts, 429 and 503": set(over["answers"]) <= {"200", "429", "503"},
        "p99 of accepted at most 3 unloaded batches": over["accepted_p99_s"] <= SLOWEST * batch,
        "throughput at least 90 % of offline": busy.per_second >= LEAST * before_it.per_second,
        "memory bounded": found["memory_mib"]["after"] - before <= GROWTH,
        "no verdict differs": over["verdicts_that_differ"] == 0,
        "first verdict 10 times faster": found["first_verdict"]["times_faster"] >= FASTER,
    }
    return {**found, "missed": [bar for bar, met in bars.items() if not met]}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--times", type=float, default=4.0)
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    found = measure(given.clients, given.times, given.seconds, kill=given.kill)
    print(json.dumps(found, indent=2))
    sys.exit(bool(found["missed"]))


if __name__ == "__main__":
    main()
