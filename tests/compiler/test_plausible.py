"""What is offered for a refused rule can be meant by somebody, in words of the rule; where nothing can, lines to fill in."""

from __future__ import annotations

import pytest

from judge.compiler.grammar.advice import Unparsed
from judge.compiler.grammar.named import named_in
from judge.compiler.way_out import way_out
from judge.constitution import Rule
from tests.compiler.parsing import parse_rule


def offered(text: str) -> list[tuple[str, ...]]:
    """The rules that are offered for one that is not read."""
    found = parse_rule(text)
    assert isinstance(found, Unparsed), text
    return [one.rules for one in found.choices]


@pytest.mark.parametrize(
    "text",
    [
        "Children must wear helmets unless they are damaged.",  # unless children are
        "Photos with filters are not accepted.",  # must not show filters
        "Photos with effects are not allowed.",
        "A dish must be shown with the ingredients listed on the menu.",  # a dish on the menu
        "Name tags are required on the jacket.",  # a person on the jacket
        "No crowd of more than ten people or a large dog may be shown.",  # a crowd of a dog
        "Wolves must not be shown. Foxes are allowed.",  # wolves other than foxes
        "Dogs may be shown in gardens with ponds but not with pools.",  # dogs with pools
        "No more than three people per day may be shown.",  # a day with people
        "Statues are forbidden at the same time.",
        "Blurred faces are allowed.",  # no others
        "No hate.",
        "No knife may lie on a table where a child is sitting.",  # when a child sits anywhere
    ],
)
def test_what_nobody_can_mean_is_not_offered_alone(text):
    assert offered(text) == []
    out = way_out(Rule(id="a", rule=text))
    assert out.hint + out.reason and "___" in out.scaffold


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("No weapons may be shown. Exception: water pistols.", "No weapons other than water pistols may be shown."),
        ("No dog may be visible in a restaurant unless it is a guide dog.", "unless the dog is a guide dog"),
        ("No more than three workers on a platform at once.", "No more than three workers on a platform."),
        ("Nobody may feed animals or touch them.", "Nobody may feed animals or touch the animals."),
        ("Shoes must be covered in the archive.", "In the archive, shoes must be covered."),
    ],
)
def test_what_can_be_meant_still_is(text, first):
    assert first in offered(text)[0][0]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Nobody may feed or mind birds or pet them.", ("birds",)),
        ("Visitors must not mind birds.", ("visitors", "birds")),
        ("Nobody may print photos of children.", ("children",)),
    ],
)
def test_a_verb_is_no_part_of_a_name(text, named):
    assert named_in(text) == named


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Only jars that are closed may be shown.", "No jars other than jars that are closed may be shown"),
        ("Only closed jars and bottles are allowed.", "by a wider word, as in `No animals other than dogs"),
        ("Only few jars.", "No more than three jars may be shown"),
    ],
)
def test_a_hint_is_about_the_rules_own_things_or_about_none_like_them(text, hint):
    found = parse_rule(text)
    assert isinstance(found, Unparsed) and hint in found.hint and "bottles other than" not in found.hint


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("No child with a ball and a stick may be shown.", 2),
        ("Dogs carrying a ball and a stick are not allowed.", 3),
        ("Ten apples and pears must not be shown.", 2),
        ("No more than ten apples and pears may be shown.", 2),
    ],
)
def test_two_things_and_a_number_before_two_are_open(text, ways):
    assert len(offered(text)) == ways
