"""One server with the bundled model for all tests of a process."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.serving.http.running import serving

DRAWINGS = sorted((ROOT / "examples/images").glob("*.png"))


@pytest.fixture(scope="session")
def real(_own_cache):
    """A server with the bundled model, under `demo`, that takes small images only."""
    with serving({"limits": {"pixels": 512 * 512}}) as running:
        yield running
