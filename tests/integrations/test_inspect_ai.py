"""The scorer inside of Inspect: what needs a person has no score, so that it never counts as correct."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from importlib import import_module
from types import SimpleNamespace

import pytest

from judge.errors import UserError
from judge.settings import Settings
from tests.integrations import stand_ins
from tests.serving.batch.colours import colour_judge, picture

RED, GREEN, BLUE = 1, 2, 4


@pytest.fixture(scope="module", autouse=True)
def integration():
    with stand_ins.host("inspect_ai", "inspect_ai", stand_ins.INSPECT) as module:
        yield module


def uri(number):
    return "data:image/png;base64," + base64.b64encode(picture(number)).decode()


def content(*images):
    models = import_module("inspect_ai.model")
    return [models.ContentImage(image=one) if isinstance(one, str) else one for one in images]


def scored(integration, *answers):
    output = SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content=said)) for said in answers])
    score = integration.constitution_judge(judge=colour_judge())
    return asyncio.run(score(SimpleNamespace(output=output), None))


def test_a_violation_is_incorrect_and_says_which_rule(integration):
    score = scored(integration, content(uri(RED)))
    assert (score.value, score.answer) == ("I", "violation")
    assert score.explanation == "violates no-red: No red."
    assert score.metadata["judge"]["violations"] == "no-red"


def test_what_keeps_to_all_rules_is_correct(integration):
    assert scored(integration, content(uri(GREEN))).value == "C"


def test_the_gravest_of_several_images_counts(integration):
    assert scored(integration, content(uri(GREEN), uri(BLUE))).value == "I"
    assert math.isnan(scored(integration, content(uri(GREEN), "http://127.0.0.1:9/x.png")).value)


def test_no_image_of_an_answer_is_passed_over(integration):
    text = import_module("inspect_ai.model").ContentText
    clean = content(uri(GREEN))[0]
    assert scored(integration, [clean], [clean]).value == "C"
    assert scored(integration, [clean], content(uri(RED))).value == "I", "of another choice"
    assert scored(integration, [clean, text(text=f"and ![this]({uri(RED)})")]).value == "I"
    assert scored(integration, f"![this]({uri(RED)})").value == "I"
    assert math.isnan(scored(integration, [clean, text(text="<img src='https://127.0.0.1:9/x.png'>")]).value)
    for kind in ("video", "document"):
        assert math.isnan(scored(integration, [clean, SimpleNamespace(type=kind)]).value)
    assert scored(integration, [clean, SimpleNamespace(type="reasoning", reasoning="words")]).value == "C"


@pytest.mark.parametrize(
    "image", ["http://127.0.0.1:9/x.png", "data:image/png;base64,####", "/nowhere/x.png", "x\0y", "x" * 100_000, ""]
)
def test_what_cannot_be_looked_at_has_no_score(integration, image):
    score = scored(integration, content(image))
    assert math.isnan(score.value) and score.reason == score.answer == "needs_review"
    assert score.explanation and score.metadata["judge"]["causes"] == "unreadable"


@pytest.mark.parametrize("answers", [["words only"], [[]], []])
def test_an_answer_without_an_image_has_no_score(integration, answers):
    score = scored(integration, *answers)
    assert math.isnan(score.value) and score.reason == "no_response"


def test_settings_may_be_a_mapping_as_a_log_has_them(integration):
    kept = Settings(batch=3).model_dump(mode="json")
    integration.constitution_judge(settings=kept)
    with pytest.raises(ValueError, match="batches"):
        integration.constitution_judge(settings={"batches": 3})


def test_where_inspect_is_missing_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "inspect_ai", None)
    monkeypatch.setitem(__import__("sys").modules, "inspect_ai.scorer", None)
    monkeypatch.delitem(__import__("sys").modules, "judge.integrations.inspect_ai")
    with pytest.raises(UserError, match="pip install inspect-ai"):
        import_module("judge.integrations.inspect_ai")


@pytest.mark.filterwarnings("ignore")  # those of Inspect itself
def test_in_an_evaluation_what_needs_a_person_is_left_out_of_the_metrics(integration, tmp_path):
    if not stand_ins.is_real("inspect_ai"):
        pytest.skip("needs the real inspect_ai")
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ChatMessageAssistant, ModelOutput, ModelUsage, get_model

    outputs = []
    for image in (uri(RED), uri(GREEN), "http://127.0.0.1:9/x.png"):
        one = ModelOutput.from_content("mockllm/model", "")
        one.choices[0].message = ChatMessageAssistant(content=content(image), source="generate")
        one.usage = ModelUsage()
        outputs.append(one)
    task = Task(
        dataset=[Sample(input="draw", id=str(number)) for number in range(3)],
        scorer=integration.constitution_judge(judge=colour_judge(), settings=Settings(batch=3)),
    )
    model = get_model("mockllm/model", custom_outputs=outputs)
    (log,) = eval(task, model=model, display="none", log_dir=str(tmp_path), max_samples=1)
    assert log.status == "success", log.error.message
    (result,) = log.results.scores
    assert (result.scored_samples, result.unscored_samples) == (2, 1)
    assert result.metrics["accuracy"].value == 0.5
    assert json.dumps(log.eval.scorers[0].options)
