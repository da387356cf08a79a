"""What a configuration asks for is what the files hold, or the model is refused with the name of a weight."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import torch
import transformers as tf
from safetensors.torch import load_file, save_file

from judge.cli.doctor import of_model
from judge.errors import UserError
from judge.models.transformers.chat_processor import check_unread
from judge.models.transformers.fit import check_fit
from judge.models.transformers.mllm import load_mllm
from judge.settings import Settings
from tests import tiny
from tests.models.conftest import FULL


@pytest.fixture
def copied(checkpoint, tmp_path):
    return lambda family: shutil.copytree(checkpoint(family), tmp_path / family)


def set_in(folder, part, name, value):
    path = folder / "config.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    (said[part] if part else said)[name] = value
    path.write_text(json.dumps(said), encoding="utf-8")


def add_weights(folder, *names):
    path = folder / "model.safetensors"
    save_file({**load_file(path), **{name: torch.zeros(2) for name in names}}, path, metadata={"format": "pt"})


def fewer(part, name):
    return lambda folder: set_in(folder, part, name, 1)


def another_layer(folder):
    path = folder / "model.safetensors"
    held = load_file(path)
    more = {name.replace("layers.1.", "layers.2."): weight.clone() for name, weight in held.items()}
    save_file(held | more, path, metadata={"format": "pt"})


SPOILED = [
    ("qwen3_vl", fewer("text_config", "num_hidden_layers"), "language_model.layers.1."),
    ("qwen3_vl", fewer("vision_config", "depth"), "visual.blocks.1."),
    ("smolvlm", fewer("text_config", "num_hidden_layers"), "text_model.layers.1."),
    ("smolvlm", fewer("vision_config", "num_hidden_layers"), "vision_model.encoder.layers.1."),
    ("qwen3_vl", another_layer, "layers.2."),
    ("llava", lambda folder: add_weights(folder, "model.memory.weight"), "memory.weight"),
    ("llava", lambda folder: add_weights(folder, "model.language_model.layers.0.mlp.up_proj.weight_scale"), "weight_scale"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "spoil", "name"), SPOILED)
def test_weights_that_nothing_takes_are_refused_by_name(copied, family, spoil, name):
    folder = copied(family)
    spoil(folder)
    with pytest.raises(UserError, match=r"does not fit the weights: by config\.json nothing takes") as caught:
        load_mllm(str(folder), FULL)
    assert name in caught.value.message and "number of layers" in caught.value.hint


@pytest.mark.parametrize(("family", "spoil"), [(family, spoil) for family, spoil, _ in SPOILED[:5]])
def test_doctor_counts_what_the_files_hold_and_says_so_where_it_is_not_what_is_asked_for(copied, family, spoil):
    folder = copied(family)
    spoil(folder)
    wrong = of_model(str(folder))["wrong"]
    assert re.search(r"describes a model of [\d,]+ numbers, and the files hold [\d,]+$", wrong)


@pytest.mark.parametrize(
    ("part", "size"),
    [("text_config", "hidden_size"), ("text_config", "intermediate_size"), ("vision_config", "hidden_size")],
)
def test_sizes_that_no_memory_holds_are_refused_before_it_is_asked_for(copied, part, size):
    folder = copied("llava")
    set_in(folder, part, size, 10**9)
    with pytest.raises(
        UserError, match=r"config.json does not fit the weights: it describes a model of [\d,]{9,}"
    ) as caught:
        load_mllm(str(folder), FULL)
    assert "config.json is wrong" in caught.value.hint


def test_what_is_left_out_on_purpose_is_no_misfit(copied):
    folder = copied("llava")
    layer = "model.language_model.layers.0.self_attn"
    add_weights(
        folder, f"{layer}.rotary_emb.inv_freq", "model.vision_tower.vision_model.embeddings.position_ids",
        "model.vision_tower.vision_model.head.probe", "mtp.layers.0.mlp.up_proj.weight", f"{layer}.k_proj.k_scale",
        f"{layer}.q_proj.input_scale",
    )  # fmt: skip
    load_mllm(str(folder), FULL)
    assert of_model(str(folder))["wrong"] is None


def test_layers_that_guess_ahead_are_numbered_on():
    config = tf.LlamaConfig(num_hidden_layers=2, num_nextn_predict_layers=1)
    report = {"mismatched_keys": set(), "missing_keys": set(), "unexpected_keys": {"model.layers.2.enorm.weight"}}
    check_fit("it", config, report)
    with pytest.raises(UserError, match=r"layers\.3\."):
        check_fit("it", config, report | {"unexpected_keys": {"model.layers.3.enorm.weight"}})


@pytest.mark.parametrize("family", sorted(tiny.EVERY_MLLM))
def test_no_family_is_refused_and_no_weight_is_read_to_find_out(checkpoint, family):
    check_unread(str(checkpoint(family)))


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_an_adapter_beside_a_model_is_not_left_out_in_silence(copied, name):
    folder = copied("llava")
    if name.endswith(".json"):
        (folder / name).write_text('{"peft_type": "LORA"}', encoding="utf-8")
    else:
        save_file({"lora_A.weight": torch.ones(2)}, folder / name)
    with pytest.raises(UserError, match=f"{name} says that the model has an adapter") as caught:
        load_mllm(str(folder), FULL)
    assert "merge" in caught.value.hint and "out of the folder" in caught.value.hint
    assert "adapter" in of_model(str(folder))["wrong"]


@pytest.mark.parametrize("part", ["", "text_config"])
def test_weights_quantised_in_an_unknown_way_are_refused_by_its_name(copied, part, capfd):
    folder = copied("llava")
    set_in(folder, part, "quantization_config", {"quant_method": "zzz"})
    with pytest.raises(UserError, match="quantised by 'zzz'") as caught:
        load_mllm(str(folder), FULL)
    assert "made from" in caught.value.hint
    assert capfd.readouterr().err == ""


def more_tokens(folder):
    tokenizer = tf.AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["hullabaloo"])
    tokenizer.save_pretrained(folder)


def test_a_token_that_the_model_has_no_numbers_for_is_refused_by_name(copied):
    folder = copied("qwen3_vl")
    more_tokens(folder)
    with pytest.raises(
        UserError, match="knows 1 tokens that the model has no numbers for, such as 'hullabaloo'"
    ) as caught:
        load_mllm(str(folder), FULL)
    assert "tokenizer" in caught.value.hint
    assert "hullabaloo" in of_model(str(folder))["wrong"]


def test_more_numbers_than_tokens_are_usual(copied):
    folder = copied("qwen3_vl")
    model = tf.AutoModelForImageTextToText.from_pretrained(folder)
    model.resize_token_embeddings(model.get_input_embeddings().weight.shape[0] + 64)
    model.save_pretrained(folder)
    more_tokens(folder)
    load_mllm(str(folder), FULL)
    assert of_model(str(folder))["wrong"] is None


NONSENSE = {"forced_bos_token_id": 9, "suppress_tokens": [9], "temperature": -1, "top_p": 7, "num_beams": 0}


def test_contradictory_settings_for_writing_do_not_matter_and_what_ends_a_text_is_kept(copied):
    folder = copied("llava")
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**NONSENSE, "eos_token_id": [2, 77]}), encoding="utf-8")
    mllm = load_mllm(str(folder), FULL)
    assert 77 in mllm._chat.stop


def test_a_head_that_is_far_out_of_range_is_refused(copied):
    folder = copied("qwen3_vl")
    path = folder / "model.safetensors"
    held = load_file(path)
    save_file({n: w * 1e30 if "lm_head" in n else w for n, w in held.items()}, path, metadata={"format": "pt"})
    with pytest.raises(UserError, match="out of any range"):
        load_mllm(str(folder), FULL)


@pytest.mark.parametrize("device", ["fpga", "meta"])
def test_a_device_that_is_not_there_is_said_in_a_line(checkpoint, device):
    with pytest.raises(UserError) as caught:
        load_mllm(str(checkpoint("llava")), Settings(device=device))
    assert caught.value.message.startswith(f"no device '{device}' here: there is cpu")
    assert len(caught.value.message) < 100
