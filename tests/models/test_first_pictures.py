"""A model whose answers do not depend on the picture is refused when it is loaded: it would find every picture safe."""

from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from judge.errors import ModelError, UserError
from judge.models.transformers.mllm import load_mllm
from judge.models.transformers.sight import are_alike
from judge.resources import bundled_model
from judge.settings import Settings
from tests import tiny
from tests.models.conftest import FULL


def zeroed(folder, *parts):
    """The checkpoint with the weights of some parts at zero, as a download or a conversion leaves them behind."""
    path, held = folder / "model.safetensors", load_file(folder / "model.safetensors")
    dead = [name for name in held if any(part in name for part in parts)]
    assert dead
    save_file(held | {name: torch.zeros_like(held[name]) for name in dead}, path, metadata={"format": "pt"})
    return str(folder)


BLIND = [
    ("llava", "vision_tower"), ("llava", "multi_modal_projector"), ("qwen3_vl", "visual"),
    ("smolvlm", "connector"), ("qwen3_vl", "patch_embed"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "part"), BLIND)
def test_a_model_without_eyes_is_refused(checkpoint, tmp_path, family, part):
    folder = shutil.copytree(checkpoint(family), tmp_path / family)
    with pytest.raises((UserError, ModelError), match="the picture makes no difference to the answer") as caught:
        load_mllm(zeroed(folder, part), FULL)
    assert "missing, damaged" in caught.value.message and caught.value.hint


def test_nor_is_the_bundled_one_without_its_own(tmp_path):
    folder = shutil.copytree(bundled_model(), tmp_path / "bundled")
    with pytest.raises((UserError, ModelError), match="the picture makes no difference to the answer"):
        load_mllm(zeroed(folder, "vision", "projector", "connector"), FULL)


@pytest.mark.parametrize("family", tiny.EVERY_MLLM)
def test_every_family_sees_and_is_loaded_in_few_digits(checkpoint, family):
    """In float32 each is loaded by `test_families.py`."""
    load_mllm(str(checkpoint(family)), Settings(device="cpu", dtype="bfloat16"))


def test_a_difference_of_rounding_is_none():
    logits = torch.tensor([[1.0, -20.0, 3.0]])
    assert are_alike(logits, logits * (1 + 1e-7)) and not are_alike(logits, logits + torch.tensor([0.0, 0.0, 1e-3]))
