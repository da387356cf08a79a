"""Processes that judge: each loads the models once, and is given a few images at a time.

A process that dies takes nothing with it but its work: that is given out again, image by image, and an image that ends
two processes is left to a person. Knows no table.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol

from judge.errors import ModelError
from judge.serving.batch import worker
from judge.serving.batch.schema import Judged
from judge.serving.batch.worker import Bench, JudgeFacts, Task, Work

_FEW = 8  # images that are judged together, however few there are
_ENDING = 5.0  # seconds that terminated processes have to be seen as such
TRIES = 2  # of an image that ended a process, and of loading the models
Done = tuple[Task, Judged | None]  # None: the image ends every process that looks at it


class Judging(Protocol):
    """What judges the images of a batch. busy: how many parcels of tasks are with it; room: how many more it takes."""

    @property
    def busy(self) -> int: ...

    @property
    def room(self) -> int: ...

    def describe(self) -> JudgeFacts: ...

    def give(self, tasks: Sequence[Task]) -> None: ...

    def done(self, timeout: float | None = None) -> Iterator[Done]: ...

    def held(self) -> list[Task]: ...

    def stop(self) -> None: ...


def shared(batch: int, images: int, judging: Judging) -> int:
    """How many of so many images to judge together: fewer than a batch where else some would have nothing to do."""
    return min(batch, max(_FEW, images // (2 * max(1, judging.room))))


class Here:
    """Judges in this process, when it is asked what is done."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._waiting: list[list[Task]] = []

    @property
    def busy(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        return 1 - len(self._waiting)

    def describe(self) -> JudgeFacts:
        """What judges."""
        return JudgeFacts(self._bench.judge.provenance, self._bench.digests, (), self._bench.grounds)

    def give(self, tasks: Sequence[Task]) -> None:
        """Have tasks judged together."""
        self._waiting.append(list(tasks))

    def done(self, timeout: float | None = None) -> Iterator[Done]:
        """Judge what was given."""
        waiting, self._waiting = self._waiting, []
        for tasks in waiting:
            yield from zip(tasks, self._bench.judge_all(tasks), strict=True)

    def held(self) -> list[Task]:
        """Tasks that are not done."""
        return [task for tasks in self._waiting for task in tasks]

    def stop(self) -> None:
        """Nothing runs."""


class Pool:
    """Judges in processes of their own."""

    def __init__(self, work: Work, processes: int, threads: int | None) -> None:
        self._work, self._processes, self._threads = work, processes, threads
        self._executor: ProcessPoolExecutor | None = None
        self._running: dict[Future[list[Judged]], list[Task]] = {}

    @property
    def busy(self) -> int:
        return len(self._running)

    @property
    def room(self) -> int:
        return 2 * self._processes - len(self._running)  # one at work and one at hand for each

    def describe(self) -> JudgeFacts:
        """What judges, when the processes have loaded it, all at once.

        Raises:
            UserError, ModelError: the models cannot be loaded, or each process that tries is ended.
        """
        for _ in range(TRIES):
            try:
                started = self._started()
                said = [started.submit(worker.describe) for _ in range(self._processes)]
                loaded = [one.result() for one in said]
                return loaded[0]
            except BrokenProcessPool:
                self._executor = None
        raise ModelError(
            "a process that judges died while it loaded the models (out of memory?)",
            hint="run the same command again with fewer --processes or a smaller model",
            retryable=True,
        )

    def give(self, tasks: Sequence[Task]) -> None:
        """Have tasks judged together."""
        try:
            future = self._started().submit(worker.judge_all, list(tasks))
        except BrokenProcessPool as error:  # a process died meanwhile: `done` has these judged by others
            future = Future()
            future.set_exception(error)
        self._running[future] = list(tasks)

    def done(self, timeout: float | None = None) -> Iterator[Done]:
        """What has been judged by now; where nothing has, what is next. timeout: in seconds, after which nothing is.

        Raises:
            UserError, ModelError: the models cannot be used at all.
        """
        finished, _ = wait(self._running, timeout, FIRST_COMPLETED)
        for future in finished:
            tasks = self._running.pop(future)
            try:
                judged = future.result()
            except BrokenProcessPool:
                left, self._running = [tasks, *self._running.values()], {}
                yield from self._one_by_one([task for parcel in left for task in parcel])
                return
            yield from zip(tasks, judged, strict=True)

    def held(self) -> list[Task]:
        """Tasks that are not done."""
        return [task for tasks in self._running.values() for task in tasks]

    def stop(self) -> None:
        """End all processes; what they were at is lost."""
        if self._executor is not None:
            running = list((self._executor._processes or {}).values())  # `terminate_workers` is of Python 3.14
            manager = self._executor._executor_manager_thread
            self._executor.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.terminate()
            if manager is not None:  # or Python, where it ends now, writes into a pipe that this thread is closing
                manager.join(_ENDING)  # type: ignore[attr-defined]  # it is a thread, whatever typeshed says
            self._executor = None

    def _one_by_one(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """After a process died nobody knows at which image, so they are judged alone, one after the other."""
        deaths: Counter[str] = Counter()
        left = list(tasks)
        self._executor = None
        while left:
            task = left[0]
            try:
                judged: Judged | None = self._started().submit(worker.judge_all, [task]).result()[0]
            except BrokenProcessPool:
                self._executor = None
                deaths[task.subject] += 1
                if deaths[task.subject] < TRIES:
                    continue
                judged = None
            left.pop(0)
            yield task, judged

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context("spawn")  # a model's threads do not survive a fork
            given = (self._work, context.Value("i", 0), self._threads)
            self._executor = ProcessPoolExecutor(self._processes, context, initializer=worker.begin, initargs=given)
        return self._executor
