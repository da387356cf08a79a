"""How far probabilities mean what they say: reliability bins, expected calibration error, Brier score.

Three kinds of probability are looked at:
- image unsafe: a method's score of the image;
- statement, raw answer: M(x, c), as the model gave it;
- statement, debiased: sigmoid(logit M(x, c) - logit M(none, c)), the answer with its odds divided by those of the
  language prior: what the model would say had it held yes and no for equally likely before seeing the image. The
  method itself decides by a difference, M(x, c) - M(none, c), which is no probability.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from judge.chain import Outcome
from judge.evaluation.measures.bootstrap import Bootstrap, Numbers, ratio, rounded
from judge.evaluation.measures.figures import Bin, Reliability
from judge.evaluation.measures.traces import statements_of
from judge.evaluation.protocols import Example, Judgement
from judge.judging.probability import logit

BINS = 15
OF_IMAGE, OF_RAW, OF_DEBIASED = "image unsafe", "statement, raw answer", "statement, debiased"


class Claim(NamedTuple):
    """One probability and what was true; `image` is the image's number, because images are what is drawn."""

    image: int
    said: float
    true: bool


def calibrations(
    examples: Sequence[Example], judgements: Sequence[Judgement], bootstrap: Bootstrap
) -> tuple[Reliability, ...]:
    """Every calibration that the judgements allow, each over what has both a probability and a known truth."""
    by_kind: dict[str, list[Claim]] = {OF_IMAGE: [], OF_RAW: [], OF_DEBIASED: []}
    for number, (example, judgement) in enumerate(zip(examples, judgements, strict=True)):
        if judgement.score is not None:
            by_kind[OF_IMAGE].append(Claim(number, judgement.score, example.unsafe))
        for raw, debiased, true in _answers(example, judgement):
            by_kind[OF_RAW].append(Claim(number, raw, true))
            by_kind[OF_DEBIASED].append(Claim(number, debiased, true))
    return tuple(calibration(kind, claims, len(examples), bootstrap) for kind, claims in by_kind.items() if claims)


def calibration(of: str, claims: Sequence[Claim], images: int, bootstrap: Bootstrap) -> Reliability:
    """Bins, ECE and Brier score of some claims about `images` images."""
    said = np.array([one.said for one in claims])
    true = np.array([one.true for one in claims], dtype=np.float64)
    image = np.array([one.image for one in claims])
    place = np.minimum((said * BINS).astype(np.int64), BINS - 1)
    sums = np.zeros((4, images, BINS), dtype=np.float32)  # said, true, count, squared error: per image and bin
    for part, value in enumerate((said, true, np.ones_like(said), (said - true) ** 2)):
        np.add.at(sums[part], (image, place), value)
    weights = bootstrap.weights(images)
    drawn = np.stack([weights @ one for one in sums]).astype(np.float64)
    now = sums.sum(axis=1, dtype=np.float64)[:, None, :]
    (ece,), (brier,) = _ece(now), _brier(now)
    bins = tuple(
        Bin(said=rounded(total / count), true=rounded(hits / count), count=int(count))
        for total, hits, count in now[:3, 0, :].T
        if count
    )
    return Reliability(
        of=of,
        count=len(claims),
        ece=bootstrap.estimate(float(ece), _ece(drawn)),
        brier=bootstrap.estimate(float(brier), _brier(drawn)),
        bins=bins,
    )


def _ece(sums: Numbers) -> Numbers:
    return ratio(np.abs(sums[0] - sums[1]).sum(axis=-1), sums[2].sum(axis=-1))


def _brier(
    sums: Numbers,
) -> Numbers:
    return ratio(sums[3].sum(axis=-1), sums[2].sum(axis=-1))


def _answers(example: Example, judgement: Judgement) -> list[tuple[float, float, bool]]:
    """(raw, debiased, truth) of every statement that was asked and whose truth is known."""
    if judgement.trace is None:
        return []
    return [
        (
            one.answer.probability,
            _without_prior(one.answer.probability, one.prior.probability),
            example.statements[text],
        )
        for text, one in statements_of(judgement.trace).items()
        if text in example.statements and one.outcome is not Outcome.NOT_ASKED and one.answer and one.prior
    ]


def _without_prior(answer: float, prior: float) -> float:
    return 1.0 / (1.0 + math.exp(logit(prior) - logit(answer)))
