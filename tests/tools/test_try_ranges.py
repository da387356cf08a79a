"""The ranges of dependencies: every one has both ends, the constraints lie inside, and passing tests raise bounds."""

from __future__ import annotations

import re

import pytest
from packaging.version import Version

from tests.conftest import ROOT
from tools import try_ranges

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
SMALL = """
[project]
dependencies = ["torch>=2.6,<2.14", "torchvision>=0.21,<0.29", "rich>=13.9,<16"]
[project.optional-dependencies]
some = ["constitution-judge[other]", "ray[data]>=2.50,<3", "rich>=13.9,<16"]
"""


@pytest.mark.parametrize("one", try_ranges.direct(PROJECT), ids=lambda one: one.name)
def test_every_direct_dependency_has_both_ends(one):
    assert sorted(bound.operator for bound in one.specifier) == ["<", ">="]


def test_the_constraints_name_every_direct_dependency_inside_its_range_and_no_place():
    text = try_ranges.CONSTRAINTS.read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE))
    for one in try_ranges.direct(PROJECT):
        assert pinned[re.sub("[_.]", "-", one.name).lower()] in one.specifier, one
    assert "://" not in text and "+cpu" not in text and "file:" not in text


def test_ours_are_left_out_and_each_dependency_comes_once():
    assert [one.name for one in try_ranges.direct(SMALL)] == ["torch", "torchvision", "rich", "ray"]


def test_without_an_upper_bound_the_lower_one_stays():
    assert [str(try_ranges.without_upper_bound(one)) for one in try_ranges.direct(SMALL)] == [
        "torch>=2.6", "torchvision>=0.21", "rich>=13.9", "ray[data]>=2.50",
    ]  # fmt: skip


def test_bounds_that_were_passed_are_raised_as_precisely_as_they_were_and_no_others():
    versions = {"torch": "2.15.1", "torchvision": "0.28.0", "rich": "17.2", "ray": "3.0.1"}
    raised = try_ranges.with_raised_bounds(SMALL, {name: Version(version) for name, version in versions.items()})
    assert [str(one) for one in try_ranges.direct(raised)] == [
        "torch<2.16,>=2.6", "torchvision<0.29,>=0.21", "rich<18,>=13.9", "ray[data]<4,>=2.50",
    ]  # fmt: skip
    assert raised.count('"rich>=13.9,<18"') == 2
