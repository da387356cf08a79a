"""What transformers finds in its own folders is kept, as it found it, until one of them changes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from judge.scanned import keeping

FOUND = {frozenset(): {"a.configuration_a": {"A", "B"}}, "a": {frozenset({"torch", "vision"}): {"x": set()}}, "b": {}}


@pytest.fixture
def scan(tmp_path, monkeypatch):
    """A scan that counts how often it is made, and the folder that it is of."""
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "models" / "a").mkdir(parents=True)
    made = []
    return keeping(lambda path: made.append(path) or FOUND), tmp_path / "models", made


def test_it_is_made_once_and_comes_back_as_it_was(scan):
    scanned, folder, made = scan
    (folder / "__init__.py").touch()
    for path in (folder, folder / "__init__.py", folder):
        assert scanned(path) == FOUND
    assert made == [folder]


def test_another_folder_is_not_kept(scan, tmp_path):
    scanned, folder, made = scan
    assert scanned(folder / "a") == scanned(folder / "a") == FOUND
    assert made == [folder / "a"] * 2 and not (tmp_path / "cache").exists()


@pytest.mark.parametrize("content", ["", "[", "[[1]]", "{}", "3", "[]", "null"])
def test_what_is_damaged_is_made_again(scan, tmp_path, content):
    scanned, folder, made = scan
    scanned(folder)
    (kept,) = (tmp_path / "cache" / "imports").iterdir()
    kept.write_text(content)
    assert scanned(folder) == FOUND and len(made) == 2


def test_a_folder_that_changed_is_read_anew(scan):
    scanned, folder, made = scan
    scanned(folder)
    (folder / "b").mkdir()
    scanned(folder)
    assert len(made) == 2


def test_transformers_is_whole_with_what_was_kept(tmp_path):
    code = (
        "from judge.lean import start_lean\n"
        "start_lean()\n"
        "import transformers\n"
        "from transformers.utils import import_utils\n"
        "from transformers import LlavaForConditionalGeneration, PaliGemmaProcessor\n"
        "print(len(dir(transformers)), hasattr(import_utils.create_import_structure_from_path, 'cache_info'))"
    )
    for index in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120,
            env={**os.environ, "JUDGE_CACHE_DIR": str(tmp_path)},
        )  # fmt: skip
        count, own = done.stdout.split()
        assert int(count) > 3000 and own == "False", index
    assert len(list((tmp_path / "imports").iterdir())) == 1
