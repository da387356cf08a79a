"""A committee: several models vote on a statement (after the labelling of CensorChat).

1. every member is asked the statement, and by the judge's thresholds and its own prior it says yes, no or nothing;
2. where they do not agree, a stronger model is asked, where one is named;
3. where that is open, too, and somebody said yes or no, the picture is looked at again with the disagreement told.

Whoever is undecided, or fails, is silent: that is a vote for neither, and counts among those who would have to agree.
Where one failed nothing is looked at again: what it would have said is not known, and one model must not settle it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.causes import Remark, Why
from judge.chain import Outcome
from judge.errors import ModelError
from judge.judging.asking import Questioner
from judge.judging.calling import NotAsked
from judge.judging.clock import Clock
from judge.judging.escalation import Question, reason
from judge.judging.probability import Facts, by_prior, trusted
from judge.judging.regions_stage import Wanted, reasoning_question
from judge.judging.view_state import ViewState
from judge.languages import Language
from judge.ports import Mllm
from judge.settings import Settings, Step, Thresholds
from judge.verdict import Answer, CommitteeEvidence, ReasoningEvidence, Vote

One = tuple[ViewState, str]


class Committee:
    """The step `committee` of the ladder, and the vote on every statement where all are put to it.

    own, mllm: the judge's model and what it is called. members, stronger: the others, by name.
    """

    name: Step = "committee"

    def __init__(
        self,
        own: str,
        mllm: Mllm,
        members: Mapping[str, Mllm],
        stronger: tuple[str, Mllm] | None,
        settings: Settings,
        language: Language,
    ) -> None:
        self._own, self._settings, self._language = own, settings, language
        self._rule = settings.committee
        self._members = {name: Questioner(member, language) for name, member in members.items()}
        self._stronger = (stronger[0], Questioner(stronger[1], language)) if stronger is not None else None
        self._rereader = stronger[1] if stronger is not None else mllm

    @property
    def of_all(self) -> bool:
        """Whether every statement is put to the vote."""
        return self._rule.asked == "all"

    def take(self, wanted: Wanted, clock: Clock) -> None:
        """See `ladder.Rung.take`."""
        self.vote([one for one in wanted if _facts(one).committee is None], clock)
        split = [one for one in wanted if _is_open(one)]
        if self._stronger is not None and split:
            for one, vote in zip(split, self._votes_of(*self._stronger, split, clock), strict=True):
                _add(one, stronger=vote)
                _remark(one, vote)
        self._look_again([one for one in split if _is_open(one)], clock)
        for one in wanted:
            _tell_failures(one)

    def vote(self, wanted: Wanted, clock: Clock) -> None:
        """Have every member vote on each statement that the judge's own model answered."""
        asked = [one for one in wanted if _facts(one).answer is not None and _facts(one).prior is not None]
        told = [self._votes_of(name, each, asked, clock) for name, each in self._members.items()]
        for one, votes in zip(asked, zip(*told, strict=True), strict=True):
            if None in votes:  # there was no time to ask all: it is put to the vote again, or a person looks
                if self.of_all:
                    one[0].note(one[1], answer=None, prior=None)  # or the judge's own answer would decide by itself
                continue
            every = (self._own_vote(one), *(vote for vote in votes if vote is not None))
            for vote in every:
                _remark(one, vote)
            evidence = CommitteeEvidence(
                votes=every, agreement=self._rule.agreement, outcome=self._agreed(every), of_all=self.of_all
            )
            one[0].note(one[1], committee=evidence)

    def _agreed(self, votes: Sequence[Vote]) -> Outcome:
        """What the votes come to; undecided where they do not agree."""
        weights = self._rule.weights if self._rule.agreement == "weighted" else {}
        whole = sum(weights.get(one.model, 1.0) for one in votes)
        for outcome in (Outcome.HOLDS, Outcome.FAILS):
            held = sum(weights.get(one.model, 1.0) for one in votes if one.outcome is outcome)
            if held == whole or (held > whole / 2 and self._rule.agreement != "unanimous"):
                return outcome
        return Outcome.UNDECIDED

    def _own_vote(self, one: One) -> Vote:
        facts = _facts(one)
        return _vote(self._own, facts.answer, facts.prior, _thresholds(one))

    def _votes_of(self, name: str, questioner: Questioner, wanted: Wanted, clock: Clock) -> list[Vote | None]:
        """One model's vote on each statement; None where there was no time to ask."""
        asks = [questioner.question(state, text, self._question(state, text).image) for state, text in wanted]
        found = questioner.with_priors(asks, wanted, clock)
        return [
            None if isinstance(answer, NotAsked) else _vote(name, answer, prior, _thresholds(one))
            for one, (answer, prior) in zip(wanted, found, strict=True)
        ]

    def _look_again(self, wanted: Wanted, clock: Clock) -> None:
        """Reason about what some affirm or deny and the others do not, and tell what they said."""
        split = [one for one in wanted if _is_split(one)]
        settings = self._settings
        for start in range(0, len(split), settings.batch):
            some = split[start : start + settings.batch]
            questions = [self._question(state, text, self._told((state, text))) for state, text in some]
            found = reason(
                self._rereader, questions, settings.reason_tokens, self._language, clock, settings.reason_with
            )
            for (state, text), said in zip(some, found, strict=True):
                if isinstance(said, ReasoningEvidence):
                    _add((state, text), rereading=said)
                else:
                    state.fail(text, said)

    def _question(self, state: ViewState, statement: str, told: str = "") -> Question:
        return reasoning_question(state, statement, self._language, told)

    def _told(self, one: One) -> str:
        """The votes as they are told to who looks again, without names: a name is no reason."""
        words, answers = [vote.word for vote in _votes(one)], self._language.answers
        said = {"yes": answers.yes[0], "no": answers.no[0], "silent": "?"}
        return ", ".join(f"{said[word]}: {words.count(word)}" for word in said if word in words)


