"""Silences, places, and what is wrong with files and locks."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from judge.constitution import Precondition, Statement
from judge.lint import lint_text
from judge.lint.checks import CHECKS
from judge.lint.formats import as_text
from judge.locks.approval import approved
from tests.lint.test_lint import HEAD, ROOT, RULE, SILENCED, lint, locked, names


def test_a_silence_speaks_for_its_line_or_the_next():
    above = lint(RULE + SILENCED + "      # a remark\n      - the injury is disturbing\n")
    beside = lint(RULE + "      - the injury is disturbing" + SILENCED[5:])
    for found in (above, beside):
        assert names(found) == []
        assert [one.silenced for one in found] == ["we agreed on it"]
        assert as_text(found) == ""
    later = lint(RULE + SILENCED + "      - people are visible\n      - the injury is disturbing\n")
    assert names(later) == ["unused-silence", "subjective-word"]


@pytest.mark.parametrize("said", ["allow subjective-word", "allow subjective-word because ", "subjective-word", ""])
def test_a_silence_without_reason_silences_nothing(said):
    found = lint(RULE + f"      - the injury is disturbing  # judge-lint: {said}\n")
    assert sorted(names(found)) == ["silence-without-reason", "subjective-word"]


def test_a_silence_names_a_check_that_can_be_silenced():
    for name in ("subjectve-word", "invalid-constitution", "unused-silence"):
        assert names(lint(RULE + f"      - a knife is visible # judge-lint: allow {name} because x\n")) == [
            "unused-silence"
        ]


def test_a_silence_within_a_text_is_text():
    for text in (
        '"a dog is ugly # judge-lint: allow subjective-word because x"',
        "|-\n          a dog is ugly # judge-lint: allow subjective-word because x",
    ):
        assert names(lint(RULE + f"      - {text}\n")) == ["subjective-word"]


def test_a_silence_of_a_check_that_did_not_run_is_not_called_unused():
    text = RULE + "      - a knife is visible # judge-lint: allow unknown-to-bundled-model because x\n"
    assert names(lint(text)) == []
    assert names(lint(text, bundled=True)) == ["unused-silence"]


def test_the_caret_points_at_the_word_wherever_yaml_puts_it():
    for statement in (
        '"the\n          ugly {w}"',
        ">-\n          the\n          ugly {w}",
        "{{any: [a cat is visible, an ugly {w}]}}",
    ):
        (found,) = lint(RULE + "      - " + statement.format(w="dog is visible") + "\n")
        span = found.span
        assert found.source[span.column - 1 : span.column - 1 + span.length] == "ugly"
    wide = lint(RULE + "      - 猫 is ugly\n")
    source, caret = as_text(wide).splitlines()[1:3]
    assert caret.index("^") == source.index("ugly") + 1  # the character takes two cells
    (far,) = lint(RULE + f"      - {'x ' * 300}is ugly\n")
    source, caret = as_text([far]).splitlines()[1:3]
    assert source[caret.index("^") :].startswith("ugly")


def test_mistakes_of_loading_stand_beside_findings_in_whole_rules():
    text = "rules:\n  - id: a\n    rule: No.\n    sevrity: low\n  - id: b\n    rule: No ugly thing.\n  - id: b\n    rule: No {x}.\n"
    found = lint(text, cases=[{"b": "violates"}, {"b": "ok"}])
    assert [(one.check.name, one.span.line - 2) for one in found] == [
        ("invalid-constitution", 4), ("subjective-word", 6), ("invalid-constitution", 7), ("invalid-constitution", 8),
    ]  # fmt: skip


def test_ten_thousand_rules_take_seconds():
    rule = "  - {{id: r{n}, rule: No thing {n} may be shown., preconditions: [people are visible, thing {n} is visible]}}\n"
    text = "rules:\n" + "".join(rule.format(n=n) for n in range(10_000))
    begun = time.process_time()
    assert names(lint(text, cases=[{f"r{n}": said for n in range(10_000)} for said in ("violates", "ok")])) == []
    assert time.process_time() - begun < 60


CODE = st.sampled_from([check.name for check in CHECKS])
WORDS = st.sampled_from(
    [
        "no",
        "not",
        "unless",
        "people",
        "are",
        "visible",
        "ugly",
        "many",
        "and",
        "or",
        "more",
        "than",
        "5",
        "{n}",
        "#",
        "judge-lint:",
        "allow",
        "because",
    ]
)
SENTENCES = st.lists(WORDS | CODE, max_size=12).map(" ".join) | st.text(max_size=20)
KEYS = st.sampled_from(["id", "rule", "preconditions", "exceptions", "any", "statement", "parameters", "rules"])
ANY = st.recursive(
    st.none() | st.integers() | SENTENCES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)
GROUPS = st.lists(SENTENCES | st.fixed_dictionaries({"any": st.lists(SENTENCES, max_size=3)}) | ANY, max_size=4)
RULES = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b", "c"]), "rule": SENTENCES},
    optional={"preconditions": GROUPS, "exceptions": GROUPS, "parameters": st.just({"n": "5"})},
)


@given(st.text(), ANY, st.lists(RULES | ANY, max_size=4))
@example("\x85# judge-lint: allow\u2028\t", None, [])
@example("a: |\n # judge-lint: allow x because\n", [], [{"id": "a", "rule": "(("}])
@settings(max_examples=200, deadline=None)
def test_nothing_in_a_file_makes_it_fail(text, data, rules):
    whole = yaml.safe_dump({"constitution": "a", "version": "1.0.0", "rules": rules}, allow_unicode=True)
    for one in (text, yaml.safe_dump(data), HEAD + text, whole, whole + "# judge-lint: " + text):
        found = lint_text(one, older={"z": "No."}, cases=[{"a": "ok"}], bundled=True)
        as_text(found)
        assert all(finding.span.line >= 1 and finding.span.column >= 1 for finding in found)


def test_the_bundled_vocabulary_is_what_its_tool_writes():
    from tools.list_bundled_words import text

    assert (ROOT / "judge/lint/words/bundled-vocabulary.txt").read_text(encoding="utf-8") == text()


def test_an_approved_chain_is_the_persons_own_business():
    text = "rules:\n  - {id: gun, rule: No gun may be shown.}\n"
    lock = locked(text, {"gun": ["a toy is visible"]})
    assert "unfit-chain" in names(lint(text, lock=lock))
    entry = approved(lock.rules["gun"], "Ada")
    assert "unfit-chain" not in names(lint(text, lock=lock.model_copy(update={"rules": {"gun": entry}})))


def test_chains_in_the_lock_are_linted_where_their_rule_stands():
    text = "rules:\n  - id: gun\n    rule: No gizmo may be shown.\n  - id: own\n    rule: Two.\n    preconditions: [fire is visible]\n"
    (found,) = [
        one for one in lint(text, bundled=True, lock=locked(text)) if one.check.name == "unknown-to-bundled-model"
    ]
    assert (found.span.line, "`gizmo` (in its compiled chain)" in found.message) == (5, True)
    assert "unknown-to-bundled-model" not in names(lint(text, bundled=True))


def test_compiled_chains_that_contradict_each_other_are_found():
    text = "rules:\n  - {id: one, rule: No fire may be shown.}\n  - {id: two, rule: Something else.}\n"
    lock = locked(text)
    denied = (Precondition(any=(Statement(statement="no fire is visible"),)),)
    entry = lock.rules["two"].model_copy(update={"preconditions": denied})
    both = lock.model_copy(update={"rules": {**lock.rules, "two": entry}})
    assert "contradictory-rules" in names(lint(text, lock=both))
    assert "contradictory-rules" not in names(lint(text))
    stale = text.replace("Something else", "Something new")
    assert "contradictory-rules" not in names(lint(stale, lock=both))


def test_a_compiled_chain_does_not_hide_what_is_wrong_with_its_rule():
    text = "rules:\n  - {id: one, rule: No inappropriate fire may be shown.}\n"
    assert "subjective-word" in names(lint(text, lock=locked(text)))


def test_a_chain_by_hand_in_other_words_is_told_until_it_is_approved():
    text = "rules:\n  - {id: gun, rule: No gun may be shown., preconditions: [a toy is visible]}\n"
    assert "other-words" in names(lint(text, checks=CHECKS))
    assert "other-words" not in names(lint(text.replace("a toy is", "a gun is"), checks=CHECKS))
    lock = locked(text, {"gun": ["a toy is visible"]})
    entry = approved(lock.rules["gun"], "Ada")
    assert "other-words" not in names(lint(text, checks=CHECKS, lock=lock.model_copy(update={"rules": {"gun": entry}})))
    other = text.replace("a toy", "a ball")  # the approval was of another chain
    assert "other-words" in names(lint(other, checks=CHECKS, lock=lock.model_copy(update={"rules": {"gun": entry}})))
