"""Figures in words: how the reports write an estimate, and what an evaluation comes to in plain sentences.

Every sentence is computed from the figures; none is written beforehand. Knows no format (text, HTML).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from judge.evaluation.measures.figures import (
    Confusion,
    Estimate,
    Evaluation,
    MethodFigures,
    Scores,
    Share,
    Spoken,
    Stress,
    Votes,
)

ALPHA = 0.05  # a difference counts as significant under this p-value, and only when its interval leaves out zero
REVIEW_STRICT = "An image sent to review counts as a mistake in precision, recall, accuracy and F1."
NOT_CORRECTED = "p: exact McNemar test on the same images against the method, not corrected for the number of rows."


@dataclass(frozen=True)
class Lead:
    """How far the method's F1 is above another's on the same images; negative where it is below."""

    value: float
    low: float | None
    high: float | None
    p_value: float

    @property
    def significant(self) -> bool:
        """Both tests agree: the interval of the difference leaves out zero, and so does McNemar's test."""
        apart = self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)
        return apart and self.p_value < ALPHA

    def __str__(self) -> str:
        between = f" [{self.low:+.3f}, {self.high:+.3f}]" if self.low is not None and self.high is not None else ""
        return f"{self.value:+.3f}{between}"


def all_methods(evaluation: Evaluation) -> tuple[MethodFigures, ...]:
    """Every method in reading order: the judge, baselines, ablations, peers."""
    groups = (evaluation.baselines, evaluation.ablations, evaluation.peers)
    return (evaluation.method, *(one for group in groups for one in group.values()))


def lead_over(other: MethodFigures) -> Lead | None:
    """The method's lead over `other`, whose own comparison is written the other way round."""
    comparison = other.against_method
    difference = comparison.f1_difference if comparison is not None else None
    if comparison is None or difference is None or difference.value is None:
        return None
    return Lead(
        value=0.0 - difference.value,  # not `-`: there is no use for a minus before zero
        low=0.0 - difference.high if difference.high is not None else None,
        high=0.0 - difference.low if difference.low is not None else None,
        p_value=comparison.p_value,
    )


def best_baseline(evaluation: Evaluation) -> MethodFigures | None:
    """The baseline with the highest F1; None where none has one."""
    scored = [one for one in evaluation.baselines.values() if one.overall.f1.value is not None]
    return max(scored, key=lambda one: one.overall.f1.value or 0.0, default=None)


def plain(estimate: Estimate) -> str:
    """`0.931`, or `-` where nothing could be counted."""
    return "-" if estimate.value is None else f"{estimate.value:.3f}"


def with_interval(estimate: Estimate) -> str:
    """`0.931 [0.915, 0.946]`."""
    return " ".join(part for part in (plain(estimate), interval(estimate)) if part)


def interval(estimate: Estimate) -> str:
    """`[0.915, 0.946]`, or nothing where there is none."""
    return "" if estimate.low is None or estimate.high is None else f"[{estimate.low:.3f}, {estimate.high:.3f}]"


def percent(estimate: Estimate) -> str:
    """`3.5 %`, or `-`."""
    return "-" if estimate.value is None else f"{100 * estimate.value:.1f} %"


def seconds(value: float | None) -> str:
    """`0.52`, or `-` where no time is the method's own."""
    return "-" if value is None else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def mean(value: float | None) -> str:
    """`1.5`, or `-`."""
    return "-" if value is None else f"{value:.1f}"


def share(one: Share) -> str:
    """`10: 71 % [42, 92]`, or the count alone where there is nothing to divide by."""
    value, low, high = one.share.value, one.share.low, one.share.high
    if value is None or low is None or high is None:
        return str(one.count)
    return f"{one.count}: {100 * value:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


STEP_HEADS = ("step", "asked", "decided", "truth known", "right", "s each")
VOTE_HEADS = ("member", "asked", "said yes or no", "truth known", "right", "kappa with the first")


def step_rows(figures: MethodFigures) -> Iterator[tuple[str, ...]]:
    """What each step of the ladder came to."""
    for one in figures.ladder:
        counts = (str(count) for count in (one.asked, one.decided, one.known, one.right))
        yield one.step, *counts, seconds(one.seconds)


