"""Names of peers, and what is said when one cannot be loaded. NudeNet and open_nsfw run where they are installed."""

from __future__ import annotations

import sys

import pytest

from judge.constitution.load import load_constitution
from judge.errors import UserError
from judge.evaluation.methods.peers import load_peer
from judge.settings import Settings
from tests.conftest import ROOT

DEMO = load_constitution("demo")
CPU = Settings(device="cpu", dtype="float32")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("clipp", "there are: clip, nudenet, open-nsfw, shieldgemma2:ID"),
        ("clip:openai/clip", "no peer 'clip:openai/clip'"),
        ("shieldgemma2", "shieldgemma2:google/shieldgemma-2-4b-it"),
        ("llavaguard:", "needs a checkpoint"),
        ("shieldstral:/no/such/folder", "cannot load /no/such/folder"),
    ],
)
def test_what_is_wrong_with_a_name(name, says):
    with pytest.raises(UserError, match=says):
        load_peer(name, DEMO, CPU)


@pytest.mark.parametrize("encoder", [None, "none"])
def test_the_bundled_eyes_are_no_rival_on_photographs(encoder):
    """They read drawings only: beside a model for photographs they would be a rival that anything beats."""
    with pytest.raises(UserError, match="the peer clip needs an encoder") as told:
        load_peer("clip", DEMO, Settings(model="org/for-photographs", encoder=encoder))
    assert "--encoder" in str(told.value.hint)


@pytest.mark.parametrize(
    ("name", "package", "line"),
    [("nudenet", "nudenet", "pip install nudenet"), ("open-nsfw", "onnxruntime", "pip install onnxruntime")],
)
def test_a_missing_package_is_named_with_its_pip_line(name, package, line, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)  # what importing it meets where it is not installed
    with pytest.raises(UserError, match=line):
        load_peer(name, DEMO, CPU)


def test_open_nsfw_weights_that_are_none(tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "weights.onnx").write_bytes(b"no network")
    for name in ("weights.onnx", "absent.onnx"):
        with pytest.raises(UserError, match=name):
            load_peer(f"open-nsfw:{tmp_path / name}", DEMO, CPU)


@pytest.mark.parametrize("name", ["nudenet", "open-nsfw"])
def test_where_it_is_installed_a_benign_photograph_is_safe(name, tmp_path):
    from PIL import Image
    from skimage.data import cat

    pytest.importorskip("nudenet" if name == "nudenet" else "onnxruntime")
    Image.fromarray(cat()).save(tmp_path / "cat.png")
    try:
        method = load_peer(name, DEMO, CPU)
    except UserError as error:
        pytest.skip(error.message)  # ONNX Runtime without the weights
    photograph, drawing = method.judge([str(tmp_path / "cat.png"), str(ROOT / "examples/images/drugs-violating.png")])
    assert photograph.verdict == drawing.verdict == "no_violation"
    assert photograph.failure is drawing.failure is None
    assert photograph.score is not None and photograph.score < 0.2
