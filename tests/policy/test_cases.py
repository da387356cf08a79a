"""Test files: mistakes with their lines, and what an expectation comes to."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.cases.reading import parse_cases
from judge.cli.test import _run
from judge.constitution import parse_constitution
from judge.errors import ConstitutionError, ImageError
from judge.judging import record
from judge.judging.pipeline import Judge
from judge.media import decode
from judge.models.scripted import ScriptedDetector, ScriptedMllm
from judge.policytest.junit import junit
from judge.policytest.outcomes import Status, TestRun, compare
from judge.settings import Settings
from tests.conftest import ROOT
from tests.judging.scenes import constitution, judge_with, png

RULE = "id: knives, rule: no knives, preconditions: [a knife is visible]"
POLICY = constitution(RULE)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "one.png").write_bytes(png())
    shutil.copy(tmp_path / "one.png", tmp_path / "two.png")
    return tmp_path


def mistakes(text: str, folder) -> list[str]:
    with pytest.raises(ConstitutionError) as caught:
        parse_cases(text, folder / "p.test.yaml", POLICY)
    return [f"{one.line}: {one.message} ({one.hint})" for one in caught.value.problems]


def test_all_mistakes_at_once_each_with_its_line(folder):
    found = mistakes(
        "cases:\n"
        "  - image: one.png\n"
        "    expect: {knifes: violates}\n"
        "  - image: onee.png\n"
        "    expect: {knives: perhaps}\n"
        "  - image: two.png\n"
        "    expects: {knives: ok}\n"
        "    preconditions: {a knife is visibel: holds}\n",
        folder,
    )
    text = "\n".join(found)
    assert "3: " in text and "knives" in text, "an unknown rule with the nearest id"
    assert "4: " in text and "no image" in text
    assert "5: " in text and "perhaps" in text
    assert "7: " in text and "expects" in text
    assert "8: " in text and "a knife is visibel" in text
    assert len(found) >= 5


def test_an_image_has_one_case(folder):
    case = "  - {image: ./one.png, expect: {knives: ok}}\n"
    found = mistakes("cases:\n" + case + case.replace("./", ""), folder)
    assert found == ["3: one.png has a case already (on line 2: expect it all there)"]


@given(st.text(max_size=60))
def test_no_text_breaks_the_loader(text):
    try:
        parse_cases(text, ROOT / "p.test.yaml", POLICY)
    except ConstitutionError as error:
        assert error.problems


def run(expected: str, probability: float, folder, statement: str = "holds"):
    text = f"cases:\n  - image: one.png\n    expect: {{knives: {expected}}}\n    preconditions: {{a knife is visible: {statement}}}\n"
    (located,) = parse_cases(text, folder / "p.test.yaml", POLICY)
    mllm = ScriptedMllm({"a knife is visible": [probability] * 2}, {"a knife is visible": 0.5}, ["?", "?"])
    judge = judge_with((RULE,), mllm, detector=ScriptedDetector({"a knife is visible": (0, 0, 60, 60, 0.9)}))
    return compare(located, judge.judge(png())), judge


@pytest.mark.parametrize(
    ("expected", "probability", "status"),
    [
        ("violates", 0.95, Status.PASSED),
        ("violates", 0.05, Status.FAILED),
        ("ok", 0.05, Status.PASSED),
        ("ok", 0.95, Status.FAILED),
        ("todo_violates", 0.05, Status.TODO),
        ("todo_violates", 0.95, Status.PASSES_NOW),
        ("todo_ok", 0.95, Status.TODO),
        ("todo_ok", 0.05, Status.PASSES_NOW),
        ("violates", 0.7, Status.FAILED),  # undecided is not what was expected
        ("ok", 0.7, Status.FAILED),
    ],
)
def test_how_an_expectation_fares(expected, probability, status, folder):
    results, _ = run(expected, probability, folder)
    assert results[0].status is status
    if status is Status.FAILED:
        assert results[0].reason or results[0].decided


def test_a_statement_has_an_expectation_of_its_own(folder):
    results, _ = run("violates", 0.95, folder, statement="fails")
    assert [one.status for one in results] == [Status.PASSED, Status.FAILED]
    assert results[1].statement == "a knife is visible" and results[1].got == "holds"


def test_an_unreadable_image_is_broken_not_passed(folder):
    text = "cases:\n  - image: one.png\n    expect: {knives: ok}\n"
    (located,) = parse_cases(text, folder / "p.test.yaml", POLICY)
    _, judge = run("ok", 0.05, folder)
    with pytest.raises(ImageError) as caught:
        decode(b"no image")
    verdict = record.unreadable("one.png", caught.value, judge.provenance, {})
    (result,) = compare(located, verdict)
    assert result.status is Status.BROKEN and result.reason


def test_junit_counts_and_escapes(folder):
    results, judge = run("ok", 0.95, folder)
    whole = TestRun(
        constitution="<p>", version="1.0.0", cases_file="p & q", images=1, asked=1, results=results,
        provenance=judge.provenance,
    )  # fmt: skip
    root = ET.fromstring(junit(whole))
    suites = [root] if root.tag == "testsuite" else list(root)
    assert sum(int(suite.get("failures", 0)) for suite in suites) == 1
    assert sum(int(suite.get("tests", 0)) for suite in suites) == len(results)
    assert len(root.findall(".//failure")) == 1


def test_the_shipped_cases_cover_every_rule_of_the_demo():
    from judge.cases.reading import load_cases
    from judge.constitution import load_constitution

    policy = load_constitution("demo")
    cases = load_cases(ROOT / "constitutions/demo.test.yaml", policy)
    wanted = {(rule.id, word) for rule in policy.rules for word in ("violates", "ok")}
    assert wanted <= {(rule, one.settled) for case in cases for rule, one in case.case.expect.items()}


READING = parse_constitution(
    "constitution: test\nversion: 1.0.0\ncontext: {caption: 20}\nrules:\n"
    "  - {id: rude, rule: no rude words, preconditions: [{statement: it is rude, reads: caption}]}\n"
)
CAPTIONED = """cases:
  - {image: one.png, context: {caption: you}, expect: {rude: violates}}
  - {image: one.png, context: {caption: sea}, expect: {rude: ok}}
"""


def test_an_image_has_a_case_for_each_context(folder):
    cases = parse_cases(CAPTIONED, folder / "p.test.yaml", READING)
    assert [one.case.context for one in cases] == [{"caption": "you"}, {"caption": "sea"}]
    twice = CAPTIONED.replace("sea", "you").replace(
        "{caption: you}, expect: {rude: ok}", "{caption: you, post: x}, expect: {rude: ok}"
    )
    with pytest.raises(ConstitutionError) as caught:
        parse_cases(
            twice + CAPTIONED.splitlines()[1].replace("rude: violates", "rude: ok"), folder / "p.test.yaml", READING
        )
    said = [f"{one.line}: {one.message}" for one in caught.value.problems]
    assert said == ["3: `post` is no field of the constitution's `context`", "4: one.png has a case already"]


def test_each_case_is_judged_with_its_own_context(folder):
    mllm = ScriptedMllm(priors={"it is rude": 0.4}, told={("it is rude", "you"): 0.95, ("it is rude", "sea"): 0.01})
    cases = parse_cases(CAPTIONED, folder / "p.test.yaml", READING)
    for no_cache in (True, False, False):
        run = _run(
            Judge(READING, mllm, settings=Settings(escalate=())), folder / "p.test.yaml", cases, no_cache=no_cache
        )
        assert [one.status for one in run.results] == [Status.PASSED] * 2
