"""What is wrong with a checkpoint's folder is said of the file that it is wrong with."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from judge.errors import UserError
from judge.models.transformers.folders import check_folder
from judge.models.transformers.mllm import load_mllm
from judge.settings import Settings
from judge.thinking import closing, opened


@pytest.fixture
def folder(checkpoint, tmp_path):
    return shutil.copytree(checkpoint("qwen3_vl"), tmp_path / "copy")


def refused(source) -> UserError:
    with pytest.raises(UserError) as raised:
        load_mllm(str(source), Settings(device="cpu"))
    return raised.value


def test_weights_outside_the_folder_are_not_taken(folder):
    """The digest would not cover them: they could change, and priors and probes of others would go on being used."""
    shutil.move(folder / "model.safetensors", folder.parent / "w.safetensors")
    index = {
        "metadata": {},
        "weight_map": dict.fromkeys(load_file(folder.parent / "w.safetensors"), "../w.safetensors"),
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "lie elsewhere, such as ../w.safetensors" in refused(folder).message


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\n", None])
def test_damaged_weights_are_named(folder, content):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000] if content is None else content)
    error = refused(folder)
    assert "model.safetensors cannot be read" in error.message
    assert "get the model again" in error.hint


@pytest.mark.parametrize("content", ["[]", "{", '{"weight_map": 3}'])
def test_an_index_that_is_none_is_named(folder, content):
    (folder / "model.safetensors.index.json").write_text(content)
    assert "model.safetensors.index.json is no index" in refused(folder).message


def test_what_is_no_folder_of_a_model_is_told_apart(folder, tmp_path):
    (tmp_path / "a.gguf").touch()
    (tmp_path / "empty").mkdir()
    for source, said in {
        tmp_path / "a.gguf": "a file, not the folder", tmp_path / "none": "no such folder",
        tmp_path / "empty": "no config.json", "./nowhere": "no such folder",
    }.items():  # fmt: skip
        with pytest.raises(UserError, match=said):
            check_folder(str(source))
    check_folder(str(folder))


def test_weights_that_are_no_numbers_are_refused_at_load(folder):
    weights = load_file(folder / "model.safetensors")
    name = next(one for one in weights if "lm_head" in one)
    save_file(
        {**weights, name: torch.full_like(weights[name], float("nan"))}, folder / "model.safetensors", {"format": "pt"}
    )
    error = refused(folder)
    assert "no numbers (NaN)" in error.message


def test_a_block_of_an_unknown_name_is_open_and_cannot_be_closed():
    for tail in ("<|im_start|>assistant\n<ponder>\n", "<ponder>"):
        assert opened(tail) == "<ponder>"
        assert closing(tail, lambda _: True) is None
    for tail in ("<|im_start|>assistant\n", "<assistant>\n", "<s>", "</think>\n", "<|assistant|>"):
        assert opened(tail) is None
        assert closing(tail, lambda _: True) == ""
