"""Python's commands without their start-up: each is forked from a process that has the libraries loaded.

`judge check` takes five seconds of the processor, four of them to import torch and transformers. In a fork it does what it
does in a process of its own: it has its arguments, folder, environment, streams and exit code. What a start is (what it
imports, says, takes) is tested with `subprocess`; so is what libraries read from the environment when they are imported.
As a program it is the process that forks: `python -m tests.forking SOCKET`. Linux only.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = (  # what `judge check` has imported when it ends
    "judge.assemble",
    "judge.models.transformers.image_text",
    "judge.models.transformers.mllm",
    "judge.models.transformers.owlv2",
    "rich.table",
    "sympy",
    "transformers.models.llama.modeling_llama",
    "transformers.models.llava.modeling_llava",
    "transformers.models.siglip.modeling_siglip",
)
APP = ("judge.review.page", "judge.review.samples")  # what the review app has beside them, imported when first wanted
CLOSED = -10  # instead of a stream: the command has none
COMMANDS_OWN = {  # what `judge` sets itself where nobody has, so also what forks has it
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_VERBOSITY": "critical",
    "OMP_WAIT_POLICY": "PASSIVE",
    "TRANSFORMERS_VERBOSITY": "error",
}
READ_AT_IMPORT = ("HF_", "TRANSFORMERS_", "PYTHON", "OMP_", "LC_", "LANG")


class Popen:
    """A command of Python that runs: `[sys.executable, "-m", MODULE, ...]` or with a file, or with `-c` and code. The
    streams are files or None, which is this process's own, or `CLOSED`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: IO[Any] | int | None = None,
        stdout: IO[Any] | int | None = None,
        stderr: IO[Any] | int | None = None,
    ) -> None:
        python, *words = map(str, command)
        assert python == sys.executable and (words[0] in ("-m", "-c") or words[0][0] != "-"), command
        env = dict(os.environ if env is None else env)
        forks, known = _forks()
        set_here, set_there = COMMANDS_OWN | env, COMMANDS_OWN | known
        changed = {name for name in set_here.keys() | set_there.keys() if set_here.get(name) != set_there.get(name)}
        early = {name for name in changed - {"PYTHONPATH"} if name.startswith(READ_AT_IMPORT)}
        assert not early, f"read when a process starts: {early}"
        self.args = [python, *words]
        self.returncode: int | None = None
        given = [number if stream is None else stream for number, stream in enumerate((stdin, stdout, stderr))]
        streams = [one if isinstance(one, int) else one.fileno() for one in given]
        reading, writing = os.pipe()
        with tempfile.TemporaryFile() as request, os.fdopen(writing, "wb"):
            there = [one != CLOSED for one in streams]
            asked = {"words": words, "cwd": str(cwd or Path.cwd()), "env": env, "open": there}
            request.write(json.dumps(asked).encode())
            request.flush()
            sent = [request.fileno(), writing, *(one for one in streams if one != CLOSED)]
            socket.send_fds(forks, [b"A" if _is_the_app(words) else b"."], sent)
        self._answer = os.fdopen(reading, "rb")
        self.pid = int(self._answer.readline())

    def poll(self) -> int | None:
        """The exit code, where it has ended."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended; negative is the number of the signal that ended it."""
        if self.returncode is None:
            if not select.select([self._answer], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._answer.readline())
            self._answer.close()
        return self.returncode

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def send_signal(self, number: int) -> None:
        """As its name says; nothing where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def run(
    command: Sequence[str | Path],
    *,
    timeout: float = 120,
    check: bool = False,
    stdin: IO[Any] | int | None = None,
    stdout: IO[Any] | int | None = subprocess.PIPE,
    stderr: IO[Any] | int | None = subprocess.PIPE,
    **more: Any,
) -> subprocess.CompletedProcess[str]:
    """See `subprocess.run`: what it wrote on streams that are `PIPE` is returned, as text."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams = {"stdout": out if stdout == subprocess.PIPE else stdout}
        streams["stderr"] = err if stderr == subprocess.PIPE else stderr
        process = Popen(command, stdin=stdin, **streams, **more)
        try:
            process.wait(timeout)
        finally:
            process.kill()
            process.wait()
        said = []
        for file, given in ((out, stdout), (err, stderr)):
            file.seek(0)
            said.append(file.read().decode() if given == subprocess.PIPE else None)
    done = subprocess.CompletedProcess(process.args, process.returncode, *said)
    if check:
        done.check_returncode()
    return done


