"""What an edit can do to a rule: every claim is tried against all outcomes that the statements can have."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.chain import Chain, Outcome, resolve
from judge.constitution import parse_constitution
from judge.diff.effects import Effect, joined, of_chains, of_thresholds
from judge.diff.policy import bumped, compare
from judge.settings import ThresholdOverrides

TEXTS = ("a", "b", "c")
ORDER = {Outcome.FAILS: 0, Outcome.NOT_ASKED: 1, Outcome.UNDECIDED: 1, Outcome.HOLDS: 2}
groups = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=2, unique=True).map(tuple)
chains = st.builds(Chain, st.lists(groups, max_size=3).map(tuple), st.lists(groups, max_size=2).map(tuple))


def moves(old: Chain, new: Chain) -> set[int]:
    """Directions in which the rule's outcome can move, by trying every assignment."""
    found = set()
    for chosen in itertools.product((Outcome.HOLDS, Outcome.FAILS, Outcome.UNDECIDED), repeat=len(TEXTS)):
        outcomes = dict(zip(TEXTS, chosen, strict=True))
        before, after = ORDER[resolve(old, outcomes)], ORDER[resolve(new, outcomes)]
        found.add((after > before) - (after < before))
    return found - {0}


@given(chains, chains)
def test_a_claimed_effect_is_never_wrong(old, new):
    allowed = {Effect.NONE: set(), Effect.MORE: {1}, Effect.LESS: {-1}, Effect.EITHER: {1, -1}}
    assert moves(old, new) <= allowed[of_chains(old, new)]


BASE = Chain((("a",), ("b",)))
EDITS = {
    "a precondition more": (Chain((("a",), ("b",), ("c",))), Effect.LESS),
    "a precondition fewer": (Chain((("a",),)), Effect.MORE),
    "an alternative more": (Chain((("a", "c"), ("b",))), Effect.MORE),
    "an exception more": (Chain((("a",), ("b",)), (("c",),)), Effect.LESS),
    "another precondition": (Chain((("a",), ("c",))), Effect.EITHER),
    "another order": (Chain((("b",), ("a",))), Effect.NONE),
}


@pytest.mark.parametrize("name", EDITS)
def test_the_common_edits(name):
    new, effect = EDITS[name]
    assert of_chains(BASE, new) is effect


@pytest.mark.parametrize(
    ("name", "old", "new", "effect"),
    [
        ("prior_holds", None, 0.9, Effect.LESS),  # harder to hold than the default, 0.8
        ("prior_holds", 0.9, 0.5, Effect.MORE),
        ("prior_fails", None, 0.5, Effect.MORE),
        ("region_drop", 0.6, None, Effect.NONE),  # the default, written out
        ("debias", None, "logit", Effect.EITHER),
        ("relevance", 0.1, 0.2, Effect.LESS),
        ("relevance", None, 0.1, Effect.EITHER),  # the bundled encoder's own lies far under the published 0.22
        ("relevance", 0.22, None, Effect.EITHER),
    ],
)
def test_thresholds(name, old, new, effect):
    before, after = ThresholdOverrides(**{name: old}), ThresholdOverrides(**{name: new})
    assert of_thresholds(name, before, after, BASE) is effect
    lifted = Chain((("a",),), (("b",),))
    both_ways = effect if name == "relevance" or effect is Effect.NONE else Effect.EITHER
    assert of_thresholds(name, before, after, lifted) is both_ways


def test_effects_together():
    assert joined([Effect.NONE, Effect.MORE]) is Effect.MORE
    assert joined([Effect.MORE, Effect.LESS]) is Effect.EITHER
    assert joined([]) is Effect.NONE


RULE = "  - {id: ID, rule: no knife may be shown, preconditions: [a knife is visible]EXTRA}\n"


def policy(*rules: tuple[str, str], version: str = "1.0.0"):
    lines = "".join(RULE.replace("ID", name).replace("EXTRA", extra) for name, extra in rules)
    return parse_constitution(f"constitution: p\nversion: {version}\nrules:\n{lines}")


@pytest.mark.parametrize(
    ("old", "new", "suggested"),
    [
        ([("r", "")], [("r", "")], "1.0.0"),
        ([("r", "")], [("r", ", exceptions: [a cook is visible]")], "1.1.0"),
        ([("r", "")], [("r", ", thresholds: {debias: logit}")], "1.1.0"),
        ([("r", "")], [("s", "")], "2.0.0"),
        ([("r", ""), ("s", "")], [("r", "")], "2.0.0"),
    ],
)
def test_the_version_asked_for(old, new, suggested):
    diff = compare(policy(*old), policy(*new))
    assert diff.suggested_version == suggested
    assert (diff.complaint is None) == (suggested == "1.0.0")
    assert compare(policy(*old), policy(*new, version=suggested)).complaint is None


def test_a_renamed_rule_is_seen_as_one():
    assert compare(policy(("r", "")), policy(("s", ""))).renamed == {"r": "s"}


def test_bumping_drops_what_lies_under():
    from judge.diff.changes import Level

    assert [bumped("1.2.3", level) for level in sorted(Level)][-1] == "2.0.0"
