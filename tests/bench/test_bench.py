"""`judge bench` and the benchmark scripts at toy size: they run, and their figures are what they say."""

from __future__ import annotations

import argparse
import json

import pytest
import torch

from judge.bench import speed
from judge.chain import chain_of
from judge.models.transformers.mllm import TransformersMllm
from judge.models.transformers.ways import ALONE
from judge.settings import Settings
from judge.verdict import ModelIdentity


@pytest.fixture(scope="module")
def tiny() -> TransformersMllm:
    from benchmarks.shapes import build

    model, processor = build("tiny", "none", "cpu")
    known_as = ModelIdentity(role="mllm", name="tiny", digest="tiny-bench")
    return TransformersMllm(model, processor, known_as)


def test_a_bench_constitution_has_its_rules_and_no_repeated_statement():
    policy = speed.rules(200)
    own = [chain_of(rule).preconditions[0] for rule in policy.rules]
    assert len(policy.rules) == len(set(own)) == 200
    with pytest.raises(ValueError, match="only 200"):
        speed.statements(201)


def test_sharing_compares_the_same_questions_and_restores_the_way(tiny):
    from judge.cli.bench import _noise

    result = speed.sharing(tiny, _noise()[:2], repeats=2)
    assert tiny.way is not None and tiny.way.name != "one_by_one"
    assert result["speedup_over_one_by_one"] == pytest.approx(result["one_by_one_s"] / result["shared_s"])
    assert result["speedup_over_one_by_one"] > 1.5, "sharing an image of 64 tokens among 32 questions must pay"


def test_one_by_one_really_prefills_for_every_question(tiny, monkeypatch, drawing):
    """The baseline is not quietly sharing: as many full passes as questions."""
    lengths = []
    forward = tiny._model.forward
    monkeypatch.setattr(
        tiny._model, "forward", lambda **given: lengths.append(given["input_ids"].shape) or forward(**given)
    )
    kept, tiny.way = tiny.way, ALONE
    from judge.languages import language_of
    from judge.ports import Ask

    tiny.answer([Ask(drawing, language_of("en").instruction, text) for text in speed.statements(5)])
    tiny.way = kept
    assert sum(rows == 1 and length > 60 for rows, length in lengths) >= 5


@pytest.fixture
def few_tokens(monkeypatch):
    """Of reasoning: how long it goes on says nothing of toys."""
    from benchmarks import gpu_shapes

    monkeypatch.setattr(gpu_shapes, "TOKENS", 8)


@pytest.mark.usefixtures("few_tokens")
def test_the_large_shapes_script_runs_at_toy_size(tiny):
    from benchmarks.gpu_shapes import measure

    given = argparse.Namespace(shape="tiny", quantize="none", images=3, batch=2, side=128, sequential=1)
    result = measure(tiny, given)
    assert result["rules"] == 14 and result["statements"] > 30
    assert 0 < result["image_in_batch_p50_s"] < result["with_escalation_p50_s"]
    assert result["speedup"] == pytest.approx(result["sequential_s"] / result["image_in_batch_p50_s"])


@pytest.mark.usefixtures("few_tokens")
@pytest.mark.parametrize("shape", ["tiny-qwen3.5", "tiny-gemma-4"])
def test_newer_families_are_measured_by_the_same_script(shape):
    from benchmarks.gpu_shapes import measure
    from benchmarks.shapes import build

    model, processor = build(shape, "none", "cpu")
    mllm = TransformersMllm(model, processor, ModelIdentity(role="mllm", name=shape, digest=f"{shape}-bench"))
    given = argparse.Namespace(shape=shape, quantize="none", images=2, batch=2, side=128, sequential=1)
    result = measure(mllm, given)
    assert result["speedup"] > 1 and result["tokens_per_image"] > 4
    assert "one_by_one" not in result["way"]


def test_what_a_large_shape_takes_is_told_without_a_gpu(monkeypatch, capsys):
    """36 layers of 8 heads of 128 keys and values in bf16 are 147,456 bytes a token."""
    from benchmarks import gpu_shapes

    def told(*more: str) -> dict[str, float]:
        monkeypatch.setattr("sys.argv", ["gpu_shapes", "--shape", "qwen3-vl-8b", "--side", "1024", "--dry", *more])
        gpu_shapes.main()
        return json.loads(capsys.readouterr().out)

    whole, narrow = told(), told("--quantize", "nf4")
    assert whole["weights_gib"] == pytest.approx(8.77e9 * 2 / 2**30, abs=0.1)
    assert 1024 < whole["tokens_per_image"] < 1060
    assert whole["cache_mib_per_image"] == round(whole["tokens_per_image"] * 147_456 / 2**20)
    assert 4 < narrow["weights_gib"] < whole["weights_gib"] / 2


def test_a_large_shape_is_not_built_where_there_is_no_gpu(monkeypatch, capsys):
    from benchmarks import gpu_shapes

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu_shapes, "build", lambda *_: pytest.fail("built"))
    monkeypatch.setattr("sys.argv", ["gpu_shapes", "--shape", "qwen3.5-9b"])
    with pytest.raises(SystemExit):
        gpu_shapes.main()
    assert "needs a GPU; --dry tells how much memory it takes" in capsys.readouterr().err


@pytest.mark.parametrize(("shape", "billions"), [("qwen3.5-9b", 9.4), ("gemma-4-12b", 11.95), ("qwen3-vl-8b", 8.77)])
def test_shapes_have_the_parameters_of_the_published_models(shape, billions):
    from benchmarks.shapes import build

    model, _ = build(shape, "none", "meta")
    assert sum(one.numel() for one in model.parameters()) / 1e9 == pytest.approx(billions, abs=0.02)


def test_the_sequential_loop_and_the_judge_see_the_same_probabilities(tiny, drawing):
    """The comparison is of speed alone: both give the same numbers."""
    from benchmarks.sequential import judge_sequentially
    from judge.languages import language_of
    from judge.models.spellings import yes_no_tokens
    from judge.ports import Ask

    yes, _ = yes_no_tokens(tiny._chat.tokenizer)
    texts = speed.statements(4)
    loop = judge_sequentially(tiny._model, tiny._chat, drawing, texts, 0, 1)
    answers = tiny.answer([Ask(drawing, language_of("en").instruction, text) for text in texts])
    for logits, answer in zip(loop, answers, strict=True):
        assert float(logits.softmax(-1)[yes].sum()) == pytest.approx(answer.p_yes, abs=1e-4)


def test_judge_bench_prints_json(monkeypatch, capsys, tiny):
    from judge.cli import bench

    monkeypatch.setattr("judge.assemble.load_mllm_of", lambda **_: tiny)
    monkeypatch.setattr(speed, "RULES", (1, 3))
    monkeypatch.setattr(speed, "SIZES", (64,))
    bench.bench.__wrapped__(images=None, constitution="demo", settings=Settings(), json=True)
    result = json.loads(capsys.readouterr().out)
    assert {"speedup_over_one_by_one", "questions_per_second", "image_p50_s", "image_p95_s"} <= set(result)
    assert set(result["by_rules"]) == {"1", "3"} and result["peak_memory_gib"] > 0
    assert "| speed-up over one by one |" in speed.markdown(result)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_memory_is_the_gpus_where_the_model_is_on_one():
    torch.ones(2**20, device="cuda")
    assert speed.peak_memory_gib("cuda") < 80
