"""What a committee voted on is put to the vote again in a batch that goes on under another policy."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from judge.serving.batch.recalling import recalled

ROW = {
    "view": "whole", "rule": "a", "statement": "s", "relevance": None, "outcome": "undecided", "branch": "undecided",
    "with_image": 0.05, "prior": 0.5, "label_mass": 1.0,
}  # fmt: skip


@pytest.mark.parametrize(("votes", "kept"), [(None, True), (0, False), (1, False)])
def test_the_first_models_answer_is_not_recalled_without_the_votes(votes, kept):
    earlier = SimpleNamespace(is_whole=True, by_rule={"a": [{**ROW, "votes_yes": votes}]})
    grounds = {"a": {"": "r", "s": "g"}}
    found = recalled(earlier, grounds, grounds, ["a"])
    assert bool(found.rows) is kept and bool(found.known().answered) is kept
