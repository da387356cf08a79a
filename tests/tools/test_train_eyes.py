"""Training the bundled eyes, end to end in seconds on scenes of made-up sprites; and the parts it rests on."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from judge.models.transformers.guard import Statistics
from judge.models.transformers.owlv2 import load_owlv2
from judge.settings import Settings
from tools.train_bundled import art, eyes_losses, eyes_model, eyes_report, eyes_words, synthetic, train_eyes

pytestmark = pytest.mark.rare

NAMES = [
    "man",
    "woman",
    "boy",
    "dog",
    "fire",
    "drop of blood",
    "dagger",
    "axe",
    "beer mug",
    "cigarette",
    "coin",
    "skull",
]


def sprite(index: int) -> bytes:
    """A disc in a colour of its own."""
    rows, columns = np.mgrid[:80, :80]
    picture = np.zeros((80, 80, 4), np.uint8)
    inside = (rows - 40) ** 2 + (columns - 40) ** 2 < 38**2
    picture[inside] = (*np.random.default_rng(index).integers(0, 255, 3), 255)
    out = io.BytesIO()
    Image.fromarray(picture, "RGBA").save(out, "WEBP", lossless=True)
    return out.getvalue()


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A sprite pack of every set, with a dozen concepts."""
    folder = tmp_path_factory.mktemp("art")
    drawn = [(art.CONCEPTS.index(name), sprite(art.CONCEPTS.index(name))) for name in NAMES]
    art.save_pack(folder, dict.fromkeys(art.SETS, drawn))
    return folder


@pytest.fixture(scope="module")
def trained(pack, tmp_path_factory):
    """A run of a second, and what its command returned."""
    out = tmp_path_factory.mktemp("run")
    arguments = ["--art", pack, "--out", out, "--device", "cpu", "--batch", "4", "--report-scenes", "24"]
    arguments += ["--layers", "1", "--sight", "none", "--threads", "1"]
    before = torch.get_num_threads()
    train_eyes.main([*map(str, arguments), "--minutes", "0.01"])
    report = train_eyes.main([*map(str, arguments), "--minutes", "0.02", "--resume"])
    torch.set_num_threads(before)
    return out, report


def test_a_run_reports_boxes_relevance_and_the_guard(trained):
    out, report = trained
    assert json.loads((out / "report.json").read_text()) == report
    for share in ("boxes with IoU >= 0.5, names", "concerned rules kept", "rules pruned"):
        assert 0.0 <= report["unseen art"][share] <= 1.0
    assert report["training art"]["concerned"] > 0 and report["training art"]["concerned rules kept"] >= 0.9
    assert 0.0 <= report["guard"]["flagged, not drawings"] <= 1.0
    steps = [json.loads(line)["step"] for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert steps and torch.load(out / "state.pt", weights_only=True)["step"] >= max(steps) >= 1


def test_what_is_saved_loads_as_eyes_and_as_a_guard(trained):
    folder = trained[0] / "model"
    eyes = load_owlv2(str(folder), Settings(device="cpu", dtype="float32"), "encoder+detector")
    image = Image.new("RGB", (200, 100), "white")
    ((cosine,),) = eyes.similarity([image], ["No person may be shown with fire."])
    assert -1.0 <= cosine <= 1.0
    (box,) = eyes.detect(image, ["fire"])
    assert 0 <= box.corners[0] <= box.corners[2] <= 200
    assert Statistics.load(folder).limit > 0
    assert -1.0 <= json.loads((folder / "thresholds.json").read_text())["relevance"] <= 1.0


def test_training_pixels_are_those_of_the_processor(trained):
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (128, 128, 3), np.uint8).astype(np.uint8))
    eyes = load_owlv2(str(trained[0] / "model"), Settings(device="cpu"), "detector")
    pixels = eyes._pixels.of(image)
    ours = eyes_model.pixels_of(torch.tensor(np.array(image)).permute(2, 0, 1)[None])
    assert torch.allclose(pixels, ours, atol=0.02)


def test_every_rule_of_the_demo_is_measured():
    from judge.constitution import load_constitution

    assert [rule.text for rule in eyes_report.demo_rules()] == [rule.text for rule in load_constitution("demo").rules]


def test_a_rule_is_relevant_when_something_of_every_need_is_shown():
    rules = [eyes_words.Rule("both", (frozenset([1, 2]), frozenset([3]))), eyes_words.Rule("one", (frozenset([3]),))]
    present = torch.zeros(3, len(art.CONCEPTS), dtype=torch.bool)
    present[0, [2, 3]] = present[1, 3] = present[2, 1] = True
    found = eyes_words.relevant(present, eyes_words.needs(rules))
    assert found.tolist() == [[True, True], [False, True], [False, False]]


def test_a_patch_of_two_alike_objects_belongs_to_the_nearer():
    concepts = torch.tensor([[7, 7, -1, -1, -1]])
    boxes = torch.zeros(1, 5, 4)
    boxes[0, 0], boxes[0, 1] = torch.tensor([0.0, 0, 32, 32]), torch.tensor([96.0, 96, 128, 128])
    patches = torch.full((1, 8, 8), -1)
    patches[0, 0, 0] = patches[0, 7, 7] = 7
    found = eyes_losses.targets_of(concepts, boxes, patches, 10)
    assert found.boxes[0, 0].tolist() == [0.125, 0.125, 0.25, 0.25]
    assert found.boxes[0, 63].tolist() == [0.875, 0.875, 0.25, 0.25]
    assert found.present.nonzero().tolist() == [[0, 7]]


def test_overlap_of_boxes():
    a, b = torch.tensor([0.0, 0.0, 2.0, 2.0]), torch.tensor([1.0, 0.0, 3.0, 2.0])
    iou, generalised = eyes_losses.overlap(a, b)
    assert float(iou) == pytest.approx(1 / 3) and float(generalised) == pytest.approx(1 / 3)


def test_made_up_pictures_are_the_same_for_a_seed():
    first, second = (synthetic.not_drawings(10, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second) and first.shape == (10, 3, 128, 128) and first.float().std() > 10
