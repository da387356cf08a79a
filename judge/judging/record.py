"""Writes down what was judged: provenance once per judge, a verdict per picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from judge.causes import Cause, Remark, Why
from judge.constitution import Constitution
from judge.errors import ImageError, ModelError, NotShown, Unable, UserError
from judge.judging.view_state import ViewState
from judge.media import Picture
from judge.settings import Settings, Step
from judge.verdict import (
    Branch,
    Failure,
    Finding,
    ImageFacts,
    ModelIdentity,
    Part,
    Probed,
    Provenance,
    RuleOutcome,
    Verdict,
    conclude,
)
from judge.versions import installed


def provenance(
    constitution: Constitution,
    models: tuple[ModelIdentity, ...],
    settings: Settings,
    steps: tuple[Step, ...],
    further: Mapping[str, str],
    lock_digest: str | None = None,
    calibration_digest: str | None = None,
    probe: Probed | None = None,
) -> Provenance:
    """All that the verdicts of one judge depend on. further: digests of what steps say beside their prompts."""
    language = constitution.asked_in
    return Provenance(
        constitution=constitution.constitution,
        constitution_version=constitution.version,
        constitution_digest=constitution.digest,
        prompts={**language.digests, **language.digests_of(steps, context=bool(constitution.readings)), **further},
        models=models,
        thresholds=settings.thresholds,
        limits=settings.limits,
        look_closer=settings.look_closer,
        max_pixels=settings.max_pixels,
        reason="reasoning" in steps,
        escalate=steps if set(steps) - {"reasoning"} else None,
        reason_with=settings.reason_with,
        reason_tokens=settings.reason_tokens,
        without_logprobs=settings.without_logprobs,
        versions=installed(),
        lock_digest=lock_digest,
        calibration_digest=calibration_digest,
        probe=probe,
    )


def verdict(
    picture: Picture,
    states: Sequence[ViewState],
    source: Provenance,
    timings: dict[str, float],
) -> Verdict:
    """The verdict on a picture from the states of its views: violated in one view is violated.

    What was not looked at may be anything, so a picture with gaps is never without violation: a person looks.
    """
    passed_over = [state.view.name for state in states if state.passed_over]
    states = [state for state in states if not state.passed_over]
    findings = tuple(finding for state in states for finding in state.findings())
    word, reasons = conclude(findings)
    reasons, failure = _stopped(states, findings, reasons, _failure(findings, states))
    remarks = (*(remark for state in states for remark in state.remarks), *_passed(findings))
    notes = tuple(dict.fromkeys(map(str, remarks)))
    gaps = tuple(map(str, picture.gaps))
    outside = next((state for state in states if state.outside is not None), None)
    if outside is not None:  # no rule was asked about, so none needs to say so by itself
        reasons = (str(outside.outside),) if word != "violation" else ()
        notes = (*notes, *_distance(outside))
    if passed_over:
        notes = (*notes, str(Why.of(Remark.PASSED_OVER, views=", ".join(passed_over))))
    if word == "violation":
        notes = (*gaps, *notes)
    elif gaps:
        word, reasons = "needs_review", (*gaps, *reasons)
        failure = failure or _late(picture)
    return Verdict(
        image=picture.source,
        verdict=word,
        violations=_violated(findings, enforced=True),
        shadow_violations=_violated(findings, enforced=False),
        reasons=reasons,
        causes=_causes(findings, picture) if word == "needs_review" else (),
        notes=(*map(str, picture.notes), *notes),
        context=told_of(states[0].given.fields) if states else None,
        findings=findings,
        image_facts=ImageFacts(
            sha256=picture.sha256,
            format=picture.format,
            width=picture.width,
            height=picture.height,
            views=tuple(view.name for view in picture.views),
            parts=_parts(states),
        ),
        provenance=source,
        failure=failure,
        timings=timings,
    )


def _parts(states: Sequence[ViewState]) -> tuple[Part, ...]:
    """Where the closer looks lie, to a tenth of a pixel."""
    looks = ((one.closer, one.view) for one in states if one.closer is not None)
    return tuple(
        Part(name=view.name, view=look.of, box=(round(left, 1), round(top, 1), round(right, 1), round(bottom, 1)))
        for look, view in looks
        for left, top, right, bottom in [view.in_frame((0.0, 0.0, *view.image.size))]
    )


def told_of(fields: Mapping[str, str]) -> dict[str, str] | None:
    """What was told beside a picture, as a verdict has it."""
    return dict(fields) or None


def unreadable(
    name: str,
    error: ImageError,
    source: Provenance,
    timings: dict[str, float],
    told: Mapping[str, str] = MappingProxyType({}),
) -> Verdict:
    """The verdict on an image that could not be read: never anything but `needs_review`. told: see `not_judged`."""
    failure = Failure(kind="image", message=error.message, hint=error.hint, retryable=error.retryable)
    return not_judged(name, failure, Cause.UNREADABLE, source, timings, told)


def context_refused(name: str, error: UserError, source: Provenance, timings: dict[str, float]) -> Verdict:
    """The verdict on an image that came with a context that does not fit: it is not judged without it."""
    said = Why.of(Cause.CONTEXT_REFUSED, said=error.message)
    failure = Failure(kind="image", message=str(said), hint=error.hint)
    return not_judged(name, failure, Cause.CONTEXT_REFUSED, source, timings)


def not_judged(
    name: str,
    failure: Failure,
    cause: Cause,
    source: Provenance,
    timings: dict[str, float],
    told: Mapping[str, str] = MappingProxyType({}),
) -> Verdict:
    """The verdict where nothing was found out. told: what was told beside the image."""
    return Verdict(
        image=name,
        verdict="needs_review",
        reasons=(failure.message,),
        causes=(cause,),
        context=told_of(told),
        failure=failure,
        provenance=source,
        timings=timings,
    )


def _stopped(
    states: Sequence[ViewState], findings: Sequence[Finding], reasons: tuple[str, ...], failure: Failure | None
) -> tuple[tuple[str, ...], Failure | None]:
    """The reasons and the failure where no more was asked about a picture: one reason for all rules left open by it."""
    why = next((state.stopped for state in states if state.stopped is not None), None)
    cause = why.cause if why is not None else None
    left = list(dict.fromkeys(one.rule for one in findings if one.enforced and one.cause is cause))
    if why is None or not left:
        return reasons, failure
    own = {str(Why.of(Remark.OF_RULE, rule=rule, why=why)) for rule in left}
    if reasons:
        all_of_them = str(Why.of(Remark.OF_RULES, why=why, rules=", ".join(left)))
        reasons = (all_of_them, *(one for one in reasons if one not in own))
    return reasons, failure or Failure(kind="model", message=str(why), retryable=True)


def _causes(findings: Sequence[Finding], picture: Picture) -> tuple[Cause, ...]:
    """All that keeps a picture from being decided, each once: of the file, then of rules and of their statements."""
    found = [Cause.OUT_OF_TIME] if picture.late else [Cause.INCOMPLETE] if picture.gaps else []
    enforced = [one for one in findings if one.enforced]
    for finding in enforced:
        if finding.cause is Cause.STATEMENT_OPEN:
            conditions = (*finding.preconditions, *finding.exceptions)
            found += [one.cause for each in conditions for one in each.alternatives if one.cause is not None]
        elif finding.cause is not None:
            found.append(finding.cause)
    return tuple(dict.fromkeys(found if enforced else [*found, Cause.NO_RULE]))


def _late(picture: Picture) -> Failure | None:
    """Time that ran out is a failure, because another try may come further; other gaps stay whatever is tried."""
    return Failure(kind="image", message=str(picture.gaps[0]), retryable=True) if picture.late else None


def _passed(findings: Sequence[Finding]) -> Iterator[Why]:
    """Failures that another step passed over."""
    for finding in findings:
        for condition in (*finding.preconditions, *finding.exceptions):
            for one in condition.alternatives:
                if one.failed is not None:
                    yield Why.of(Remark.STEP_FAILED, statement=one.statement, said=one.failed, branch=one.branch)


def _distance(state: ViewState) -> tuple[str, ...]:
    if state.strangeness is None:
        return ()
    return (str(Why.of(Remark.DISTANCE, distance=state.strangeness)),)


def _violated(findings: Sequence[Finding], *, enforced: bool) -> tuple[str, ...]:
    chosen = (one.rule for one in findings if one.outcome is RuleOutcome.VIOLATED and one.enforced is enforced)
    return tuple(dict.fromkeys(chosen))


def _failure(findings: Sequence[Finding], states: Sequence[ViewState]) -> Failure | None:
    """The first model failure that left an enforced rule open; one that changed nothing is no failure. Where the model
    cannot be shown the picture, that is the picture's."""
    every = (error for state in states for one in (state, state.given) for error in one.failures.values())
    raised = {error.message: error for error in every}
    for finding in findings:
        if finding.enforced and finding.outcome is RuleOutcome.UNDECIDED:
            for condition in (*finding.preconditions, *finding.exceptions):
                for evidence in condition.alternatives:
                    if evidence.branch is Branch.MODEL_ERROR:
                        error = raised.get(str(evidence.reason), ModelError(str(evidence.reason)))
                        if isinstance(error, NotShown):
                            return Failure(kind="image", message=error.message, hint=error.hint)
                        again = not isinstance(error, Unable)
                        return Failure(kind="model", message=error.message, hint=error.hint, retryable=again)
    return None
