"""Fixtures of the model tests: tiny checkpoints built once a session, and pictures of several shapes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from PIL import Image

from judge.settings import Settings
from tests import tiny

pytest.register_assert_rewrite("tests.models.conformance")
IMAGES = Path(__file__).resolve().parents[2] / "examples" / "images"
FULL = Settings(dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def pictures() -> tuple[Image.Image, ...]:
    """Two drawings of one size, a wide one and a tall one."""
    fire, knife, child = (
        Image.open(IMAGES / f"{name}.png").convert("RGB")
        for name in ("body-on-fire-violating", "blade-in-hand-borderline", "child-with-alcohol-violating")
    )
    return fire, knife, child.resize((256, 96)), child.crop((30, 0, 130, 240))


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's tiny checkpoint; each is built when first wanted, by one process for all that run these
    tests. Never change one: copy it."""
    mine = tmp_path_factory.getbasetemp()
    folder = (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "checkpoints"
    folder.mkdir(exist_ok=True)

    @cache
    def built(family: str) -> Path:
        with FileLock(folder / f"{family}.lock"):
            if not (folder / family).is_dir():
                tiny.build(family, folder / f"{family}.part").rename(folder / family)
        return folder / family

    return built


@pytest.fixture(scope="session")
def loaded(checkpoint: Callable[[str], Path]) -> Callable[[str], Any]:
    """The adapter of a family's tiny checkpoint, loaded once in float32."""
    from judge.models.transformers.image_text import load_encoder
    from judge.models.transformers.mllm import load_mllm
    from judge.models.transformers.owlv2 import load_owlv2

    @cache
    def load(family: str) -> Any:
        if family == "owlv2":
            return load_owlv2(str(checkpoint(family)), FULL, "encoder+detector")
        return (load_mllm if family in tiny.EVERY_MLLM else load_encoder)(str(checkpoint(family)), FULL)

    return load


def anew(adapter: Any) -> Any:
    """The same loaded model in a new adapter, which remembers nothing."""
    return type(adapter)(adapter._model, adapter._processor, adapter.identity)


@pytest.fixture(scope="module")
def answering(bundled):
    """What a test server answers with: the bundled model."""
    from tests.models.serving import Answering

    return Answering(bundled)


@pytest.fixture
def serve(answering):
    """Starts a server with the manners given; it ends with the test."""
    from contextlib import ExitStack

    from tests.models.serving import Manners, serving

    with ExitStack() as stack:
        yield lambda **manners: stack.enter_context(serving(answering, Manners(**manners)))


@pytest.fixture
def joined(serve):
    """A server of good manners and the backend that speaks to it."""
    from judge.models.openai.server import load_server
    from tests.models.serving import QUICK

    server = serve()
    mllm = load_server(server.url, limits=QUICK)
    server.seen.clear()
    server.requests = server.most = 0
    yield server, mllm
    mllm.close()
