"""What becomes smaller and what does not, and checkpoints that come quantised."""

from __future__ import annotations

import json
import logging
import shutil
from importlib import import_module

import pytest
import torch
import transformers as tf
from safetensors.torch import load_file, save_file

from judge.errors import UserError
from judge.models.transformers import quantization, ways
from judge.models.transformers.loading import identity, load_model
from judge.models.transformers.mllm import load_mllm
from judge.models.transformers.quiet import quiet
from judge.settings import Settings
from tests.models import bare
from tests.models import conformance as suite
from tests.needs import needs

CPU = Settings(device="cpu", dtype="float32")
LANGUAGE = {
    "llama4": "language_model.model.", "gemma4": "model.language_model.", "janus": "model.language_model.",
    "deepseek_vl": "model.language_model.", "qwen3_vl_moe": "model.language_model.",
}  # fmt: skip


@pytest.fixture(scope="module")
def bnb():
    """bitsandbytes, which brings torch's compiler along: seconds for each process that only collects these tests."""
    return import_module("bitsandbytes")


@pytest.mark.parametrize("family", LANGUAGE)
@pytest.mark.parametrize("quantize", ["4bit", "8bit"])
def test_the_layers_of_the_language_model_become_smaller_and_nothing_else(tmp_path, family, quantize, bnb):
    model = load_model(tf.AutoModelForImageTextToText, bare.saved(family, tmp_path), CPU, quantize=quantize)
    smaller = {
        name for name, part in model.named_modules() if isinstance(part, bnb.nn.Linear4bit | bnb.nn.Linear8bitLt)
    }
    assert smaller
    for name, part in model.named_modules():
        if isinstance(part, torch.nn.Linear):
            is_layer = name.startswith(LANGUAGE[family]) and "router" not in name
            assert (name in smaller) is is_layer, name


def test_experts_that_stay_large_are_told_of(tmp_path, caplog):
    source = bare.saved("qwen3_vl_moe", tmp_path)
    with caplog.at_level(logging.WARNING, "judge"):
        load_model(tf.AutoModelForImageTextToText, source, CPU, quantize="4bit")
    (said,) = [record.getMessage() for record in caplog.records if "experts" in record.getMessage()]
    assert "stay in float32" in said and "FP8" in said
    caplog.clear()
    with caplog.at_level(logging.WARNING, "judge"):
        load_model(tf.AutoModelForImageTextToText, source, CPU)
    assert not caplog.records


def test_a_model_without_experts_says_nothing(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "judge"):
        load_model(tf.AutoModelForImageTextToText, bare.saved("janus", tmp_path), CPU, quantize="8bit")
    assert not caplog.records


@pytest.fixture
def quantised(checkpoint, tmp_path):
    """A checkpoint in 4 bits, as others publish them. Saved before its first pass, which repacks the weights."""
    source = str(checkpoint("llava"))
    model = load_model(tf.AutoModelForImageTextToText, source, CPU, quantize="4bit")
    folder = tmp_path / "llava-bnb-4bit"
    model.save_pretrained(folder)
    tf.AutoProcessor.from_pretrained(source).save_pretrained(folder)
    return folder


def test_weights_that_come_in_4_bits_are_read_and_recorded_as_such(quantised, checkpoint, pictures, bnb):
    mllm = load_mllm(str(quantised), CPU)
    assert mllm.identity.quantization == "bitsandbytes 4bit"
    assert any(isinstance(part, bnb.nn.Linear4bit) for part in mllm._model.modules())
    same = load_mllm(str(checkpoint("llava")), CPU.model_copy(update={"quantize": "4bit"}))
    asks = suite.asks_of((pictures[0], None), suite.STATEMENTS[:2])
    assert suite.numbers(mllm, asks) == suite.near(suite.numbers(same, asks))


def test_what_is_quantised_is_not_quantised_again(quantised):
    with pytest.raises(UserError, match="quantised already \\(bitsandbytes 4bit\\)") as caught:
        load_mllm(str(quantised), CPU.model_copy(update={"quantize": "8bit"}))
    assert "--quantize" in caught.value.hint


FORMATS = [
    ({"quant_method": "awq", "bits": 4}, "awq 4bit", "gptqmodel"),
    ({"quant_method": "gptq", "bits": 4}, "gptq 4bit", "optimum gptqmodel"),
    ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, "compressed-tensors pack-quantized",
     "compressed-tensors"),
    ({"quant_method": "hqq"}, "hqq", "hqq"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "name", "install"), FORMATS)
