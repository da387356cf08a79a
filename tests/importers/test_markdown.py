"""Markdown policies become constitutions that load, with their source lines, whatever the markdown looks like."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.importers.markdown import import_markdown

POLICY = """---
title: House policy
version: 1.2.0
language: de
owner: safety team
---
# House policy

No person may be shown with fire on the body, e.g. in a film. Nudity is not allowed!

## Weapons & blades

The following may not be shown:

- guns with {x}
  - except when a police officer is visible.
  - Unless it is a toy
- No **knife** near [children](http://example.org).
  - In a kitchen:
    - a cleaver

1. Bombs are not allowed.
2. Bombs are not allowed.

| a | b |
|---|---|
| 1 | 2 |

```
code is no rule
```

> Nor is a quotation.

### Größe
- Nobody under 3: no.
"""


def rules_of(text: str, file: str = "p.md"):
    made = import_markdown(text, file=file)
    return made, parse_constitution(made.text).rules


def test_a_policy_becomes_rules_categories_and_exceptions():
    made, rules = rules_of(POLICY)
    assert [rule.rule for rule in rules] == [
        "No person may be shown with fire on the body, e.g. in a film.",
        "Nudity is not allowed!",
        "The following may not be shown: guns with (x), unless it is a toy.",
        "No knife near children.",
        "In a kitchen: a cleaver",
        "Bombs are not allowed.",
        "Bombs are not allowed.",
        "Nobody under 3: no.",
    ]
    assert [rule.category for rule in rules] == ["other"] * 2 + ["weapons-blades"] * 5 + ["grosse"]
    guns = rules[2]
    assert [one.any[0].statement for one in guns.exceptions] == ["a police officer is visible"]
    assert [rule.id for rule in rules][-3:] == ["bombs-not-allowed", "bombs-not-allowed-2", "nobody-under-3-no"]
    assert made.rules == len(rules)


def test_the_head_comes_from_the_front_matter():
    found = parse_constitution(import_markdown(POLICY, file="p.md").text)
    assert (found.constitution, found.version, found.language) == ("house-policy", "1.2.0", "de")


def test_a_title_or_the_file_name_stands_in_for_front_matter():
    named = [
        parse_constitution(import_markdown(text, file="a/My rules.md").text) for text in ("# T\n- No x.", "- No x.")
    ]
    assert [(one.constitution, one.version) for one in named] == [("t", "0.1.0"), ("my-rules", "0.1.0")]


@pytest.mark.parametrize("exception", ["it is on a plate", "they are on a plate", "the lid is closed"])
def test_an_exception_that_points_at_what_the_rule_names_stays_in_its_sentence(exception):
    _, rules = rules_of(f"- Food must be covered. Exception: {exception}.")
    assert [(rule.rule, rule.exceptions) for rule in rules] == [(f"Food must be covered, unless {exception}.", ())]


def test_every_rule_and_exception_names_its_line():
    text = import_markdown(POLICY, file="p.md").text.splitlines()
    source = POLICY.splitlines()
    for comment, told in (
        ("- id: guns-x", "guns with"),
        ("- id: no-knife-near-children", "**knife**"),
        ("- a police officer is visible", "police officer"),
    ):
        line = next(index for index, one in enumerate(text) if one.strip() == comment)
        assert told in source[int(text[line - 1].rsplit(":", 1)[1]) - 1]


def test_what_is_skipped_is_named_with_line_and_reason():
    skipped = import_markdown(POLICY, file="p.md").skipped
    source = POLICY.splitlines()
    assert [one.what for one in skipped] == ["owner", "a b 1 2", "code is no rule", "Nor is a quotation."]
    assert source[skipped[0].line - 1].startswith("owner") and source[skipped[1].line - 1] == "| a | b |"
    assert all(one.why for one in skipped)


def test_a_version_that_is_none_is_told_and_replaced():
    made = import_markdown("---\nversion: 1.2\n---\n- No x.", file="p.md")
    assert parse_constitution(made.text).version == "0.1.0" and "MAJOR.MINOR.PATCH" in made.skipped[0].why


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rules found"),
        ("# Only a title\n\n```\ncode\n```\n", "no rules found"),
        ("---\nlanguage: xx\n---\n- No x.", "there are: ar, de, en, es, fr, sw, zh"),
        ("---\ntitle: [a\n---\n- No x.", "not YAML"),
        ("---\ntitle: a\ntitle: b\n---\n- No x.", "p.md:3:1: `title` stands twice"),
    ],
)
def test_what_cannot_be_imported_says_why(text, said):
    with pytest.raises(UserError) as caught:
        import_markdown(text, file="p.md")
    assert said in str(caught.value)


PIECES = st.sampled_from(
    ["# ", "## ", "- ", "  - ", "1. ", "> ", "```\n", "| a |\n|---|\n", "---\n", "\n", "\n\n", "except when ", "unless", ":",
     "title: ", "version: ", "{x}", "{", "yes", "null", "1e3", "'", '"', "\\", "<b>", "&#0;", "&#7;", "\t", "\u2028", "\x85", "\x07"]
)  # fmt: skip
MARKDOWN = st.lists(PIECES | st.text(max_size=12), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN | st.text(max_size=200))
def test_any_markdown_imports_to_what_loads_or_to_a_clear_error(text):
    try:
        made, rules = rules_of(text)
    except UserError as error:
        assert "import of" not in str(error), "our own file does not load"
        return
    assert len(rules) == made.rules > 0
    assert len({rule.id for rule in rules}) == len(rules)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= one.line <= lines for one in made.skipped)


@pytest.mark.parametrize("deep", [9, 10, 40])
def test_no_bullet_is_too_deep(deep):
    text = "".join(f"{'  ' * level}- No thing {level} may be shown.\n" for level in range(deep))
    assert import_markdown(text, file="p.md").rules == deep


@pytest.mark.parametrize(
    "text", ["".join(f"{'  ' * n}- No thing.\n" for n in range(60)), "- No x.\n\n" + ">" * 500 + " y"]
)
def test_what_is_nested_too_deeply_is_refused_and_not_dropped(text):
    with pytest.raises(UserError, match="nested more than 48 deep"):
        import_markdown(text, file="p.md")


def test_ten_thousand_rules():
    text = "# T\n" + "\n".join(f"- No thing {index} may be shown." for index in range(10_000))
    assert import_markdown(text, file="p.md").rules == 10_000


def judge(*given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "judge", "import", *given], capture_output=True, text=True, timeout=60)


def test_the_command_writes_once_and_says_what_it_skipped(tmp_path):
    policy, out = tmp_path / "p.md", tmp_path / "deep" / "p.yaml"
    policy.write_text(POLICY)
    nowhere = judge(str(policy), "--out", str(out))
    assert nowhere.returncode == 2 and f"there is no folder {out.parent}" in nowhere.stderr
    assert not out.parent.exists()
    out.parent.mkdir()
    done = judge(str(policy), "--out", str(out))
    assert (done.returncode, done.stdout) == (0, "") and "8 rules in" in done.stderr and "a table" in done.stderr
    assert len(parse_constitution(out.read_text()).rules) == 8
    out.write_text("mine")
    refused = judge(str(policy), "--out", str(out))
    assert refused.returncode == 2 and "--force" in refused.stderr and out.read_text() == "mine"
    assert judge(str(policy), "--out", str(out), "--force").returncode == 0 and out.read_text() != "mine"
    assert judge(str(policy), "--out", str(policy), "--force").returncode == 2 and policy.read_text() == POLICY


def test_the_command_prints_yaml_or_json(tmp_path):
    policy = tmp_path / "p.md"
    policy.write_text(POLICY)
    assert len(parse_constitution(judge(str(policy)).stdout).rules) == 8
    told = json.loads(judge(str(policy), "--json").stdout)
    assert told["rules"] == 8 and told["skipped"][0]["what"] == "owner" and told["out"] is None
    assert judge(str(tmp_path / "none.md")).returncode == 2
