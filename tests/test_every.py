"""A test of many cases tries all of them, and names each that fails."""

from __future__ import annotations

import pytest

from tests.every import every


def test_all_are_tried_and_each_that_fails_is_named_with_what_was_wrong():
    tried = []

    def check(number: int) -> None:
        tried.append(number)
        assert 12 % number < 4

    with pytest.raises(pytest.fail.Exception) as caught:
        every([1, 7, 0, 8, 5], check, "number {}".format)
    assert tried == [1, 7, 0, 8, 5]
    said = str(caught.value)
    assert said.startswith("3 of 5 fail:\nnumber 7\n")
    assert "assert (12 % 7) < 4" in said and "ZeroDivisionError" in said and "number 8" in said
    assert "number 1" not in said and "number 5" not in said


def test_what_holds_of_all_passes_and_of_none_is_no_test():
    every([1, 2], lambda number: None)
    with pytest.raises(pytest.fail.Exception, match="0 of 0"):
        every([], lambda number: None)
