"""What a refusal says to write is safe to follow to the letter: nothing that an author said is lost on the way."""

from __future__ import annotations

import re
from itertools import chain

import pytest
import yaml

from judge.compiler.grammar import lexicon
from judge.compiler.grammar.advice import BY_HAND, TEMPLATES, Unparsed, advised, swapped
from judge.compiler.grammar.chains import Parsed
from judge.compiler.grammar.checks import faults_of_statements
from judge.compiler.grammar.lexicon import word_set
from judge.constitution import Rule
from tests.compiler.parsing import parse_rule
from tests.compiler.test_sentences import sentences
from tests.compiler.worlds import plain
from tests.every import every

# Sentences of people who wrote policies, refused, and followed to something else than they said.
FOLLOWED = (
    "No child may be shown while giving an injection.",
    "The card must lie flat on a dark surface.",
    "No shadows on the face or behind the head.",
    "No children under five may be shown.",
    "No toys with small parts may be shown near a child under five.",
    "No person wearing only a towel may be shown.",
    "No crowd of more than ten may be shown.",
    "A car must have four wheels.",
    "No fresh scars.",
    "Photos must not be black and white.",
    "Nothing may cover the face.",
)
REFUSED = {"followed to something else": list(FOLLOWED)}  # by kind
for entry in sentences("refuse"):
    REFUSED.setdefault(entry["kind"], []).append(entry["rule"])
# What a rule says of itself: that something is forbidden, asked, seen, in this picture.
OF_THE_RULE = word_set(
    "a an the no any some each every all both and or nor not but only if when where while whenever then unless except "
    "other than for post may must can should shall will would be is are been being has have do does never neither "
    "nobody always ever also show shown showing see seen depict picture photo image visible appear allow allowed permit "
    "permitted forbid forbidden prohibit prohibited ban banned acceptable accept accepted following fine welcome ok "
    "exempt still unacceptable exception there who that which with of in as it they them we you include contain feature "
    "person people"
)


# How two things are tied together, which another form says in other words: `per cage` as `a cage with`.
TIES = word_set(
    "at most long by per during their between to on apart from example without upload uploaded display product either this "
    "those such nothing"
)


def words(text: str) -> dict[str, set[str]]:
    """Each word of a text that is not the rule's own, with all that it can be an inflection of."""
    found = re.findall(r"[a-z0-9{}-]+", re.sub(r"'s|\bno one\b", "", text.casefold()))
    bases = {word: {word, lexicon.lemma(word, verb=True), lexicon.lemma(word, verb=False)} for word in found}
    return {word: each for word, each in bases.items() if not each & OF_THE_RULE}


@pytest.mark.parametrize("kind", REFUSED)
def test_whatever_is_offered_is_read_and_says_every_word_of_the_sentence(kind):
    def check(rule):
        refused = parse_rule(rule)
        assert isinstance(refused, Unparsed)
        for way in (*((text,) for text in refused.rewordings), *refused.several):
            assert all(isinstance(parse_rule(text), Parsed) and f"`{text}`" in refused.hint for text in way), way
            there = set().union(*words(" ".join(way)).values(), words(refused.gone), TIES)
            assert [word for word, bases in words(rule).items() if not bases & there] == [], way
        assert refused.rewordings or refused.several or refused.written or BY_HAND in refused.hint
        assert not re.search(r"\bleave (?:it|them) out\b|\bleft out\b|\bin a simpler way\b", refused.hint)

    every(REFUSED[kind], check)