def vote_rows(votes: Votes) -> Iterator[tuple[str, ...]]:
    """How each member voted."""
    for one in votes.members:
        kappa = votes.kappa.get(one.model)
        counts = (str(count) for count in (one.asked, one.said, one.known, one.right))
        yield one.model, *counts, "" if kappa is None else f"{kappa:.3f}"


def vote_base(votes: Votes) -> str:
    """How far a committee agrees, in a sentence."""
    same = "" if votes.agreement is None else f" of pairs that spoke {votes.agreement:.0%} said the same;"
    alpha = "cannot be told, as all said the same" if votes.alpha is None else f"{votes.alpha:.3f}"
    return f"Members of the committee:{same} Krippendorff's alpha {alpha}."


def stress_base(stress: Stress) -> str:
    """Of which images the figures of disguises are."""
    told = (
        f"Judged rightly as they are: {stress.violating_right} of {stress.violating} violating images and "
        f"{stress.fine_right} of {stress.fine} fine ones. Only these are disguised, because what was wrong before "
        "cannot be lost."
    )
    if stress.left_out:
        told += f" {stress.left_out} of them are files with several views and were left out."
    if stress.not_done:
        told += f" Not done, because there was no fine picture to show beside: {', '.join(stress.not_done)}."
    return told


def spoken_base(spoken: Spoken) -> str:
    """What is compared in other languages."""
    own = "" if spoken.label_mass is None else f" Mean label mass in '{spoken.language}': {spoken.label_mass:.3f}."
    return (
        f"The same images by the same rules, asked in other languages, beside '{spoken.language}'. agreement: share of "
        "rules that come out the same; opposite: violated in one and not in the other; lost: of these, violated in "
        f"'{spoken.language}'. No rule is pruned. Tiers: how much of what models are trained on is in a language." + own
    )


def spoken_rows(spoken: Spoken) -> Iterator[tuple[str, ...]]:
    """A row for each language, then one for each tier."""
    for one in spoken.languages:
        if one.refused is not None:
            yield one.language, one.tier, str(one.rules), "", "", "", "", one.refused
            continue
        mass = "" if one.label_mass is None else f"{one.label_mass:.3f}"
        counts = (str(one.rules), with_interval(one.agreement), str(one.opposite), str(one.lost), mass)
        yield one.language, one.tier, *counts, "; ".join(one.warnings)
    for tier, agreement in spoken.tiers.items():
        yield "all", tier, "", with_interval(agreement), "", "", "", ""


SPOKEN_HEADS = ("language", "tier", "rules", "agreement", "opposite", "lost", "label mass", "")
STRESS_COLUMNS = (
    "kept: still flagged for a rule that is truly violated; other rule: flagged, but for none of these. "
    "Brackets: exact 95 % intervals in percent."
)


