"""What no case tells apart, and the pictures that would."""

from __future__ import annotations

import yaml
from typer.testing import CliRunner

from judge.cases.reading import Case, parse_cases
from judge.cli.verbs import app
from judge.judging.deciding import Decided
from judge.policytest.coverage import gaps
from judge.policytest.outcomes import Result, Status
from tests.conftest import ROOT
from tests.judging.scenes import constitution

GUN = constitution(
    'id: gun, rule: "No child may hold a gun.", preconditions: [a child is visible, a gun is visible], exceptions: [the gun is a toy]'
)
PICTURE = ROOT / "examples" / "images" / "explosive-violating.png"


def case(outcome: str, **preconditions: str) -> Case:
    said = {name.replace("_", " "): outcome for name, outcome in preconditions.items()}
    return Case(image="a.png", expect={"gun": outcome}, preconditions=said)


def kinds(found):
    return [(one.kind, *one.statements) for one in found]


def test_a_rule_without_cases_lacks_everything():
    found = gaps(GUN, [])
    assert kinds(found) == [
        ("violation",), ("precondition", "a child is visible"), ("precondition", "a gun is visible"),
        ("exception", "the gun is a toy"),
    ]  # fmt: skip
    assert found[1].flagged == "a child is visible and a gun is visible, but the gun is not a toy"
    assert found[1].not_flagged == "a gun is visible, but no child is visible"
    assert found[1].preconditions == {"a child is visible": "fails"}
    assert found[3].preconditions == {"the gun is a toy": "holds"}


def test_a_case_tells_apart_what_it_says_alone():
    cases = [case("violates"), case("ok", a_gun_is_visible="fails"), case("ok", the_gun_is_a_toy="holds")]
    assert kinds(gaps(GUN, cases)) == [("precondition", "a child is visible")]
    assert kinds(gaps(GUN, [*cases, case("ok")])) == [("precondition", "a child is visible")]
    both = case("ok", a_child_is_visible="fails", a_gun_is_visible="fails")
    assert kinds(gaps(GUN, [*cases, both])) == [("precondition", "a child is visible")]
    assert gaps(GUN, [*cases, case("todo_ok", a_child_is_visible="fails")]) == ()


def test_a_run_says_what_made_an_image_ok():
    def result(statement, status):
        decided = Decided(kind="precondition", statement=statement, outcome="fails", branch="prior_fails")
        return Result(rule="gun", image="a", place="a:1", expected="ok", got="ok", status=status, decided=decided)

    cases = [case("violates"), case("ok")]
    assert ("precondition", "a gun is visible") not in kinds(
        gaps(GUN, cases, [result("a gun is visible", Status.PASSED)])
    )
    assert ("precondition", "a gun is visible") in kinds(gaps(GUN, cases, [result("a gun is visible", Status.FAILED)]))


def test_the_only_precondition_needs_no_words():
    fire = constitution("id: fire, rule: No fire., preconditions: [fire is visible]")
    cases = [Case(image="a", expect={"fire": "violates"}), Case(image="b", expect={"fire": "ok"})]
    assert gaps(fire, cases) == ()


def test_what_no_picture_can_lack_is_not_asked_for():
    held = constitution("id: gun, rule: No., preconditions: [a gun is visible, a child is holding a gun]")
    assert ("precondition", "a gun is visible") not in kinds(gaps(held, []))


def test_suggestions_are_cases_that_load(tmp_path):
    path = tmp_path / "gun.yaml"
    rule = {
        "id": "gun", "rule": "No child may hold a gun.", "preconditions": [{"any": ["a child: small", "no adult"]}, "a gun is visible"],
    }  # fmt: skip
    path.write_text(yaml.safe_dump({"constitution": "gun", "version": "1.0.0", "rules": [rule]}), encoding="utf-8")
    first = CliRunner().invoke(app, ["test", str(path), "--suggest"])
    assert first.exit_code == 0, first.exception
    blocks = [line for line in first.stdout.splitlines() if line.startswith("    ")]
    text = "cases:\n" + "\n".join(blocks).replace("PICTURE", str(PICTURE)) + "\n"
    only = text.split("    - image:")
    for one in only[1:]:
        assert parse_cases("cases:\n    - image:" + one, tmp_path / "gun.test.yaml", load(path))
    assert "every part" not in first.stdout
    told = CliRunner().invoke(app, ["test", str(path), "--suggest", "--json"])
    assert '"kind": "violation"' in told.stdout


def load(path):
    from judge.constitution import load_constitution

    return load_constitution(path)
