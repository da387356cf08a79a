"""A real Ray cluster on this machine says what one process says, and a process that dies takes nothing along."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter

import pyarrow as pa
import pytest

from judge.errors import JudgeError, ModelError, UserError
from judge.judging.pipeline import Judge
from judge.serving.batch import run as run_module
from judge.serving.batch.call import batch
from judge.serving.batch.cluster import ClusterShare, connected, share
from judge.settings import Settings
from tests.conftest import ROOT
from tests.needs import needs
from tests.serving.batch.colours import (
    DEADLY,
    EDITED,
    POLICY,
    ColourMllm,
    colour_judge,
    install,
    picture,
    pictures,
    rows,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """What processes of a cluster need: the model, and where to find this checkout."""
    folder = install(tmp_path_factory.mktemp("site"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(folder)]))
        yield folder


@pytest.fixture(scope="module")
def cluster(site):
    """Of two cores, which this process stays connected to."""
    needs("ray")
    ray, ours = connected("local", 2)
    assert ours
    yield ray
    ray.shutdown()


@pytest.fixture
def told(tmp_path):
    """A folder in which processes say their ids, and settings with the model that does so."""
    folder = tmp_path / "processes"
    folder.mkdir()
    return folder, Settings(model=f"colours:{folder}", batch=8)


def policy(tmp_path, text=POLICY):
    path = tmp_path / f"{len(text)}-{text.count('olive')}.yaml"
    path.write_text(text)
    return path


def here(settings, text=POLICY):
    """A judge in this process that says the same."""
    judge = colour_judge(text)
    return Judge(judge.constitution, ColourMllm(), settings=settings)


@pytest.mark.slow
def test_a_killed_process_loses_nothing_and_doubles_nothing(cluster, told, tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "SHARD_ROWS", 100)
    processes, settings = told
    images = pictures(tmp_path / "in", 300)
    for number in range(0, 300, 30):
        (images / f"copy-{number:05d}.png").write_bytes(picture(number))
        (images / f"broken-{number:05d}.png").write_bytes(picture(number)[:50] + bytes([number % 251]))
    killed = []

    def kill(tally):
        if tally.done > 60 and not killed:
            killed.append(int(next(processes.iterdir()).name))
            os.kill(killed[0], signal.SIGKILL)

    tally = batch(images, tmp_path / "out", policy(tmp_path), settings, processes=2, ray="local", watch=kill)
    assert killed and len(list(processes.iterdir())) >= 2
    whole = batch(images, tmp_path / "whole", judge=here(settings))
    assert (tally.judged, tally.copies, tally.errors, tally.verdicts) == (310, 10, whole.errors, whole.verdicts)
    assert tally.errors > 5
    for table in ("images", "statements"):
        assert rows(tmp_path / "out", table) == rows(tmp_path / "whole", table)
    assert batch(images, tmp_path / "out", policy(tmp_path), settings, processes=2, ray="local").before == 320


@pytest.mark.slow
def test_a_changed_policy_judges_the_changed_rules_only(cluster, told, tmp_path):
    _, settings = told
    images = pictures(tmp_path / "in", 24)
    batch(images, tmp_path / "out", policy(tmp_path), settings, processes=1, ray="local")
    batch(images, tmp_path / "out", policy(tmp_path, EDITED), settings, processes=1, ray="local")
    batch(images, tmp_path / "whole", judge=here(settings, EDITED))
    found = rows(tmp_path / "out")
    assert {row.pop("reused") for row in found} == {2}
    assert found == [{k: v for k, v in row.items() if k != "reused"} for row in rows(tmp_path / "whole")]


@pytest.mark.slow
def test_machines_with_different_models_are_refused(cluster, tmp_path):
    (tmp_path / "differs").mkdir()
    settings = Settings(model=f"colours:{tmp_path / 'differs'}", batch=1)
    images = pictures(tmp_path / "in", 200)
    with pytest.raises(ModelError, match="same models"):
        batch(images, tmp_path / "out", policy(tmp_path), settings, processes=2, ray="local")


@pytest.mark.slow
def test_models_that_cannot_be_loaded_are_said_before_anything_is_judged(cluster, tmp_path):
    images = pictures(tmp_path / "in", 3)
    nowhere = Settings(model=f"colours:{tmp_path / 'nowhere'}")
    with pytest.raises(JudgeError, match="nowhere"):
        batch(images, tmp_path / "out", "demo", nowhere, ray="local")


@pytest.mark.slow
def test_a_stage_of_ray_data_adds_verdicts_to_rows(cluster, told, tmp_path):
    from ray.data import ActorPoolStrategy, DataContext, from_arrow

    from judge.integrations.ray import COLUMNS, JudgeStage

    with warnings.catch_warnings(action="ignore"):  # Ray's, about itself
        DataContext.get_current().enable_progress_bars = False
    processes, settings = told
    given = [picture(number) for number in range(120)] + [None, picture(3)[:40], b"no image"]
    dataset = from_arrow(pa.table({"id": list(range(123)), "image": given})).repartition(12)
    stage = {
        "fn_constructor_kwargs": {"constitution": str(policy(tmp_path)), "settings": settings},
        "batch_format": "pyarrow",
        "batch_size": 10,
        "compute": ActorPoolStrategy(size=1),
    }
    found, killed = [], False
    for row in dataset.map_batches(JudgeStage, **stage).iter_rows():
        found.append(row)
        if not killed:
            killed = True
            os.kill(int(next(processes.iterdir()).name), signal.SIGKILL)
    assert sorted(row["id"] for row in found) == list(range(123))
    judge = here(settings)
    for row in found:
        assert set(row) == {"id", "image", *COLUMNS}
        verdict = judge.judge(row["image"] or b"")
        assert (row["verdict"], list(row["violations"])) == (verdict.verdict, list(verdict.violations))
        assert (row["error"] is None) == (row["id"] < 120) and bool(row["causes"]) == (row["id"] >= 120)
        assert row["settings_digest"] == found[0]["settings_digest"]


def test_a_stage_takes_paths_and_says_what_it_cannot_take(told, site, tmp_path, monkeypatch):
    from judge.integrations.ray import JudgeStage

    monkeypatch.syspath_prepend(site)
    folder = pictures(tmp_path / "in", 2)
    stage = JudgeStage(str(policy(tmp_path)), told[1], column="file", evidence=True)
    paths = [str(folder / "00001.png"), str(tmp_path / "gone.png"), None]
    one, gone, none = stage(pa.table({"file": paths})).to_pylist()
    assert (one["verdict"], one["violations"], one["name"]) == ("violation", ["no-red"], paths[0])
    assert one["sha256"] == hashlib.sha256(picture(1)).hexdigest()
    assert json.loads(one["evidence"])["violations"] == ["no-red"]
    for row in (gone, none):
        assert (row["verdict"], row["error"], row["sha256"]) == ("needs_review", "image", None)
    with pytest.raises(UserError, match="no column 'file'"):
        stage(pa.table({"image": paths}))
    with pytest.raises(UserError, match="not the bytes or paths"):
        stage(pa.table({"file": [1, 2]}))
    with pytest.raises(UserError, match="overwrite: verdict, width"):
        stage(pa.table({"file": paths, "width": [1, 2, 3], "verdict": paths}))
    with pytest.raises(UserError, match="batch as dict"):
        stage({"file": paths})


@pytest.mark.rare
def test_the_command_is_quiet_goes_on_after_a_kill_and_leaves_what_ends_processes_to_a_person(site, cluster, tmp_path):
    images = pictures(tmp_path / "in", 400)
    (images / "00001-deadly.png").write_bytes(picture(DEADLY))  # Ray would say that a process died
    (tmp_path / "processes").mkdir()
    command = [
        sys.executable, "-m", "judge", "batch", "in", "-o", "out", "-c", str(policy(tmp_path)), "--ray", "local",
        "--model", "colours:processes", "--batch", "8", "--json-progress", "--processes", "2",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "processes").iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.communicate()
    workers = [int(one.name) for one in (tmp_path / "processes").iterdir()]
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(workers) >= 2 and not any(map(alive, workers))

    command[command.index("local")] = cluster.get_runtime_context().gcs_address  # there is one at HOST:PORT, too
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=170, check=False)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    said = [json.loads(line) for line in done.stderr.splitlines()]  # nothing but progress
    assert said[-1]["before"] + said[-1]["judged"] == 401 and said[-1]["errors"] == 1
    assert Counter(row["key"] for row in rows(tmp_path / "out")).most_common(1)[0][1] == 1
    assert len(rows(tmp_path / "out")) == 401
    (bad,) = [row for row in rows(tmp_path / "out") if row["error"]]
    assert (bad["key"], bad["verdict"], bad["retryable"]) == ("00001-deadly.png", "needs_review", True)


def test_an_address_without_a_cluster_is_refused(tmp_path):
    needs("ray")
    addresses = ["ray://localhost:1", "http://x", "x:y", "127.0.0.1:9", "auto"]
    code = (
        "import sys\nfrom judge.errors import UserError\nfrom judge.serving.batch.cluster import connected\n"
        "for address in sys.argv[1:]:\n"
        "    try: connected(address, None)\n    except UserError as error: print(address, error.message)"
    )
    environment = {**os.environ, "RAY_TMPDIR": str(tmp_path), "RAY_ADDRESS": "127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", code, *addresses], capture_output=True, text=True, timeout=120, cwd=ROOT, check=False,
        env=environment,
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert [line.split()[0] for line in said] == addresses and not done.stderr, done
    assert all("Ray cluster" in line for line in said), done


def test_ray_is_imported_only_when_it_is_asked_for():
    code = (
        "import sys, judge.cli.batch, judge.serving.batch.call, judge.integrations.ray; assert 'ray' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=60)


@pytest.mark.parametrize(
    ("settings", "wanted", "cpus", "gpus", "expected"),
    [
        (Settings(), None, [2, 4], 1, ClusterShare(6, 1, threads=1)),
        (Settings(), 3, [2, 4], 0, ClusterShare(3, 1, threads=1)),
        (Settings(model="a/b"), None, [8, 8], 4, ClusterShare(4, 1, gpus=1)),
        (Settings(model="a/b", device="cpu"), None, [8, 8], 4, ClusterShare(2, 8, threads=8)),
        (Settings(model="a/b"), 4, [8, 8], 0, ClusterShare(4, 4, threads=4)),
        (Settings(model="a/b"), 5, [8, 8], 0, ClusterShare(5, 2, threads=2)),
    ],
)
def test_processes_share_a_cluster_as_they_share_a_machine(settings, wanted, cpus, gpus, expected):
    assert share(settings, wanted, cpus, gpus) == expected


@pytest.mark.parametrize(("device", "said"), [("cuda:1", "which GPU"), ("cuda", "no GPU")])
def test_what_the_cluster_has_not_is_refused(device, said):
    with pytest.raises(UserError, match=said):
        share(Settings(model="a/b", device=device), None, [8], 0)


def test_a_server_is_asked_without_a_cluster(tmp_path):
    with pytest.raises(UserError, match="without a cluster"):
        batch(pictures(tmp_path / "in", 1), tmp_path / "out", "demo", Settings(model="http://x/v1"), ray="local")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
