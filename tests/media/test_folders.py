"""What is passed over in a folder: only what is plainly no image by its content, and never in silence."""

from __future__ import annotations

import io
import os
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from judge.media.folders import Skipped, entries, plainly_no_image


def picture(kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, kind, **options)
    return buffer.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'
PLAIN = {
    "notes.txt": (b"bought apples\n", "text"),
    "README": ("Übersicht\r\n\tfür alle \N{PILE OF POO}\n".encode(), "text"),
    "labels.csv": (b"\xef\xbb\xbfa,b\n1,2\n", "text"),
    "desktop.ini": ("[.ShellClassInfo]\r\n".encode("utf-16"), "text"),
    "boxes.xml": (b"<annotation><object><name>dog</name></object></annotation>", "text"),
    "Python.md": (b"Python is a language, P1 is a priority", "text"),
    ".gitkeep": (b"", "empty"),
    "long.json": (b'{"a": "' + b"x" * 200_000 + b'"}', "text"),
    ".DS_Store": (b"\0\0\0\1Bud1\0\0\x10\0", "housekeeping"),
    "Thumbs.db": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "housekeeping"),
}
MAYBE = {
    "no suffix": picture("PNG"),
    ".hidden": picture("JPEG"),
    "notes.txt": picture("GIF"),
    ".DS_Store": picture("PNG"),
    "Thumbs.db": picture("BMP"),
    "report.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99),
    "unknown.bin": bytes(range(256)),
    "book.pdf.bak": b"%PDF-1.7\nall of it text\n",
    "drawing.txt": SVG,
    "late.txt": b"<!-- " + b"x" * 65_530 + b" -->" + SVG,
    "prefixed.xml": b'<s:svg xmlns:s="http://www.w3.org/2000/svg"/>',
    "entities.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "wide.xml": SVG.decode().encode("utf-16"),
    "page.html": b'<img src="data:image/png;base64,AAAA">',
    "mail.eml": b"From: a@b.c\r\nContent-Type: image/png\r\n\r\nAAAA",
    "memo.rtf": rb"{\rtf1{\pict 0000}}",
    "plain.ppm.txt": b"P3 1 1 255\n255 0 0\n",
    "bitmap": b"#define a_width 8\n#define a_height 1\n",
    "empty.png": b"",
    "words.JPG": b"no image, but its name says so",
    "camera.CR2": b"words",
    "clip.mp4": b"words",
    "cut": "text with a broken end \N{PILE OF POO}".encode()[:-2],
    "late binary": b"a" * 100_000 + b"\0",
    "latin": "Grüße".encode("latin-1"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_text_empty_files_and_housekeeping_are_passed_over(tmp_path, name):
    data, kind = PLAIN[name]
    (tmp_path / name).write_bytes(data)
    assert plainly_no_image(str(tmp_path / name)) == kind
    assert list(entries(str(tmp_path))) == [Skipped(str(tmp_path / name), kind)]


def test_a_database_is_passed_over(tmp_path):
    with sqlite3.connect(tmp_path / "index.db") as base:
        base.execute("create table t (a)")
    base.close()
    assert plainly_no_image(str(tmp_path / "index.db")) == "SQLite"


@pytest.mark.parametrize("name", MAYBE)
def test_whatever_may_show_a_picture_or_says_that_it_does_is_not_passed_over(tmp_path, name):
    (tmp_path / name).write_bytes(MAYBE[name])
    assert plainly_no_image(str(tmp_path / name)) is None


def test_text_too_long_to_be_sure_of_is_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("judge.media.folders._MOST_TEXT", 100_000)
    (tmp_path / "log").write_bytes(b"a" * 200_000)
    assert plainly_no_image(str(tmp_path / "log")) is None


@pytest.mark.timeout(20)
def test_what_is_no_file_and_what_cannot_be_read_is_not_passed_over(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "dangling.txt").symlink_to("nowhere")
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    (tmp_path / "device.txt").symlink_to("/dev/zero")
    found = list(entries(str(tmp_path)))
    assert found == [str(tmp_path / name) for name in ("dangling.txt", "device.txt", "loop.txt", "pipe.txt")]


def test_folders_are_walked_once_links_followed(tmp_path):
    """Also where a link leads up, or out of the folder."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    (inside / "b").mkdir(parents=True)
    outside.mkdir()
    for path in (inside / "b" / "one.png", outside / "two.png"):
        path.write_bytes(picture("PNG"))
    (inside / "a").symlink_to("b")
    (inside / "b" / "up").symlink_to("..")
    (inside / "out").symlink_to(outside)
    (inside / "file").symlink_to("b/one.png")
    assert list(entries(str(inside))) == [
        str(inside / "a" / "one.png"), Skipped(str(inside / "a" / "up")), Skipped(str(inside / "b")),
        str(inside / "file"), str(inside / "out" / "two.png"),
    ]  # fmt: skip


def test_the_order_is_that_of_whole_paths(tmp_path, monkeypatch):
    names = ["a/z.png", "a-b.png", "a.png", "a/b/c.png", "\udcff.png", "new\nline.png"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(b"x")
    assert list(entries(f"{tmp_path}/")) == sorted(str(tmp_path / name) for name in names)
    monkeypatch.chdir(tmp_path)
    assert list(entries(".")) == sorted(names)


def test_a_folder_that_cannot_be_listed_is_given_to_be_refused(tmp_path, monkeypatch):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").write_bytes(b"x")
    really = os.scandir

    def closed(path):
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", path)
        return really(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert list(entries(str(tmp_path))) == [str(tmp_path / one) for one in ("a/x.png", "b", "c/x.png")]


def test_what_lies_deeper_than_a_path_is_long_is_not_lost(tmp_path, monkeypatch):
    """The folder that cannot be reached is given, and goes to a person."""
    monkeypatch.chdir(tmp_path)
    for _ in range(30):
        Path("d" * 200).mkdir()
        os.chdir("d" * 200)
    Path("deep.png").write_bytes(picture("PNG"))
    os.chdir(tmp_path)
    (found,) = entries(str(tmp_path))
    assert isinstance(found, str)
    assert found.endswith(os.sep + "d" * 200)
