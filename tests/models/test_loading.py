"""Loading: every mistake is a `UserError` with a hint, digests name the weights, quantised weights answer alike."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import torch
import transformers as tf
from safetensors.torch import load_file, save_file

from judge.errors import UserError
from judge.models.transformers import placing
from judge.models.transformers.checkpoints import architecture
from judge.models.transformers.image_text import load_encoder
from judge.models.transformers.mllm import load_mllm
from judge.models.transformers.owlv2 import load_owlv2
from judge.resources import bundled_model
from judge.settings import Settings
from tests import tiny
from tests.models import conformance as suite
from tests.models.conftest import FULL


@pytest.fixture
def copied(checkpoint, tmp_path):
    """A copy of a tiny checkpoint that a test may spoil."""
    return lambda family: shutil.copytree(checkpoint(family), tmp_path / family)


def spoil_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:2000])


def drop_template(folder):
    (folder / "chat_template.jinja").unlink()


def drop_weights(folder):
    (folder / "model.safetensors").unlink()


def break_config(folder):
    (folder / "config.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize("load", [load_mllm, load_encoder, lambda *a: load_owlv2(*a, "detector")])
def test_no_such_folder(load, tmp_path):
    with pytest.raises(UserError, match=r"cannot load .*no such folder"):
        load(str(tmp_path / "nowhere"), FULL)


@pytest.mark.parametrize("load", [load_mllm, load_encoder, lambda *a: load_owlv2(*a, "detector")])
def test_a_folder_that_is_no_model(load, tmp_path):
    (tmp_path / "notes.txt").write_text("not a model", encoding="utf-8")
    with pytest.raises(UserError, match="cannot load") as caught:
        load(str(tmp_path), FULL)
    assert caught.value.hint


def lose_a_weight(folder):
    weights = load_file(folder / "model.safetensors")
    del weights[min(name for name in weights if "mlp" in name)]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def change_a_size(folder):
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["text_config"]["intermediate_size"] += 32
    path.write_text(json.dumps(config), encoding="utf-8")


SPOILED = [spoil_weights, drop_template, drop_weights, break_config, lose_a_weight, change_a_size]


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_spoiled_checkpoint(copied, spoil):
    folder = copied("llava")
    spoil(folder)
    with pytest.raises(UserError) as caught:
        load_mllm(str(folder), FULL)
    assert caught.value.hint
    assert str(folder) in caught.value.message


def test_a_text_only_model(tmp_path):
    tokens = tiny.tokenizer()
    config = tf.LlamaConfig(**tiny.text_sizes(tokens))
    tf.LlamaForCausalLM(config).save_pretrained(tmp_path)
    tokens.save_pretrained(tmp_path)
    with pytest.raises(UserError, match="cannot load") as caught:
        load_mllm(str(tmp_path), FULL)
    assert caught.value.hint


@pytest.mark.parametrize("device", ["cuda", "banana"])
def test_a_device_that_is_not_there(checkpoint, device, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match=device) as caught:
        load_mllm(str(checkpoint("llava")), Settings(device=device))
    assert caught.value.hint


def test_the_digest_names_the_weights_not_the_place(copied, checkpoint):
    there, here = load_mllm(str(checkpoint("llava")), FULL), copied("llava")
    assert load_mllm(str(here), FULL).identity.digest == there.identity.digest
    weights = here / "model.safetensors"
    spoiled = bytearray(weights.read_bytes())
    spoiled[-1] ^= 1
    weights.write_bytes(spoiled)
    stamp = weights.stat().st_mtime_ns + 1_000_000_000
    os.utime(weights, ns=(stamp, stamp))
    assert load_mllm(str(here), FULL).identity.digest != there.identity.digest


def test_the_digest_covers_the_chat_template(copied, checkpoint):
    here = copied("llava")
    with (here / "chat_template.jinja").open("a", encoding="utf-8") as file:
        file.write(" ")
    assert load_mllm(str(here), FULL).identity.digest != load_mllm(str(checkpoint("llava")), FULL).identity.digest


def test_a_verdict_names_the_folder_not_the_path(checkpoint):
    assert load_encoder(str(checkpoint("clip")), FULL).identity.name == "clip"
    assert load_mllm(str(checkpoint("llava")), FULL, name="bundled").identity.name == "bundled"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_number_format_is_as_asked(checkpoint, pictures, dtype):
    mllm = load_mllm(str(checkpoint("smolvlm")), Settings(dtype=dtype, device="cpu"))
    assert mllm.identity.dtype == dtype
    assert len(mllm.answer(suite.asks_of((pictures[0], None), suite.STATEMENTS))) == 2 * len(suite.STATEMENTS)


def test_architecture_is_read_from_the_configuration(checkpoint):
    assert architecture(str(checkpoint("owlv2")), FULL) == "owlv2"
    assert architecture(str(checkpoint("clip")), FULL) == "clip"


# Measured, largest difference of p(yes) or p(no) from float32 over these asks: 0.041 in 4 bits, 0.032 in 8.
@pytest.mark.parametrize(("quantize", "bound"), [("4bit", 0.12), ("8bit", 0.1)])
def test_quantised_weights_answer_alike(bundled, pictures, quantize, bound):
    mllm = load_mllm(str(bundled_model()), Settings(quantize=quantize, device="cpu", dtype="float32"))
    assert mllm.identity.quantization == quantize
    assert mllm.identity.digest == bundled.identity.digest
    asks = suite.asks_of((*pictures, None), suite.STATEMENTS[:3])
    pairs = zip(suite.numbers(mllm, asks), suite.numbers(bundled, asks), strict=True)
    differences = [abs(one - other) for one, other in pairs]
    assert 1e-4 < max(differences) < bound  # some: else nothing was quantised
    assert mllm.way is not None and mllm.way.shares


def test_quantised_layers_are_those_of_the_language_model(bundled):
    import bitsandbytes as bnb

    mllm = load_mllm(str(bundled_model()), Settings(quantize="4bit", device="cpu"))
    names = [name for name, part in mllm._model.named_modules() if isinstance(part, bnb.nn.Linear4bit)]
    assert names and all(name.startswith("model.language_model.") for name in names)


def test_a_model_without_a_padding_token_works(copied, loaded, pictures):
    folder = copied("llava")
    config = folder / "tokenizer_config.json"
    entries = json.loads(config.read_text(encoding="utf-8"))
    del entries["pad_token"]
    config.write_text(json.dumps(entries), encoding="utf-8")
    assert tf.AutoTokenizer.from_pretrained(folder).pad_token is None
    mllm = load_mllm(str(folder), FULL)
    asks = suite.asks_of((*pictures, None), suite.STATEMENTS)
    assert suite.numbers(mllm, asks) == suite.near(suite.numbers(loaded("llava"), asks))


def test_a_family_that_the_installed_transformers_cannot_run_is_refused_with_the_reason(checkpoint, monkeypatch):
    monkeypatch.delattr(tf.LlavaModel, "get_image_features")
    with pytest.raises(UserError, match=r"transformers .* cannot run .*get_image_features") as caught:
        load_mllm(str(checkpoint("llava")), FULL)
    assert "transformers" in caught.value.hint


def test_a_family_that_wants_a_package_is_refused_with_its_name(tmp_path):
    config = tf.Gemma3nConfig()
    config.architectures = ["Gemma3nForConditionalGeneration"]
    config.save_pretrained(tmp_path)
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match="timm") as caught:
        load_mllm(str(tmp_path), FULL)
    assert "package" in caught.value.hint


def test_a_template_without_a_place_for_pictures_is_refused(copied):
    folder = copied("llava")
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8").replace("<image>\n", ""), encoding="utf-8")
    with pytest.raises(UserError, match="leaves pictures out") as caught:
        load_mllm(str(folder), FULL)
    assert "another model" in caught.value.hint


WILD = {
    "repetition_penalty": 5.0, "no_repeat_ngram_size": 2, "do_sample": True, "temperature": 9.0, "top_k": 3,
    "num_beams": 2, "min_new_tokens": 4, "bad_words_ids": [[40], [41]], "suppress_tokens": list(range(60, 200)),
}  # fmt: skip


def test_generation_settings_of_a_checkpoint_change_no_reply(copied, loaded, pictures):
    folder = copied("llava")
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | WILD), encoding="utf-8")
    talks = [suite.talk(picture, "Think. a knife is visible") for picture in (pictures[0], None)]
    plain = loaded("llava").reply(talks, max_tokens=12)
    mllm = load_mllm(str(folder), FULL)
    assert mllm.reply(talks, max_tokens=12) == plain
    assert all(plain)


def test_nor_do_those_of_a_text_model(tmp_path):
    from judge.assemble import load_llm

    folder = tiny.build_text(tmp_path / "text")
    talk = suite.talk(None, "Say something about a knife.")
    (plain,) = load_llm(str(folder)).reply([talk], max_tokens=12)
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | WILD), encoding="utf-8")
    assert load_llm(str(folder)).reply([talk], max_tokens=12) == [plain]
    assert plain


def test_gpus_that_were_not_named_are_filled_in_turn_and_the_rest_stays_in_memory(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("accelerate.utils.get_max_memory", lambda: {0: 1000, 1: 500, "cpu": 7000})
    assert placing.placed(Settings(), placing.placing_of(Settings())[0]) == {
        "device_map": "sequential",
        "max_memory": {0: 900, 1: 450, "cpu": 7000},
    }
    assert placing.placed(Settings(device="cuda:1"), "cuda:1") == {"device_map": {"": "cuda:1"}}


def test_a_model_in_two_places_answers_alike_and_says_that_it_is_slow(
    checkpoint, loaded, pictures, monkeypatch, caplog
):
    """A layer lies on a disk, where a model that is too large for its GPUs has some in the computer's memory."""
    from judge.models.transformers import loading

    parts = {"model.vision_tower": "cpu", "model.multi_modal_projector": "cpu", "lm_head": "cpu"}
    text = "model.language_model"
    parts |= {f"{text}.embed_tokens": "cpu", f"{text}.norm": "cpu", f"{text}.rotary_emb": "cpu"}
    parts |= {f"{text}.layers.0": "cpu", f"{text}.layers.1": "disk"}
    folder = str(checkpoint("llava"))
    monkeypatch.setattr(loading, "placed", lambda *_: {"device_map": parts, "offload_folder": f"{folder}-away"})
    mllm = load_mllm(folder, FULL)
    assert "of its 8 parts stay in the computer's memory" in caplog.text and "--quantize" in caplog.text
    assert {record.name for record in caplog.records} == {"judge"}
    asks = suite.asks_of((*pictures[:2], None), suite.STATEMENTS[:2])
    assert suite.numbers(mllm, asks) == suite.near(suite.numbers(loaded("llava"), asks))
