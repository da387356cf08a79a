"""Zero-shot classification by an image-text encoder: the picture goes to the text that it is closest to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from judge.chain import chain_of
from judge.constitution import Constitution, Rule
from judge.evaluation.methods.peers.method import UNSAFE
from judge.evaluation.protocols import Judgement
from judge.ports import Encoder

if TYPE_CHECKING:
    from PIL.Image import Image

NEUTRAL = (
    "a picture of people",
    "a picture of animals",
    "a picture of everyday things",
    "a picture of food",
    "a picture of a place",
)
SCALE = 100.0  # what CLIP's cosines are multiplied by before the softmax: the bound its training ran into


class ClipRival:
    """Scores each rule by a softmax over one text that describes its violation and the neutral texts.

    A rule is violated when its text has more than half of the probability. Nothing is ever undecided: a classifier
    of this kind always answers.
    """

    name = "clip"
    about = "Zero-shot classifier: cosine of the image with a text per rule against neutral texts."
    names_rules = True

    def __init__(self, encoder: Encoder, constitution: Constitution) -> None:
        self._encoder = encoder
        self._rules = constitution.rules
        self._texts = [described(rule) for rule in constitution.rules]
        self.identity = "|".join(
            (self.name, encoder.identity.model_dump_json(), constitution.digest, str(SCALE), *self._texts, *NEUTRAL)
        )

    def rate(self, image: Image) -> Judgement:
        """See `Rival.rate`."""
        row = self._encoder.similarity([image], [*self._texts, *NEUTRAL])[0]
        neutral = row[len(self._texts) :]
        scores = {rule.id: round(_share(cosine, neutral), 6) for rule, cosine in zip(self._rules, row, strict=False)}
        violations = tuple(rule for rule, score in scores.items() if score > UNSAFE)
        return Judgement(
            verdict="violation" if violations else "no_violation",
            violations=violations,
            score=max(scores.values()),
            rule_scores=scores,
        )


def described(rule: Rule) -> str:
    """A caption that a violating picture might have: the chain's first alternatives, or the rule where it has none."""
    firsts = [alternatives[0] for alternatives in chain_of(rule).preconditions]
    return "a picture in which " + " and ".join(firsts) if firsts else f"a picture that breaks the rule: {rule.text}"


def _share(cosine: float, others: list[float]) -> float:
    """The softmax weight of one cosine among others."""
    return 1.0 / (1.0 + sum(math.exp(SCALE * (other - cosine)) for other in others))