@pytest.mark.parametrize("inner", [False, True])
def test_the_package_that_a_format_needs_is_named(checkpoint, tmp_path, monkeypatch, said, name, install, inner):
    monkeypatch.setattr(quantization, "_is_there", lambda package: False)
    path = tmp_path / "config.json"
    config = json.loads((checkpoint("llava") / "config.json").read_text(encoding="utf-8"))
    (config["text_config"] if inner else config)["quantization_config"] = said
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_mllm(str(tmp_path), CPU)
    assert f"({name})" in caught.value.message and f"pip install {install};" in caught.value.hint


@pytest.fixture
def in_fp8(checkpoint, tmp_path):
    """A checkpoint whose layers of the language model come in FP8, with a scale each, as others publish them."""
    folder = shutil.copytree(checkpoint("llava"), tmp_path / "llava-fp8")
    held = {}
    for name, weight in load_file(folder / "model.safetensors").items():
        if "language_model" in name and name.endswith("proj.weight"):
            scale = weight.abs().max() / torch.finfo(torch.float8_e4m3fn).max
            held[name] = (weight / scale).to(torch.float8_e4m3fn)
            blocks = [-(-side // 128) for side in weight.shape]
            held[name.replace(".weight", ".weight_scale_inv")] = scale.expand(*blocks).contiguous()
        else:
            held[name] = weight
    save_file(held, folder / "model.safetensors", {"format": "pt"})
    path = folder / "config.json"
    said = {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}
    said["modules_to_not_convert"] = ["lm_head", "model.vision_tower", "model.multi_modal_projector"]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"quantization_config": said}), encoding="utf-8")
    return folder


def test_fp8_is_read_on_a_cpu_and_recorded_as_what_it_was(in_fp8, checkpoint, pictures, caplog):
    """transformers unpacks it where nothing computes in FP8, and takes the word for it out of the configuration."""
    with caplog.at_level(logging.WARNING, "judge"):
        mllm = load_mllm(str(in_fp8), CPU)
    assert (mllm.identity.quantization, mllm.identity.dtype) == ("fp8", "float32")
    (told,) = [record.getMessage() for record in caplog.records if record.name == "judge"]
    assert "come quantised (fp8), and are unpacked to float32 here" in told
    whole = load_model(tf.AutoModelForImageTextToText, str(checkpoint("llava")), CPU).state_dict()
    apart = {
        name: float((weight - whole[name]).abs().max() / whole[name].abs().max())
        for name, weight in mllm._model.state_dict().items()
    }
    assert {name for name, share in apart.items() if share > 0} == {
        name for name in whole if "language_model" in name and name.endswith("proj.weight")
    }
    assert max(apart.values()) < 2**-4  # three bits behind the point
    assert len(mllm.answer(suite.asks_of((pictures[0], None), suite.STATEMENTS[:2]))) == 4


