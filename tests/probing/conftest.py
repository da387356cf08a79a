"""Fixtures of the probe's tests: tiny checkpoints and servers are made as in the tests of the adapters."""

from tests.models.conftest import answering, checkpoint, loaded, serve  # noqa: F401