def _facts(one: One) -> Facts:
    return one[0].facts_of(one[1])


def _votes(one: One) -> tuple[Vote, ...]:
    committee = _facts(one).committee
    return committee.every_vote if committee is not None else ()


def _is_open(one: One) -> bool:
    committee = _facts(one).committee
    return committee is not None and not committee.decision.known


def _is_split(one: One) -> bool:
    """Whether somebody said yes or no, and nobody failed."""
    committee = _facts(one).committee
    return committee is not None and not committee.lacks_a_vote and any(vote.outcome.known for vote in _votes(one))


def _add(one: One, **found: Vote | ReasoningEvidence | None) -> None:
    if (committee := _facts(one).committee) is not None:
        one[0].note(one[1], committee=committee.model_copy(update=found))


def _tell_failures(one: One) -> None:
    """Where nothing decided and a model failed, that is why: another try may come further."""
    committee = _facts(one).committee
    if committee is not None and committee.lacks_a_vote:
        failed = [str(_failure(vote)) for vote in committee.every_vote if vote.failed is not None]
        one[0].fail(one[1], ModelError(f"{'; '.join(failed)} (votes: {committee.in_short()})", retryable=True))


def _remark(one: One, vote: Vote | None) -> None:
    """Say that a model failed, whatever is decided without it."""
    if vote is not None and vote.failed is not None and (said := _failure(vote)) not in one[0].remarks:
        one[0].remarks += (said,)


def _failure(vote: Vote) -> Why:
    return Why.of(Remark.MEMBER_FAILED, model=vote.model, said=vote.failed)


def _thresholds(one: One) -> Thresholds:
    """Those of the rule, without bounds: these were chosen on the scores of one model."""
    return one[0].thresholds_of(one[1]).of_exceptions


def _vote(
    model: str, answer: Answer | ModelError | None, prior: Answer | ModelError | None, thresholds: Thresholds
) -> Vote:
    if isinstance(answer, Answer) and isinstance(prior, Answer):
        sound = trusted(answer, thresholds)
        outcome = by_prior(answer, prior, thresholds) if sound else Outcome.UNDECIDED
        return Vote(model=model, outcome=outcome, answer=answer, prior=prior)
    error = answer if isinstance(answer, ModelError) else prior
    said = error.message if isinstance(error, ModelError) else "not asked"
    return Vote(model=model, outcome=Outcome.UNDECIDED, failed=said)
