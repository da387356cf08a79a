"""What people do to chains in a lock: edits, approvals, refusals, and rules that are enforced only once approved."""

from __future__ import annotations

import logging

import pytest
from typer import Exit

from judge.assemble import load_judge
from judge.cli.compile import _check
from judge.compiler.files import check_file, compile_file, write_lock
from judge.constitution import load_constitution
from judge.errors import ConstitutionError
from judge.judging.pipeline import Judge
from judge.locks.loading import load_policy
from judge.locks.lockfile import read_lock
from judge.models.scripted import ScriptedMllm

TEXT = """\
constitution: mine
version: 1.0.0
require_approval: true
rules:
  - id: gun
    rule: No gun may be shown, unless a museum is visible.
  - id: fire
    rule: No fire may be shown.
    preconditions: [a fire is visible]
  - id: taste
    rule: Nothing awful.
"""


def compiled(folder, text):
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    compile_file(path, None, None)
    return path


@pytest.fixture
def file(tmp_path):
    return compiled(tmp_path, TEXT)


def change(file, old, new):
    path = file.with_name("mine.lock.yaml")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def sign(file, rule, name="Ada"):
    path = file.with_name("mine.lock.yaml")
    head, mark, tail = path.read_text(encoding="utf-8").partition(f"\n  {rule}:\n")
    path.write_text(head + mark + tail.replace("approved_by: null", f"approved_by: {name}", 1), encoding="utf-8")


def put(file, rule, **fields):
    """An entry as somebody may write it by hand, whatever its digests say."""
    path = file.with_name("mine.lock.yaml")
    lock = read_lock(path)
    rules = {**lock.rules, rule: lock.rules[rule].model_copy(update=fields)}
    write_lock(file, lock.model_copy(update={"rules": rules}))


def entry(file, rule):
    return read_lock(file.with_name("mine.lock.yaml")).rules[rule]


def test_check_names_what_waits_for_a_person(file):
    standing = check_file(file).standing
    assert standing.without_chain == ("taste",)
    assert standing.unapproved == ("gun", "fire", "taste")
    assert list(standing.warnings) == ["taste"]
    assert standing.edited == () and not standing.settled


def test_an_edited_chain_is_the_persons_and_old_remarks_on_it_are_gone(file):
    compile_file(
        file,
        None,
        ScriptedMllm(priors={"a gun is visible": 0.01, "a museum is visible": 0.5, "a fire is visible": 0.5}),
    )
    assert "even without a picture" in str(entry(file, "gun").warnings)
    change(file, "statement: a gun is visible", "statement: a pistol is visible")
    standing = check_file(file).standing
    assert standing.edited == ("gun",) and "gun" not in standing.warnings
    compile_file(file, None, None)
    kept = entry(file, "gun")
    assert kept.made_by == "person" and "even without a picture" not in str(kept.warnings)
    assert kept.preconditions[0].any[0].statement == "a pistol is visible"
    assert compile_file(file, None, None).changed is False and check_file(file).standing.edited == ()


def test_an_approval_is_of_the_chain_as_it_was(file):
    sign(file, "gun")
    compile_file(file, None, None)
    assert entry(file, "gun").approved and "gun" not in check_file(file).standing.unapproved
    change(file, "a gun is visible", "a toy is visible")
    assert not entry(file, "gun").approved and "gun" in check_file(file).standing.unapproved
    compile_file(file, None, None)
    found = entry(file, "gun")
    assert found.approved_by is None and "edited since Ada approved it" in found.warnings[0]
    sign(file, "gun", "Bea")
    compile_file(file, None, None)
    assert entry(file, "gun").approved and entry(file, "gun").approved_by == "Bea"


