"""Of a tar everything is read, or it is said that something was not: what looks like its end need not be it."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from tests.serving.batch.test_sources import WANTED, outcomes, tar, webdataset


@pytest.mark.parametrize("length", [2500, 2048, 1200])
def test_a_tar_that_was_cut_off_anywhere_says_so_and_the_next_one_is_read(length, tmp_path):
    named, _ = webdataset(tmp_path)
    tar(tmp_path / "b.tar", [("z.png", WANTED[4])])
    with Path(named).open("r+b") as file:
        file.truncate(length)
    found = outcomes(tmp_path)
    assert found["a.tar/0.png"] == WANTED[0] and found["b.tar/z.png"] == WANTED[4]
    assert "cannot be read to its end" in found["a.tar"]


def zeroed(file, start, count):
    with Path(file).open("r+b") as opened:
        opened.seek(start)
        opened.write(bytes(count))


def said_of(tmp_path):
    return outcomes(tmp_path / "a.tar")["a.tar"]


@pytest.mark.parametrize("count", [512, 4096])
def test_members_behind_a_damaged_place_that_looks_like_the_end_of_a_tar_are_not_lost_in_silence(count, tmp_path):
    named, _ = webdataset(tmp_path)
    with tarfile.open(named) as file:
        start = file.getmember("1.png").offset
    zeroed(named, start, count)
    assert "something stands behind the mark that it ends with" in said_of(tmp_path)


def test_a_tar_that_another_one_is_joined_to_says_so(tmp_path):
    named, _ = webdataset(tmp_path)
    Path(named).write_bytes(2 * Path(named).read_bytes())
    assert "something stands behind" in said_of(tmp_path)


def test_a_gzipped_tar_is_read_to_its_end_or_says_that_it_cannot_be(tmp_path):
    named, _ = webdataset(tmp_path)
    plain = Path(named).read_bytes()
    packed = gzip.compress(plain)
    Path(named).write_bytes(packed)
    assert list(outcomes(named).values()) == WANTED
    Path(named).write_bytes(packed + packed)
    assert "something stands behind" in said_of(tmp_path)
    Path(named).write_bytes(packed[:-8] + bytes(4) + packed[-4:])
    assert "CRC" in said_of(tmp_path)
    Path(named).write_bytes(packed[: len(packed) // 2])
    assert "cannot be read to its end" in said_of(tmp_path)
    middle = len(packed) // 2
    Path(named).write_bytes(packed[:middle] + bytes(200) + packed[middle + 200 :])
    assert "cannot be read to its end" in said_of(tmp_path)


def test_a_tar_that_is_empty_from_some_place_on_says_so_and_padding_is_no_fault(tmp_path):
    named, _ = webdataset(tmp_path)
    whole = Path(named).read_bytes()
    Path(named).write_bytes(whole + bytes(2**20 - len(whole) % 2**20))
    assert list(outcomes(named).values()) == WANTED
    Path(named).write_bytes(whole + bytes(2**21))
    assert "nothing but zeros" in said_of(tmp_path)
