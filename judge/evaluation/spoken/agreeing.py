"""Judges a data set in several languages with one model, and counts where rules come out the same.

No rule is pruned, in any language: an encoder speaks mostly English, and what is compared is the asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from judge.caches.answers import CachedAnswers
from judge.constitution import Constitution
from judge.errors import JudgeError
from judge.evaluation.measures.bootstrap import Bootstrap, Numbers, ratio, rounded
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.figures import Estimate, InLanguage, Spoken
from judge.evaluation.measures.traces import evidence_of, rule_said
from judge.evaluation.methods.clue import all_enforced, judgement_of
from judge.evaluation.protocols import Example
from judge.evaluation.spoken.translations import tier_of
from judge.judging.pipeline import Judge
from judge.locks.loading import Policy
from judge.verdict import Verdict

Said = dict[str, Answered]


def spoken(
    examples: Sequence[Example],
    judge: Judge,
    policies: Mapping[str, Policy],
    kept: CachedAnswers | None = None,
    bootstrap: Bootstrap | None = None,
) -> Spoken:
    """How far the rules of each translation come out as those of the judge's own constitution. kept: where answers are
    kept and, where they are known, read from. A language that the model has no words for, or that
    opening its server for fails, is refused, and says so."""
    bootstrap = bootstrap or Bootstrap()
    own = _judged(judge, judge.constitution, examples, kept)
    found, counts = [], {}
    for code, policy in policies.items():
        rules = [rule.id for rule in policy.constitution.rules]
        try:
            theirs = _judged(judge, policy.constitution, examples, kept)
        except JudgeError as error:
            found.append(InLanguage(language=code, tier=tier_of(code), rules=len(rules), refused=error.message))
            continue
        counts[code] = np.array([_counts(_of(a, rules), _of(b, rules)) for a, b in zip(own, theirs, strict=True)])
        found.append(_figures(code, tier_of(code), len(rules), counts[code], theirs, bootstrap))
    tiers = {one.tier for one in found if one.refused is None}
    return Spoken.of(
        language=judge.constitution.language,
        languages=tuple(found),
        tiers={tier: _agreement(sum_of(counts, tier), bootstrap) for tier in sorted(tiers)},
        label_mass=_mass(own),
    )


def sum_of(counts: Mapping[str, Numbers], tier: str) -> Numbers:
    """The counts of all languages of a tier, image by image: an image is drawn with all its languages."""
    total: Numbers = np.sum([rows for code, rows in counts.items() if tier_of(code) == tier], axis=0)
    return total


def _judged(
    judge: Judge, constitution: Constitution, examples: Sequence[Example], kept: CachedAnswers | None
) -> list[Verdict]:
    rules = tuple(
        rule.model_copy(update={"thresholds": rule.thresholds.model_copy(update={"relevance": None})})
        for rule in all_enforced(constitution).rules
    )
    thresholds = judge.settings.thresholds.model_copy(update={"relevance": -1.0})
    settings = judge.settings.model_copy(update={"thresholds": thresholds})
    asked = judge.derive(constitution=constitution.model_copy(update={"rules": rules}), settings=settings)
    if kept is not None:
        asked = asked.derive(model=kept.sharing(asked))
    return list(asked.judge_many([one.path for one in examples], contexts=[one.context for one in examples]))


def _of(verdict: Verdict, rules: Iterable[str]) -> Said:
    judgement = judgement_of(verdict)
    return {rule: rule_said(judgement, rule) for rule in rules}


def _counts(own: Said, theirs: Said) -> tuple[int, int, int, int]:
    """Of one image: rules, those that came out the same, those that came out opposite, those violated in our language
    and not in theirs."""
    pairs = [(own[rule], said) for rule, said in theirs.items()]
    opposite = sum({a, b} == {Answered.YES, Answered.NO} for a, b in pairs)
    lost = sum((a, b) == (Answered.YES, Answered.NO) for a, b in pairs)
    return len(pairs), sum(a is b for a, b in pairs), opposite, lost


def _figures(
    code: str, tier: str, rules: int, counts: Numbers, verdicts: Sequence[Verdict], bootstrap: Bootstrap
) -> InLanguage:
    total, _, opposite, lost = counts.sum(axis=0)
    return InLanguage(
        language=code,
        tier=tier,
        rules=rules,
        compared=int(total),
        agreement=_agreement(counts, bootstrap),
        opposite=int(opposite),
        lost=int(lost),
        label_mass=_mass(verdicts),
    )


def _agreement(counts: Numbers, bootstrap: Bootstrap) -> Estimate:
    """The share of rules that came out the same; images are drawn whole."""
    sums = counts.sum(axis=0)
    drawn = bootstrap.sums(counts[:, :2].astype(np.float64))
    return bootstrap.estimate(float(ratio(sums[1], sums[0])), ratio(drawn[:, 1], drawn[:, 0]))


def _mass(verdicts: Sequence[Verdict]) -> float | None:
    """Mean probability of yes and no together, over everything that was asked of pictures."""
    masses = [
        one.answer.label_mass
        for verdict in verdicts
        for finding in verdict.findings
        for one in evidence_of(finding)
        if one.answer is not None
    ]
    return rounded(np.mean(masses)) if masses else None
