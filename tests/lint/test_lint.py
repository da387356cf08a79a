"""Lint: every check on the examples of its own doc page, silences, the whole report of a bad constitution."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from judge.compiler.compile import compile_constitution
from judge.constitution import Precondition
from judge.constitution.load import parse_constitution
from judge.lint import lint_text
from judge.lint.checks import CHECKS
from judge.lint.findings import LintFinding
from judge.lint.formats import as_text
from judge.lint.linting import ALL_CHECKS
from judge.lint.neighbours import read_cases, read_older
from judge.resources import shipped_constitutions

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
DOCS = ROOT / "docs" / "lint"
HEAD = "constitution: example\nversion: 1.0.0\n"


def names(findings: tuple[LintFinding, ...]) -> list[str]:
    return [finding.check.name for finding in findings if finding.silenced is None]


def everything_tested(text: str) -> list[dict[str, str]]:
    rules = yaml.safe_load(text)["rules"]
    return [{rule["id"]: outcome for rule in rules} for outcome in ("violates", "ok")]


# Most excerpts put statements under a rule that they are not of.
BUT_WORDS = tuple(check for check in CHECKS if check.name != "other-words")


def lint(text: str, **known) -> tuple[LintFinding, ...]:
    """Lint an excerpt from `rules:` on, as if all its rules were tested."""
    return lint_text(HEAD + text, **{"cases": everything_tested(text), "checks": BUT_WORDS, **known})


def locked(text: str, chains: dict[str, list[str]] | None = None):
    """The lock of an excerpt, with the statements of `chains` in it in place of what was compiled."""
    lock = compile_constitution(parse_constitution(HEAD + text), None)
    entries = {
        name: lock.rules[name].model_copy(update={"preconditions": tuple(map(Precondition.model_validate, chain))})
        for name, chain in (chains or {}).items()
    }
    return lock.model_copy(update={"rules": {**lock.rules, **entries}})


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.name)
def test_a_doc_page_shows_what_triggers_its_check_and_what_does_not(check, tmp_path):
    page = (DOCS / f"{check.name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {check.name}\n\nSeverity: {check.severity}. ")
    blocks = dict(re.findall(r"```yaml ?(\w*)\n(.*?)```", page.split("## Bad")[0], re.DOTALL))
    known = {"bundled": check.name == "unknown-to-bundled-model"}
    known |= {"checks": CHECKS} if check not in BUT_WORDS else {}
    for kind, read in (("cases", read_cases), ("older", read_older)):
        if kind in blocks:
            path = tmp_path / f"{kind}.yaml"
            path.write_text(blocks[kind], encoding="utf-8")
            known[kind] = read(path)
    bad, good = re.findall(r"```yaml\n(.*?)```", page.split("## Bad")[1], re.DOTALL)
    chains = yaml.safe_load(blocks["lock"]) if "lock" in blocks else {}
    assert set(names(lint(bad, lock=locked(bad, chains) if chains else None, **known))) == {check.name}
    assert names(lint(good, lock=locked(good, chains) if chains else None, **known)) == []


def test_every_check_is_in_the_table_of_the_docs():
    table = re.findall(
        r"^\| \[(\S+)\]\((\S+)\.md\) \| (\w+) \|", (DOCS / "README.md").read_text(encoding="utf-8"), re.M
    )
    assert sorted(table) == sorted((check.name, check.name, check.severity.value) for check in ALL_CHECKS)


def test_the_report_on_a_deliberately_bad_constitution():
    older, cases = read_older(HERE / "older.yaml"), read_cases(HERE / "bad.test.yaml")
    text = (HERE / "bad.yaml").read_text(encoding="utf-8")
    found = lint_text(text, "bad.yaml", older=older, cases=cases, test_file="bad.test.yaml")
    assert as_text(found) == (HERE / "snapshots" / "bad.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", shipped_constitutions())
def test_shipped_constitutions_are_clean(name):
    path = shipped_constitutions()[name]
    found = lint_text(
        path.read_text(encoding="utf-8"), name, cases=read_cases(path.with_name(f"{name}.test.yaml")),
        test_file=f"{name}.test.yaml",
    )  # fmt: skip
    assert as_text([one for one in found if one.silenced is None and (one.counts or one.check.english)]) == ""
    assert all(len(one.silenced.split()) > 4 for one in found if one.silenced is not None)


RULE = "rules:\n  - id: a\n    rule: No knife may be shown.\n    preconditions:\n"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("the injury is disturbing", ["subjective-word"]),
        ("the injury is disturbing to more than 50 percent of people", []),
        ("a semi-natural stone is visible", []),  # a part of a word is no word
        ("the arm is bent by more than 90", ["missing-unit"]),
        ("the arm is bent by more than 90°", []),
        ("the arm is bent wider than an elbow allows", ["missing-threshold"]),
        ("at least two people are visible", []),
        ("more than half of the face is hidden", []),
        ("no person is without a hat", ["double-negation"]),
        ("the face is not covered", []),
        ("people and animals are visible", ["several-conditions"]),
        ("a gun or a knife is visible", ["several-conditions"]),
        ("the weapon touches or points at the body", []),
        ("the picture is a medical or anatomical drawing", []),
        ("a person wears black and white shoes", []),
        ("a gun is visible, and the safety is off", ["several-conditions"]),
        ("a gun is visible; a knife is visible", ["several-conditions"]),
        ("a gun", ["incomplete-statement"]),
        ("is made of plastic", ["incomplete-statement"]),
        ("the gun is", ["incomplete-statement"]),
        ("a dog with a red ball", ["incomplete-statement"]),
        ("a knife covered with blood", ["incomplete-statement"]),
        ("smoke rises", []),
        ("no gun can be seen", []),
        ("the face must not be covered", []),
        ("the bridge collapsed", []),
        ("blood pools on the floor", []),
        ("the dog bites a man", []),
        ("guide dogs", ["incomplete-statement"]),
        ("a man and a woman kiss", []),
        ("the zork zorks", []),  # what the lexicon does not have may be a verb
        ("the parents gave no permission", ["unseeable-word"]),
        ('the sign says "no permission"', []),
        ("the man intends to strike a child", ["unseeable-word"]),
        ("the dog belongs to the neighbour", ["unseeable-word"]),
    ],
)
def test_words_of_one_statement(statement, expected):
    for form in (
        f"      - {yaml.safe_dump(statement, width=999).splitlines()[0]}\n",
        f"      - statement: >-\n          {statement}\n",
    ):
        assert names(lint(RULE + form)) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("No person may be shown without clothes.", []),
        ("Nobody may not be shown.", ["double-negation"]),
        ("A knife is not allowed when a child is not visible.", []),
        ("A knife is not allowed unless nobody is visible.", ["double-negation"]),
        ("A knife must not be shown without a cook.", []),
    ],
)
def test_forbidding_is_no_negation_of_the_picture(rule, expected):
    assert names(lint(f"rules:\n  - id: a\n    rule: {rule}\n    preconditions: [a cook is visible]\n")) == expected


@pytest.mark.parametrize(
    "rule", ["Dogs are acceptable only on a leash.", "Caps are fine as long as the face is visible."]
)
def test_what_allows_is_no_opinion_and_no_length(rule):
    found = names(lint(f"rules:\n  - {{id: a, rule: {rule}}}\n"))
    assert not {"subjective-word", "missing-threshold"} & set(found)
    assert "subjective-word" in names(lint(RULE + "      - the picture is acceptable\n"))


def test_word_lists_are_for_english_only():
    statement = "      - das Gesicht ist fast verdeckt\n"  # German for nearly; in English, how fast?
    assert names(lint(RULE + statement)) == ["missing-threshold"]
    assert names(lint("language: de\n" + RULE + statement)) == []


@pytest.mark.parametrize("amount", ["more than a dozen eggs are visible", "the egg is shown more than twice"])
def test_a_dozen_and_twice_are_thresholds(amount):
    assert "missing-threshold" not in names(lint(f"{RULE}      - {amount}\n"))


def test_a_parameter_is_a_threshold_and_brings_its_unit():
    text = "rules:\n  - id: a\n    rule: No x.\n    parameters: {n: VALUE}\n    preconditions: [the angle is wider than '{n}']\n"
    text = text.replace("'{n}'", "{n}").replace("[the", "['the").replace("{n}]", "{n}']")
    assert names(lint(text.replace("VALUE", "90"))) == ["missing-unit"]
    assert names(lint(text.replace("VALUE", "90 degrees"))) == []


def chained(*rules: tuple[str, str]) -> list[str]:
    """Names found in rules of these preconditions and other keys; single letters stand for statements."""
    text = "rules:\n"
    for number, (before, rest) in enumerate(rules):
        written = re.sub(r"\b([pqrxefP])\b", r"\1\1", f"preconditions: {before}, {rest}")
        text += f"  - {{id: r{number}, rule: No thing {number} may be shown., {written}}}\n"
    return [name for name in names(lint(text)) if name != "incomplete-statement"]


def test_subsumption_follows_the_logic_of_the_chains():
    s = ["subsumed-rule"]
    assert chained(("[p, q]", ""), ("[p]", "")) == s
    assert chained(("[p, q]", ""), ("[q, p]", "")) == s  # the same twice is one finding
    assert chained(("[{any: [p, q]}]", ""), ("[p]", "")) == s
    assert chained(("[p]", ""), ("[q]", "")) == []
    assert chained(("[p, q]", ""), ("[p, x]", "")) == []
    assert chained(("[p, q]", ""), ("[p]", "exceptions: [e]")) == []  # with e, only the first is violated
    assert chained(("[p, q]", "exceptions: [e]"), ("[p]", "exceptions: [e]")) == s
    assert chained(("[p, q]", "exceptions: [{any: [e, f]}]"), ("[p]", "exceptions: [e]")) == s
    assert chained(("[p, q]", "exceptions: [e]"), ("[p]", "")) == s
    # p or e, and not e: that is p
    assert chained(("[{any: [p, e]}, q]", "exceptions: [e]"), ("[p]", "")) == [*s, "unreachable-alternative"]
    for own in ("severity: critical", "category: other-thing", "thresholds: {prior_fails: 0.1}"):
        assert chained(("[p, q]", own), ("[p]", "")) == []
    assert chained(("[p, q]", ""), ("[p]", "severity: high")) == s
    assert chained(("[p, q]", ""), ("[p]", "status: shadow")) == []
    assert chained(("[p, q]", "status: shadow"), ("[p]", "")) == s


def test_exceptions_may_swallow_a_rule_together():
    swallow = ["swallowing-exception"]
    assert chained(("[{any: [p, q]}]", "exceptions: [p, q]")) == swallow
    assert chained(("[{any: [p, q]}]", "exceptions: [{any: [p, q, r]}]")) == swallow
    assert chained(("[{any: [p, q]}]", "exceptions: [p]")) == ["unreachable-alternative"]
    assert chained(("[p]", "exceptions: [q]")) == []


@pytest.mark.parametrize(
    ("precondition", "exception", "swallowed"),
    [
        ("a gun is visible", "the gun is visible", True),
        ("a cat is sleeping", "a cat is visible", True),
        ("a person wears a helmet", "a person is visible", True),
        ("a person does not wear a helmet", "a person is visible", True),
        ("no cat is sleeping", "a cat is visible", False),
        ("a cat is not visible", "a cat is visible", False),
        ("a cat is absent", "a cat is visible", False),
        ("a gun shop is visible", "a gun is visible", False),
        ("a cat is sleeping", "a cat is black", False),
        ("a cat of glass is visible", "a cat is visible", False),  # said of another thing, perhaps
    ],
)
def test_an_exception_that_a_precondition_brings_with_it_swallows_the_rule(precondition, exception, swallowed):
    found = names(lint(f"{RULE}      - {precondition}\n    exceptions:\n      - {exception}\n"))
    assert ("swallowing-exception" in found) is swallowed


@pytest.mark.parametrize(
    ("preconditions", "split"),
    [
        ("[a person is on a motorcycle, a person is bareheaded]", True),
        ("[bottles are open, bottles are broken]", True),
        ("[a person is on a motorcycle, {any: [a person is bareheaded, a person wears a cap]}]", True),
        ("[a person is visible, a person is bareheaded]", False),
        ("[{any: [a person is asleep, a person is unconscious]}]", False),
        ("[a person is on a motorcycle, a child is bareheaded]", False),
        ("[the floor is wet, the floor is dirty]", False),
    ],
)
def test_two_things_said_of_any_one_may_hold_of_two(preconditions, split):
    found = names(lint(f"rules:\n  - id: a\n    rule: No thing may be shown.\n    preconditions: {preconditions}\n"))
    assert ("split-subject" in found) is split


def test_a_parameter_of_a_compiled_rule_or_of_an_exception_is_not_idle():
    head = "rules:\n  - id: a\n    rule: No gun over {n} cm may be shown.\n    parameters: {n: 20}\n"
    assert "idle-parameter" not in names(lint(head))
    lifted = head + "    preconditions: [a gun is visible]\n    exceptions: ['the gun is shorter than {n} cm']\n"
    assert "idle-parameter" not in names(lint(lifted))
    assert "idle-parameter" in names(lint(head + "    preconditions: [a gun is visible]\n"))


def test_unreachable_alternatives():
    unreachable = ["unreachable-alternative"]
    assert chained(("[{any: [p, P., q]}]", "")) == unreachable
    assert chained(("[p, {any: [q, p]}]", "")) == unreachable
    assert chained(("[p, p]", "")) == unreachable
    assert chained(("[{any: [p, q]}, {any: [q, p, r]}]", "")) == unreachable
    assert chained(("[{any: [p, q]}, {any: [q, r]}]", "")) == []


SILENCED = "      # judge-lint: allow subjective-word because we agreed on it\n"
