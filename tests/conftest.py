"""Fixtures for all tests: a cache folder of their own, the bundled model, a drawing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

torch.set_num_threads(1)  # models this small gain nothing from more, and lose much where cores are busy
ROOT = Path(__file__).resolve().parent.parent


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