@pytest.mark.parametrize("name", ["tenth", "followed"])
def test_every_refusal_has_advice_and_all_that_it_quotes_compiles(name):
    refused = [found for entry in sentences(name) if isinstance(found := parse_rule(entry["rule"]), Unparsed)]
    assert len(refused) > 25
    for found in refused:
        assert found.rewordings or found.several or found.written or BY_HAND in found.hint
        said = re.sub(r"`[^`]+` is not read: [^;]+", "", found.hint)
        quoted = re.findall(r"`([^`]+)`", said)
        rules = [text for text in quoted if re.match(r"[A-Z].* .*\.$", text)]
        assert [text for text in rules if not isinstance(parse_rule(text), Parsed)] == []
        for text in (text for text in quoted if text.startswith("preconditions: ")):
            rule = Rule.model_validate({"id": "a", "rule": "Anything.", **yaml.safe_load(text)})
            assert faults_of_statements(rule.preconditions, ()) == ()


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_offered_lifts_nothing_by_another_one_and_asks_no_more_of_all(kind):
    """Of two things, one as the rule wants it and one not, the second is flagged by whatever is offered."""

    def check(rule):
        refused = parse_rule(rule)
        assert isinstance(refused, Unparsed)
        for text in refused.rewordings:
            found = parse_rule(text)
            assert isinstance(found, Parsed)
            named = {lexicon.lemma(word, verb=False) for word in re.findall(r"[a-z-]+", str(plain(found).groups))}
            for exception in plain(found).unless:
                subject = re.split(r" (?:is|are|has|have) ", exception)[0]
                one = re.match(r"(?:an?|no|(?:at least|exactly) \w+) ", subject)
                assert one or lexicon.lemma(subject.split()[-1], verb=False) not in named - {"picture"}, text
            each = re.findall(r"\b(?:every|each|all)\b", rule.casefold())
            assert not each or len(re.findall(r"\b(?:every|each|all)\b", text.casefold())) <= len(each), text

    every(REFUSED[kind], check)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (
            "Dogs may be shown on trains only if they are clean.",
            "Dogs may be shown on trains only if dogs are clean.",
        ),
        (
            "Press photos must not show the faces of minors unless they are blurred.",
            "Press photos must not show the faces of minors unless faces of minors are blurred.",
        ),
    ],
)
def test_a_thing_named_in_place_of_they_is_the_same_one(text, offered):
    refused, followed = parse_rule(text), parse_rule(offered)
    assert isinstance(refused, Unparsed) and offered in refused.rewordings
    assert isinstance(followed, Parsed) and followed.exceptions == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Product photos must have a wide table.", "have a wide table"),
        ("Images must not contain logos; labels are allowed.", "takes back"),
        ("Every photo must show either the front or the back of the product.", "either"),
        ("Hand-made images are not accepted.", "Hand-made"),
    ],
)
def test_the_reason_is_what_stands_in_the_way(text, reason):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed)
    assert reason in refused.reason and "the picture itself, or one" not in refused.reason


@pytest.mark.parametrize(
    "text", ["Dogs may be shown only when not running.", "Power tools may only be used outdoors and with gloves."]
)
def test_no_advice_about_a_word_that_says_nothing_to_be_seen(text):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed)
    assert not re.search(r"the words at `(?:may|or|only|be|and|\W)`", refused.hint) and BY_HAND in refused.hint


def test_enough_is_offered_for_the_check_to_mean_something():
    offered = [
        found
        for rule in chain(*REFUSED.values())
        if isinstance(found := parse_rule(rule), Unparsed) and found.rewordings
    ]
    assert len(offered) > 150


def test_a_rewording_that_is_refused_or_loses_a_word_is_not_offered():
    rule = "No gun on a table may be shown"
    bad = ("No gun may be shown.", "No gun on a table may twice be shown.")
    found = advised(rule, Unparsed("it is open", "say more", bad), parse_rule)
    assert found.rewordings == ()
    assert "No gun may be shown" not in found.hint
    assert "`No gun on a table may twice be shown.` is not read" in found.hint
    assert BY_HAND in found.hint
    good = "A gun on tables must not be shown."
    assert advised(rule, Unparsed("it is open", "", (*bad, good)), parse_rule).rewordings == (good,)


def test_what_is_put_in_must_have_something_to_stand_for():
    assert swapped("a car must be red", ((("a car", "every car"),), (("a van", "every van"),))) == (
        "Every car must be red.",
    )
    assert swapped("No scars", ((("", " may be shown"),),)) == ("No scars may be shown.",)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("Every lorry must zork.", "the rider is not wearing a helmet"),
        ("Illustrations must not look like photographs.", "the picture is a collage"),
        ("Dogs may be shown only when not running.", "a dog on a train is visible"),
    ],
)
def test_preconditions_by_hand_are_of_the_same_kind_of_rule_and_compile(text, statement):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed)
    (example,) = re.findall(r"`(preconditions: .+?)`", refused.hint)
    rule = Rule.model_validate({"id": "a", "rule": text, **yaml.safe_load(example)})
    assert statement in [one.any[0].statement for one in rule.preconditions]


