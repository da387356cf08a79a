"""One model of a committee: its vote on a statement, or why it is not asked. Knows nothing of the others."""

from __future__ import annotations

from judge.causes import Cause, Why
from judge.chain import Outcome
from judge.errors import ModelError
from judge.judging.asking import Questioner
from judge.judging.calling import NotAsked
from judge.judging.clock import Clock
from judge.judging.domain import Domain
from judge.judging.probability import Facts, by_prior, trusted
from judge.judging.regions_stage import Wanted, reasoning_question
from judge.judging.view_state import ViewState
from judge.languages import Language
from judge.ports import Guard, Mllm
from judge.settings import Thresholds
from judge.verdict import Answer, Vote

One = tuple[ViewState, str]


class Member:
    """A model that votes. name: as it was named. guard: where it was made for some pictures only."""

    def __init__(self, name: str, mllm: Mllm, language: Language, guard: Guard | None = None) -> None:
        self.name, self._language = name, language
        self._questioner = Questioner(mllm, language)
        self._domain = Domain(guard) if guard is not None else None

    def votes(self, wanted: Wanted, clock: Clock) -> list[Vote | None]:
        """Its vote on each statement; None where there was no time to ask. What it cannot read, and pictures that it
        was not made for, it is not asked about."""
        votes: dict[int, Vote | None] = {}
        votes |= {place: self._silent(Cause.CANNOT_READ) for place, one in enumerate(wanted) if self._unread(one)}
        left = [place for place in range(len(wanted)) if place not in votes]
        if self._domain is not None:
            found = self._domain.bars([wanted[place][0] for place in left], clock)
            votes |= {place: self._barred(why) for place, why in zip(left, found, strict=True) if why is not None}
            left = [place for place in left if place not in votes]
        asked = [wanted[place] for place in left]
        asks = [
            self._questioner.question(state, text, reasoning_question(state, text, self._language).image)
            for state, text in asked
        ]
        said = self._questioner.with_priors(asks, asked, clock)
        for place, one, (answer, prior) in zip(left, asked, said, strict=True):
            votes[place] = None if isinstance(answer, NotAsked) else self._vote(one, answer, prior)
        return [votes[place] for place in range(len(wanted))]

    def own_vote(self, one: One) -> Vote:
        """Its vote where it is the judge's own, which was asked already."""
        facts = one[0].facts_of(one[1])
        if facts.unread_by is not None:
            return self._silent(Cause.CANNOT_READ)
        if facts.answer is None or facts.prior is None:
            return Vote(model=self.name, outcome=Outcome.UNDECIDED, answer=facts.answer, failed=facts.error)
        return self._vote(one, facts.answer, facts.prior)

    def _unread(self, one: One) -> bool:
        return self._questioner.cannot_read(*one) is not None

    def _silent(self, barred: Cause) -> Vote:
        return Vote(model=self.name, outcome=Outcome.UNDECIDED, barred=barred)

    def _barred(self, why: Why | ModelError) -> Vote | None:
        if isinstance(why, NotAsked):
            return None
        if isinstance(why, ModelError):
            said = str(Why.of(Cause.GUARD_FAILED, said=why.message))
            return Vote(model=self.name, outcome=Outcome.UNDECIDED, failed=said)
        return self._silent(Cause(why.cause))

    def _vote(self, one: One, answer: Answer | ModelError, prior: Answer | ModelError) -> Vote:
        thresholds = _thresholds(one)
        if isinstance(answer, Answer) and isinstance(prior, Answer):
            sound = trusted(answer, thresholds)
            outcome = by_prior(answer, prior, thresholds) if sound else Outcome.UNDECIDED
            return Vote(model=self.name, outcome=outcome, answer=answer, prior=prior)
        error = answer if isinstance(answer, ModelError) else prior
        said = error.message if isinstance(error, ModelError) else "not asked"
        return Vote(model=self.name, outcome=Outcome.UNDECIDED, failed=said)


def is_put(facts: Facts, *, of_all: bool) -> bool:
    """Whether a statement is put to the vote: the judge's own model answered it or, where all are (`of_all`), failed at
    it, or cannot read what it reads."""
    if facts.answer is not None and facts.prior is not None:
        return True
    return of_all and (facts.error is not None or facts.unread_by is not None)


def _thresholds(one: One) -> Thresholds:
    """Those of the rule, without bounds: these were chosen on the scores of one model."""
    return one[0].thresholds_of(one[1]).of_exceptions
