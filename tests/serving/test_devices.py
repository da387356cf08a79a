"""As many processes as there are cores to use: in a container with a share of a large machine, that share."""

from __future__ import annotations

import pytest

from judge.serving import devices
from judge.settings import Settings


@pytest.mark.parametrize(
    ("bound", "found"),
    [("200000 100000", 2), ("50000 100000", 1), ("350000 100000", 3), ("max 100000", 64), (None, 64)],
)
def test_a_share_of_a_machine_is_what_there_is(bound, found, monkeypatch, tmp_path):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    monkeypatch.setattr(devices, "_CPU_MAX", tmp_path / "cpu.max")
    if bound:
        (tmp_path / "cpu.max").write_text(bound + "\n")
    assert devices.cores() == found
    assert devices.processes_for(Settings()) == (found, (), 1)
