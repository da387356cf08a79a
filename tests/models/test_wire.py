"""How yes and no are read from the likeliest tokens a server lists, when it takes no token ids."""

from __future__ import annotations

from math import log

import pytest

from judge.errors import ModelError
from judge.models.openai.plan import ServerPlan
from judge.models.openai.wire import Completion


def completion(**listed: float) -> Completion:
    """A completion that lists these tokens with these probabilities; the first was generated."""
    entries = [{"token": token, "logprob": log(p)} for token, p in listed.items()]
    content = [{**entries[0], "top_logprobs": entries}]
    return Completion.model_validate({"choices": [{"message": {"content": "x"}, "logprobs": {"content": content}}]})


class TestLikeliestTokens:
    def test_spellings_are_added_up(self):
        found = ServerPlan().chances(
            completion(**{"Yes": 0.3, " yes": 0.2, "\u2581YES": 0.1, "No": 0.2, "Yesterday": 0.1})
        )
        assert found == pytest.approx((0.6, 0.2))

    def test_a_missing_side_is_at_most_the_least_listed(self):
        assert ServerPlan().chances(completion(Yes=0.6, Maybe=0.2, So=0.1)) == pytest.approx((0.6, 0.1))
        assert ServerPlan().chances(completion(No=0.6, Maybe=0.2, So=0.1)) == pytest.approx((0.1, 0.6))

    def test_a_missing_side_is_at_most_what_is_left(self):
        assert ServerPlan().chances(completion(Yes=0.9, Maybe=0.0999)) == pytest.approx((0.9, 0.0001))
        assert ServerPlan().chances(completion(Yes=0.9, Maybe=0.1001)) == (
            pytest.approx(0.9),
            0.0,
        )  # rounding of the server

    def test_without_either_side_nothing_is_known(self):
        with pytest.raises(ModelError, match=r"neither yes nor no.*<think>"):
            ServerPlan().chances(completion(**{"<think>": 0.9, "The": 0.05}))
