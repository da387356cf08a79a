"""Files are written whole, and may be read by whom the user means to read them."""

from __future__ import annotations

import os
import stat

import pytest

from judge.files import remember, write_whole


@pytest.fixture
def umask():
    """Sets the umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("mask", "expected"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_a_new_file_follows_the_umask(tmp_path, umask, mask, expected):
    umask(mask)
    write_whole(tmp_path / "deep" / "report.json", "{}")
    assert mode(tmp_path / "deep" / "report.json") == expected


def test_a_file_that_was_there_keeps_its_permissions(tmp_path, umask):
    path = tmp_path / "house.lock.yaml"
    path.write_text("old")
    for kept in (0o600, 0o664):
        path.chmod(kept)
        write_whole(path, "new")
        assert (path.read_text(), mode(path)) == ("new", kept)


def test_what_is_remembered_is_for_its_owner_only(tmp_path, umask):
    umask(0)
    remember(tmp_path / "verdict.json", "{}")
    assert mode(tmp_path / "verdict.json") == 0o600


def test_nothing_is_left_of_a_write_that_failed(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("whole")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half \ud800")
    assert path.read_text() == "whole" and list(tmp_path.iterdir()) == [path]
    remember(tmp_path / "report.json" / "below.json", "{}")  # a file is no folder: nothing is kept, nothing raised
    assert path.read_text() == "whole"