def test_no_template_has_a_fault():
    for template in TEMPLATES:
        rule = Rule.model_validate({"id": "a", "rule": "Anything.", **yaml.safe_load(f"preconditions: [{template}]")})
        assert faults_of_statements(rule.preconditions, ()) == ()


@pytest.mark.parametrize(
    ("text", "both"),
    [
        (
            "Cooks must wear a hairnet and knives may not be shown.",
            ("Cooks must wear a hairnet.", "Knives may not be shown."),
        ),
        ("Beds must be made, and towels must be folded.", ("Beds must be made.", "Towels must be folded.")),
        ("No candles may be lit; no matches may be shown.", ("No candles may be lit.", "No matches may be shown.")),
        (
            "In kitchens, floors must be dry and knives must not be shown.",
            ("In kitchens, floors must be dry.", "In kitchens, knives must not be shown."),
        ),
    ],
)
def test_a_sentence_that_asks_for_two_things_is_written_as_two_rules(text, both):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed)
    assert refused.both == both
    assert all(f"`{one}`" in refused.hint and isinstance(parse_rule(one), Parsed) for one in both)


@pytest.mark.parametrize(
    "text",
    [
        "Beds must be made, and towels may be folded when a guest is visible.",  # a permission
        "Dogs must be on a leash and cats must be in a cage when a child is visible.",  # when, of both?
        "Beds must be made, and zorks must be folded.",
    ],
)
def test_two_rules_are_not_offered_where_one_says_less(text):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed)
    assert refused.both == ()


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("Every worker must wear a helmet on scaffolds.", ("On scaffolds, every worker must wear a helmet.",)),
        (
            "No cups may be shown when the cook is near them.",
            ("No cups may be shown when the cook is near the cups.",),
        ),
        ("Every guest must wear a badge in the hall.", ("In the hall, every guest must wear a badge.",)),
        (
            "Photos of bathrooms and toilets must show a window.",
            ("Photos of bathrooms or toilets must show a window.",),
        ),
    ],
)
def test_the_place_in_front_the_thing_named(text, offered):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed)
    assert refused.rewordings == offered


def test_where_one_of_two_ways_is_not_read_the_other_is_not_all_that_is_said():
    refused = parse_rule("Dogs may be shown on trains only if they are clean.")
    assert isinstance(refused, Unparsed) and len(refused.rewordings) == 1
    assert f"if you mean that, {BY_HAND}" in refused.hint


@pytest.mark.parametrize(
    ("rule", "blocking"),
    [
        ("No children under five may be shown.", "`five`"),
        ("No crowd of more than ten may be shown.", "`ten`"),
        ("No toys with small parts may be shown near a child under five.", "`five`"),
        ("No person wearing only a towel may be shown.", "`only`"),
        ("Photos must not be black and white.", "`black and white`"),
        ("Nothing may cover the face.", "`Nothing`"),
        ("No child may be shown while giving an injection.", "while giving an injection`"),
    ],
)
def test_the_blocking_words_are_named(rule, blocking):
    refused = parse_rule(rule)
    assert isinstance(refused, Unparsed)
    assert blocking in f"{refused.reason} {refused.hint}"


def test_a_number_that_may_be_the_least_or_all_is_said_so():
    refused = parse_rule("A car must have four wheels.")
    assert isinstance(refused, Unparsed)
    assert refused.rewordings == ("A car must have at least four wheels.",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("At least one window must not be open.", "`At least one door must be closed`"),
        ("Only a few toys may be shown.", "give the number"),
        ("Only jars or tins may be shown.", "by a wider word, as in `No animals other than dogs may be shown`"),
        ("No item sold more than twice.", "how often something was done is in no picture"),
    ],
)
def test_what_a_hint_says_is_about_what_stands_in_the_way(text, said):
    refused = parse_rule(text)
    assert isinstance(refused, Unparsed) and said in refused.hint


def test_a_word_for_one_said_before_is_no_name():
    refused = parse_rule("No dogs that look at themselves.")
    assert isinstance(refused, Unparsed)
    assert "`themselves` stands for" in refused.reason and "quotes" not in refused.hint
