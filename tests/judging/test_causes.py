"""Why a picture went to a person is said as a value, too; nothing reads it from words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from judge import Judge
from judge.causes import Cause, Why
from judge.errors import ModelError, Unreachable
from judge.judging import pipeline
from judge.models.scripted import ScriptedMllm
from judge.settings import Settings
from judge.verdict import Verdict
from tests.judging.scenes import constitution, png

FIRE = "id: fire, rule: no fire, preconditions: [fire is visible]"


def judged(rule: str = FIRE, *answers: object, **settings: object) -> Verdict:
    mllm = ScriptedMllm({"fire is visible": list(answers)}, {"fire is visible": 0.5})
    return Judge(constitution(rule), mllm, settings=Settings(reason=False, **settings)).judge(png())


def test_what_is_decided_has_no_cause_and_its_record_is_as_it_was():
    for answer in (0.99, 0.01):
        verdict = judged(FIRE, answer)
        assert verdict.causes == ()
        assert '"cause' not in verdict.canonical_json()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (0.52, Cause.BETWEEN_THRESHOLDS),
        ((0.1, 0.1), Cause.LOW_LABEL_MASS),
        (ModelError("broken"), Cause.MODEL_ERROR),
        (Unreachable("nobody there"), Cause.UNREACHABLE),
    ],
)
def test_what_keeps_a_statement_open_is_the_cause_of_the_picture(answer, cause):
    verdict = judged(FIRE, *[answer] * 40)
    assert (verdict.verdict, verdict.causes) == ("needs_review", (cause,))
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


def test_rules_that_nothing_can_decide():
    assert judged("id: fire, rule: no fire").causes == (Cause.NO_CHAIN,)
    assert judged(f"{FIRE}, status: shadow", 0.01).causes == (Cause.NO_RULE,)


def test_files():
    judge = Judge(constitution(FIRE), ScriptedMllm({"fire is visible": [0.01]}, {"fire is visible": 0.5}))
    assert judge.judge(b"no picture").causes == (Cause.UNREADABLE,)
    assert judge.judge(png() + b"!" * 30 + png()).causes == (Cause.INCOMPLETE,)


def test_every_cause_that_is_made_has_words():
    made = {
        name for path in Path(pipeline.__file__).parents[1].rglob("*.py") for name in MADE.findall(path.read_text())
    }
    assert made >= {"OUT_OF_TIME", "OUTSIDE", "NO_CHAIN"}
    for name in made:
        known = {"seconds": 1.0, "model": "it", "reads": "drawings", "said": "that", "mass": 0.1, "least": 0.2}
        assert str(Why.of(Cause[name], **known))


MADE = re.compile(r"Why\.of\(Cause\.(\w+)")


def test_the_glossary_has_every_cause():
    glossary = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", glossary.split("## Causes")[1], re.MULTILINE) == list(Cause)
