"""Why a picture went to a person is said as a value, too; nothing reads it from words."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from judge import Judge
from judge.causes import Cause, Remark
from judge.errors import ModelError, Unreachable
from judge.judging import pipeline
from judge.media.gaps import Detail, Gap, Note
from judge.models.scripted import ScriptedMllm
from judge.settings import Settings
from judge.verdict import Verdict
from judge.words import ENGLISH
from tests.judging.scenes import constitution, png

FIRE = "id: fire, rule: no fire, preconditions: [fire is visible]"


def judged(rule: str = FIRE, *answers: object, **settings: object) -> Verdict:
    mllm = ScriptedMllm({"fire is visible": list(answers)}, {"fire is visible": 0.5})
    return Judge(constitution(rule), mllm, settings=Settings(escalate=(), **settings)).judge(png())


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


def test_everything_that_is_said_has_words_and_all_that_they_need():
    """Each place that says something is read: its value has words, and what these leave open is given there."""
    made: dict[str, list[set[str]]] = {}
    for path in Path(pipeline.__file__).parents[1].rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "Why.of":
                for value in VALUE.findall(ast.unparse(call.args[0])):
                    made.setdefault(value, []).append({str(one.arg) for one in call.keywords})
    values = {f"{kind.__name__}.{one.name}": one for kind in (Cause, Remark, Gap, Detail, Note) for one in kind}
    unsaid = {Cause.UNREADABLE, Cause.INCOMPLETE}  # errors and gaps say it in words of their own
    assert {values[name] for name in made} | {values[f"Cause.{name}"] for name in BY_TABLE} == {
        *values.values()
    } - unsaid
    assert set(ENGLISH) == {str(one) for one in values.values()} - unsaid
    assert len(ENGLISH) == len(values) - len(unsaid), "two values of one name"
    for name, places in made.items():
        wanted = {field for _, field, _, _ in string.Formatter().parse(ENGLISH[values[name]]) if field}
        assert all(wanted <= known for known in places), name


VALUE = re.compile(r"\b(?:Cause|Remark|Gap|Detail|Note)\.\w+")
BY_TABLE = (
    "NO_RATING",
    "REASONING_CUT_OFF",
    "REASONING_REFUSED",
    "BETWEEN_THRESHOLDS",
)  # one of them is said, in `probability._left_open`


def test_the_glossary_has_every_cause():
    glossary = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", glossary.split("## Causes")[1], re.MULTILINE) == list(Cause)
