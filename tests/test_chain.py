"""Three-valued logic of chains: Kleene's tables, and what may still change, checked against brute force."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from judge.chain import Chain, Outcome, all_hold, any_holds, chain_of, next_statements, open_statements, resolve
from judge.constitution import parse_constitution

H, F, U, N = Outcome.HOLDS, Outcome.FAILS, Outcome.UNDECIDED, Outcome.NOT_ASKED
TEXTS = ("a", "b", "c", "d")

groups = st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3, unique=True).map(tuple)
chains = st.builds(Chain, st.lists(groups, min_size=1, max_size=3).map(tuple), st.lists(groups, max_size=2).map(tuple))
outcomes = st.fixed_dictionaries({text: st.sampled_from(list(Outcome)) for text in TEXTS})


def classical(chain: Chain, truth: dict[str, bool]) -> bool:
    """Two-valued reference: violated when all preconditions hold and no exception does."""
    return all(any(truth[text] for text in group) for group in chain.preconditions) and not any(
        truth[text] for group in chain.exceptions for text in group
    )


def completions(known: dict[str, Outcome]) -> list[dict[str, bool]]:
    """Every way the unknown statements could turn out."""
    options = [(True, False) if not known[text].known else (known[text] is H,) for text in TEXTS]
    return [dict(zip(TEXTS, chosen, strict=True)) for chosen in itertools.product(*options)]


def test_kleene_tables():
    assert [any_holds(pair) for pair in ((H, U), (F, U), (F, F), (F, N), (U, N), ())] == [H, U, F, N, U, F]
    assert [all_hold(pair) for pair in ((F, U), (H, U), (H, H), (H, N), (U, N), ())] == [F, U, H, N, U, H]


@given(chains, outcomes)
def test_a_settled_chain_is_right_however_the_unknown_turns_out(chain, known):
    said = resolve(chain, known)
    if said.known:
        assert {classical(chain, truth) for truth in completions(known)} == {said is H}


@given(chains, outcomes)
def test_with_everything_known_the_chain_is_classical(chain, known):
    known = {text: outcome if outcome.known else H for text, outcome in known.items()}
    assert resolve(chain, known) is (H if classical(chain, {text: o is H for text, o in known.items()}) else F)


@given(chains, outcomes, st.sampled_from(TEXTS), st.sampled_from((H, F)))
def test_more_knowledge_never_flips_a_settled_chain(chain, known, text, learnt):
    before = resolve(chain, known)
    if before.known and not known[text].known:
        assert resolve(chain, {**known, text: learnt}) is before


@given(chains, outcomes)
def test_every_unsettled_chain_has_something_to_ask_or_pursue(chain, known):
    unsettled = not resolve(chain, known).known
    wanted = set(next_statements(chain, known)) | set(open_statements(chain, known))
    assert bool(wanted) == unsettled


@given(chains, outcomes, st.data())
def test_an_undecided_statement_that_is_not_open_can_change_nothing(chain, known, data):
    closed = [text for text in TEXTS if known[text] is U and text not in open_statements(chain, known)]
    if closed:
        text = data.draw(st.sampled_from(closed))
        others = [t for t in TEXTS if t != text]
        options = [(known[t],) if known[t].known else (H, F) for t in others]
        for chosen in itertools.product(*options):
            rest = dict(zip(others, chosen, strict=True))
            assert resolve(chain, {**rest, text: H}) is resolve(chain, {**rest, text: F})


def test_asking_stops_once_a_precondition_fails():
    chain = Chain((("a",), ("b", "c")), (("d",),))
    assert next_statements(chain, {}) == ("a",)
    assert next_statements(chain, {"a": F}) == ()
    assert next_statements(chain, {"a": U}) == ("b", "c"), "undecided: a later failure still settles the chain"
    assert next_statements(chain, {"a": H, "b": H}) == ("d",)
    assert next_statements(chain, {"a": H, "b": F, "c": F}) == ()


def test_a_chain_of_nothing_is_undecided_not_passed():
    assert resolve(Chain(()), {}) is U
    assert next_statements(Chain(()), {}) == ()


def test_parameters_are_put_into_statements():
    text = """
constitution: t
version: 1.0.0
rules:
  - {id: r, rule: "wider than {w}", parameters: {w: 90}, preconditions: ["it is wider than {w} degrees"]}
"""
    rule = parse_constitution(text).rules[0]
    assert chain_of(rule).statements == ("it is wider than 90 degrees",)
    assert rule.text == "wider than 90"
