"""Every reach into a library's insides is there, does what the judge needs of it, and says whose fault it is if not."""

from __future__ import annotations

import importlib
from importlib import metadata

import pytest
import torch
import transformers as tf

from judge.models.transformers import internals, trial
from judge.models.transformers.internals import REACHES, LibraryChanged
from judge.models.transformers.loading import load_model
from judge.settings import Settings
from tests import tiny
from tests.models.conftest import FULL


@pytest.fixture(scope="module")
def llama():
    torch.manual_seed(0)
    config = tf.LlamaConfig(
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=50,
    )
    return tf.LlamaForCausalLM(config).eval()


@pytest.fixture
def filled(llama):
    """The cache of two rows of four tokens."""
    with torch.inference_mode():
        return internals.cache_of(llama(input_ids=torch.arange(8).reshape(2, 4), use_cache=True))


@pytest.mark.parametrize("reach", REACHES, ids=lambda reach: reach.name)
def test_it_is_there(reach):
    reach.check()


@pytest.mark.parametrize("reach", REACHES, ids=lambda reach: reach.name)
def test_one_that_is_gone_is_said_to_be_the_librarys_doing(reach, monkeypatch):
    module, _, path = reach.name.partition(":")
    *parents, last = path.split(".")
    holder = importlib.import_module(module)
    for name in parents:
        holder = getattr(holder, name)
    for owner in getattr(holder, "__mro__", [holder]):
        if last in vars(owner):
            monkeypatch.delattr(owner, last)
    with pytest.raises(LibraryChanged) as caught:
        reach.check()
    version = metadata.version(reach.library)
    assert f"{reach.library} {version} has no `{path}`" in caught.value.message
    assert reach.purpose in caught.value.message and reach.library in caught.value.hint


def test_the_tested_range_is_the_one_that_is_installed_by():
    assert internals.tested("transformers").startswith("transformers<") or ">=" in internals.tested("transformers")
    assert internals.tested("no-such-library") == "no-such-library"


def test_rows_of_a_cache_are_copies(llama, filled):
    before = [tensor.clone() for tensor in internals.tensors_of(filled)]
    rows = internals.rows_of(filled, [1, 1, 0])
    assert [tensor.shape[0] for tensor in internals.tensors_of(rows)] == [3] * len(before)
    with torch.inference_mode():
        llama(input_ids=torch.full((3, 2), 7), use_cache=True, **internals.continuing(llama, rows))
    assert all(torch.equal(now, then) for now, then in zip(internals.tensors_of(filled), before, strict=True))


def test_going_on_from_a_cache_gives_what_the_whole_text_gives(llama, filled):
    ids = torch.cat([torch.arange(8).reshape(2, 4), torch.full((2, 1), 9)], dim=1)
    rows = internals.rows_of(filled, [0, 1])
    with torch.inference_mode():
        arguments = internals.continuing(llama, rows)
        assert internals.continues(arguments) and not internals.continues({"input_ids": ids})
        found = llama(input_ids=ids[:, 4:], use_cache=True, **arguments).logits[:, -1]
        assert torch.allclose(found, llama(input_ids=ids).logits[:, -1], atol=1e-5)


def test_plain_caches_are_stacked_with_padding_on_the_left(filled):
    assert internals.is_plain_cache(filled, 4) and not internals.is_plain_cache(filled, 5)
    both = internals.stacked([filled, filled], [1, 0], [4, 2])
    for held, own in zip(internals.layers_of(both), internals.layers_of(filled), strict=True):
        assert torch.equal(held.keys[0], own.keys[1])
        assert torch.equal(held.values[1, :, 2:], own.values[0, :, :2]) and not held.values[1, :, :2].any()


def test_windows_are_known(checkpoint):
    config = tf.MistralConfig(
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=4,
        vocab_size=50,
        sliding_window=3,
    )
    model = tf.MistralForCausalLM(config).eval()
    with torch.inference_mode():
        cache = internals.cache_of(model(input_ids=torch.arange(6)[None], use_cache=True))
    assert internals.windows_of(cache) == {3} and not internals.is_plain_cache(cache, 6)


def test_numbers_kept_per_token_are_those_of_a_cache(llama, filled):
    counted = sum(tensor.numel() for tensor in internals.tensors_of(filled)) // 8
    assert internals.cached_numbers_per_token(llama) == counted


