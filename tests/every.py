"""One test of many cases: every case is tried, and all that fail are named, each with what was wrong.

A case that is a test of its own takes pytest and its processes four milliseconds, of which a sentence is read in one; of
six thousand sentences that is half a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

Case = TypeVar("Case")


def every(cases: Iterable[Case], check: Callable[[Case], None], name: Callable[[Case], str] = str) -> None:
    """Puts each case to `check`, whatever becomes of the others.

    Raises:
        pytest.fail.Exception: `check` raised of some, or there was no case at all.
    """
    tried, wrong = 0, []
    for case in cases:
        tried += 1
        try:
            check(case)
        except Exception as error:  # of any kind: a parser that breaks is as wrong as one that misreads
            line = error.__traceback__ and error.__traceback__.tb_next
            where = f" (line {line.tb_lineno})" if line else ""
            wrong.append(f"{name(case)}\n    {type(error).__name__}{where}: {error}".replace("\n", "\n    "))
    if wrong or not tried:
        pytest.fail(f"{len(wrong)} of {tried} fail:\n" + "\n".join(wrong), pytrace=False)
