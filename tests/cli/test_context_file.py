"""`--context FILE.json`: for all images or by image; every mistake with its place, and none of it a guess."""

from __future__ import annotations

import json

import pytest

from judge import resources
from judge.cli.context_file import read_context
from judge.constitution import parse_constitution
from judge.errors import UserError
from tests.cli.test_command import judge

RULES = """constitution: test
version: 1.0.0
context: {caption: 20, post: 20}
rules:
  - id: insults
    rule: No insults beside pictures.
    preconditions: [{statement: the text insults somebody, reads: caption}]
"""


@pytest.fixture
def read(tmp_path):
    file = tmp_path / "c.json"

    def reading(text, *images):
        file.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return read_context(str(file), (parse_constitution(RULES),), lambda: images)

    return reading


def test_one_object_is_told_beside_every_image(read):
    told = read({"caption": "hello", "post": ""}, "a.png")
    assert told("a.png") == told("elsewhere/b.png") == {"caption": "hello", "post": ""}


def test_or_one_for_each_by_its_path_or_its_name(read):
    told = read({"a.png": {"caption": "one"}, "x/b.png": {"caption": "two"}, "unused.png": {}}, "x/a.png", "x/b.png")
    assert (told("x/a.png"), told("x/b.png")) == ({"caption": "one"}, {"caption": "two"})


def test_every_spelling_of_a_path_is_one_file(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "linked").symlink_to("in")
    spellings = ("in/a.png", "./in/a.png", str(tmp_path / "in/a.png"), "in/../in//a.png", "linked/a.png")
    for key in spellings:
        for image in spellings:
            assert read({key: {"caption": "one"}, "b.png": {}}, image, "b.png")(image) == {"caption": "one"}
        told = read({key: {"caption": "one"}, "a.png": {"caption": "two"}}, "in/a.png", "a.png")
        assert (told("in/a.png"), told("a.png")) == ({"caption": "one"}, {"caption": "two"})
    assert read({"in/a.png": {"caption": "one"}, "./in/a.png": {"caption": "one"}}, "in/a.png")("in/a.png")
    assert read({"a.png": {"post": "x"}}, "in/a.png", "./in/a.png")("./in/a.png") == {"post": "x"}, "one file twice"
    for first in spellings:
        for second in spellings:
            if first != second:
                with pytest.raises(UserError) as raised:
                    read(f'{{"{first}": {{"caption": "one"}},\n"{second}": {{"caption": "two"}}}}', "in/a.png")
                assert f"c.json:2: `{second}` is told something else than `{first}`" in raised.value.message
                assert "one file is meant by both" in raised.value.hint


def test_a_key_that_is_no_path_is_of_no_image(read):
    assert read({"a\x00b/c.png": {}, "a.png": {"post": "x"}}, "a.png")("a.png") == {"post": "x"}


def test_a_name_beside_a_path_is_of_another_image_or_says_the_same(read):
    told = read({"x/a.png": {"caption": "one"}, "a.png": {"caption": "two"}}, "x/a.png", "y/a.png")
    assert (told("x/a.png"), told("y/a.png")) == ({"caption": "one"}, {"caption": "two"})
    assert read({"x/a.png": {"post": "one"}, "a.png": {"post": "one"}}, "x/a.png")("x/a.png") == {"post": "one"}


@pytest.mark.parametrize(
    ("text", "images", "says"),
    [
        ('{"caption": "x",\n "post" "y"}', (), "c.json:2: not JSON: expecting ':' delimiter"),
        ('{\n"caption": "x",\n"caption": "y"}', (), "c.json:3: `caption` stands twice"),
        ('{"post": "x",\n"captoin": "x"}', (), "c.json:2: `captoin` is no field"),
        ('{"caption":\n 3}', (), "c.json:1: `caption` of the context must be text"),
        ('{"a.png": {"caption": "x"},\n "b.png": {\n  "caption": "' + "x" * 21 + '"}}', ("a.png", "b.png"),
         "c.json:3: `caption` of the context has 21 characters"),
        ('{"a.png": {},\n"caption": "x"}', (), "c.json:2: `caption` is no object, and others here are"),
        ('["x"]', (), "c.json:1: it must be an object"),
        ("{}", (), "not nothing"),
        ("[" * 100_000, (), "not JSON that can be read"),
        ({"a.png": {}}, ("a.png", "b.png", "c.png"), "has nothing of b.png, c.png"),
        ({"a.png": {}}, ("x/a.png", "a.png"), "has nothing of x/a.png"),
        ({"a.png": {}}, ("x/a.png", "y/a.png"), "c.json:1: `a.png` may be x/a.png or y/a.png"),
        ('{"x/a.png": {"caption": "one"},\n"a.png": {"caption": "two"}}', ("x/a.png",),
         "c.json:2: `a.png` is told something else than x/a.png"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(read, text, images, says):
    with pytest.raises(UserError) as raised:
        read(text, *images)
    assert says in raised.value.message and raised.value.hint


def test_what_is_no_file_and_what_is_too_large(tmp_path):
    for path in (tmp_path, tmp_path / "none.json", "/dev/zero"):
        with pytest.raises(UserError, match="cannot be read"):
            read_context(str(path), (parse_constitution(RULES),), tuple)


def test_the_command_asks_with_it_and_says_what_is_missing_without(tmp_path):
    rules, context, drawing = tmp_path / "r.yaml", tmp_path / "c.json", "examples/images/bathing-person-violating.png"
    rules.write_text(RULES)
    context.write_text('{"caption": "hello"}')
    without = judge("check", drawing, "-c", rules, "--json")
    said = json.loads(without.stdout)
    assert (without.returncode, said["causes"]) == (4, ["no_context"]) and "`caption`" in said["reasons"][0]
    refused = json.loads(judge("check", drawing, "-c", rules, "--json", "--context", context).stdout)
    assert (refused["verdict"], refused["causes"]) == ("needs_review", ["cannot_read"])
    # under the name of its folder it is a model like any other; what it says means nothing
    model = ("--model", resources.bundled_model())
    told = json.loads(judge("check", drawing, "-c", rules, "--json", "--context", context, *model).stdout)
    assert told["context"] == {"caption": "hello"} and "no_context" not in told.get("causes", [])
    (one,) = told["findings"][0]["preconditions"][0]["alternatives"]
    assert one["reads"] == ["caption"] and one["answer"] is not None and one["prior"] is not None
    context.write_text('{"caption": "far too long for this field"}')
    refused = judge("check", drawing, "-c", rules, "--context", context)
    assert refused.returncode == 2 and "c.json:1: `caption` of the context has 27 characters" in refused.stderr
