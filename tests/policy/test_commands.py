"""`judge test` and `judge diff` with the bundled model: exit codes, the cache, JUnit, flips."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
import yaml
from typer.testing import CliRunner

from judge import resources
from judge.cli.verbs import app
from judge.errors import UserError
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples" / "images"
RULE = {
    "id": "fire", "rule": "No person or animal may be shown with its body on fire.",
    "preconditions": [{"any": ["people are visible", "animals are visible"]}, "the body is on fire"],
}  # fmt: skip


def write(path, rules, version="1.0.0"):
    path.write_text(yaml.safe_dump({"constitution": "house", "version": version, "rules": rules}))
    return path


def judged(*arguments: object):
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(*arguments: object):
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert isinstance(result.exception, UserError)
    return result.exception.message


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))
    return write(tmp_path / "house.yaml", [RULE])


def cases(house, **expected: str) -> None:
    listed = [
        {"image": str(EXAMPLES / f"body-on-fire-{name}.png"), "expect": {"fire": word}}
        for name, word in expected.items()
    ]
    house.with_name("house.test.yaml").write_text(yaml.safe_dump({"cases": listed}))


def test_a_run_passes_is_kept_and_reports(house, tmp_path):
    cases(house, violating="violates", borderline="ok")
    first = judged("test", house, "--json", "--junit", tmp_path / "out.xml")
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["asked"] == 2
    assert not ET.parse(tmp_path / "out.xml").findall(".//failure")
    again = json.loads(judged("test", house, "--json").stdout)
    assert (again["asked"], again["tally"]["passed"]) == (0, 2)
    assert json.loads(judged("test", house, "--json", "--no-cache").stdout)["asked"] == 2
    cases(house, violating="ok", borderline="todo_violates")
    failed = judged("test", house)
    assert failed.exit_code == 1 and "expected ok, got violates" in " ".join(failed.stdout.split())


def test_a_diff_on_images_tells_each_what_it_declares_and_does_not_pass_where_what_is_read_was_not(house, tmp_path):
    reads = {
        "id": "rude",
        "rule": "No rude words.",
        "preconditions": [{"statement": "the text is rude", "reads": "caption"}],
    }
    old = {"constitution": "house", "version": "1.0.0", "context": {"caption": 50}, "rules": [reads]}
    house.write_text(yaml.safe_dump(old))
    new = tmp_path / "new.yaml"
    new.write_text(yaml.safe_dump({**old, "rules": [{**reads, "rule": "No rude words beside pictures."}]}))
    found = judged("diff", house, new, "--images", EXAMPLES / "body-on-fire-borderline.png")
    assert found.exit_code == 4, found.output
    assert "on 1 of 1 images" in found.stderr and "give the texts with --context" in found.stderr
    assert "there are none" in refused("diff", house, new, "--context", house)
    told, reading = tmp_path / "c.json", ("--model", resources.bundled_model())  # by its folder it is asked, too
    images = ("--images", EXAMPLES / "body-on-fire-borderline.png", "--context", told)
    told.write_text(json.dumps({"caption": "x" * 51}))
    assert "c.json:1: `caption` of the context has 51 characters" in refused("diff", house, new, *images)
    new.write_text(yaml.safe_dump({**old, "context": {"caption": 50, "place": 20}}))
    told.write_text(json.dumps({"caption": "hello", "place": "school"}))
    found = judged("diff", house, new, *images, *reading, "--json")
    assert found.exit_code == 0 and json.loads(found.stdout)["verdicts"]["untold"] == 0, found.output


def test_a_diff_on_images_finds_the_flip_and_the_precondition(house, tmp_path):
    milder = {**RULE, "exceptions": ["people are visible"]}
    new = write(tmp_path / "new.yaml", [milder], version="1.1.0")
    words = judged("diff", house, new, "--json")
    assert words.exit_code == 1 and '"less"' in words.stdout
    shown = [str(EXAMPLES / f"body-on-fire-{name}.png") for name in ("violating", "borderline")]
    found = judged("diff", house, new, "--images", shown[0], "--images", shown[1], "--json")
    assert found.exit_code == 1, found.output
    flips = json.loads(found.stdout)["verdicts"]["flips"]
    assert len(flips) == 1 and "violating" in json.dumps(flips[0]) and "people are visible" in json.dumps(flips[0])
    same = judged("diff", house, house)
    assert same.exit_code == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [((), 1), (("--encoder", "none"), 0), (("--model", "org/name"), 0), (("--model", "org/name", "--encoder", "x"), 1)],
)
def test_a_text_matters_where_an_encoder_prunes_by_it(house, tmp_path, options, code):
    """The bundled model brings an encoder: its `judge check` prunes by the text without any option."""
    worded = write(tmp_path / "new.yaml", [{**RULE, "rule": "Nobody may be shown on fire."}], version="1.1.0")
    assert judged("diff", house, worded, *options).exit_code == code


def test_statements_of_a_compiled_chain_can_be_expected(house, tmp_path):
    unchained = {"id": "fire", "rule": "No fire may be shown."}
    write(house, [unchained])
    compiled = judged("compile", house, "--no-llm", "--no-priors")
    assert compiled.exit_code == 0, compiled.output
    case = {"image": str(EXAMPLES / "body-on-fire-borderline.png"), "expect": {"fire": "violates"}}
    listed = {"cases": [{**case, "preconditions": {"fire is visible": "fails"}}]}
    house.with_name("house.test.yaml").write_text(yaml.safe_dump(listed))
    run = judged("test", house, "--json")
    assert json.loads(run.stdout)["results"][1]["statement"] == "fire is visible", run.output


def test_a_lock_beside_only_one_of_two_is_said_instead_of_counted_as_an_edit(tmp_path):
    rule = {"id": "fire", "rule": "No person may be shown with a knife."}
    old, new = write(tmp_path / "old.yaml", [rule]), write(tmp_path / "new.yaml", [rule])
    judged("compile", old, "--no-llm", "--no-priors")
    for pair in ((old, new), (new, old)):
        result = judged("diff", *pair)
        assert "added" not in result.stdout and "removed" not in result.stdout
        assert "without one every image goes to a person" in " ".join(result.stdout.split())
        assert f"{new} has no lock file, so 1 rule has no chain there" in result.stderr
        assert f"copy the lock file of {old} beside {new}" in result.stderr
    judged("compile", new, "--no-llm", "--no-priors")
    same = judged("diff", old, new)
    assert (same.exit_code, same.stderr) == (0, "") and "nothing changed" in same.stdout