def test_a_name_written_by_hand_counts_from_the_next_compiling_on(file, caplog):
    sign(file, "gun")
    standing = check_file(file).standing
    assert standing.unconfirmed == ("gun",) and "gun" in standing.unapproved
    with caplog.at_level(logging.WARNING):
        assert {rule.id: rule.status for rule in load_policy(file).constitution.rules}["gun"] == "shadow"
    compile_file(file, None, None)
    standing = check_file(file).standing
    assert standing.unconfirmed == () and "gun" not in standing.unapproved


@pytest.mark.parametrize("digest", [None, "", "0123456789abcdef"])
def test_an_approval_that_is_not_of_the_chain_is_none_and_is_named(file, digest, capsys, caplog):
    put(file, "gun", approved_by="Ada", approved_digest=digest)
    with caplog.at_level(logging.WARNING):
        assert {rule.id: rule.status for rule in load_policy(file).constitution.rules}["gun"] == "shadow"
    assert check_file(file).standing.unconfirmed == ("gun",)
    with pytest.raises(Exit) as code:
        _check([str(file)], strict=True, json=False)
    assert code.value.exit_code == 1
    said = capsys.readouterr()
    assert "approved by a name that is not of this chain: gun" in said.out and "judge compile --interactive" in said.err


def test_an_approval_is_of_whoever_gave_it(file, capsys):
    sign(file, "gun")
    sign(file, "fire")
    compile_file(file, None, None)
    change(file, "approved_by: Ada", "approved_by: Mallory")
    standing = check_file(file).standing
    assert standing.unconfirmed == ("gun", "fire") and standing.unapproved == ("gun", "fire", "taste")
    with pytest.raises(Exit) as code:
        _check([str(file)], strict=True, json=False)
    assert code.value.exit_code == 1
    assert "approved by a name that is not of this chain: gun, fire" in capsys.readouterr().out
    compile_file(file, None, None)
    assert [entry(file, name).approved_by for name in ("gun", "fire")] == [None, None]
    assert "or somebody else's approval" in entry(file, "gun").warnings[0]
    sign(file, "gun", "Bea")
    compile_file(file, None, None)
    assert entry(file, "gun").approved and entry(file, "gun").approved_by == "Bea"


def test_an_edit_keeps_a_lock_from_being_settled_whatever_stands_beside_it(tmp_path, capsys):
    file = tmp_path / "mine.yaml"
    file.write_text("constitution: mine\nversion: 1.0.0\nrules:\n  - {id: gun, rule: No gun may be shown.}\n", "utf-8")
    compile_file(file, None, None)
    chain = entry(file, "gun").preconditions
    sign(file, "gun")
    compile_file(file, None, None)
    assert check_file(file).standing.settled
    (one,) = chain[0].any
    other = chain[0].model_copy(update={"any": (one.model_copy(update={"statement": "a toy gun is visible"}),)})
    fitting = entry(file, "gun").model_copy(update={"preconditions": (other,)}).approval
    put(file, "gun", preconditions=(other,), approved_digest=fitting)  # the approval was made to fit
    found = check_file(file)
    assert found.staleness.fresh and found.standing.edited == ("gun",) and not found.standing.settled
    for strict, expected in ((False, 0), (True, 1)):
        with pytest.raises(Exit) as code:
            _check([str(file)], strict=strict, json=False)
        said = capsys.readouterr()
        assert code.value.exit_code == expected
        assert "edited by hand since it was compiled: gun" in said.out and "judge compile --interactive" in said.err


MOVED = """\
constitution: mine
version: 1.0.0
require_approval: true
rules:
  - {id: blade, rule: No knives may be shown.}
  - {id: dog, rule: No dogs may be shown.}
"""


def moved(file):
    """Everything of `dog` stands under `blade`, which keeps its own `rule` and `rule_digest`."""
    lock = read_lock(file.with_name("mine.lock.yaml"))
    own = lock.rules["blade"].model_dump(include={"id", "rule", "rule_digest"})
    there = lock.rules["dog"].model_copy(update=own)
    write_lock(file, lock.model_copy(update={"rules": {**lock.rules, "blade": there}}))


