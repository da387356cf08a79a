"""The head of examples/distil_head.py: what it learns and what it is measured by."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from examples.distil_head import Head, best_threshold, difference, f1, scores_of, taught


def test_a_head_finds_a_rule_in_one_patch_and_learns_nothing_from_what_is_not_known():
    torch.manual_seed(1)
    patches, shown = torch.randn(256, 9, 8), torch.rand(256, 2) < 0.4
    for rule in range(2):  # somewhere in the picture one feature stands out
        patches[shown[:, rule], torch.randint(9, (int(shown[:, rule].sum()),)), rule] += 9
    soft = shown.float() * 0.8 + 0.1
    soft[:200, 1] = torch.nan
    soft[200:, 1] = 0.1  # all that is known of the second rule is that it does not hold
    scores = scores_of(taught(lambda: Head(8, 2), patches, soft), patches)
    answers = shown.numpy()
    assert f1(scores[:, :1] >= 0.5, answers[:, :1])[-1] > 0.8 > f1(answers[:, :1] | True, answers[:, :1])[-1]
    assert (scores[:, 1] < 0.5).all()


def test_figures_are_those_by_hand():
    truth = np.array([[1, 0], [1, 1], [0, 0], [0, 1]], dtype=bool)
    ours = np.array([[1, 0], [0, 1], [0, 0], [1, 1]], dtype=bool)
    assert f1(ours, truth).tolist() == [0.5, 1.0, pytest.approx(6 / 8)]
    assert best_threshold(np.array([[0.1], [0.4], [0.8], [0.9]]), np.array([[0], [0], [1], [1]], dtype=bool)) > 0.4
    many, other = np.tile(ours, (50, 1)), np.tile(truth, (50, 1))
    assert difference(many, many, other) == {"value": 0.0, "low": 0.0, "high": 0.0}
    found = difference(many, ~other, other)
    assert found["value"] == 0.75 and found["low"] > 0.6 and found["high"] < 0.9
