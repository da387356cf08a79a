"""A rival as a `Method`: files in, one judgement each out. Knows no rival."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from judge import media
from judge.errors import ImageError, ModelError
from judge.evaluation.protocols import Contexts, Judgement, Kind
from judge.verdict import Answer, VerdictWord

if TYPE_CHECKING:
    from PIL.Image import Image

UNSAFE = 0.5  # a probability over it is a yes, as the rivals' own examples read it


class Rival(Protocol):
    """Another way to say whether a picture is unsafe. The members are those of `judge.evaluation.protocols.Method`."""

    name: str
    about: str
    names_rules: bool
    identity: str

    def rate(self, image: Image) -> Judgement:
        """What it says of one picture; `needs_review` where it did not answer in its own format.

        Raises:
            ModelError: it failed.
        """
        ...


class Peer:
    """See `judge.evaluation.protocols.Method`. An image is as unsafe as the worst of its views."""

    kind: Kind = "peer"

    def __init__(self, rival: Rival) -> None:
        self._rival = rival
        self.name, self.about, self.names_rules = rival.name, rival.about, rival.names_rules
        self.identity = rival.identity

    def judge(self, paths: Sequence[str], contexts: Contexts | None = None) -> Iterator[Judgement]:
        """One judgement per image, in order; what cannot be read or rated is `needs_review` with the reason.

        contexts: not looked at.
        """
        for path in paths:
            begun = time.perf_counter()
            said = self._judged(path)
            yield said.model_copy(update={"seconds": round(time.perf_counter() - begun, 6)})

    def _judged(self, path: str) -> Judgement:
        try:
            picture = media.decode(media.read_bytes(path), path)
            return together([self._rival.rate(view.image) for view in picture.views])
        except (ImageError, ModelError) as error:
            return Judgement(verdict="needs_review", failure=str(error))


def together(views: Sequence[Judgement]) -> Judgement:
    """What was said of several views of one image, as one judgement: the worst counts."""
    violations = tuple(dict.fromkeys(rule for view in views for rule in view.violations))
    scores: dict[str, float] = {}
    for view in views:
        scores.update({rule: max(score, scores.get(rule, 0.0)) for rule, score in view.rule_scores.items()})
    undecided = dict.fromkeys(rule for view in views for rule in view.undecided if rule not in violations)
    known = [view.score for view in views if view.score is not None]
    return Judgement(
        verdict=_worst([view.verdict for view in views]),
        violations=violations,
        undecided=tuple(undecided),
        score=max(known, default=None),
        rule_scores=scores,
        said="\n".join(view.said for view in views if view.said is not None) or None,
    )


def by_rules(answers: Mapping[str, Answer], label_mass: float) -> Judgement:
    """The judgement that follows from one yes/no answer per rule, where yes means that the rule is violated.

    An answer with little label mass leaves its rule undecided.
    """
    undecided = tuple(rule for rule, answer in answers.items() if answer.label_mass < label_mass)
    violations = tuple(
        rule for rule, answer in answers.items() if rule not in undecided and answer.probability > UNSAFE
    )
    scores = {rule: answer.probability for rule, answer in answers.items()}
    return Judgement(
        verdict="violation" if violations else "needs_review" if undecided or not answers else "no_violation",
        violations=violations,
        undecided=undecided,
        score=max(scores.values(), default=None),
        rule_scores=scores,
    )


def _worst(words: Sequence[VerdictWord]) -> VerdictWord:
    if "violation" in words:
        return "violation"
    return "needs_review" if "needs_review" in words or not words else "no_violation"
