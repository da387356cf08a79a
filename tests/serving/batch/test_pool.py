"""Real processes: with the bundled model they say what one process says, and one that dies takes nothing along. What dies
has the model that reads colours, which is there at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from judge.errors import ModelError, UserError
from judge.locks.loading import load_policy
from judge.serving.batch.call import batch
from judge.serving.batch.pool import Pool
from judge.serving.batch.worker import Task, Work
from judge.settings import Settings
from tests.conftest import ROOT
from tests.serving.batch.colours import POLICY, die_at_first, die_of, install, rows

DRAWINGS = ("body-on-fire-violating.png", "body-on-fire-borderline.png", "drugs-borderline.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("drawings")
    for name in DRAWINGS:
        (made / name).write_bytes((ROOT / "examples/images" / name).read_bytes())
    return made


@pytest.fixture
def work(tmp_path, tmp_path_factory, monkeypatch):
    """What processes need to judge by colours, slowly."""
    monkeypatch.syspath_prepend(install(tmp_path_factory.mktemp("site")))
    slow = tmp_path_factory.mktemp("processes") / "differs"
    slow.mkdir()
    (tmp_path / "policy.yaml").write_text(POLICY)
    return Work(load_policy(tmp_path / "policy.yaml"), Settings(model=f"colours:{slow}"), "none")


def test_processes_say_what_check_says(folder, tmp_path):
    from judge import load_judge

    tally = batch(folder, tmp_path / "out", settings=Settings(batch=1), processes=2)
    assert (tally.judged, tally.errors) == (3, 0)
    judge = load_judge("demo")
    for row in rows(tmp_path / "out"):
        verdict = judge.judge(folder / row["key"])
        assert (row["verdict"], row["violations"]) == (verdict.verdict, list(verdict.violations))
        assert row["model_digest"] == verdict.provenance.models[0].digest


def test_what_a_killed_process_was_at_is_judged_by_another(folder, work):
    pool = Pool(work, 1, 1)
    try:
        pool.describe()
        data = [(folder / name).read_bytes() for name in DRAWINGS]
        pool.give([Task(str(n), str(n), str(n), one) for n, one in enumerate(data)])
        (process,) = pool._executor._processes.values()
        threading.Timer(0.05, os.kill, (process.pid, signal.SIGKILL)).start()
        found = {}
        while pool.busy:
            found.update({task.key: judged for task, judged in pool.done(timeout=1.0)})
        assert sorted(found) == ["0", "1", "2"] and all(found.values())
    finally:
        pool.stop()


def test_an_image_that_ends_every_process_is_left_to_a_person(folder, work, tmp_path, monkeypatch):
    from judge.serving.batch import pool as pool_module

    monkeypatch.setattr(pool_module.worker, "judge_all", partial(die_of, DRAWINGS[1]))
    settings = work.settings.model_copy(update={"batch": 3})
    tally = batch(folder, tmp_path / "out", tmp_path / "policy.yaml", settings, processes=1)
    assert (tally.judged, tally.errors) == (3, 1)
    (bad,) = [row for row in rows(tmp_path / "out") if row["error"]]
    assert bad["key"] == DRAWINGS[1] and bad["verdict"] == "needs_review" and bad["retryable"]


def test_models_that_cannot_be_loaded_are_said_before_anything_is_judged(folder, tmp_path):
    with pytest.raises((UserError, ModelError), match="nowhere"):
        batch(folder, tmp_path / "out", settings=Settings(model=str(tmp_path / "nowhere")), processes=1)


@pytest.mark.parametrize(("deaths", "died"), [(1, False), (2, True)])
def test_a_process_that_dies_while_it_loads_is_tried_once_more(work, tmp_path, monkeypatch, deaths, died):
    from judge.serving.batch import pool as pool_module

    monkeypatch.setattr(pool_module.worker, "describe", partial(die_at_first, tmp_path / "dead", deaths))
    (tmp_path / "dead").mkdir()
    pool = Pool(work, 1, 1)
    try:
        if died:
            with pytest.raises(ModelError, match="died while it loaded the models") as caught:
                pool.describe()
            assert caught.value.retryable and caught.value.hint
        else:
            assert pool.describe().digests
        assert len(list((tmp_path / "dead").iterdir())) == deaths
    finally:
        pool.stop()


def test_work_given_to_a_process_that_died_meanwhile_is_done_by_another(folder, work):
    pool = Pool(work, 1, 1)
    try:
        pool.describe()
        (process,) = pool._executor._processes.values()
        os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while not pool._executor._broken and time.monotonic() < deadline:
            time.sleep(0.05)
        assert pool._executor._broken
        pool.give([Task("0", "0", "0", (folder / DRAWINGS[0]).read_bytes())])
        ((task, judged),) = pool.done()
        assert task.key == "0" and judged is not None and not judged.is_error
        minder = pool._executor._executor_manager_thread
    finally:
        pool.stop()
    assert not minder.is_alive(), "Python's end would write into the pipe that it closes"


def test_processes_end_with_whoever_started_them(folder, tmp_path):
    import subprocess
    import sys

    command = [sys.executable, "-m", "judge", "batch", str(folder), "-o", str(tmp_path / "out"), "--processes", "2"]
    started = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (children := children_of(started.pid)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert children
    started.kill()
    started.wait()
    while any(map(alive, children)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not any(map(alive, children))


def children_of(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
