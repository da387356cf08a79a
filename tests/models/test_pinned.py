"""The bundled models' files are checked against pinned digests when they are loaded."""

from __future__ import annotations

import shutil

import pytest

from judge import resources
from judge.assemble import load_judge, load_mllm_of
from judge.errors import ModelError
from judge.models.transformers.pinned import SUMS, check_pinned


@pytest.fixture
def copies(tmp_path, monkeypatch):
    """A copy of the bundled models that the judge takes for the real ones."""
    shutil.copytree(resources.bundled_model().parent, tmp_path / "bundled")
    for name, folder in (("bundled_model", resources.bundled_model()), ("bundled_eyes", resources.bundled_eyes())):
        monkeypatch.setattr(resources, name, lambda folder=folder: tmp_path / "bundled" / folder.name)
    return tmp_path / "bundled"


def test_what_ships_is_pinned_file_by_file():
    bundled = resources.bundled_model().parent
    named = {line.split()[1] for line in (bundled / SUMS).read_text().splitlines()}
    assert named == {
        f"{path.parent.name}/{path.name}" for path in bundled.glob("*/*") if path.suffix != ".md" and path.is_file()
    }
    for folder in (resources.bundled_model(), resources.bundled_eyes()):
        check_pinned(folder)


def test_a_flipped_bit_in_the_weights_is_refused(copies):
    path = copies / "mini-v1" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"mini-v1 is damaged: mini-v1/model\.safetensors differs") as caught:
        load_mllm_of(model="bundled")
    assert "install" in caught.value.hint


def test_another_threshold_beside_the_eyes_is_refused(copies):
    path = copies / "eyes-v1" / "thresholds.json"
    path.write_text(path.read_text().replace("{", "{ ", 1))
    with pytest.raises(ModelError, match=r"eyes-v1/thresholds\.json differs"):
        load_judge("demo")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda at: (at / "mini-v1" / "tokenizer.json").unlink(), "No such file"),
        (lambda at: (at / SUMS).unlink(), "No such file"),
        (lambda at: (at / SUMS).write_text(""), "names none of its files"),
        (lambda at: (at / SUMS).write_text("torn"), "damaged"),
    ],
)
def test_what_cannot_be_checked_is_refused(copies, harm, said):
    harm(copies)
    with pytest.raises(ModelError, match=said):
        check_pinned(copies / "mini-v1")
