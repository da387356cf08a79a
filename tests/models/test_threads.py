"""Small models compute with one thread, and what a user chose is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from judge.models.transformers.threads import is_small, one_thread

ROOT = Path(__file__).resolve().parents[2]
JUDGE = """
import json, sys, torch
seen = set()
forward = torch.nn.Linear.forward
def watched(self, *given):
    seen.add(torch.get_num_threads())
    return forward(self, *given)
torch.nn.Linear.forward = watched
from PIL import Image
from judge import load_judge
from judge.constitution import parse_constitution
rules = parse_constitution(
    "{constitution: c, version: 1.0.0, rules: [{id: a, rule: No fire., preconditions: [fire is visible]}]}"
)
for number in [None, *map(int, sys.argv[1:])]:
    if number is not None:
        torch.set_num_threads(number)
    outside = torch.get_num_threads()
    seen.clear()
    load_judge(rules, escalate=()).judge("examples/images/drugs-violating.png")
    print(json.dumps([outside, sorted(seen), torch.get_num_threads()]))
"""


def seen(*numbers: int, **environment: str) -> list:
    """Threads before judging, while layers are computed, and after: with none set, and with each of these numbers set."""
    surroundings = {
        name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
    }
    done = subprocess.run(
        [sys.executable, "-c", JUDGE, *map(str, numbers)], capture_output=True, text=True, cwd=ROOT, check=True,
        env={**surroundings, "OMP_WAIT_POLICY": "PASSIVE", **environment},  # those that wait turn on no core
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_bundled_models_take_one_and_the_process_keeps_its_own_and_a_number_set_before_wins():
    many = 2 * (os.cpu_count() or 1) + 1  # none that torch would take by itself
    (own, during, after), chosen = seen(many)
    assert (during, after) == ([1], own)
    assert chosen == [many, [many], many]


def test_a_number_in_the_environment_wins():
    ((own, during, after),) = seen(OMP_NUM_THREADS="2")
    assert (during, after) == ([own], own)  # two, where there are as many cores


def test_it_is_put_back_after_an_error(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(KeyError), one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 2
        with one_thread(False):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_large_model_or_one_on_another_device_is_not_small():
    small = torch.nn.Linear(8, 8)
    small.device = torch.device("cpu")
    assert is_small(small)
    small.device = torch.device("meta")
    assert not is_small(small)
    with torch.device("meta"):
        large = torch.nn.Linear(8000, 8000)
    large.device = torch.device("cpu")
    assert not is_small(large)
