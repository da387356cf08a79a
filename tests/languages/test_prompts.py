"""What ships for each language: prompts that render, words that the prompts ask for, errors where one is missing."""

from __future__ import annotations

import re

import pytest

from judge import languages, prompts
from judge.chain import chain_of
from judge.compiler.decompose import Decomposition
from judge.constitution import load_constitution, parse_constitution
from judge.errors import ConstitutionError, UserError
from judge.languages import ENGLISH, Answers, language_of

HEAD = "constitution: c\nversion: 1.0.0\n{}rules: [{{id: a, rule: No x., preconditions: [x is visible]}}]\n"
LIMITS = {"groups": "6", "alternatives": "5", "exceptions": "4", "limit": "99"}
OTHERS = [code for code in languages.available() if code != "en"]


def test_the_languages_that_ship():
    assert languages.available() == ("ar", "de", "en", "es", "fr", "sw", "zh")
    assert language_of("en").answers == ENGLISH
    assert language_of("de").answers == Answers(("Ja",), ("Nein",), "de")


@pytest.mark.parametrize("code", languages.available())
def test_a_language_is_whole(code):
    language = language_of(code)
    ask = language.render("ask", statement="STATEMENT")
    assert ask.endswith("STATEMENT") and ask == f"{language.instruction} STATEMENT"
    assert all(word in ask for word in (*language.answers.yes, *language.answers.no))
    assert "STATEMENT" in language.render("reason", statement="STATEMENT")
    summarise = language.render("summarise", unclear=True)
    assert all(word in summarise for word in ("JSON", "rating", "rationale", "Yes", "No", "Unclear"))  # for the machine
    assert "Unclear" not in language.render("summarise", unclear=False)  # for a model that was trained without it
    assert set(language.digests) == {"ask", "reason", "summarise", "answers"}
    offence = [language.render("offence", statement="RULE")]
    offence += [
        language.render("offence-context", statement="RULE", given="GIVEN", sees=sees) for sees in (True, False)
    ]
    keys = ("JSON", "intent", "target_group", "implication", "would_change", "RULE")
    assert len(set(offence)) == 3 and all(word in one for word in keys for one in offence)
    assert ["GIVEN" in one and "<given>" in one for one in offence] == [False, True, True]
    rate = language.render("rate", rule="RULE", limit="99")
    rewrite = language.render("rewrite", rule="RULE", limit="99", attempts="TRIED", keep="{most}")
    decompose = language.render("decompose", rule="RULE", **LIMITS)
    assert all("<rule>RULE</rule>" in one and " 99 " in one for one in (rate, rewrite, decompose))
    assert "TRIED" in rewrite and "{most}" in rewrite
    assert all(key in rate for key in ("JSON", "explanation", "score", "{most}")) and '{"rule": "..."}' in rewrite
    assert len(split_rules(code)) == 3


def split_rules(code):
    """The examples of how a rule is split, in a language."""
    said = language_of(code).render("decompose", rule="", **LIMITS)
    lines = [line.removeprefix("JSON: ") for line in said.splitlines() if line.startswith("JSON: ")]
    return [Decomposition.model_validate_json(line) for line in lines]


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_splits_rules_as_english_does(code):
    """Statement by statement: one that the rule does not say is one too many."""
    told = {
        "ar": "بكلمات القاعدة", "de": "bei den Wörtern der Regel", "es": "a las palabras de la regla",
        "fr": "aux mots de la règle", "sw": "maneno ya kanuni", "zh": "只用规则里的词",
    }  # fmt: skip
    assert told[code] in language_of(code).render("decompose", rule="", **LIMITS)
    for own, english in zip(split_rules(code), split_rules("en"), strict=True):
        assert [len(group) for group in own.preconditions] == [len(group) for group in english.preconditions]
        assert len(own.exceptions) == len(english.exceptions)


@pytest.mark.parametrize("code", OTHERS)
def test_no_language_borrows_from_english(code):
    assert not set(language_of(code).digests.values()) & set(language_of("en").digests.values())
    for name in ("rate", "rewrite", "decompose", "offence", "offence-context"):
        assert prompts.digest(f"{code}/{name}") != prompts.digest(f"en/{name}")
    assert language_of(code).answers.language == code


@pytest.mark.parametrize("code", ["de", "sw"])  # elsewhere the word for no is also how a statement is denied
def test_a_word_for_yes_or_no_is_no_other_word_of_the_language(code):
    """A model that begins a sentence with it would be taken to have answered."""
    language = language_of(code)
    rules = load_constitution(f"os-bench-{code}").rules
    said = " ".join(
        [one.text for one in rules] + [text for one in rules for text in chain_of(one).statements]
        + [language.render(name, statement="", told="") for name in ("reason", "reread")]
    )  # fmt: skip
    words = {word.casefold() for word in re.findall(r"\w+", said)}
    assert len(words) > 50
    assert not words & {word.casefold() for word in (*language.answers.yes, *language.answers.no)}


@pytest.mark.parametrize("code", ["xx", "", "../en", "EN", "de-AT"])
def test_a_language_without_prompts_is_an_error_that_lists_those_with(code):
    with pytest.raises(UserError, match="no prompts in language") as caught:
        language_of(code)
    assert caught.value.hint == "there are: ar, de, en, es, fr, sw, zh"


def test_yes_and_no_need_words_of_their_own():
    for yes, no in (((), ("No",)), (("Si",), ("si",)), (("Yes", " "), ("No",))):
        with pytest.raises(ValueError, match="words of their own"):
            Answers(yes, no)


def test_a_constitution_names_its_language():
    assert parse_constitution(HEAD.format("")).language == "en"
    german = parse_constitution(HEAD.format("language: de\n"))
    assert german.language == "de" and german.digest != parse_constitution(HEAD.format("")).digest
    assert load_constitution("os-bench-de").language == "de"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("xx", "c.yaml:3:11: no prompts in language `xx` (there are: ar, de, en, es, fr, sw, zh)"),
        ("DE", "language `DE` does not fit (use a short code, such as en or de)"),
        ("no", "language must be text, not False (quote it)"),  # what YAML makes of Norwegian
        ("12", "language must be text, not 12 (quote it)"),
    ],
)
def test_a_wrong_language_is_told_with_its_place(written, said):
    with pytest.raises(ConstitutionError) as caught:
        parse_constitution(HEAD.format(f"language: {written}\n"), file="c.yaml")
    assert len(caught.value.problems) == 1 and said in str(caught.value)


def test_a_short_form_is_known_as_one_to_the_error_too():
    with pytest.raises(ConstitutionError, match="did you mean `language`"):
        parse_constitution(HEAD.format("languages: de\n"))
