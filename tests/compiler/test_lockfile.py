"""The lock file: round trip, staleness, use by the judge, priors, and what a failed compile leaves behind."""

from __future__ import annotations

import logging

import pytest

from judge.assemble import load_judge
from judge.compiler.files import check_file, compile_file
from judge.errors import ConstitutionError, UserError
from judge.locks.loading import load_policy
from judge.locks.lockfile import COMPILER, Calibration, Prior, RuleCalibration, read_lock
from judge.locks.text import written
from judge.models.scripted import ScriptedMllm
from judge.settings import Bounds

TEXT = """\
constitution: mine
version: 1.0.0
rules:
  - id: gun
    rule: No gun longer than {most} cm may be shown, unless a museum is visible.
    parameters: {most: 20}
  - id: fire
    rule: No fire.
    preconditions: [a fire is visible]
"""
PRIORS = {"a gun longer than 20 cm is visible": 0.03, "a museum is visible": 0.5, "a fire is visible": 0.95}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def lock_of(file):
    return file.with_name("mine.lock.yaml")


def test_compiling_twice_gives_the_same_bytes_and_reads_back(file):
    first = compile_file(file, None, ScriptedMllm(priors=PRIORS))
    text = lock_of(file).read_text(encoding="utf-8")
    assert first.changed and first.before.added == ("gun", "fire")
    again = compile_file(file, None, ScriptedMllm(priors=PRIORS))
    assert not again.changed
    assert lock_of(file).read_text(encoding="utf-8") == text
    assert read_lock(lock_of(file)) == first.lock
    assert "approved_by: null" in text and "a museum is visible: {p_yes: 0.5, p_no: 0.5}" in text


def test_the_lock_says_every_chain_back_in_comments_that_nothing_reads(file):
    lock = compile_file(file, None, None).lock
    text = lock_of(file).read_text(encoding="utf-8")
    assert "  gun:\n    # Flagged when: a gun longer than {most} cm is visible; unless a museum is visible.\n" in text
    assert "    # not flagged: a gun longer than {most} cm is visible and a museum is visible\n" in text
    bare = "".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith("#"))
    lock_of(file).write_text(bare, encoding="utf-8")
    assert read_lock(lock_of(file)) == lock
    assert compile_file(file, None, None).changed and lock_of(file).read_text(encoding="utf-8") == text


def test_what_an_edited_chain_says_is_said_anew(file):
    compile_file(file, None, None)
    text = lock_of(file).read_text(encoding="utf-8")
    lock_of(file).write_text(
        text.replace("- a museum", "- a shop").replace("statement: a museum", "statement: a shop"), encoding="utf-8"
    )
    assert compile_file(file, None, None).changed
    assert (
        "# Flagged when: a gun longer than {most} cm is visible; unless a shop is visible." in lock_of(file).read_text()
    )


def test_no_statement_breaks_out_of_its_comment(file):
    odd = "rules:\\n  evil: {}\\u2028x\\x85y " + "long " * 60
    file.write_text(TEXT.replace("[a fire is visible]", f'["{odd}"]'), encoding="utf-8")
    lock = compile_file(file, None, None).lock
    assert read_lock(lock_of(file)) == lock and list(lock.rules) == ["gun", "fire"]
    assert max(map(len, lock_of(file).read_text(encoding="utf-8").splitlines())) <= 300


def test_priors_near_0_and_1_are_warned_of_with_what_to_do_unless_debiased_in_logits(file):
    rules = compile_file(file, None, ScriptedMllm(priors=PRIORS)).lock.rules
    assert [one[:5] for one in rules["gun"].warnings] == ["prior"]
    assert "answers no even without a picture, so its no says little" in rules["gun"].warnings[0]
    assert "answers yes even without a picture" in rules["fire"].warnings[0]
    assert "docs/glossary.md#language-prior" in rules["fire"].warnings[0]
    assert "debias: logit" in rules["fire"].warnings[0]
    file.write_text(TEXT + "    thresholds: {debias: logit}\n", encoding="utf-8")
    rules = compile_file(file, None, ScriptedMllm(priors=PRIORS)).lock.rules
    assert rules["fire"].warnings == () and rules["gun"].warnings
    assert compile_file(file, None, None).lock.rules["gun"].warnings == ()


