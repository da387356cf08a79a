"""What a command changes for its process is as before where a test has run one: `tests.inside`."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import warnings

import pytest

from judge.cli.main import main
from tests.inside import given_back


def state():
    loggers = [list(logging.getLogger(name).handlers) for name in (None, "judge")]
    return loggers, dict(os.environ), list(sys.meta_path), gc.get_threshold(), list(warnings.filters)


@pytest.mark.parametrize("arguments", [["schema", "--check"], ["lint", "nowhere.yaml"]])
def test_a_command_run_here_leaves_nothing_behind(arguments, capsys, monkeypatch):
    monkeypatch.delenv("TRANSFORMERS_VERBOSITY", raising=False)
    monkeypatch.setattr("sys.argv", ["judge", *arguments])
    before, stopping = state(), signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit), given_back():
        main()
    assert state() == before and signal.getsignal(signal.SIGINT) is stopping


def test_it_is_given_back_after_an_error_too(monkeypatch):
    before = state()
    with pytest.raises(KeyError), given_back():
        logging.getLogger("judge").addHandler(logging.NullHandler())
        os.environ["TRANSFORMERS_VERBOSITY"] = "debug"
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise KeyError
    assert state() == before and signal.getsignal(signal.SIGINT) is not signal.SIG_DFL
