"""The training tool end to end on made-up sprites and a tiny model: no network, seconds."""

from __future__ import annotations

import io
import json
import random
import shutil
from contextlib import nullcontext

import pytest
import torch
from PIL import Image, ImageDraw
from torch import distributed, multiprocessing
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from tools.train_bundled import art, dialogues, evaluate, net, questions, scenes, train, truth
from tools.train_bundled.feed import Feed
from tools.train_bundled.lesson import Lesson, shared, teach
from tools.train_bundled.pack import Row, Words, blind_row, collate, image_row
from tools.train_bundled.run import Run
from tools.train_bundled.vocabulary import CATEGORIES, INDEX

NAMES = (
    "man", "woman", "boy", "dog", "cat", "kitchen knife", "dagger", "axe", "fire", "drop of blood", "beer mug",
    "wine glass", "cigarette", "pill", "bomb", "coin", "skull", "banana", "guitar", "pizza", "house", "spoon",
)  # fmt: skip


def _sprite(number: int) -> bytes:
    """A shape of its own colour for each concept."""
    image = Image.new("RGBA", (art.SIDE, art.SIDE))
    draw = ImageDraw.Draw(image)
    colour = (number * 53 % 256, number * 97 % 256, number * 151 % 256, 255)
    draw.regular_polygon((40, 40, 36), 3 + number % 5, rotation=number * 17, fill=colour)
    out = io.BytesIO()
    image.save(out, "WEBP")
    return out.getvalue()


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A folder with sprites of two made-up sets."""
    folder = tmp_path_factory.mktemp("art")
    rendered = {
        name: [(INDEX[n], _sprite(INDEX[n] + shift)) for n in NAMES] for name, shift in (("one", 0), ("two", 3))
    }
    art.save_pack(folder, rendered)
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """The bundled model's tokenizer and template, with a tiny architecture."""
    folder = tmp_path_factory.mktemp("start")
    config = AutoConfig.from_pretrained(net.START)
    for part, wide in ((config.text_config, 32), (config.vision_config, 32)):
        part.hidden_size, part.intermediate_size, part.num_hidden_layers, part.num_attention_heads = wide, 48, 1, 2
    config.text_config.num_key_value_heads, config.text_config.head_dim = 2, 16
    AutoModelForImageTextToText.from_config(config, dtype=torch.float32).save_pretrained(folder)
    for name in net.BESIDE_WEIGHTS:
        shutil.copyfile(net.START / name, folder / name)
    return folder


def _composed(pack, split="test", number=16, seed=0):
    sprites = art.load_sprites(pack, ["one"])
    return scenes.compose(sprites, number, torch.Generator().manual_seed(seed), "cpu", split)


def test_a_pack_gives_back_what_was_put_in(pack):
    both = art.load_sprites(pack, ["one", "two"])
    assert both.rgba.shape == (2 * len(NAMES), 4, 80, 80)
    assert set(both.concept.tolist()) == {INDEX[name] for name in NAMES}
    assert both.set.tolist() == [0] * len(NAMES) + [1] * len(NAMES)
    with pytest.raises(ValueError, match="three"):
        art.load_sprites(pack, ["three"])


@pytest.mark.parametrize("split", ["train", "test", "broken"])
def test_scenes_are_labelled_by_what_is_drawn(pack, split):
    batch = _composed(pack, split)
    again = _composed(pack, split)
    assert torch.equal(batch.images, again.images)
    present = batch.sprites_per_scene >= 0
    assert batch.images.shape == (16, 3, 128, 128)
    assert batch.patch_labels.shape == (16, 8, 8)
    assert present.any(1).all()
    assert (batch.boxes[~present] == 0).all()
    assert (batch.boxes[..., 2:] >= batch.boxes[..., :2]).all()
    for scene, labels in zip(batch.sprites_per_scene, batch.patch_labels, strict=True):
        assert set(labels.unique().tolist()) <= {*scene.tolist(), scenes.BACKGROUND}


def test_statements_are_true_of_what_they_are_said_to_be(pack):
    rng = random.Random(0)
    for scene in truth.scenes_of(_composed(pack, number=24)):
        for one in questions.ask(scene, rng, 12):
            if one.kind == "category" and one.key in CATEGORIES:
                assert truth.category(scene, CATEGORIES[one.key]) is bool(one.chance)
            if one.kind == "absent":
                assert one.chance == 0
            assert "{" not in one.text
        rules, breaks, why = dialogues.policy(scene, rng)
        assert rules.startswith("1. ")
        assert ("So the answer is Yes" in why) is breaks


def test_compiler_tasks_answer_in_their_form():
    rng = random.Random(1)
    for _ in range(40):
        task, answer = dialogues.compiler_task(rng)
        assert "Rating: " in answer if task.startswith("Rate") else isinstance(json.loads(answer), list)


def test_packing_gives_the_logits_of_single_questions(pack, start):
    model, words = net.load(start).eval(), Words(start)
    batch = _composed(pack, number=2)
    rng = random.Random(2)
    rows = [image_row(words, scene, rng, 4, talk=1.0)[0] for scene in truth.scenes_of(batch)]
    packed = collate(rows)
    processor = AutoProcessor.from_pretrained(start)
    with torch.inference_mode():
        together = model.words(model.read(packed, model.see(batch.images), words.image)[packed.ask_at])
        row = rows[0]
        place = row.asked[0][0]
        branch = [token for token, own in zip(row.tokens, row.segment, strict=True) if own in (1, row.segment[place])]
        image = Image.fromarray(batch.images[0].permute(1, 2, 0).numpy())
        text = "<s><image>" + processor.tokenizer.decode(branch)
        inputs = processor(text=[text], images=[[image]], return_tensors="pt", add_special_tokens=False)
        alone = model.llava(**inputs).logits[0, -1]
    assert torch.allclose(together[0], alone, atol=1e-4)


