"""Judgements on images whose truth is known to figures. Runs no method, reads no file.

1. every image, and every rule and statement whose truth is known, falls into a cell (`counting`, by `traces`);
2. cells give scores with intervals (`bootstrap`): overall, per rule, per statement, per tag;
3. beside them: calibration (`reliability`), branches, relevance and cost (`stages`), the worst mistakes (`mistakes`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from judge.causes import Cause
from judge.chain import Outcome
from judge.evaluation.measures import counting, stages, steps
from judge.evaluation.measures.bootstrap import Bootstrap
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.figures import Comparison, MethodFigures, Scores
from judge.evaluation.measures.mistakes import mistakes
from judge.evaluation.measures.reliability import calibrations
from judge.evaluation.measures.traces import image_said, rule_said, statements_of
from judge.evaluation.protocols import Example, Judgement, Method

Pairs = Sequence[tuple[Example, Judgement]]
_ASKED = {Outcome.HOLDS: Answered.YES, Outcome.FAILS: Answered.NO, Outcome.UNDECIDED: Answered.REVIEW}


def measure(
    method: Method, examples: Sequence[Example], judgements: Sequence[Judgement], bootstrap: Bootstrap
) -> MethodFigures:
    """All figures of one method. Statements are scored on the images in which they were asked only."""
    pairs = tuple(zip(examples, judgements, strict=True))
    return MethodFigures(
        name=method.name,
        kind=method.kind,
        about=method.about,
        identity=method.identity,
        overall=_overall(pairs, bootstrap),
        per_rule=_per_rule(pairs, bootstrap) if method.names_rules else {},
        per_statement=_per_statement(pairs, bootstrap),
        per_tag={tag: _overall(chosen, bootstrap) for tag, chosen in _by_tag(pairs)},
        calibration=calibrations(examples, judgements, bootstrap),
        branches=stages.branches(examples, judgements),
        ladder=steps.ladder(examples, judgements),
        votes=steps.votes(examples, judgements),
        relevance=stages.relevance(examples, judgements, bootstrap),
        cost=stages.cost(judgements),
        mistakes=mistakes(examples, judgements),
        no_context=sum(one.trace is not None and Cause.NO_CONTEXT in one.trace.causes for one in judgements),
    )


def compare(
    examples: Sequence[Example], this: Sequence[Answered], other: Sequence[Answered], against: str, bootstrap: Bootstrap
) -> Comparison:
    """What one method said of the images against what another did."""
    return counting.compare([one.unsafe for one in examples], this, other, against, bootstrap)


def _overall(pairs: Pairs, bootstrap: Bootstrap) -> Scores:
    truth = [example.unsafe for example, _ in pairs]
    return counting.scores(truth, [image_said(judgement) for _, judgement in pairs], bootstrap)


def _per_rule(pairs: Pairs, bootstrap: Bootstrap) -> dict[str, Scores]:
    return _scored(pairs, lambda one: one.rules, rule_said, bootstrap)


def _per_statement(pairs: Pairs, bootstrap: Bootstrap) -> dict[str, Scores]:
    asked = {
        id(judgement): {
            text: _ASKED[one.outcome]
            for text, one in statements_of(judgement.trace).items()
            if one.outcome is not Outcome.NOT_ASKED
        }
        for _, judgement in pairs
        if judgement.trace is not None
    }
    return _scored(pairs, lambda one: one.statements, lambda one, text: asked.get(id(one), {}).get(text), bootstrap)


def _scored(
    pairs: Pairs,
    truth_of: Callable[[Example], dict[str, bool]],
    said_of: Callable[[Judgement, str], Answered | None],
    bootstrap: Bootstrap,
) -> dict[str, Scores]:
    """Scores per name over the images that have a truth for it and of which something was said."""
    found: dict[str, Scores] = {}
    for name in dict.fromkeys(name for example, _ in pairs for name in truth_of(example)):
        cells = [
            (truth_of(example)[name], said)
            for example, judgement in pairs
            if name in truth_of(example) and (said := said_of(judgement, name)) is not None
        ]
        if cells:
            found[name] = counting.scores([truth for truth, _ in cells], [said for _, said in cells], bootstrap)
    return found


def _by_tag(pairs: Pairs) -> Iterable[tuple[str, Pairs]]:
    tags = sorted({(key, value) for example, _ in pairs for key, value in example.tags.items()})
    for key, value in tags:
        yield f"{key}={value}", [(example, one) for example, one in pairs if example.tags.get(key) == value]
