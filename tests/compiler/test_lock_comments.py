"""Comments in a lock: those that are not what judge writes in that place are named, since people review by them."""

from __future__ import annotations

import pytest

from judge.compiler.files import check_file, compile_file
from tests.compiler.test_approval import TEXT, change, compiled


@pytest.fixture
def file(tmp_path):
    return compiled(tmp_path, TEXT.replace("require_approval: true\n", ""))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("# Flagged when: a gun is visible;", "# Flagged when: a sword is visible;", ("gun",)),
        ("    # not flagged: a gun is visible and a museum is visible\n", "", ("gun",)),
        ("statement: a gun is visible", "statement: a pistol is visible", ("gun",)),  # the chain, and not its comment
        ("    rule: No gun may", "    # asked the legal team\n    rule: No gun may", ("gun",)),
        ("    made_by: grammar", "    # ask again\n    made_by: grammar", ("gun",)),
        ("  gun:\n", "  gun:  # Flagged when: a sword is visible.\n", ("gun",)),
        ("  gun:\n", "  # Flagged when: a sword is visible.\n  gun:\n", ("gun",)),
        ("  fire:\n", "    # Flagged when: a sword is visible.\n  fire:\n", ("fire",)),  # above an id: of what follows
        ("rules:\n", "rules: # no sword\n", ("gun",)),
        ("  gun:\n", "  gun:\n\n    # Flagged when: a sword is visible.\n", ("gun",)),
        (
            "    rule: No gun may be shown, unless a museum is visible.\n",
            "    rule: >  # no sword\n      No gun may be shown, unless a museum is visible.\n",
            ("gun",),
        ),
        ("  fire:\n", "  fire:\n\n", ()),
        ("rule: Nothing awful.", "rule: 'Nothing awful.'", ()),
        ("# Flagged when: a gun is visible;", "#   Flagged when:\n    #  a gun is visible;", ()),  # as a formatter may
    ],
)
def test_comments_that_say_another_thing_than_their_chain_are_named(file, old, new, named):
    change(file, old, new)
    standing = check_file(file).standing
    assert standing.said_otherwise == named
    compile_file(file, None, None)
    assert check_file(file).standing.said_otherwise == ()


def test_comments_are_found_behind_any_words_and_not_within_them(tmp_path):
    file = tmp_path / "mine.yaml"
    text = "constitution: mine\nversion: 1.0.0\nrules:\n" + "".join(
        f"  - {{id: {name}, rule: 'No {what} may be shown.', preconditions: ['a {what} # 1 is visible']}}\n"
        for name, what in (("one", "Löwe 🦁"), ("two", "Bär"), ("three", "hat"))
    )
    file.write_text(text, encoding="utf-8")
    compile_file(file, None, None)
    assert check_file(file).standing.said_otherwise == ()
    change(file, "rule: No Bär may be shown.", "rule: No Bär may be shown.  # nor a lion")
    assert check_file(file).standing.said_otherwise == ("two",)
    path = file.with_name("mine.lock.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "# nor a cat\n", encoding="utf-8")
    assert check_file(file).standing.said_otherwise == ("two", "three")


def test_a_lock_without_comments_says_nothing_wrong(file):
    path = file.with_name("mine.lock.yaml")
    text = path.read_text(encoding="utf-8")
    path.write_text("".join(one for one in text.splitlines(keepends=True) if not one.startswith("    #")), "utf-8")
    assert check_file(file).standing.said_otherwise == ()
