"""Mistakes in a constitution: all of them at once, each at its line and column, with the nearest right name."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from judge.constitution import Constitution, load_constitution, parse_constitution
from judge.errors import ConstitutionError, UserError

HERE = Path(__file__).parent
HEAD = "constitution: demo\nversion: 1.0.0\nrules:\n  - id: a\n    rule: Nothing may be shown.\n"


def report(text: str) -> list[str]:
    with pytest.raises(ConstitutionError) as caught:
        parse_constitution(text, file="f")
    return str(caught.value).splitlines()


def test_many_mistakes_are_reported_at_once_and_in_place():
    text = (HERE / "many-mistakes.yaml").read_text(encoding="utf-8")
    found = "\n".join(report(text)) + "\n"
    assert found == (HERE / "snapshots" / "many-mistakes.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f:1:1: the file is empty"),
        ("# only a comment\n", "f:1:1: the file is empty"),
        ("~", "f:1:1: the file must be a mapping (`key: value` lines), not nothing"),
        ("- a\n", "f:1:1: the file must be a mapping"),
        ("just words", "f:1:1: the file must be a mapping"),
        (HEAD + "---\nconstitution: other\n", "f:6:1: not YAML: a second document begins here (remove the line"),
        (HEAD + "\tcategory: x\n", "f:6:1: not YAML: found a tab"),
        (HEAD + "    category: 'x\n", "f:7:1: not YAML: the quote that opens on line 6 is not closed"),
        (
            HEAD + "    preconditions: [a, b\n",
            "f:7:1: not YAML: the list that begins on line 6 is not closed (close it with `]`)",
        ),
        (
            HEAD + "    category: a: b\n",
            "f:6:16: not YAML: a colon where none can stand (put a text with a colon in quotes",
        ),
        (HEAD + "   category: a\n", "f:6:4: not YAML: this line does not line up with those above it"),
        (
            HEAD + "    category: @x\n",
            "f:6:15: not YAML: a text cannot begin with this character (put the text in quotes)",
        ),
        (HEAD + "    category: *nobody\n", "f:6:15: not YAML: a text that begins with `*` stands for"),
        (HEAD + "    category: a\0b\n", "f:6:16: not YAML: the character U+0000"),
        (HEAD + "    category: \N{SNOWMAN}\x07b\n", "f:6:16: not YAML: the character U+0007"),
        (HEAD + "# \ud800\n", "f:6:3: not YAML: the character U+D800"),
        (HEAD.replace("Nothing may be shown.", "yes"), "f:5:11: rule must be text, not True (quote it)"),
        (HEAD + "    id: b\n", "f:6:5: `id` stands twice (first on line 4)"),
        (HEAD + "  - id: a\n    rule: Other.\n", "f:6:9: id `a` is used twice (first on line 4)"),
        (HEAD + "    <<: {category: x}\n", "f:6:5: a key must be plain text"),
        (HEAD + "    ? [a]\n    : b\n", "f:6:7: a key must be plain text"),
        (HEAD + "    preconditions: &p\n      - any: *p\n", "f:6:20: an anchor that contains itself"),
        (HEAD + "    parameters: {n: !!bool x}\n", "f:6:21: cannot read `x` as bool"),
        (HEAD + "    parameters: {n: !!int ''}\n", "f:6:21: cannot read `` as int"),
        (HEAD + "    parameters: {n: !!timestamp x}\n", "f:6:21: cannot read `x` as timestamp"),
        (HEAD + "    parameters: {n: 2024-13-45}\n", "f:6:21: cannot read `2024-13-45` as timestamp"),
        (HEAD + "    parameters: {n: .inf}\n", "f:6:21: parameter `n` must be a number or text, not inf"),
        (HEAD + "    parameters: {n: yes}\n", "f:6:21: parameter `n` must be a number or text, not True"),
        (HEAD + "    parameters: !!python/object/apply:os.getcwd []\n", "f:6:17: cannot read a value as"),
        ("constitution: demo\nversion: 1.0.0\nrules: []\n", "f:3:8: rules must not be empty"),
        ("constitution: demo\nversion: '1'\nrules: [{id: a, rule: No.}]\n", "f:2:10: version `1` does not fit"),
    ],
)
def test_one_mistake_is_one_line_in_its_place(text, expected):
    lines = report(text)
    assert len(lines) == 1
    assert lines[0].startswith(expected)


def test_references_and_categories_are_checked_across_the_file():
    text = HEAD.replace("Nothing", "No {thnig} or {other}") + "    parameters: {thing: dog}\n    category: wepons\n"
    assert report("categories: {weapons: [illicit]}\n" + text) == [
        "f:6:11: {other} is no parameter of this rule (add it under `parameters`)",
        "f:6:11: {thnig} is no parameter of this rule (did you mean {thing}?)",
        "f:8:15: category `wepons` is not mapped (did you mean `weapons`?)",
    ]


def test_an_unused_mapping_is_not_asked_for():
    assert parse_constitution(HEAD + "    category: anything\n").rules[0].category == "anything"


def test_billion_laughs_are_refused_quickly():
    laughs = "a0: &a0 [" + ", ".join(["ha"] * 10) + "]\n"
    laughs += "".join(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]\n" for i in range(12))
    begun = time.process_time()
    assert "more than 1,000,000 values" in report(laughs)[0]
    assert time.process_time() - begun < 15  # about 2 s; without the bound, never


def test_depth_is_refused_before_it_overflows_the_stack():
    chain = "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(2_000))
    for text in ("[" * 100_000, "- " * 100_000, "{a: " * 100_000, "? " * 100_000, chain):
        (line,) = report(text)
        assert line.endswith("nested too deeply (at most 64 levels)")


def test_long_values_are_clipped_in_messages():
    for text in (HEAD + f"    severity: {'h' * 9_000}\n", HEAD + f"    parameters: {{n: {'9' * 9_000}}}\n"):
        (line,) = report(text)
        assert len(line) < 200


def test_files_that_are_no_utf8_text_or_no_file(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(HEAD.replace("Nothing", "N\xf6thing").encode("latin-1"))
    with pytest.raises(UserError, match="not UTF-8"):
        load_constitution(path)
    for wrong in (tmp_path, tmp_path / "none.yaml", "n" * 5_000, "nul\0"):
        with pytest.raises(UserError, match="no constitution at"):
            load_constitution(wrong)


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert load_constitution(path) == parse_constitution("\ufeff" + HEAD) == parse_constitution(HEAD)


def test_a_misspelt_shipped_name_is_suggested():
    with pytest.raises(UserError, match="did you mean `demo`"):
        load_constitution("dmeo")
    with pytest.raises(UserError, match="shipped name: demo"):
        load_constitution("zzzz")


def parses(text: str) -> None:
    """The property: a constitution, or a ConstitutionError in which every problem is one line with a place."""
    try:
        found = parse_constitution(text, file="f")
    except ConstitutionError as error:
        for problem in error.problems:
            assert "\n" not in str(problem)
            assert problem.line >= 1
            assert problem.column >= 1
    else:
        assert isinstance(found, Constitution)


@given(st.text(st.characters()))
@example("\ud800")
@example("%YAML 9.9\n---\n")
@example("!!bool x")
@settings(max_examples=200, deadline=None)
def test_arbitrary_text_never_raises_anything_else(text):
    parses(text)
    parses(HEAD + "    category: " + text)


KEYS = st.sampled_from(
    ["constitution", "version", "categories", "rules", "id", "rule", "preconditions", "exceptions", "any",
     "statement", "central_objects", "parameters", "thresholds", "severity", "status", "category"]
)  # fmt: skip
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary(max_size=8) | KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=6),
    max_leaves=20,
)


@given(PLAIN, st.sampled_from(["whole", "rules", "rule", "preconditions", "parameters", "categories", "thresholds"]))
@example({"\n": None}, "parameters")
@settings(max_examples=250, deadline=None)
def test_arbitrary_data_in_any_place_never_raises_anything_else(data, place):
    rule = {"id": "a", "rule": "Nothing may be shown."}
    whole = {"constitution": "demo", "version": "1.0.0", "rules": [rule]}
    if place == "whole":
        whole = data
    elif place in ("rules", "categories"):
        whole[place] = data
    elif place == "rule":
        whole["rules"] = [data, rule]
    else:
        rule[place] = data
    parses(yaml.safe_dump(whole, allow_unicode=True))
