"""Fixtures for all tests: a cache folder of their own, the bundled model, a drawing."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from tests.slow import (  # noqa: F401 - hooks
    pytest_configure,
    pytest_deselected,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

torch.set_num_threads(1)  # models this small gain nothing from more, and lose much where cores are busy
ROOT = Path(__file__).resolve().parent.parent
# Where the environment says to keep no bytecode, each process here, and each that a test starts, would compile the same
# hundreds of files: eight seconds for every one that collects the tests.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Files whose tests take longest (20 seconds and more of `pytest --durations=0`, added up), the longest first: a file goes
# to one process whole, and one that begins last would have the others wait for it. A name that is gone fails a test.
LONGEST = (
    "models/test_families.py",
    "serving/batch/test_cluster.py",
    "models/test_transformers_mllm.py",
    "review/test_screens.py",
    "review/test_browser_day.py",
    "models/test_llama_cpp.py",
    "review/test_browser_traces.py",
    "probing/test_models.py",
    "serving/batch/test_servers.py",
    "review/test_connections.py",
    "review/test_browser_speed.py",
    "review/test_workbench_draft.py",
    "review/test_browser_uploads.py",
    "compiler/test_sentences.py",
    "models/test_openai_server.py",
    "serving/batch/test_pool.py",
    "review/test_browser_team.py",
    "demo/test_page.py",
    "models/test_quiet.py",
    "review/test_browser_desk.py",
    "review/test_workbench_browser.py",
    "review/test_browser_stage.py",
    "review/test_browser_moderator.py",
    "models/test_threads.py",
    "benchmarks/test_drawn_os_bench.py",
    "models/test_constrained.py",
    "tools/test_train_bundled.py",
    "review/test_dashboard.py",
    "review/test_browser_rules.py",
    "review/test_team.py",
    "models/test_loading.py",
    "models/test_pixels.py",
    "models/test_first_pictures.py",
    "models/test_sampling.py",
    "review/test_door.py",
    "review/test_browser_keys.py",
    "benchmarks/test_early_stopping.py",
    "audits/test_erasure.py",
    "audits/test_generator.py",
    "judging/test_pipeline.py",
    "models/test_discovery.py",
    "benchmarks/test_soak.py",
    "cli/test_streams.py",
    "test_lean.py",
    "tools/test_train_eyes.py",
    "lint/test_command.py",
    "serving/batch/test_knowing.py",
    "caches/test_clearing.py",
    "evaluation/test_report.py",
    "policy/test_commands.py",
    "evaluation/test_stress.py",
    "judging/test_stored.py",
    "media/test_reduce.py",
)
TOGETHER = ("tests/compiler/",)  # its files are about the same thousands of rules, which a process parses once


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported makes a million objects that stay, and no garbage: they are not searched for it, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first (see `LONGEST`), the others as they are."""
    place = {ROOT / "tests" / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files go to processes one by one, those of a folder of `TOGETHER` as if they were one."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))

    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Tests never read or write the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUDGE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def bundled():
    """The bundled model, loaded once, in float32."""
    from judge.models.transformers.mllm import load_mllm
    from judge.resources import bundled_model
    from judge.settings import Settings

    return load_mllm(str(bundled_model()), Settings(dtype="float32", device="cpu"), name="bundled")


@pytest.fixture
def drawing() -> Image.Image:
    """A shipped drawing: a person on fire."""
    with Image.open(ROOT / "examples/images/body-on-fire-violating.png") as image:
        return image.convert("RGB")
