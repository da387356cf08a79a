"""One Chromium for all browser tests: each test has a session of its own in it."""

from __future__ import annotations

import pytest

from tests.review.browsing import chromium


@pytest.fixture(scope="package")
def browser():
    with chromium() as opened:
        yield opened