def test_a_due_token_follows_its_place(start):
    words = Words(start)
    row = Row(words, has_image=False)
    head = row.say("USER: Name everything this picture shows. ASSISTANT:", 0)
    row.say(" The image shows: dog.", head, learn=True, end=True)
    ids = [token for _, token in row.written]
    assert ids == [*words.ids(" The image shows: dog."), words.eos]
    assert all(row.tokens[place + 1] == token for place, token in row.written)


@pytest.fixture
def told(pack, start, tmp_path):
    """The least of a run, in `tmp_path`."""
    return [
        "--out", str(tmp_path), "--art", str(pack), "--start", str(start), "--sets", "one", "--validation", "two",
        "--batch", "4", "--answered", "4", "--questions", "4", "--prior-scenes", "8", "--tune-scenes", "4",
        "--settle", "0", "--log-every", "1", "--save-every", "0", "--warmup", "1", "--no-bf16",
    ]  # fmt: skip


@pytest.mark.rare
def test_trains_and_reports(told, tmp_path):
    folder = train.main([*told, "--processes", "1", "--steps", "2", "--score-every", "1", "--questions-to-report", "4"])
    report = json.loads((tmp_path / "report.json").read_text())
    assert set(report["styles"]) == {"two", "one"}
    assert report["styles"]["two"]["questions"]["category"] == 4
    assert "valid_json" in report["generated"]
    assert "two" in (tmp_path / "report.md").read_text()
    AutoModelForImageTextToText.from_pretrained(folder)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "answer" in line] == [1, 2]
    assert [line["step"] for line in lines if "unseen_right" in line] == [0, 1, 2, 2]
    assert lines[0]["unseen_loss"] > 0


def _taught(run, until):
    """The run after so many steps."""
    feed = iter(Feed(run.sprites, run.args, run.priors, run.step, 0, 1))
    while run.step < until:
        run.take(*next(feed), run.share())
    return run


@pytest.mark.rare
def test_a_run_that_goes_on_ends_where_one_without_a_pause_does(told, pack):
    sprites = art.load_sprites(pack, ["one"])
    args = train.parsed([*told, "--processes", "1", "--steps", "4"])
    whole = _taught(Run(args, sprites), 4)
    _taught(Run(args, sprites), 2).save()
    args.resume = True
    rest = Run(args, sprites)
    assert rest.step == 2
    _taught(rest, 4)
    for one, other in ((whole.net, rest.net), (whole.averaged(), rest.averaged())):
        assert _same(one.state_dict(), other.state_dict())
    assert not _same(whole.net.state_dict(), whole.averaged().state_dict())
    moments = [run.optimizer.state_dict()["state"] for run in (whole, rest)]
    assert all(_same(moments[0][number], moments[1][number]) for number in moments[0])


def _same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def _lesson(pack, start, part):
    """The gradients of every other scene from `part` on, or of all where it is None, and what was said of them."""
    words = Words(start)
    batch = _composed(pack, number=4)
    rng = random.Random(3)
    rows = [
        image_row(words, scene, rng, 3 + 2 * number, talk=1.0)[0] for number, scene in enumerate(truth.scenes_of(batch))
    ]
    own = slice(None) if part is None else slice(part, None, 2)
    batch = scenes.Batch(*(value[own] if isinstance(value, torch.Tensor) else value for value in batch))
    torch.manual_seed(part or 0)
    model = net.load(start)
    torch.nn.init.constant_(model.patches.weight, 0.01)
    torch.nn.init.zeros_(model.patches.bias)
    lesson = Lesson(model, words)
    told = teach(shared(lesson), batch, collate(rows[own]), False, nullcontext())
    return {name: value.grad for name, value in model.named_parameters() if value.grad is not None}, told


def _one_of_two(rank, pack, start, out):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{out}/meeting", rank=rank, world_size=2)
    torch.save(_lesson(pack, start, rank), out / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.rare
def test_two_processes_have_the_gradient_of_one_with_twice_the_batch(pack, start, tmp_path):
    multiprocessing.spawn(_one_of_two, (pack, start, tmp_path), 2)
    alone, said = _lesson(pack, start, None)
    for rank in (0, 1):
        gradients, told = torch.load(tmp_path / f"{rank}.pt")
        assert told == pytest.approx(said, abs=2e-4)
        assert gradients.keys() == alone.keys()
        for name, value in alone.items():
            assert torch.allclose(gradients[name], value, atol=1e-5), name


@pytest.mark.rare
def test_two_processes_take_a_run_together(told, tmp_path):
    train.main([*told, "--processes", "2", "--steps", "2", "--questions-to-report", "0", "--score-every", "0"])
    assert json.loads((tmp_path / "about.json").read_text())["processes"] == 2
    assert (tmp_path / "model" / "model.safetensors").exists()
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 2


def test_an_answer_without_an_image_stays_clear_of_a_no(start):
    rng, words = random.Random(4), Words(start)
    row = blind_row(words, [questions.Statement("a man is visible", 1.0, "category", key="man")], {"man": 0.01}, rng)
    assert row.asked[0][1] == pytest.approx(0.206)


def test_calibration_and_balance():
    assert evaluate.calibration_error([(0.9, 1.0)] * 9 + [(0.9, 0.0)]) == pytest.approx(0)
    assert evaluate.calibration_error([(1.0, 0.0)] * 4) == pytest.approx(1)
    assert evaluate.balanced([(0.9, 1.0), (0.8, 0.0), (0.1, 0.0)]) == pytest.approx(0.75)