def test_staleness_names_rules_and_a_moved_parameter_is_none(file):
    assert check_file(file).staleness.added == ("gun", "fire")
    compile_file(file, None, None)
    assert check_file(file).staleness.fresh
    file.write_text(TEXT.replace("most: 20", "most: 30"), encoding="utf-8")
    assert check_file(file).staleness.fresh
    file.write_text(TEXT.replace("No fire", "No fires").replace("id: gun", "id: arms"), encoding="utf-8")
    found = check_file(file).staleness
    assert (found.stale, found.added, found.removed) == (("fire",), ("arms",), ("gun",))


def test_a_fresh_lock_gives_chains_to_rules_that_have_none(file):
    compile_file(file, None, None)
    policy = load_policy(file)
    constitution, lock = policy.constitution, policy.lock
    gun, fire = constitution.rules
    assert lock is not None and constitution.without_chain == ()
    assert gun.preconditions[0].any[0].statement == "a gun longer than {most} cm is visible"
    assert gun.exceptions[0].any[0].statement == "a museum is visible"
    assert fire.preconditions[0].any[0].statement == "a fire is visible"


def test_a_changed_rule_gets_nothing_from_a_stale_lock(file, caplog):
    compile_file(file, None, None)
    file.write_text(TEXT.replace("No gun", "No pistol").replace("a fire is", "a flame is"), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        constitution = load_policy(file).constitution
    assert constitution.without_chain == ("gun",)
    assert constitution.rules[1].preconditions[0].any[0].statement == "a flame is visible"
    assert "stale for gun: run `judge compile" in caplog.text and "fire" not in caplog.text


def test_the_judge_uses_chains_and_priors_and_records_the_lock(file, bundled, drawing, monkeypatch):
    monkeypatch.setattr("judge.assemble._mllm", lambda *_: bundled)
    compiled = compile_file(file, None, bundled)
    changed = compiled.lock.rules["fire"].model_copy(
        update={"priors": {"a fire is visible": Prior(p_yes=0.123456, p_no=0.8)}}
    )
    whole = compiled.lock.model_copy(update={"rules": {**compiled.lock.rules, "fire": changed}})
    lock_of(file).write_text(written(whole, file.name), encoding="utf-8")
    judge = load_judge(file, encoder="none", detector="none", escalate=())
    verdict = judge.judge(drawing)
    lock = read_lock(lock_of(file))
    assert lock is not None and verdict.provenance.lock_digest == lock.digest != compiled.lock.digest
    gun, fire = verdict.findings
    assert gun.preconditions[0].alternatives[0].statement == "a gun longer than 20 cm is visible"
    assert fire.preconditions[0].alternatives[0].prior.p_yes == 0.123456
    assert load_judge(file, encoder="none", detector="none", model="bundled").provenance.lock_digest == lock.digest


NUMBERS = [
    pytest.param("p_yes: 0.95", "p_yes: 0.05", id="a prior"),
    pytest.param("a fire is visible: {p_yes: 0.95, p_no: 0.05}", "a fire: {p_yes: 0.95, p_no: 0.05}", id="whose prior"),
    pytest.param("name: scripted", "name: other", id="the model the priors are of"),
    pytest.param("fails_under: -0.5", "fails_under: -0.7", id="a bound"),
    pytest.param("level: 0.05", "level: 0.5", id="the rate that is kept"),
    pytest.param("made_under: abc", "made_under: abd", id="what the bounds were made under"),
]


@pytest.mark.parametrize(("old", "new"), NUMBERS)
def test_numbers_edited_by_hand_are_noticed_and_never_judged_by(file, old, new):
    lock = calibrated(compile_file(file, None, ScriptedMllm(priors=PRIORS)).lock)
    text = written(lock, file.name)
    assert text.count(old) >= 1, text
    lock_of(file).write_text(text, encoding="utf-8")
    assert check_file(file).staleness.fresh and load_policy(file).lock is not None
    lock_of(file).write_text(text.replace(old, new), encoding="utf-8")
    staleness = check_file(file).staleness
    assert not staleness.fresh and staleness.in_words == "its priors or its calibration were edited by hand"
    with pytest.raises(UserError, match="edited by hand") as told:
        load_policy(file)
    assert "judge compile" in told.value.hint
    again = compile_file(file, None, ScriptedMllm(priors=PRIORS))
    assert again.changed and check_file(file).staleness.fresh
    assert again.lock.rules["fire"].priors["a fire is visible"].p_yes == 0.95 and again.lock.calibration is None


def test_a_lock_of_an_older_version_says_so_and_keeps_chains_and_approvals_when_compiled_again(file):
    compile_file(file, None, ScriptedMllm(priors=PRIORS))
    text = lock_of(file).read_text(encoding="utf-8").replace("approved_by: null", "approved_by: Ada", 1)
    older = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("measured_digest"))
    lock_of(file).write_text(older, encoding="utf-8")
    assert "older version" in check_file(file).staleness.in_words
    with pytest.raises(UserError, match="made by an older version of judge"):
        load_policy(file)
    again = compile_file(file, None, ScriptedMllm(priors=PRIORS))
    assert again.lock.rules["gun"].approved_by == "Ada" and load_policy(file).lock == again.lock


