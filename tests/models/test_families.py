"""Every family that is said to work, as a tiny random checkpoint: sharing, replies, JSON and judging are exact in each.

Windows of sliding layers are 48 tokens here, so that the long prefix goes beyond them.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from PIL import Image

from judge.bench.speed import rules
from judge.judging import escalation
from judge.judging.pipeline import Judge
from judge.models.transformers.mllm import TransformersMllm
from judge.ports import Ask
from judge.settings import Thresholds
from tests import tiny
from tests.models import conformance as suite
from tests.models.conftest import FULL, anew
from tests.models.plain import Plain
from tests.tiny.sliding import WINDOW

pytestmark = pytest.mark.slow

LONG = suite.INSTRUCTION + " Look closely, and once more." * 8
ALONE = {"paligemma"}  # reads a whole prompt in both directions, so no part of it can be computed before the rest


@pytest.fixture(scope="module", params=list(tiny.EVERY_MLLM))
def mllm(request: pytest.FixtureRequest, loaded: Any) -> TransformersMllm:
    adapter: TransformersMllm = loaded(request.param)
    return adapter


@pytest.fixture(scope="module")
def plain(mllm: TransformersMllm) -> Plain:
    return Plain(mllm._model, mllm._processor)


@pytest.fixture(scope="module")
def shown(pictures: tuple[Image.Image, ...]) -> tuple[Image.Image | None, ...]:
    """Three shapes, a single pixel, and none."""
    return (*pictures, Image.new("RGB", (1, 1), (200, 30, 30)), None)


@pytest.mark.parametrize("instruction", [suite.INSTRUCTION, LONG], ids=["short", "long"])
def test_what_is_shared_equals_plain_passes(mllm, plain, shown, instruction, monkeypatch):
    """Compared are the log-probabilities of the whole vocabulary."""
    asks = [Ask(image, instruction, statement) for image in shown for statement in suite.STATEMENTS[:3]]
    adapter = anew(mllm)
    found, reaches = {}, []

    def everything(questions, ids, *, with_image):
        chances = scored(questions, range(mllm._model.get_output_embeddings().weight.shape[0]), with_image=with_image)
        found.update(zip([(id(one.prefix), one.suffix) for one in questions], chances.log(), strict=True))
        reaches.extend(one.prefix.batch.length for one in questions)
        seen.extend(chances.log())
        return chances[:, list(ids)]

    seen: list[torch.Tensor] = []
    scored = adapter._scoring.chances
    monkeypatch.setattr(adapter._scoring, "chances", everything)
    expected = []
    for ask in asks:  # alone, then all of them together, where nothing may change
        adapter.answer([ask])
        image = ask.image if ask.image is None or ask.image.width > 1 else ask.image.resize((33, 33))
        expected.append(plain.logits(plain.inputs(image, f"{ask.instruction} {ask.statement}")).log_softmax(-1))
    alone, seen[:] = torch.stack(seen), []
    together = suite.numbers(adapter, asks)
    wanted = torch.stack(expected)
    assert (alone - wanted).abs().max() <= suite.NEAR * wanted.abs().max()
    assert suite.numbers(anew(mllm), asks) == suite.near(together)
    assert together == suite.near([float(row[ids].exp().sum()) for row in wanted for ids in plain.words])
    assert max(reaches) > 2 * WINDOW or instruction != LONG
    assert adapter.way is not None and adapter.way.shares is (mllm.identity.name not in ALONE)
    if instruction == LONG:
        return  # where every layer has a window the picture is out of sight
    by_image = wanted.reshape(len(shown), 3, -1)
    for one, other in zip(by_image, by_image.roll(1, 0), strict=True):
        assert (one - other).abs().max() > 0.01, "the picture sways nothing: equality would say little"
    assert (by_image[:, 0] - by_image[:, 1]).abs().amax(-1).min() > 0.01, "the statement sways nothing"


def test_replies_are_greedy(mllm, plain, shown):
    """Also after questions, when pictures are kept, and several of them together."""
    adapter = anew(mllm)
    adapter.answer(suite.asks_of(shown[:2], suite.STATEMENTS[:2]))
    talks = [
        (shown[0], "Think. a knife is visible"), (shown[1], "Think. no beer"), (None, "Think."),
        (shown[2], "Think.", "a person and a fire.", suite.QUESTIONS[1]), (shown[3], "Think. a knife is visible"),
    ]  # fmt: skip
    said = adapter.reply([suite.talk(*one) for one in talks], max_tokens=6)
    assert said == [plain.greedy(6, *one) for one in talks]


def test_replies_under_a_schema_are_json_of_it(mllm, shown):
    adapter = anew(mllm)
    adapter.answer(suite.asks_of(shown[:1], suite.STATEMENTS[:2]))
    talks = [suite.talk(shown[0], suite.QUESTIONS[1]), suite.talk(shown[2], suite.QUESTIONS[0])]
    for reply in adapter.reply(talks, max_tokens=suite.REPORT_TOKENS, schema=suite.Report.model_json_schema()):
        suite.Report.model_validate_json(reply)


def test_it_judges_with_reasoning_and_no_failure(mllm, pictures, monkeypatch):
    """Thresholds out of reach leave every statement undecided, so that every stage is run. Summaries are cut short: that
    whole ones keep to their form is tried above."""
    monkeypatch.setattr(escalation, "SUMMARY_TOKENS", 8)
    never = Thresholds(prior_fails=1.0, prior_holds=1.0, region_drop=1.0, label_mass=0.0)
    settings = FULL.model_copy(update={"thresholds": never, "reason_tokens": 8})
    for verdict in Judge(rules(1), anew(mllm), settings=settings).judge_many([pictures[0], pictures[2]]):
        assert verdict.failure is None
        told = [one for found in verdict.findings for held in found.preconditions for one in held.alternatives]
        assert told and all(one.answer is not None for one in told if one.branch != "not_asked")
        assert any(one.reasoning is not None for one in told)
        assert not any("model failed" in (one.reason or "") for one in told)