def judge(*arguments: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line, as a shell runs it."""
    return run([sys.executable, "-m", "judge", *arguments], cwd=cwd, env={**os.environ, **environment})


def _is_the_app(words: Sequence[str]) -> bool:
    return words[0] == "app.py" or words[:3] == ["-m", "judge", "review"] or "tests.review.held_app" in words[:2]


@cache
def _forks() -> tuple[socket.socket, dict[str, str]]:
    """To the process that forks, and the environment that it was started with; it ends with this one."""
    known = dict(os.environ)
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.forking", str(theirs.fileno())]
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}  # threads do not come along
    alone["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=ROOT, env={**known, **alone})
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours, known


def _serve(line: socket.socket) -> dict[str, Any]:
    """Forks for whoever asks; returns in what was forked, with what was asked."""
    waiting: set[int] = set()
    while True:
        word, given, *_ = socket.recv_fds(line, 1, 5)
        waiting -= {one for one in waiting if os.waitpid(one, os.WNOHANG if word else 0)[0]}
        if not word:
            os._exit(0)
        if word == b"A":
            _import(APP)
        forked = os.fork()
        if not forked:
            break
        waiting.add(forked)
        for one in given:
            os.close(one)
    line.close()
    request, answer, *streams = given
    asked = json.loads(os.pread(request, 1 << 24, 0))
    os.close(request)
    forked = os.fork()
    if forked:
        for one in (0, 1, 2, *streams):
            os.close(one)
        os.write(answer, b"%d\n" % forked)
        os.write(answer, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]))
        os._exit(0)
    os.close(answer)
    return {**asked, "streams": streams}


def _import(libraries: Sequence[str]) -> None:
    """What is forked has them, and a fork has one thread only."""
    for one in libraries:
        import_module(one)
    assert len(list(Path("/proc/self/task").iterdir())) == 1, libraries
    gc.collect()
    gc.freeze()


def _become(asked: dict[str, Any]) -> None:
    """What Python does before it runs a command."""
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    streams = list(asked["streams"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = None
        if asked["open"][number]:
            given = streams.pop(0)
            os.dup2(given, number)
            os.close(given)
            raw = open(number, "rb" if number == 0 else "wb", closefd=False)  # noqa: SIM115 - as long as the process
            as_started = getattr(sys, name)
            stream = io.TextIOWrapper(
                raw,
                encoding=as_started.encoding,
                errors=as_started.errors,
                line_buffering=name == "stderr" or os.isatty(number),
            )
        else:
            os.close(number)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    path = os.environ.get("PYTHONPATH")
    sys.path[0:1] = [asked["cwd"], *(path.split(os.pathsep) if path else ())]


if __name__ == "__main__":
    from judge.cli.talk import only_our_talk
    from judge.lean import start_lean

    only_our_talk()
    start_lean()
    _import(LIBRARIES)
    _asked = _serve(socket.socket(fileno=int(sys.argv[1])))
    _become(_asked)
    _words = _asked["words"]
    if _words[0] == "-m":
        sys.argv = _words[1:]
        runpy.run_module(_words[1], run_name="__main__", alter_sys=True)
    elif _words[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *_words[2:]], ""
        exec(_words[1], {"__name__": "__main__"})
    else:
        sys.argv = list(_words)
        sys.path[0] = str(Path(_words[0]).resolve().parent)
        runpy.run_path(_words[0], run_name="__main__")
