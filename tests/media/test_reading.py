"""Reading from a disk: nothing that is no regular file is opened, and nothing can keep a reader waiting."""

from __future__ import annotations

import os
import socket

import pytest

from judge.errors import ImageError
from judge.media import read_bytes


def refused(path) -> ImageError:
    with pytest.raises(ImageError) as caught:
        read_bytes(path)
    return caught.value


@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused_at_once(tmp_path, monkeypatch):
    """A pipe without a writer would wait for ever."""
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("pipe.png")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
        listener.bind("socket.png")
        monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
        said = {name: refused(name).message for name in ("pipe.png", "link.png", "socket.png", "/dev/zero")}
    assert said == {
        "pipe.png": "a named pipe, not a file", "link.png": "a named pipe, not a file",
        "socket.png": "a socket, not a file", "/dev/zero": "a device, not a file",
    }  # fmt: skip


@pytest.mark.timeout(20)
def test_a_pipe_put_in_the_place_of_a_file_meanwhile_is_refused_too(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    really = os.open

    def swapped(*args):
        path.unlink()
        os.mkfifo(path)
        return really(*args)

    monkeypatch.setattr(os, "open", swapped)
    assert refused(path).message == "a named pipe, not a file"


def test_links_are_followed_and_broken_ones_say_so(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    for name, to in {"good": "file", "dangling": "nowhere", "loop": "pool", "pool": "loop", "folder": "."}.items():
        (tmp_path / name).symlink_to(to)
    assert read_bytes(tmp_path / "good") == b"x"
    broken = [refused(tmp_path / name) for name in ("dangling", "loop", "folder", "missing")]
    assert [(one.message, one.retryable) for one in broken] == [
        ("a link to something that is not there", False), ("a link that leads back to itself", False),
        ("a folder, not an image", False), ("no such file", True),
    ]  # fmt: skip


def test_what_the_disk_does_not_give_may_be_tried_again(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"x")

    def closed(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", closed)
    monkeypatch.setattr(os, "scandir", closed)
    for path in (tmp_path / "a.png", tmp_path):
        error = refused(path)
        assert (error.message, error.retryable) == ("cannot be read (Permission denied)", True)
