"""How much of a large picture a model is shown, per family, and what memory that is thought to take."""

from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image

from judge.judging.pipeline import Judge
from judge.models.pixels import within
from judge.models.transformers.memory import MemoryBudget
from judge.models.transformers.mllm import load_mllm
from judge.settings import Settings
from tests.models import conformance as suite
from tests.models.conftest import FULL, anew

MOST = 64 * 64
TILED = {
    "internvl": 4,
    "llava_next": 4,
    "llava_onevision": 4,
    "idefics3": 4,
    "ovis2": 4,
    "cohere2_vision": 4,
    "lfm2_vl": 4,
}
FREE = ["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_5", "glm4v", "glm46v", "mistral3"]


def drawing(width, height):
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


@pytest.fixture
def unbounded(checkpoint, tmp_path):
    """A tiny checkpoint whose processor takes pictures as large as real ones do."""

    def make(family):
        folder = shutil.copytree(checkpoint(family), tmp_path / family)
        path = folder / "processor_config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        images = config["image_processor"]
        for name, value in {"max_patches": 12, "max_tiles": 10, "crop_to_patches": True}.items():
            if name in images:
                images[name] = value
        if "image_grid_pinpoints" in images:
            grids = [[32 * height, 32 * width] for height in range(1, 7) for width in range(1, 7) if height * width > 1]
            images["image_grid_pinpoints"] = grids
            own = folder / "config.json"
            said = json.loads(own.read_text(encoding="utf-8")) | {"image_grid_pinpoints": grids}
            own.write_text(json.dumps(said), encoding="utf-8")
        if "longest_edge" in (images.get("size") or {}):
            images["size"]["longest_edge"] = 1024 if family in ("idefics3", "mistral3") else 1024 * 1024
        path.write_text(json.dumps(config), encoding="utf-8")
        return str(folder)

    return make


def tokens(mllm, picture):
    """Tokens that a picture takes of a prompt."""
    inside = mllm.inside()
    with_it, without = (len(inside.prompted(suite.asks_of((one,), ["x"])[0]).ids) for one in (picture, None))
    return with_it - without


@pytest.mark.parametrize("family", [*TILED, *FREE])
def test_a_picture_of_any_size_takes_a_bounded_number_of_tokens(unbounded, family):
    folder = unbounded(family)
    mllm = load_mllm(folder, FULL.model_copy(update={"max_pixels": MOST}))
    free = load_mllm(folder, FULL.model_copy(update={"max_pixels": 64_000_000}))
    small, large = (tokens(mllm, drawing(*size)) for size in ((64, 64), (640, 640)))
    assert large <= 1.1 * small + 2
    assert tokens(free, drawing(640, 640)) > 1.5 * large
    asks = suite.asks_of((drawing(640, 640), drawing(300, 900), None), suite.STATEMENTS[:2])
    assert len(mllm.answer(asks)) == len(asks)  # the model takes what the processor makes


def test_a_picture_is_shrunk_in_its_shape():
    assert within(drawing(4000, 3000), 1024 * 1024).size == (1182, 886)
    assert within(drawing(9000, 3), 3000).size == (3000, 1)
    picture = drawing(40, 30)
    assert within(picture, 1200) is picture


def test_a_model_that_sees_less_is_shown_the_picture_as_it_is(loaded, checkpoint):
    bounded = load_mllm(str(checkpoint("llava")), FULL.model_copy(update={"max_pixels": MOST}))
    asks = suite.asks_of((drawing(640, 480),), suite.STATEMENTS[:2])
    assert suite.numbers(bounded, asks) == suite.near(suite.numbers(loaded("llava"), asks))
    assert bounded.sees == 32


def test_what_is_seen_is_what_is_let_through(unbounded):
    assert load_mllm(unbounded("qwen3_vl"), FULL.model_copy(update={"max_pixels": 128 * 128})).sees == 128


def test_verdicts_say_how_many_pixels_there_were_at_most(loaded):
    from judge.bench.speed import rules

    judge = Judge(rules(1), loaded("llava"), settings=Settings(max_pixels=5000))
    assert judge.provenance.max_pixels == 5000 and '"max_pixels":5000' in judge.provenance.basis()


def test_memory_is_counted_in_the_tokens_that_pictures_have(unbounded, monkeypatch):
    """Pictures that are longer than was assumed go through the model in as many parts as they need."""
    from judge.models.transformers import kept

    mllm = load_mllm(unbounded("qwen3_vl"), FULL.model_copy(update={"max_pixels": 64_000_000}))
    pictures = [drawing(512, 512).rotate(90 * turn) for turn in range(4)]
    asks = suite.asks_of(pictures, suite.STATEMENTS[:1])
    expected = suite.numbers(anew(mllm), asks)
    rows = []
    prefill = kept.prefill
    monkeypatch.setattr(
        kept, "prefill", lambda model, inputs: rows.append(len(inputs["input_ids"])) or prefill(model, inputs)
    )
    monkeypatch.setattr(kept, "ASSUMED_TOKENS", 1)
    short = anew(mllm)
    length = len(mllm.inside().prompted(asks[0]).ids)
    short._budget = short._kept._budget = short._scoring._budget = MemoryBudget(
        2.5 * short._kept.bytes_of_tokens(length) / 2**30, "cpu"
    )
    assert suite.numbers(short, asks) == suite.near(expected)
    assert rows and max(rows) <= 2


def test_a_server_is_sent_no_more_than_that_either():
    import asyncio
    import base64
    import io

    from judge.models.openai.pictures import SentImages

    def sent(most):
        url = asyncio.run(_encoded(SentImages(most))).url
        return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).size

    async def _encoded(pictures):
        return await pictures.of(drawing(400, 300))

    assert sent(None) == (400, 300)
    assert sent(120 * 100) == (126, 94)
