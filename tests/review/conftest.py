"""One Chromium for all browser tests: each test has a session of its own in it."""

from __future__ import annotations

import pytest

from tests.review.browsing import chromium, serving


@pytest.fixture(scope="package")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(store):
    """Where the app serves the `store` of a test's module."""
    with serving(store.folder) as served:
        yield served