def calibrated(lock):
    made = Calibration(
        target="false_positive_rate", level=0.05, labelled=True, dataset="d", dataset_digest="e", images=30, models=(),
        prompts={},
    )  # fmt: skip
    own = RuleCalibration(bounds=Bounds(fails_under=-0.5, holds_over=0.5), ok=20, violating=10, made_under="abc")
    fire = lock.rules["fire"].model_copy(update={"calibration": own})
    return lock.model_copy(update={"rules": {**lock.rules, "fire": fire}, "calibration": made})


def test_a_failed_compile_keeps_the_previous_lock(file):
    compile_file(file, None, None)
    before = lock_of(file).read_bytes()
    file.write_text(TEXT.replace("No gun", "No pistol"), encoding="utf-8")
    with pytest.raises(Exception, match="gun: the LLM gave no usable answer"):
        compile_file(file, ScriptedMllm(replies=["what?", "why?"]), None)
    assert lock_of(file).read_bytes() == before
    assert [path.name for path in sorted(file.parent.iterdir())] == ["mine.lock.yaml", "mine.yaml"]


def test_mistakes_in_a_lock_file_are_told_with_their_line(file):
    compile_file(file, None, None)
    text = lock_of(file).read_text(encoding="utf-8")
    lock_of(file).write_text(text.replace("made_by: grammar", "made_by: magic"), encoding="utf-8")
    with pytest.raises(ConstitutionError, match=r"mine\.lock\.yaml:\d+:\d+: rules\.gun\.made_by"):
        load_policy(file)
    lock_of(file).write_text(text.replace("longer than {most} cm is", "longer than {least} cm is"), encoding="utf-8")
    with pytest.raises(UserError, match=r"\{least\} is no parameter of this rule"):
        load_policy(file)


def test_the_grammar_refuses_other_languages_than_english(file):
    file.write_text(TEXT.replace("version:", "language: de\nversion:"), encoding="utf-8")
    with pytest.raises(UserError, match="the rule grammar reads English"):
        compile_file(file, None, None)


def test_chains_of_an_older_grammar_are_stale_and_a_persons_are_not(file):
    compile_file(file, None, None)
    text = lock_of(file).read_text(encoding="utf-8")
    older = text.replace(f"compiler: '{COMPILER}'", "compiler: '1'")
    assert older != text
    lock_of(file).write_text(older, encoding="utf-8")
    assert check_file(file).staleness.stale == ("gun",)  # `fire` has its own preconditions
    lock_of(file).write_text(older.replace("approved_by: null", "approved_by: Ada", 1), encoding="utf-8")
    assert check_file(file).staleness.fresh
    lock_of(file).write_text(older, encoding="utf-8")
    compile_file(file, None, None)
    assert check_file(file).staleness.fresh
