"""The soak in small: nothing is lost, nothing hostile passes. Memory needs thousands of images: run it by hand."""

from __future__ import annotations

import pytest

from benchmarks import soak

RULE = """
constitution: short
version: 1.0.0
rules:
  - {id: fire, rule: No body may be on fire., preconditions: [people are visible, the body is on fire]}
"""


@pytest.mark.rare
@pytest.mark.timeout(300)
def test_nothing_is_lost_and_nothing_hostile_passes(monkeypatch, tmp_path):
    """By one rule: what is hostile is told before any rule is asked about, and what was missed passes it most easily."""
    monkeypatch.setattr(soak, "ONE_IN", 2)
    (tmp_path / "short.yaml").write_text(RULE)
    found = soak.soak(2 * len(soak.ATTACKS) + 2, tmp_path / "short.yaml")
    assert found["hostile"] == len(soak.ATTACKS) + 1
    assert found["lost"] == 0
    assert found["hostile_passed_as_safe"] == 0


def test_a_bar_that_is_missed_is_named():
    bars = list(soak.missed({"lost": 1, "hostile_passed_as_safe": 2, "growth_mib": 1000.0}))
    assert bars == ["1 images lost", "2 hostile files passed as safe", "memory grew by 1000.0 MiB"]
    assert not list(soak.missed({"lost": 0, "hostile_passed_as_safe": 0, "growth_mib": 3.0}))