@pytest.mark.parametrize("family", ["qwen3_vl", "llava"])
def test_positions_are_kept_and_forgotten(loaded, family):
    model = loaded(family)._model
    assert internals.has_m_rope(model) is (family == "qwen3_vl")
    internals.set_position_deltas(model, [-3, 5])
    assert internals.position_deltas(model, 2) == ([-3, 5] if family == "qwen3_vl" else [0, 0])
    internals.forget_positions(model)
    assert internals.position_deltas(model, 2) == [0, 0]


def test_positions_that_a_model_keeps_no_more_are_said_to_be_the_librarys_doing(loaded):
    model = loaded("qwen3_vl")._model
    kept = model.model.__dict__.pop("rope_deltas", None)
    try:
        with pytest.raises(LibraryChanged, match=f"transformers {tf.__version__} has no `rope_deltas`"):
            internals.position_deltas(model, 1)
    finally:
        model.model.rope_deltas = kept


def test_a_models_own_generate_cannot_drop_what_constrains_it(llama):
    class Own(type(llama)):
        def generate(self, **inputs):
            raise AssertionError("its own")

    llama.__class__, before = Own, type(llama)
    try:
        made = internals.generate(
            llama, input_ids=torch.ones((1, 2), dtype=torch.long), max_new_tokens=1, pad_token_id=0
        )
    finally:
        llama.__class__ = before
    assert made.shape == (1, 3)


def test_packed_weights_are_counted_in_full(checkpoint):
    folder, kind = str(checkpoint("llava")), tf.AutoModelForImageTextToText
    full, packed, eight = (
        load_model(kind, folder, Settings(device="cpu", dtype="float32"), quantize=way)
        for way in ("none", "4bit", "8bit")
    )
    count = [sum(map(internals.unpacked_size, model.parameters())) for model in (full, packed)]
    assert count[0] == count[1]
    assert any(map(internals.is_packed, packed.parameters())) and not any(map(internals.is_packed, full.parameters()))
    assert internals.is_in_8_bits(eight) and not internals.is_in_8_bits(packed)


def test_where_parts_lie_is_known(checkpoint):
    kind, folder = tf.AutoModelForImageTextToText, checkpoint("llava")
    assert internals.places_of(load_model(kind, str(folder), FULL)) in ([], ["cpu"])
    spread = kind.from_pretrained(
        folder, device_map={"model": "cpu", "lm_head": "disk"}, offload_folder=f"{folder}-away"
    )
    assert sorted(internals.places_of(spread)) == ["cpu", "disk"]


@pytest.mark.parametrize("family", sorted(tiny.EVERY_MLLM))
def test_the_token_of_a_picture_is_among_those_of_a_prompt(loaded, family):
    mllm = loaded(family)
    found = internals.image_token(mllm._model, mllm._processor)
    assert isinstance(found, int) and mllm._chat.tokenizer.convert_ids_to_tokens(found)


def test_formats_of_quantised_weights_are_known():
    assert {"bitsandbytes_4bit", "gptq", "awq", "compressed-tensors"} <= internals.known_formats()


def test_doctor_makes_a_model_that_loads_and_answers():
    tried = trial.result(trial.started())
    assert tried.loads and tried.in_4_bits, tried
    assert str(tried).startswith("yes: a tiny random Qwen3-VL loads and answers, in 4 bits, too (transformers ")


def test_doctor_says_what_a_library_no_longer_has(monkeypatch):
    monkeypatch.delattr(tf.PaliGemmaProcessor, "prepare_inputs_layout", raising=False)
    monkeypatch.delattr(tf.ProcessorMixin, "prepare_inputs_layout")
    tried = trial.tried()
    assert not tried.loads and f"transformers {tf.__version__} has no `PaliGemmaProcessor" in str(tried)


@pytest.mark.parametrize("program", ["raise SystemExit('killed by a library')", "print('chatter')"])
def test_doctor_outlives_a_library_that_ends_the_process(program, monkeypatch):
    import subprocess
    import sys

    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    tried = trial.result(process)
    assert not tried.loads and str(tried).startswith("no: loading a tiny model ended the process")
