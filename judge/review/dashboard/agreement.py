"""How far two readers agree, and how often a reader meets the truth of gold items. Over decisions that stand.

A pair is the first and the blind second read of one item, where both decided. Per rule a read says yes where it
names the rule as violated; a pair counts for the rules of its constitution that some read of it named.
Figures: raw agreement, Cohen's kappa (chance by each reader's own share of yes) and Krippendorff's alpha (chance by
the share of yes of all reads). Raw agreement has a Wilson interval, the others a percentile bootstrap interval over
items. Kappa and alpha are None where everybody said the same, so that agreement by chance is certain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from judge.evaluation.measures.figures import Estimate
from judge.evaluation.measures.shares import share
from judge.review.store.records import DecisionRow
from judge.settings import Frozen

if TYPE_CHECKING:
    from judge.evaluation.measures.bootstrap import Bootstrap, Numbers

OVERALL = "any rule"
_MADE = ("violation", "no_violation")


class Agreement(Frozen):
    """Agreement on one rule, or on whether the image is a violation at all (`any rule`)."""

    rule: str
    pairs: int
    raw: Estimate
    kappa: Estimate
    alpha: Estimate


class GoldScore(Frozen):
    """How often a reader said of gold items what is true of them."""

    reviewer: str
    items: int
    accuracy: Estimate


def agreement(decisions: Iterable[DecisionRow]) -> tuple[Agreement, ...]:
    """Agreement of first and second reads: overall first, then per rule by name."""
    from judge.evaluation.measures.bootstrap import Bootstrap

    pairs = pairs_of(decisions)
    named: dict[str, set[str]] = defaultdict(set)
    for first, second in pairs:
        named[first.constitution] |= {*_rules(first), *_rules(second)}
    said: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for first, second in pairs:
        for rule in named[first.constitution]:
            said[rule].append((rule in _rules(first), rule in _rules(second)))
    draws = Bootstrap()
    overall = [(first.action == "violation", second.action == "violation") for first, second in pairs]
    return (_agreement(OVERALL, overall, draws), *(_agreement(rule, said[rule], draws) for rule in sorted(said)))


def gold_scores(decisions: Iterable[DecisionRow]) -> tuple[GoldScore, ...]:
    """Per reader of gold items, by name: the share in which action and, for violations, some rule are true."""
    known = [one for one in decisions if one.superseded_by is None]
    truth = {one.item: one for one in known if one.read == "gold_mark"}
    right: dict[str, list[bool]] = defaultdict(list)
    for one in known:
        if one.read == "gold" and one.action != "skip" and one.item in truth:
            right[one.who].append(same(one, truth[one.item]))
    return tuple(
        GoldScore(reviewer=who, items=len(each), accuracy=share(sum(each), len(each)))
        for who, each in sorted(right.items())
    )


def pairs_of(decisions: Iterable[DecisionRow]) -> list[tuple[DecisionRow, DecisionRow]]:
    """The first and the blind second read of each item that has both."""
    reads: dict[int, dict[str, DecisionRow]] = defaultdict(dict)
    for one in decisions:
        if one.superseded_by is None and one.action in _MADE and one.read in ("first", "second"):
            reads[one.item][one.read] = one
    return [(both["first"], both["second"]) for both in reads.values() if len(both) == 2]


def _rules(decision: DecisionRow) -> tuple[str, ...]:
    return decision.rules if decision.action == "violation" else ()


def same(said: DecisionRow, truth: DecisionRow) -> bool:
    """Whether two say the same of an item: the action, and for violations some rule."""
    return said.action == truth.action and (said.action != "violation" or bool(set(said.rules) & set(truth.rules)))


def _agreement(rule: str, said: Sequence[tuple[bool, bool]], draws: Bootstrap) -> Agreement:
    import numpy as np

    cells = ((True, True), (True, False), (False, True), (False, False))
    counts = np.array([sum(one == cell for one in said) for cell in cells], dtype=np.int64)
    drawn = draws.cells(counts)
    figures = {
        name: draws.estimate(float(measure(counts[None, :].astype(np.float64))[0]), measure(drawn))
        for name, measure in (("kappa", _kappa), ("alpha", _alpha))
    }
    same = sum(first == second for first, second in said)
    return Agreement(rule=rule, pairs=len(said), raw=share(same, len(said)), **figures)


def _kappa(cells: Numbers) -> Numbers:
    from judge.evaluation.measures.bootstrap import ratio

    yes_yes, yes_no, no_yes, no_no = cells.T
    by_chance = (yes_yes + yes_no) * (yes_yes + no_yes) + (no_no + yes_no) * (no_no + no_yes)
    total = cells.sum(axis=1)
    return ratio((yes_yes + no_no) * total - by_chance, total * total - by_chance)


def _alpha(cells: Numbers) -> Numbers:
    """For two readers, two values and nothing missing, so that thousands of draws cost one division.

    `krippendorff` gives the same, one draw at a time; a test compares them.
    """
    from judge.evaluation.measures.bootstrap import ratio

    yes_yes, yes_no, no_yes, no_no = cells.T
    yes, no = 2 * yes_yes + yes_no + no_yes, 2 * no_no + yes_no + no_yes
    return 1 - ratio((yes_no + no_yes) * (yes + no - 1), yes * no)