def p_value(value: float) -> str:
    """`0.012`, or `<0.001`."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def wrong(counts: Confusion) -> int:
    """Images on which the wrong thing was said (a review is not wrong, but not right either)."""
    return counts.false_positive + counts.false_negative


def reviewed(counts: Confusion) -> int:
    """Images sent to a person."""
    return counts.review_positive + counts.review_negative


def summary(evaluation: Evaluation) -> tuple[str, ...]:
    """What the figures come to, one thought per sentence: quality, baselines, ablations, weakest rules."""
    return tuple(
        sentence
        for part in (_quality, _untold, _baselines, _ablations, _weakest, _stress)
        for sentence in part(evaluation)
        if sentence is not None
    )


def _quality(evaluation: Evaluation) -> Iterator[str]:
    scores, counts = evaluation.method.overall, evaluation.method.overall.counts
    yield (
        f"On {evaluation.examples} images, {evaluation.unsafe} of them violating, {evaluation.method.name} reaches F1 "
        f"{with_interval(scores.f1)}: precision {plain(scores.precision)}, recall {plain(scores.recall)}."
    )
    safe = evaluation.examples - evaluation.unsafe
    yield (
        f"It misses {counts.false_negative} of {evaluation.unsafe} violating images and flags {counts.false_positive} "
        f"of {safe} safe ones; {reviewed(counts)} ({percent(scores.review_rate)}) go to a person."
    )


def untold(evaluation: Evaluation) -> str | None:
    """How many images went to a person for want of a context; None where none did."""
    if not (missing := evaluation.method.no_context):
        return None
    return (
        f"{missing} of {_count(evaluation.examples, 'image')} went to a person because what a statement reads was not "
        "told (no_context)."
    )


def _untold(evaluation: Evaluation) -> Iterator[str]:
    if (said := untold(evaluation)) is not None:
        yield said


def _baselines(evaluation: Evaluation) -> Iterator[str]:
    best = best_baseline(evaluation)
    if best is None:
        yield "No baseline was measured, so nothing is said on whether the method beats the plain question."
        return
    head = (
        f"The best of {_count(len(evaluation.baselines), 'baseline')}, {best.name}, reaches F1 {plain(best.overall.f1)}"
        f"{' by saying the same of every image' if _says_one_thing(best.overall.counts) else ''}"
    )
    lead = lead_over(best)
    if lead is None:
        yield f"{head}; the two were not compared image by image."
        return
    side = "ahead of it" if lead.value > 0 else "behind it" if lead.value < 0 else "level with it"
    verdict = (
        f"a significant difference (p {_equals(lead.p_value)})"
        if lead.significant
        else f"not a significant difference (p {_equals(lead.p_value)}): these images do not tell them apart"
    )
    yield f"{head}; the method is {lead} {side}, {verdict}."


def _says_one_thing(counts: Confusion) -> bool:
    """Whether every image got the same verdict: such a figure tells the mix of the data set, and nothing of a model."""
    flagged, passed = counts.true_positive + counts.false_positive, counts.true_negative + counts.false_negative
    return sum(count > 0 for count in (flagged, passed, reviewed(counts))) == 1


def _ablations(evaluation: Evaluation) -> Iterator[str]:
    leads = [(one.name, lead) for one in evaluation.ablations.values() if (lead := lead_over(one)) is not None]
    helps = [f"{name} ({lead.value:+.3f})" for name, lead in leads if lead.significant and lead.value > 0]
    harms = [f"{name} ({lead.value:+.3f})" for name, lead in leads if lead.significant and lead.value < 0]
    same = [name for name, lead in leads if not lead.significant]
    if helps:
        yield f"The method is significantly better than these ablations (its lead in F1): {', '.join(helps)}."
    if harms:
        yield f"It is significantly worse than these ablations, so that part costs quality: {', '.join(harms)}."
    if same:
        yield f"No significant difference to: {', '.join(same)}."


def _weakest(evaluation: Evaluation) -> Iterator[str]:
    rules = [(rule, scores) for rule, scores in evaluation.method.per_rule.items() if scores.f1.value is not None]
    rules.sort(key=lambda one: one[1].f1.value or 0.0)
    if len(rules) > 1:
        told = ", ".join(f"{rule} ({_what_goes_wrong(scores)})" for rule, scores in rules[:3])
        yield f"Weakest of {len(rules)} rules by F1: {told}."


def _stress(evaluation: Evaluation) -> Iterator[str]:
    """How many of the right verdicts are lost in the worst disguises, and flagged."""
    found = () if evaluation.stress is None else evaluation.stress.disguises
    lost = sorted((one for one in found if one.lost.count), key=lambda one: -(one.lost.share.value or 0.0))
    if lost:
        told = ", ".join(f"{one.name} ({one.lost.count} of {one.violating})" for one in lost[:3])
        yield f"Violations that were caught as they are pass in disguise, most often: {told}."
    flagged = sorted((one for one in found if one.flagged.count), key=lambda one: -(one.flagged.share.value or 0.0))
    if flagged:
        told = ", ".join(f"{one.name} ({one.flagged.count} of {one.fine})" for one in flagged[:3])
        yield f"Fine images that pass as they are are flagged in disguise, most often: {told}."


def _what_goes_wrong(scores: Scores) -> str:
    counts = scores.counts
    parts = (
        (counts.false_negative, "missed"),
        (counts.false_positive, "wrongly flagged"),
        (reviewed(counts), "to review"),
    )
    told = [f"{count} {what}" for count, what in parts if count]
    return ", ".join([f"F1 {plain(scores.f1)}", *told])


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _equals(value: float) -> str:
    return p_value(value) if value < 0.001 else f"= {p_value(value)}"