def compressed(
    checkpoint, folder, name, ignore=("re:.*lm_head", "re:.*vision_tower.*", "re:.*multi_modal_projector.*")
):
    """A checkpoint that compressed-tensors made smaller by a scheme of that name, as llm-compressor publishes them."""
    quantisation = needs("compressed_tensors.quantization")
    from compressed_tensors.compressors import ModelCompressor
    from compressed_tensors.quantization.utils import calculate_qparams

    scheme = quantisation.preset_name_to_scheme(name, ["Linear"])
    if scheme.weights.group_size:
        scheme.weights.group_size = 32
    beside = ["re:.*lm_head", "re:.*vision_tower.*", "re:.*multi_modal_projector.*"]
    model = tf.AutoModelForImageTextToText.from_pretrained(checkpoint("llava"), dtype=torch.float32)
    config = quantisation.QuantizationConfig(config_groups={"group_0": scheme}, ignore=beside)
    with quiet():
        quantisation.apply_quantization_config(model, config)
        for part in model.modules():
            if getattr(part, "quantization_scheme", None) is None:
                continue
            groups = part.weight.reshape(len(part.weight), -1, scheme.weights.group_size or part.weight.shape[1])
            scale, zero = calculate_qparams(groups.amin(-1), groups.amax(-1), scheme.weights)
            part.weight_scale.data.copy_(scale)
            if hasattr(part, "weight_zero_point"):
                part.weight_zero_point.data.copy_(zero)
        compressor = ModelCompressor.from_pretrained_model(model)
        compressor.compress_model(model)
        model.save_pretrained(folder)
    compressor.update_config(str(folder))
    path = folder / "config.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    said["quantization_config"]["ignore"] = list(ignore)
    path.write_text(json.dumps(said), encoding="utf-8")
    tf.AutoProcessor.from_pretrained(checkpoint("llava")).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("scheme", "said", "bound"),
    [("W4A16", "pack-quantized", 0.15), ("FP8_DYNAMIC", "float-quantized", 2**-4), ("W8A8", "int-quantized", 0.01)],
)
def test_compressed_tensors_are_read_and_recorded_as_such(
    checkpoint, tmp_path, pictures, caplog, capfd, scheme, said, bound
):
    folder = compressed(checkpoint, tmp_path, scheme)
    capfd.readouterr()
    with caplog.at_level(logging.WARNING, "judge"):
        mllm = load_mllm(str(folder), CPU)
    assert mllm.identity.quantization == f"compressed-tensors {said}"
    assert "are unpacked to float32 here" in caplog.text and "%|" not in capfd.readouterr().err
    whole = load_model(tf.AutoModelForImageTextToText, str(checkpoint("llava")), CPU).state_dict()
    apart = {
        name: float((weight - whole[name]).abs().max() / whole[name].abs().max())
        for name, weight in mllm._model.state_dict().items()
        if name in whole
    }
    assert 0 < max(apart.values()) < bound
    assert len(mllm.answer(suite.asks_of((pictures[0], None), suite.STATEMENTS[:2]))) == 4


def test_parts_that_are_named_as_of_old_are_not_taken_for_missing_files(checkpoint, tmp_path):
    with pytest.raises(UserError, match=r"of its weights are missing, such as lm_head\.weight_packed") as caught:
        load_mllm(str(compressed(checkpoint, tmp_path, "W4A16", ignore=["language_model.lm_head"])), CPU)
    assert "`ignore`" in caught.value.hint and "serve it" in caught.value.hint


def test_what_stays_packed_is_not_told_of(quantised, caplog):
    with caplog.at_level(logging.WARNING, "judge"):
        load_mllm(str(quantised), CPU)
    assert not caplog.records


def test_fp8_is_called_fp8():
    config = tf.LlamaConfig(quantization_config={"quant_method": "fp8", "weight_block_size": [128, 128]})
    assert quantization.own_format(config) == "fp8"
    assert quantization.own_format(tf.LlamaConfig()) is None


def test_weights_as_they_were_made_are_recorded_as_not_quantised(checkpoint):
    model = load_model(tf.AutoModelForImageTextToText, str(checkpoint("llava")), CPU)
    assert identity("mllm", "x", str(checkpoint("llava")), model).quantization == "none"


def test_in_8_bits_nothing_is_shared_where_what_is_beside_a_question_sways_it(checkpoint, pictures, caplog):
    """LLM.int8 keeps whole columns in which any token of a pass is an outlier: of tiny random weights other columns in
    every pass, of trained ones mostly the same."""
    mllm = load_mllm(str(checkpoint("smolvlm")), CPU.model_copy(update={"quantize": "8bit"}))
    together = suite.asks_of(pictures[:1], suite.STATEMENTS)
    with caplog.at_level(logging.WARNING, "judge"):
        found = suite.numbers(mllm, together)
    assert mllm.way is not None and not mllm.way.shares
    assert ways.SWAYED in caplog.text and "cannot share" not in caplog.text
    assert found == suite.near([number for ask in together for number in suite.numbers(mllm, [ask])])


def test_without_outliers_8_bits_are_shared_exactly(checkpoint, pictures, bnb):
    """The cause: each token is rounded by itself, and sharing changes nothing."""
    mllm = load_mllm(str(checkpoint("smolvlm")), CPU.model_copy(update={"quantize": "8bit"}))
    for part in mllm._model.modules():
        if isinstance(part, bnb.nn.Linear8bitLt):
            part.state.threshold = 0.0
    mllm.way = None
    mllm.answer(suite.asks_of(pictures[:1], suite.STATEMENTS))
    assert mllm.way is not None and mllm.way.shares