@pytest.fixture
def signed(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(MOVED, encoding="utf-8")
    compile_file(file, None, None)
    for rule in ("blade", "dog"):
        sign(file, rule)
    compile_file(file, None, None)
    assert check_file(file).standing.settled
    return file


def test_a_chain_that_was_moved_under_another_rule_is_edited_and_approved_by_nobody(signed):
    moved(signed)
    standing = check_file(signed).standing
    assert standing.edited == standing.unconfirmed == standing.unapproved == ("blade",)
    assert {rule.id: rule.status for rule in load_policy(signed).constitution.rules} == {
        "blade": "shadow", "dog": "enforce",
    }  # fmt: skip
    compile_file(signed, None, None)
    assert entry(signed, "blade").approved_by is None and entry(signed, "blade").made_by == "person"


def test_an_approval_is_of_the_rule_that_it_was_given_for(signed):
    text = signed.read_text(encoding="utf-8")
    old = entry(signed, "dog")
    signed.write_text(text.replace("No dogs may be shown.", "Dogs may not be shown."), encoding="utf-8")
    compile_file(signed, None, None)
    assert entry(signed, "dog").approved_by is None
    put(signed, "dog", approved_by=old.approved_by, approved_digest=old.approved_digest)
    assert entry(signed, "dog").content == old.content  # the same chain, made of other words
    assert check_file(signed).standing.unconfirmed == ("dog",)


@pytest.mark.parametrize(
    "told", [{"made_by": "llm"}, {"made_with": "0123456789abcdef"}, {"score": 9}, {"explanation": "It is fine."}]
)
def test_how_a_chain_was_made_is_under_its_digest(signed, told):
    put(signed, "blade", **told)
    assert check_file(signed).standing.edited == ("blade",)


def test_an_entry_has_its_id_from_its_key_alone(signed):
    change(signed, "  blade:\n", "  blade:\n    id: dog\n")
    with pytest.raises(ConstitutionError, match="`id`"):
        check_file(signed)


def test_an_approved_rule_without_a_chain_is_still_one_that_cannot_be_judged(file):
    sign(file, "taste")
    assert check_file(file).standing.unapproved == ("gun", "fire", "taste")


def test_only_approved_rules_are_enforced_where_approval_is_required(file, caplog):
    sign(file, "fire")
    compile_file(file, None, None)
    with caplog.at_level(logging.WARNING):
        constitution = load_policy(file).constitution
    assert {rule.id: rule.status for rule in constitution.rules} == {
        "gun": "shadow", "fire": "enforce", "taste": "shadow",
    }  # fmt: skip
    assert "gun, taste" in caplog.text and "--interactive" in caplog.text
    file.write_text(TEXT.replace("[a fire is visible]", "[a flame is visible]"), encoding="utf-8")
    assert {rule.status for rule in load_policy(file).constitution.rules} == {"shadow"}  # Ada approved another chain
    file.write_text(TEXT.replace("require_approval: true\n", ""), encoding="utf-8")
    assert {rule.status for rule in load_policy(file).constitution.rules} == {"enforce"}


def test_without_a_lock_nothing_is_approved_on_any_way_to_a_judge(file, bundled, monkeypatch):
    monkeypatch.setattr("judge.assemble._mllm", lambda *_: bundled)
    constitution = load_constitution(file)
    file.with_name("mine.lock.yaml").unlink()
    first = load_judge(file, encoder="none", detector="none")
    judges = [
        first, load_judge(constitution, encoder="none", detector="none"), Judge(constitution, bundled),
        first.derive(constitution=constitution),
    ]  # fmt: skip
    for judge in judges:
        assert {rule.status for rule in judge.constitution.rules} == {"shadow"}


def test_what_does_not_require_approval_keeps_its_digest(file):
    plain = load_constitution(file).model_copy(update={"require_approval": False})
    assert (
        "require_approval" not in plain.model_dump_json()
        and "require_approval" in load_constitution(file).model_dump_json()
    )


def test_an_edit_that_the_constitution_overrules_is_told(file):
    change(file, "- a fire is visible", "- a flame is visible")
    compiled = compile_file(file, None, None)
    assert compiled.overruled == ("fire",)
    assert entry(file, "fire").preconditions[0].any[0].statement == "a fire is visible"


def test_a_persons_chain_is_held_to_the_same_checks_until_somebody_stands_behind_it(file):
    change(file, "statement: a gun is visible", "statement: a toy is visible")
    compile_file(file, None, None)
    assert any(one.startswith("edited: ") and "`toy`" in one for one in entry(file, "gun").warnings)
    assert "gun" in check_file(file).standing.warnings
    sign(file, "gun")
    compile_file(file, None, None)
    assert entry(file, "gun").warnings == () and entry(file, "gun").approved
    assert entry(file, "gun").preconditions[0].any[0].statement == "a toy is visible"


@pytest.mark.parametrize("name", ['""', '"  "', r'"\u200b"', r'"\ufeff \u2060"', r'"\u3164"', '"-"'])
def test_an_approval_without_a_name_that_can_be_read_is_none(file, caplog, name):
    sign(file, "gun", name)
    standing = check_file(file).standing
    assert "gun" in standing.unapproved and "gun" not in standing.warnings
    with caplog.at_level(logging.WARNING):
        assert {rule.id: rule.status for rule in load_policy(file).constitution.rules}["gun"] == "shadow"
    compile_file(file, None, None)
    assert entry(file, "gun").approved_by is None


def test_a_rule_that_was_reworded_in_the_lock_only_is_stale_and_judges_nobody(file, caplog):
    sign(file, "gun")
    change(file, "rule: No gun may be shown, unless a museum is visible.", "rule: No gun may be shown.")
    staleness = check_file(file).staleness
    assert staleness.stale == staleness.misquoted == ("gun",) and not staleness.fresh
    assert "another text in the lock file than in the constitution: gun" in staleness.in_words
    with caplog.at_level(logging.WARNING):
        judged = {rule.id: rule for rule in load_policy(file).constitution.rules}
    assert "is stale for gun" in caplog.text and judged["gun"].preconditions == ()
    compile_file(file, None, None)
    assert check_file(file).staleness.fresh and entry(file, "gun").approved_by is None
    assert entry(file, "gun").rule == "No gun may be shown, unless a museum is visible."


def test_exceptions_of_the_sentence_hold_beside_those_written_in_the_constitution(file):
    text = TEXT.replace(
        "unless a museum is visible.\n",
        "unless a museum is visible.\n    exceptions: [a guard is visible, a museum is visible]\n",
    )
    file.write_text(text.replace("require_approval: true\n", ""), encoding="utf-8")
    compile_file(file, None, None)
    gun = load_policy(file).constitution.rules[0]
    assert [one.any[0].statement for one in gun.exceptions] == ["a guard is visible", "a museum is visible"]
    assert [one.any[0].statement for one in entry(file, "gun").exceptions] == [
        "a guard is visible",
        "a museum is visible",
    ]


@pytest.mark.parametrize(
    ("exception", "told"),
    [
        ("a red kitchen", "has no verb"),
        ("the child has consent", "`consent` in `the child has consent` cannot be seen"),
        ("a gun is visible", "lift the rule whenever `a gun is visible` holds"),
        ("is visible", "does not say what it speaks of"),
    ],
)
def test_an_exception_written_by_hand_is_held_to_the_checks_of_every_statement(file, exception, told):
    file.write_text(
        TEXT.replace("museum is visible.\n", f"museum is visible.\n    exceptions: [{exception}]\n"), "utf-8"
    )
    compile_file(file, None, None)
    assert told in str(check_file(file).standing.warnings["gun"])
    sign(file, "gun")  # somebody stands behind it
    compile_file(file, None, None)
    assert "gun" not in check_file(file).standing.warnings
