"""Where decisions were made and how often they were right there, what relevance would keep, and what it cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from judge.chain import Outcome
from judge.evaluation.measures.bootstrap import Bootstrap, ratio, rounded
from judge.evaluation.measures.figures import BranchScore, Cost, RelevanceScore
from judge.evaluation.measures.traces import evidence_of, finding_of, relevance_of, statements_of
from judge.evaluation.protocols import Example, Judgement
from judge.verdict import Branch, RuleOutcome, Verdict

PRUNED = "pruned"  # beside the branches, because it decides rules and not statements
_SHARES = np.linspace(0.0, 1.0, 21)


def branches(examples: Sequence[Example], judgements: Sequence[Judgement]) -> tuple[BranchScore, ...]:
    """Per branch how many statements ended there, each once per image, and how many of the known ones rightly.

    What ended undecided is right nowhere. `pruned` counts rules: pruning is right where the rule is truly not violated.
    """
    tallies: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(branch: str, right: bool | None) -> None:
        tally = tallies[branch]
        tally[0] += 1
        tally[1] += right is not None
        tally[2] += right is True

    for example, judgement in zip(examples, judgements, strict=True):
        if judgement.trace is None:
            continue
        for rule in dict.fromkeys(finding.rule for finding in judgement.trace.findings):
            finding = finding_of(judgement.trace, rule)
            if finding is not None and finding.outcome is RuleOutcome.PRUNED:
                add(PRUNED, not example.rules[rule] if rule in example.rules else None)
        for text, evidence in statements_of(judgement.trace).items():
            if evidence.branch is not Branch.NOT_ASKED:
                truth = example.statements.get(text)
                says = {Outcome.HOLDS: True, Outcome.FAILS: False}.get(evidence.outcome)
                add(evidence.branch, None if truth is None else says is truth)
    order = (PRUNED, *Branch)
    return tuple(
        BranchScore(branch=name, decided=tallies[name][0], known=tallies[name][1], right=tallies[name][2])
        for name in order
        if name in tallies
    )


def relevance(
    examples: Sequence[Example], judgements: Sequence[Judgement], bootstrap: Bootstrap
) -> tuple[RelevanceScore, ...]:
    """Relevance scanning at the threshold that was used and at 21 quantiles of the recorded cosines.

    Every rule is taken at the same threshold, also one that sets its own. A rule is kept at cosines from it upwards.
    """
    rows = [relevance_of(one.trace) if one.trace is not None else {} for one in judgements]
    cosines = np.array([cosine for row in rows for cosine in row.values()])
    if len(cosines) == 0:
        return ()
    used = next(one.trace.provenance.thresholds.relevance for one in judgements if one.trace is not None)
    thresholds = sorted({rounded(used), *(rounded(one) for one in np.quantile(cosines, _SHARES))})
    bounds = np.array(thresholds)
    kept, violated, pruned, scanned = (np.zeros((len(rows), len(bounds)), dtype=np.float32) for _ in range(4))
    for number, (example, row) in enumerate(zip(examples, rows, strict=True)):
        for rule, cosine in row.items():
            scanned[number] += 1
            pruned[number] += cosine < bounds
            if example.rules.get(rule):
                violated[number] += 1
                kept[number] += cosine >= bounds
    weights = bootstrap.weights(len(rows))
    now = [ratio(part.sum(axis=0), whole.sum(axis=0)) for part, whole in ((kept, violated), (pruned, scanned))]
    drawn = [ratio(weights @ part, weights @ whole) for part, whole in ((kept, violated), (pruned, scanned))]
    return tuple(
        RelevanceScore(
            threshold=threshold,
            kept=bootstrap.estimate(float(now[0][index]), drawn[0][:, index]),
            pruned=bootstrap.estimate(float(now[1][index]), drawn[1][:, index]),
        )
        for index, threshold in enumerate(thresholds)
    )


def cost(judgements: Sequence[Judgement]) -> Cost:
    """Seconds per image, of the images whose time is the method's own; what was asked, of all that have a trace."""
    own = [one for one in judgements if one.seconds is not None]
    asked = _asked([one.trace for one in judgements if one.trace is not None])
    if not own:
        return Cost(mean_seconds=None, p50_seconds=None, p95_seconds=None, asked=asked)
    seconds = np.array([one.seconds for one in own], dtype=np.float64)
    stages: dict[str, list[float]] = defaultdict(list)
    for judgement in own:
        for stage, spent in (judgement.trace.timings if judgement.trace is not None else {}).items():
            stages[stage].append(spent)
    p50, p95 = np.percentile(seconds, [50, 95])
    return Cost(
        mean_seconds=rounded(seconds.mean()),
        p50_seconds=rounded(p50),
        p95_seconds=rounded(p95),
        asked=asked,
        stages={name: rounded(sum(spent) / len(own)) for name, spent in stages.items() if name != "total"},
    )


def _asked(traces: Sequence[Verdict]) -> dict[str, float]:
    """Means per image. Rules share a statement's answer, so each counts once per view."""
    if not traces:
        return {}
    found = [
        {(finding.view, one.statement): one for finding in trace.findings for one in evidence_of(finding)}.values()
        for trace in traces
    ]
    every = [one for each in found for one in each]
    counts = {
        "statements": sum(one.answer is not None for one in every),
        "regions": sum(one.region is not None for one in every),
        "reasonings": sum(one.reasoning is not None for one in every),
        **({"debates": debates} if (debates := sum(one.debate is not None for one in every)) else {}),
        **({"votes": votes} if (votes := sum(one.committee is not None for one in every)) else {}),
    }
    return {name: rounded(count / len(traces)) for name, count in counts.items()}
