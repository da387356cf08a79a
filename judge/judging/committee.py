"""A committee: several models vote on a statement (after the labelling of CensorChat).

1. every member is asked the statement, and by the judge's thresholds and its own prior it says yes, no or nothing;
2. where they do not agree, a stronger model is asked, where one is named;
3. where that is open, too, and somebody said yes or no, the picture is looked at again with the disagreement told.

Whoever is undecided, or fails, is silent: that is a vote for neither, and counts among those who would have to agree.
Who was not made for a picture, or cannot read what a statement reads, is not asked, and silent, too. Where one failed
or was not asked nothing is looked at again: what it would have said is not known, and one model must not settle it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from judge.causes import Remark, Why
from judge.chain import Outcome
from judge.errors import ModelError
from judge.judging.clock import Clock
from judge.judging.escalation import Question, reason
from judge.judging.member import Member, One, is_put
from judge.judging.probability import Facts
from judge.judging.regions_stage import Wanted, reasoning_question
from judge.judging.view_state import ViewState
from judge.languages import Language
from judge.ports import Guard, Mllm
from judge.settings import Settings, Step
from judge.verdict import CommitteeEvidence, ReasoningEvidence, Vote


class Committee:
    """The step `committee` of the ladder, and the vote on every statement where all are put to it.

    own, mllm: the judge's model and what it is called. members, stronger: the others, by name. guards: by name, of
    those that were made for some pictures only; what the judge's own was not made for is put to no vote.
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
        guards: Mapping[str, Guard] = MappingProxyType({}),
    ) -> None:
        self._settings, self._language = settings, language
        self._rule = settings.committee
        self._own = Member(own, mllm, language)
        self._members = [Member(name, one, language, guards.get(name)) for name, one in members.items()]
        self._stronger = Member(*stronger, language, guards.get(stronger[0])) if stronger is not None else None
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
            for one, vote in zip(split, self._stronger.votes(split, clock), strict=True):
                _add(one, stronger=vote)
                _remark(one, vote)
        self._look_again([one for one in split if _is_open(one)], clock)
        for one in wanted:
            _tell_failures(one)

    def vote(self, wanted: Wanted, clock: Clock) -> None:
        """Have every member vote on each statement that the judge's own model answered; where all are put to the vote,
        also on what it failed at, or cannot read."""
        asked = [one for one in wanted if is_put(_facts(one), of_all=self.of_all)]
        told = [member.votes(asked, clock) for member in self._members]
        for one, votes in zip(asked, zip(*told, strict=True), strict=True):
            if None in votes:  # there was no time to ask all: it is put to the vote again, or a person looks
                if self.of_all:
                    one[0].note(one[1], answer=None, prior=None)  # or the judge's own answer would decide by itself
                continue
            every = (self._own.own_vote(one), *(vote for vote in votes if vote is not None))
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
    """Whether somebody said yes or no, and everybody was heard."""
    committee = _facts(one).committee
    return committee is not None and not committee.lacks_a_vote and any(vote.outcome.known for vote in _votes(one))


def _add(one: One, **found: Vote | ReasoningEvidence | None) -> None:
    if (committee := _facts(one).committee) is not None:
        one[0].note(one[1], committee=committee.model_copy(update=found))


def _tell_failures(one: One) -> None:
    """Where nothing decided and a model failed, that is why: another try may come further."""
    committee = _facts(one).committee
    failed = [str(_failure(vote)) for vote in _votes(one) if vote.failed is not None]
    if committee is not None and committee.lacks_a_vote and failed:
        one[0].fail(one[1], ModelError(f"{'; '.join(failed)} (votes: {committee.in_short()})", retryable=True))


def _remark(one: One, vote: Vote | None) -> None:
    """Say that a model failed, whatever is decided without it."""
    if vote is not None and vote.failed is not None and (said := _failure(vote)) not in one[0].remarks:
        one[0].remarks += (said,)


def _failure(vote: Vote) -> Why:
    return Why.of(Remark.MEMBER_FAILED, model=vote.model, said=vote.failed)
