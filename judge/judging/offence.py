"""Asks a model how a picture may give offence: four sentences for each rule that is violated or undecided.

The fields are those of COBRA (arXiv 2306.01985) that a person who decides can use. It comes after the verdict, and is
not told it: who knows what is to be explained explains it. A statement's own fields of the context are told, no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import StringConstraints

from judge.causes import Cause, Why
from judge.errors import ModelError, Unreachable, UserError
from judge.judging.calling import NotAsked
from judge.judging.clock import Clock
from judge.judging.escalation import Question, replies
from judge.judging.given import block
from judge.judging.refusals import answers, refuses, refuses_in
from judge.judging.replied import Unreadable, read_reply
from judge.judging.view_state import ViewState
from judge.languages import Language
from judge.offence import Offence, OffenceFrame
from judge.ports import Conversation, Mllm, Turn
from judge.settings import BUNDLED, Frozen
from judge.verdict import Finding, RuleOutcome, Verdict

MOST_RULES = 8  # of one picture: whoever reads more frames reads none
FRAME_TOKENS = 512  # four sentences of plain text fit; what is cut off is unreadable, and says so
_Asked = Annotated[str, StringConstraints(min_length=1, max_length=120)]
_Taken = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class _Frame(Frozen):
    """An answer that is taken: some servers pass over the lengths that they are asked for."""

    intent: _Taken
    target_group: _Taken
    implication: _Taken
    would_change: _Taken


class _Form(Frozen):
    """The answer that is asked for. Every string is bounded, or generation may be cut off before it closes."""

    intent: _Asked
    target_group: _Asked
    implication: _Asked
    would_change: _Asked


def check_speaks(model: str) -> None:
    """Refuse a model that has nothing to say of offence. model: what it is called.

    Raises:
        UserError: it is the bundled one.
    """
    if model == BUNDLED:
        raise UserError(
            "the bundled model cannot say how a picture may give offence: it names drawings and answers yes or no, and "
            "what it says beyond that means nothing",
            hint="name a model that converses (--model), or ask for the verdict alone",
        )


def explained(
    verdict: Verdict, states: Sequence[ViewState], mllm: Mllm, language: Language, clock: Clock, batch: int
) -> Verdict:
    """The verdict with what the model says of offence, and nothing else changed.

    states: of the picture's views. clock: what is left of it is all the time there is. batch: rules asked together.
    """
    findings = _to_explain(verdict)
    views = {state.view.name: state for state in states}
    some = findings[:MOST_RULES]
    frames: list[OffenceFrame] = []
    with clock.stage("offence"):
        for start in range(0, len(some), batch):
            part = [(one, views[one.view]) for one in some[start : start + batch]]
            frames += _frames(part, mllm, language, clock)
    offence = Offence(
        frames=tuple(frames),
        left_out=tuple(one.rule for one in findings[MOST_RULES:]),
        prompts=language.digests_of_offence,
    )
    return verdict.model_copy(update={"offence": offence})


def _to_explain(verdict: Verdict) -> list[Finding]:
    """One finding for each rule that is violated, or was asked about and stays open: of the first view where it is.

    A rule that nothing was asked about is none of them: that the model was not made for the picture, say, or that there
    was no time, is no reason to have it explain one.
    """
    asked = (RuleOutcome.VIOLATED, None), (RuleOutcome.UNDECIDED, Cause.STATEMENT_OPEN)
    first: dict[str, Finding] = {}
    for wanted in asked:
        for one in verdict.findings:
            if (one.outcome, one.cause) == wanted:
                first.setdefault(one.rule, one)
    order = {RuleOutcome.VIOLATED: 0, RuleOutcome.UNDECIDED: 1}
    return sorted(first.values(), key=lambda one: (order[one.outcome], not one.enforced))


def _frames(
    part: Sequence[tuple[Finding, ViewState]], mllm: Mllm, language: Language, clock: Clock
) -> list[OffenceFrame]:
    begun = [_begun(finding, state) for finding, state in part]
    stopped = [state.stopped for _, state in part]
    talks = []
    for (finding, state), frame, why in zip(part, begun, stopped, strict=True):
        if why is None:
            question = _question(finding, state, frame, language)
            talks.append(Conversation(question.image, (Turn("user", question.asked("offence", language)),)))
    said = iter(replies(mllm, talks, clock, max_tokens=FRAME_TOKENS, schema=_Form.model_json_schema()))
    return [
        _without(frame, why) if why is not None else _heard(frame, next(said), language, clock)
        for frame, why in zip(begun, stopped, strict=True)
    ]


def _begun(finding: Finding, state: ViewState) -> OffenceFrame:
    """A frame of which is known what the model is told: what the statements of the rule look at, all together."""
    conditions = (*finding.preconditions, *finding.exceptions)
    every = [one for condition in conditions for one in condition.alternatives]
    reads = tuple(dict.fromkeys(field for one in every for field in one.reads))
    return OffenceFrame(
        rule=finding.rule,
        view=finding.view,
        shown=any(not one.reads or one.sees is not None for one in every),
        reads=reads,
        untold=tuple(field for field in reads if field not in state.given.fields),
    )


def _question(finding: Finding, state: ViewState, frame: OffenceFrame, language: Language) -> Question:
    told = [(field, state.given.fields.get(field)) for field in frame.reads]
    given = block(told, language) if told else None
    return Question(state.view.image if frame.shown else None, finding.text, given=given)


def _heard(frame: OffenceFrame, said: str | ModelError, language: Language, clock: Clock) -> OffenceFrame:
    if isinstance(said, NotAsked):
        return _without(frame, Why.of(Cause.OUT_OF_TIME, seconds=clock.limit))
    if isinstance(said, ModelError):
        cause = Cause.UNREACHABLE if isinstance(said, Unreachable) else Cause.MODEL_ERROR
        return _without(frame, Why.of(cause, said=said.message))
    try:
        read = read_reply(_Frame, said)
    except Unreadable:
        return _without(frame, Why.of(Cause.OFFENCE_REFUSED if refuses(said, language) else Cause.OFFENCE_UNREADABLE))
    words = read.model_dump()
    if refuses_in(read, language) or not answers("\n".join(words.values()), language):
        return _without(frame, Why.of(Cause.OFFENCE_REFUSED))
    return frame.model_copy(update=words)


def _without(frame: OffenceFrame, why: Why) -> OffenceFrame:
    return frame.model_copy(update={"cause": Cause(why.cause), "reason": str(why)})
