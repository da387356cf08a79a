"""Processes of a Ray cluster that judge: the same `Judging` as processes of this machine.

Ray places them, moves images and rows between machines, and says who is gone; what is given to whom is decided here,
so that a death is blamed on the image that it came with. Ray is imported when a batch is judged with it, and is quiet.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import JudgeError, ModelError, UserError
from judge.serving.batch import worker
from judge.serving.batch.pool import TRIES, Done
from judge.serving.batch.room import RunName
from judge.serving.batch.schema import Judged
from judge.serving.batch.worker import JudgeFacts, Task, Work
from judge.serving.devices import cores
from judge.settings import BUNDLED

if TYPE_CHECKING:
    from judge.settings import Settings

log = logging.getLogger("judge")
LOCAL = "local"  # the address of a cluster on this machine alone, for this batch
_AT_HAND = 2  # parcels with a process: one that it is at, and one so that it need not wait
_STILLBORN = 3  # processes in a row that die before they have loaded their models
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": "(?s).*",  # a process that died is told on stdout, whatever `log_to_driver` says
}
_REACHED_IN = 10.0  # seconds
_PATIENCE = 60.0  # seconds without any process, after which that is said


class Process:
    """What Ray runs in a process of its own, on whichever machine."""

    def __init__(self, work: Work, threads: int | None, folder: str) -> None:
        with suppress(OSError):  # a model's relative path means what it means where the batch was started
            os.chdir(folder)
        worker.begin(work, None, threads)

    def describe(self) -> JudgeFacts:
        """See `worker.describe`."""
        return worker.describe()

    def judge_all(self, tasks: Sequence[Task]) -> list[Judged]:
        """See `Bench.judge_all`."""
        return worker.judge_all(tasks)


@dataclass(frozen=True)
class ClusterShare:
    """How many processes, and what of its machine each takes. threads: for arithmetic; None leaves that to Ray."""

    count: int
    cpus: float
    gpus: int = 0
    threads: int | None = None


@dataclass(frozen=True, eq=False)
class _Parcel:
    """Tasks that are with a process. alone: it has nothing else, so its death is theirs."""

    tasks: list[Task]
    process: Any
    alone: bool


class Cluster:
    """Judges in processes of the Ray cluster at `address`: `local`, `auto` or HOST:PORT. A program that is connected
    to a cluster already stays with that one. processes: None is as many as the cluster has room for."""

    def __init__(self, address: str, work: Work, processes: int | None) -> None:
        self._address, self._work, self._wanted = address, work, processes
        self._ray: Any = None
        self._ours = False  # whether the connection is this batch's, and ends with it
        self._share = ClusterShare(0, 0)
        self._facts: JudgeFacts | None = None
        self._starting: dict[Any, Any] = {}  # processes by what they will say of themselves
        self._ready: list[Any] = []
        self._running: dict[Any, _Parcel] = {}
        self._suspects: list[Task] = []  # were with a process that died; each is judged alone
        self._deaths: Counter[str] = Counter()
        self._stillborn = 0

    @property
    def busy(self) -> int:
        return len(self._running) + len(self._suspects)

    @property
    def room(self) -> int:
        return 0 if self._suspects else sum(self._free(one) for one in self._ready)

    def describe(self) -> JudgeFacts:
        """What judges, said by the first process that has loaded it.

        Raises:
            UserError, ModelError: the cluster cannot be reached or used, or the models cannot be loaded.
        """
        self._connect()
        for _ in range(self._share.count):
            self._start()
        said = False
        while self._facts is None:
            self._arrived(self._wait(self._starting, _PATIENCE))
            if self._facts is None and not said:
                said = True
                needs = f"{self._share.cpus:g} CPU" + (f" and {self._share.gpus} GPU" if self._share.gpus else "")
                log.warning("no process on the cluster is ready yet: each loads the models, and needs %s free", needs)
        return self._facts

    def give(self, tasks: Sequence[Task]) -> None:
        """Have tasks judged together."""
        self._submit(list(tasks), max(self._ready, key=self._free), alone=False)

    def done(self, timeout: float | None = None) -> Iterator[Done]:
        """What has been judged by now; where nothing has, what is next. timeout: in seconds, after which nothing is.

        Raises:
            UserError, ModelError: the models cannot be used at all.
        """
        self._judge_suspects()
        finished = self._wait([*self._running, *self._starting], timeout)
        self._arrived([one for one in finished if one in self._starting])
        for one in finished:
            if one in self._running:
                yield from self._result(one, self._running.pop(one))
        self._judge_suspects()

    def held(self) -> list[Task]:
        """Tasks that are not done."""
        return [*self._suspects, *(task for parcel in self._running.values() for task in parcel.tasks)]

    def stop(self) -> None:
        """End all processes; what they were at is lost."""
        if self._ray is None:
            return
        if self._ours:
            self._ray.shutdown()
        else:
            for process in [*self._ready, *self._starting.values()]:
                self._ray.kill(process)
        self._ray, self._ready, self._starting, self._running = None, [], {}, {}

    def _connect(self) -> None:
        if self._ray is None:
            self._ray, self._ours = connected(self._address, self._wanted)
            self._share = share(self._work.settings, self._wanted, *_machines(self._ray))

    def _start(self) -> None:
        kind = self._ray.remote(Process).options(
            num_cpus=self._share.cpus, num_gpus=self._share.gpus, max_restarts=0, max_task_retries=0
        )
        process = kind.remote(self._work, self._share.threads, str(Path.cwd()))
        self._starting[process.describe.remote()] = process

    def _wait(self, what: Any, timeout: float | None) -> list[Any]:
        what = list(what)
        if not what:
            return []
        finished, _ = self._ray.wait(what, num_returns=1, timeout=timeout)
        more, _ = self._ray.wait(what, num_returns=len(what), timeout=0) if finished else ([], [])
        return list(more)

    def _arrived(self, said: Sequence[Any]) -> None:
        """Processes that have loaded their models, or failed to."""
        for one in said:
            process = self._starting.pop(one)
            try:
                facts: JudgeFacts = self._got(one)
            except _Gone as error:
                self._stillborn += 1
                if self._stillborn >= _STILLBORN:
                    raise ModelError(
                        f"{_STILLBORN} processes on the cluster died before they could judge: {error}",
                        hint="each of its machines needs this version of constitution-judge, and memory for the models",
                    ) from error
                self._start()
                continue
            self._stillborn = 0
            self._facts = self._facts or facts
            if RunName.of(facts.provenance) != RunName.of(self._facts.provenance):
                raise ModelError(
                    "the machines of the cluster do not judge with the same models",
                    hint="have the same version of constitution-judge and the same model files on each",
                )
            self._ready.append(process)

    def _result(self, reference: Any, parcel: _Parcel) -> Iterator[Done]:
        try:
            judged: list[Judged] = self._got(reference)
        except _Gone:
            self._replace(parcel.process)
            for task in parcel.tasks:
                self._deaths[task.subject] += parcel.alone
                if self._deaths[task.subject] < TRIES:
                    self._suspects.append(task)
                else:
                    yield task, None
            return
        yield from zip(parcel.tasks, judged, strict=True)

    def _got(self, reference: Any) -> Any:
        """What a process returned.

        Raises:
            _Gone: it is no more, or cannot be reached.
            JudgeError: what it raised.
        """
        from ray.exceptions import RayError, RayTaskError

        try:
            return self._ray.get(reference)
        except RayTaskError as error:
            cause = error.cause
            if isinstance(cause, JudgeError):
                raise cause from None
            raise ModelError(f"a process on the cluster failed: {_last_line(cause or error)}") from error
        except RayError as error:
            raise _Gone(_last_line(error)) from error

    def _replace(self, process: Any) -> None:
        """Another process for one that is gone; whatever still runs of it ends."""
        if process in self._ready:
            self._ready.remove(process)
            self._ray.kill(process)
            self._start()

    def _free(self, process: Any) -> int:
        """How many more parcels a process takes."""
        its = [one for one in self._running.values() if one.process == process]
        return 0 if any(one.alone for one in its) else _AT_HAND - len(its)

    def _judge_suspects(self) -> None:
        """Give each to a process that has nothing else."""
        for process in self._ready:
            if self._suspects and self._free(process) == _AT_HAND:
                self._submit([self._suspects.pop(0)], process, alone=True)

    def _submit(self, tasks: list[Task], process: Any, *, alone: bool) -> None:
        self._running[process.judge_all.remote(tasks)] = _Parcel(tasks, process, alone)


class _Gone(Exception):
    """A process is no more."""


def connected(address: str, processes: int | None) -> tuple[Any, bool]:
    """Ray, connected to a cluster, and whether it was not before. processes: of a local cluster, if more than cores.

    Raises:
        UserError: it is missing, or there is no such cluster.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise UserError("a cluster needs the package 'ray'", hint="pip install 'constitution-judge[ray]'") from error
    if ray.is_initialized():
        return ray, False
    if address not in (LOCAL, "auto") and not re.fullmatch(r"[^:/\s]+:\d{1,5}", address):
        raise UserError(f"no address of a Ray cluster: {address}", hint="`local`, `auto` or HOST:PORT")
    _check_reached(os.environ.get("RAY_ADDRESS", "") if address == "auto" else address)
    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    try:
        if address == LOCAL:
            ray.init(LOCAL, num_cpus=max(cores(), processes or 1), include_dashboard=False, **quiet)
        else:
            ray.init(address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unusable(address, _last_line(error)) from error
    return ray, True


def _check_reached(address: str) -> None:
    """Ray itself tries for minutes, and then ends the program."""
    host, colon, port = address.rpartition(":")
    if not colon or "/" in host:
        return
    try:
        socket.create_connection((host, int(port)), _REACHED_IN).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _unusable(address, str(error)) from error


def _unusable(address: str, why: str) -> UserError:
    return UserError(
        f"no Ray cluster can be used at '{address}': {why}",
        hint="start one with `ray start --head`, or use one of this machine alone: --ray local",
    )


def share(settings: Settings, wanted: int | None, cpus: Sequence[float], gpus: float) -> ClusterShare:
    """How the processes that judge share a cluster. cpus: of each of its machines; gpus: of all together.

    As on one machine (`call`): with the bundled model one process per core; of a larger one a process per GPU, or where
    there is none one per machine, with all its threads.

    Raises:
        UserError: the settings ask for what the cluster has not.
    """
    if settings.device.startswith("cuda:"):
        raise UserError(f"--device {settings.device} and --ray: the cluster says which GPU", hint="leave --device out")
    on_gpus = settings.device == "cuda" or (settings.device == "auto" and settings.model != BUNDLED and gpus >= 1)
    if on_gpus and gpus < 1:
        raise UserError("the cluster has no GPU", hint="leave --device out")
    if on_gpus:
        return ClusterShare(wanted or int(gpus), 1, gpus=1)
    if settings.model == BUNDLED:
        return ClusterShare(wanted or max(1, int(sum(cpus))), 1, threads=1)
    each = -(-(wanted or len(cpus)) // max(1, len(cpus)))  # processes on a machine
    own = max(1, int(min(cpus, default=1)) // each)
    return ClusterShare(wanted or max(1, len(cpus)), own, threads=own)


def _machines(ray: Any) -> tuple[list[float], float]:
    """CPUs of each machine that has any, and GPUs of all."""
    held = [one["Resources"] for one in ray.nodes() if one["Alive"]]
    return [one["CPU"] for one in held if one.get("CPU", 0) >= 1], sum(one.get("GPU", 0) for one in held)


def _last_line(error: BaseException) -> str:
    """Of what Ray says, which is long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
