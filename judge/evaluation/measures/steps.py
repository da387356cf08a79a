"""What the steps of the ladder came to, and how a committee voted. Each statement counts once per image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from judge.chain import Outcome
from judge.evaluation.measures.bootstrap import rounded
from judge.evaluation.measures.figures import MemberScore, StepScore, Votes
from judge.evaluation.measures.traces import statements_of
from judge.evaluation.protocols import Example, Judgement
from judge.verdict import Branch, Evidence

_OF = {"reasoning": Branch.REASONING, "debate": Branch.DEBATE, "committee": Branch.COMMITTEE}
_SAYS = {Outcome.HOLDS: True, Outcome.FAILS: False}
Said = dict[str, bool]  # what members said of a statement, by their names; silent ones are not in it


def ladder(examples: Sequence[Example], judgements: Sequence[Judgement]) -> tuple[StepScore, ...]:
    """A score for every step that was taken, in the order of the ladder."""
    tallies: dict[str, list[int]] = {step: [0, 0, 0, 0] for step in _OF}
    for _, one, truth in _evidence(examples, judgements):
        for step, _ in one.steps:
            decided = one.branch is _OF[step]
            right = decided and truth is not None and _SAYS.get(one.outcome) is truth
            for place, counted in enumerate((True, decided, truth is not None, right)):
                tallies[step][place] += counted
    seconds = _seconds(judgements)
    return tuple(
        StepScore(
            step=step,
            asked=asked,
            decided=decided,
            known=known,
            right=right,
            seconds=rounded(seconds[step] / asked) if step in seconds else None,
        )
        for step, (asked, decided, known, right) in tallies.items()
        if asked
    )


def votes(examples: Sequence[Example], judgements: Sequence[Judgement]) -> Votes | None:
    """How members voted, each by itself and with each other; None where nothing was put to the vote."""
    members: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    table: list[Said] = []
    for _, one, truth in _evidence(examples, judgements):
        if one.committee is None:
            continue
        said: Said = {}
        for vote in one.committee.votes:
            says = _SAYS.get(vote.outcome)
            if says is not None:
                said[vote.model] = says
            right = truth is not None and says is truth
            for place, counted in enumerate((True, says is not None, truth is not None, right)):
                members[vote.model][place] += counted
        table.append(said)
    if not table:
        return None
    first, *others = members
    return Votes(
        members=tuple(
            MemberScore(model=name, asked=asked, said=said, known=known, right=right)
            for name, (asked, said, known, right) in members.items()
        ),
        agreement=agreement(table),
        kappa={name: kappa(table, first, name) for name in others},
        alpha=alpha(table),
    )


def agreement(table: Sequence[Mapping[str, bool]]) -> float | None:
    """The share of pairs of members that said the same of a statement."""
    pairs = [a is b for said in table for a, b in combinations(said.values(), 2)]
    return rounded(sum(pairs) / len(pairs)) if pairs else None


def kappa(table: Sequence[Mapping[str, bool]], one: str, other: str) -> float | None:
    """Cohen's kappa of two members, on what both said something of."""
    pairs = [(said[one], said[other]) for said in table if one in said and other in said]
    if not pairs:
        return None
    yes = [sum(each) / len(pairs) for each in zip(*pairs, strict=True)]
    chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    found = sum(a is b for a, b in pairs) / len(pairs)
    return rounded((found - chance) / (1 - chance)) if chance < 1 else None


def alpha(table: Sequence[Mapping[str, bool]]) -> float | None:
    """Krippendorff's alpha for yes and no, with what nobody said left out."""
    units = [(sum(said.values()), len(said)) for said in table if len(said) > 1]
    values = sum(count for _, count in units)
    yes = sum(said for said, _ in units)
    expected = 2 * yes * (values - yes) / (values - 1) if values > 1 else 0.0
    if not expected:
        return None
    observed = sum(2 * said * (count - said) / (count - 1) for said, count in units)
    return rounded(1 - observed / expected)


def _evidence(
    examples: Sequence[Example], judgements: Sequence[Judgement]
) -> Iterator[tuple[str, Evidence, bool | None]]:
    for example, judgement in zip(examples, judgements, strict=True):
        if judgement.trace is not None:
            for text, one in statements_of(judgement.trace).items():
                yield text, one, example.statements.get(text)


def _seconds(judgements: Sequence[Judgement]) -> dict[str, float]:
    """Per step, over all images; nothing where answers were shared, so that no time is a judgement's own."""
    traces = [one.trace for one in judgements if one.trace is not None]
    if any(one.seconds is None for one in judgements if one.trace is not None):
        return {}
    return {step: sum(trace.timings.get(step, 0.0) for trace in traces) for step in _OF}
