"""Writes down what was found of a clip: a finding for each rule over its time, and the verdict.

Whatever was not looked at may be anything: where that could make a rule hold for long enough, a person has to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from judge.causes import Cause, Remark, Why
from judge.clip_verdict import ClipFacts, ClipFinding, ClipVerdict, EvidenceFrame, JudgedFrame, Stretch, TimeRange
from judge.constitution import Constitution
from judge.constitution.schema import Rule
from judge.constitution.told import fields_read
from judge.errors import ImageError
from judge.judging.clips.spans import State, TimeSpan, amount, spans_of
from judge.media.clips import Strip, Unseen
from judge.media.clips.strip import clock
from judge.media.gaps import Detail, Gap, Note
from judge.settings import ClipLimits
from judge.verdict import Failure, Provenance, RuleOutcome, VerdictWord

if TYPE_CHECKING:
    from judge.judging.clips.judging import ClipTold, FrameTold

_NOT_KNOWN = (State.OPEN, State.EDGE, State.UNSEEN)
_MORE_TIME = "cut it into shorter clips, have fewer of its frames judged, or give it more time; send one at a time"
_TOLD = 10  # stretches that a verdict names in words
_EVIDENCE = 3  # frames of a rule that are kept with their whole verdict: of its longest ranges


def clip_verdict(
    name: str,
    strip: Strip,
    told: ClipTold,
    constitution: Constitution,
    source: Provenance,
    limits: ClipLimits,
    timings: Mapping[str, float],
    told_beside: Mapping[str, str],
) -> ClipVerdict:
    """The verdict on a clip from what came of its frames. told_beside: what was told beside it."""
    spans = {rule.id: _spans(strip, told, rule.id, limits) for rule in constitution.rules}
    unseen = _unseen(strip, next(iter(spans.values())), told, limits)
    step_ms = limits.step_seconds * 1000
    findings = tuple(_finding(rule, spans[rule.id], strip, told.frames, step_ms) for rule in constitution.rules)
    enforced = [one for one in findings if one.enforced]
    violated = [one for one in enforced if one.outcome is RuleOutcome.VIOLATED]
    undecided = [one for one in enforced if one.outcome is RuleOutcome.UNDECIDED]
    gaps = tuple(map(str, strip.gaps))
    reasons: tuple[str, ...] = ()
    if not violated and (undecided or gaps or not enforced):
        rules = [str(Why.of(Remark.OF_RULE, rule=one.rule, why=one.reason)) for one in undecided]
        reasons = (*gaps, *_said(unseen), *rules) or (str(Why.of(Cause.NO_RULE)),)
    word: VerdictWord = "violation" if violated else "needs_review" if reasons else "no_violation"
    beside = () if word == "needs_review" else (*gaps, *_said(unseen))
    gone = sum(one.end_ms - one.start_ms for one in unseen)
    share = max(0.0, 1.0 - gone / max(1, strip.duration_ms))
    return ClipVerdict(
        clip=name,
        verdict=word,
        violations=tuple(one.rule for one in violated),
        shadow_violations=tuple(
            one.rule for one in findings if not one.enforced and one.outcome is RuleOutcome.VIOLATED
        ),
        reasons=reasons,
        causes=_causes(strip, told, unseen) if word == "needs_review" else (),
        notes=(*beside, *map(str, strip.notes), *_notes(findings), _judged(strip, told, unseen)),
        context=dict(told_beside) or None,
        rules=findings,
        looked_at=1.0 if not unseen else min(0.9999, round(share, 4)),
        not_looked_at=tuple(Stretch(start_ms=one.start_ms, end_ms=one.end_ms, why=str(one.why)) for one in unseen),
        frames=tuple(_frame(strip, place, told.frames) for place in _shown(strip, findings, told.frames)),
        evidence=tuple(_evidence(strip, findings, told.frames)),
        clip_facts=ClipFacts(
            sha256=strip.sha256,
            format=strip.format,
            codec=strip.codec,
            width=strip.width,
            height=strip.height,
            duration_ms=strip.duration_ms,
            frames=strip.frames,
            frame_rate=round(strip.rate, 3),
            turned=strip.turned,
        ),
        limits=limits,
        provenance=source,
        failure=_failure(strip, told, unseen) if word == "needs_review" else None,
        timings={name: round(seconds, 6) for name, seconds in (*timings.items(), ("total", sum(timings.values())))},
    )


def unreadable(
    name: str,
    error: ImageError,
    source: Provenance,
    limits: ClipLimits,
    seconds: float,
    told_beside: Mapping[str, str],
) -> ClipVerdict:
    """The verdict on a clip of which nothing could be seen."""
    return ClipVerdict(
        clip=name,
        verdict="needs_review",
        reasons=(error.message,),
        causes=(Cause.UNREADABLE,),
        context=dict(told_beside) or None,
        limits=limits,
        provenance=source,
        failure=Failure(kind="image", message=error.message, hint=error.hint, retryable=error.retryable),
        timings={"decode": round(seconds, 6), "total": round(seconds, 6)},
    )


def _spans(strip: Strip, told: ClipTold, rule: str, limits: ClipLimits) -> list[TimeSpan]:
    outcomes = {place: one.outcomes[rule] for place, one in told.frames.items()}
    return spans_of(strip, told.looks, outcomes, limits.step_seconds * 1000)


def _unseen(strip: Strip, spans: Sequence[TimeSpan], told: ClipTold, limits: ClipLimits) -> list[Unseen]:
    """What was not looked at, and why: what could not be decoded, and what nobody had room or time for."""
    if told.late is not None:
        why = Why.of(Detail.CLIP_JUDGING, seconds=round(told.late, 1))
    elif sum(one.like is None for one in told.frames.values()) < limits.frames:
        why = Why.of(Detail.CLIP_KEPT)
    else:
        why = Why.of(Detail.CLIP_MOST, most=limits.frames)
    found = list(strip.unseen)
    for one in spans:
        if one.state is not State.UNSEEN:
            continue
        place = one.start_ms
        for hole in sorted(strip.unseen, key=lambda hole: hole.start_ms):
            if hole.end_ms > place and hole.start_ms < one.end_ms:
                if hole.start_ms > place:
                    found.append(Unseen(place, hole.start_ms, why))
                place = max(place, hole.end_ms)
        if place < one.end_ms:
            found.append(Unseen(place, one.end_ms, why))
    return sorted(found, key=lambda one: one.start_ms)


def _finding(
    rule: Rule, spans: Sequence[TimeSpan], strip: Strip, frames: Mapping[int, FrameTold], step_ms: float
) -> ClipFinding:
    known = amount(spans, [State.HOLDS], strip.duration_ms)
    maybe = amount(spans, [State.HOLDS, *_NOT_KNOWN], strip.duration_ms)
    outcome, why = RuleOutcome.NOT_VIOLATED, None
    if known.reaches(rule.clip):
        outcome = RuleOutcome.VIOLATED
    elif maybe.reaches(rule.clip):
        outcome, why = RuleOutcome.UNDECIDED, _why_open(rule, spans, strip, frames)
    elif frames and all(one.outcomes[rule.id] is RuleOutcome.PRUNED for one in frames.values()):
        outcome = RuleOutcome.PRUNED
    return ClipFinding(
        rule=rule.id,
        text=rule.text,
        category=rule.category,
        severity=rule.severity,
        enforced=rule.status == "enforce",
        reads=fields_read(rule),
        outcome=outcome,
        at_least=rule.clip.at_least if rule.clip is not None else None,
        held_ms=known.ms,
        may_hold_ms=maybe.ms,
        held_frames=int(known.frames),
        ranges=tuple(_ranges(rule.id, spans, strip, frames, step_ms)),
        undecided=tuple(
            Stretch(start_ms=one.start_ms, end_ms=one.end_ms, why=_open_at(rule.id, one, strip, frames))
            for one in spans
            if one.state is State.OPEN
        ),
        reason=str(why) if why is not None else None,
        cause=_cause(spans) if why is not None else None,
    )


def _ranges(
    rule: str, spans: Sequence[TimeSpan], strip: Strip, frames: Mapping[int, FrameTold], step_ms: float
) -> Iterator[TimeRange]:
    """Where it holds. What lies beside such a stretch and is not known may belong to it."""
    for group in _near_together(spans, step_ms):
        (first, *_), last = group, group[-1]
        start_ms, end_ms = spans[first].start_ms, spans[last].end_ms
        inside = [each for place in group for each in _places(strip, spans[place]) if each in frames]
        telling = max(inside, key=lambda each: frames[each].scores.get(rule, 0.0), default=strip.at(start_ms))
        while first > 0 and spans[first - 1].state in _NOT_KNOWN:
            first -= 1
        while last + 1 < len(spans) and spans[last + 1].state in _NOT_KNOWN:
            last += 1
        yield TimeRange(
            start_ms=start_ms,
            end_ms=end_ms,
            may_start_ms=spans[first].start_ms,
            may_end_ms=spans[last].end_ms,
            telling_ms=strip.held[telling].ms,
        )


def _near_together(spans: Sequence[TimeSpan], step_ms: float) -> list[list[int]]:
    """Places of the spans that hold, range by range: what nobody looked at, or what stayed open, for at most a step
    between two of them parts no range. How long a rule holds does not count it."""
    groups: list[list[int]] = []
    for place, one in enumerate(spans):
        if one.state is not State.HOLDS:
            continue
        between = spans[groups[-1][-1] + 1 : place] if groups else ()
        short = sum(each.end_ms - each.start_ms for each in between) <= step_ms
        if groups and short and all(each.state in (State.UNSEEN, State.OPEN) for each in between):
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _places(strip: Strip, span: TimeSpan) -> Iterator[int]:
    """Places of the held frames that begin in a stretch of time."""
    for place in range(strip.at(span.start_ms), len(strip.held)):
        if strip.held[place].ms >= span.end_ms:
            return
        if strip.held[place].ms >= span.start_ms:
            yield place


def _why_open(rule: Rule, spans: Sequence[TimeSpan], strip: Strip, frames: Mapping[int, FrameTold]) -> Why:
    """Why a rule may hold for long enough, and is not known to."""
    opened = [one for one in spans if one.state is State.OPEN]
    if rule.clip is not None:
        held = amount(spans, [State.HOLDS], strip.duration_ms)
        maybe = amount(spans, [State.HOLDS, *_NOT_KNOWN], strip.duration_ms)
        return Why.of(Remark.CLIP_MAY, held=_much(held.ms), maybe=_much(maybe.ms), least=rule.clip.at_least)
    if opened:
        at = _open_at(rule.id, opened[0], strip, frames)
        return Why.of(Remark.CLIP_OPEN, at=clock(opened[0].start_ms), why=at)
    return Why.of(Remark.CLIP_UNKNOWN)


def _open_at(rule: str, span: TimeSpan, strip: Strip, frames: Mapping[int, FrameTold]) -> str:
    """Why a rule is undecided in a stretch: what is said of its first frame."""
    for place in _places(strip, span):
        found = frames[place].verdict if place in frames else None
        if found is not None:
            mine = next((one for one in found.findings if one.rule == rule and one.reason is not None), None)
            return str(mine.reason) if mine is not None else "; ".join(found.reasons)
    return ""


def _cause(spans: Sequence[TimeSpan]) -> Cause:
    return Cause.STATEMENT_OPEN if any(one.state is State.OPEN for one in spans) else Cause.INCOMPLETE


def _causes(strip: Strip, told: ClipTold, unseen: Sequence[Unseen]) -> tuple[Cause, ...]:
    """All that keeps the clip from being decided, each once: of the file, then of its frames."""
    found: list[Cause] = []
    if strip.late or told.late is not None:
        found.append(Cause.OUT_OF_TIME)
    elif strip.gaps or unseen:
        found.append(Cause.INCOMPLETE)
    for frame in told.frames.values():
        if frame.verdict is not None and frame.verdict.verdict == "needs_review":
            found += frame.verdict.causes
    return tuple(dict.fromkeys(found or [Cause.NO_RULE]))


def _said(unseen: Sequence[Unseen]) -> tuple[str, ...]:
    """What was not looked at, in words: the first stretches, and how many more there are."""
    told = [
        Why.of(Gap.CLIP_UNSEEN, start=clock(one.start_ms), end=clock(one.end_ms), why=one.why) for one in unseen[:_TOLD]
    ]
    more = [Why.of(Gap.CLIPS_UNSEEN_MORE, more=len(unseen) - _TOLD)] if len(unseen) > _TOLD else []
    return tuple(map(str, (*told, *more)))


def _notes(findings: Sequence[ClipFinding]) -> Iterator[str]:
    """Of rules that hold, and not for long enough."""
    for one in findings:
        if one.outcome is RuleOutcome.NOT_VIOLATED and one.ranges:
            frames = f"{one.held_frames} frame{'s' * (one.held_frames != 1)}"
            why = Why.of(Remark.CLIP_BELOW, held=_much(one.held_ms), frames=frames, least=one.at_least)
            yield str(Why.of(Remark.OF_RULE, rule=one.rule, why=why))


def _judged(strip: Strip, told: ClipTold, unseen: Sequence[Unseen]) -> str:
    judged = sum(one.like is None for one in told.frames.values())
    if unseen or judged == strip.frames:
        return str(Why.of(Note.CLIP_FRAMES, judged=judged, total=strip.frames))
    return str(Why.of(Note.CLIP_FRAMES_ALIKE, judged=judged, total=strip.frames))


def _shown(strip: Strip, findings: Sequence[ClipFinding], frames: Mapping[int, FrameTold]) -> list[int]:
    """Frames that were judged, and of those that look like one the most telling of each range."""
    telling = {each.telling_ms for one in findings for each in one.ranges}
    return [place for place in sorted(frames) if frames[place].like is None or strip.held[place].ms in telling]


def _frame(strip: Strip, place: int, frames: Mapping[int, FrameTold]) -> JudgedFrame:
    one = frames[place]
    return JudgedFrame(
        ms=strip.held[place].ms,
        verdict=one.word,
        violations=tuple(rule for rule, outcome in one.outcomes.items() if outcome is RuleOutcome.VIOLATED),
        undecided=tuple(rule for rule, outcome in one.outcomes.items() if outcome is RuleOutcome.UNDECIDED),
        scores=one.scores,
        like_ms=strip.held[one.like].ms if one.like is not None else None,
    )


def _evidence(
    strip: Strip, findings: Sequence[ClipFinding], frames: Mapping[int, FrameTold]
) -> Iterator[EvidenceFrame]:
    """Of each rule the frames that tell most of its longest ranges, and the first where it stayed open."""
    telling: dict[int, list[str]] = {}
    by_ms = {strip.held[place].ms: place for place in frames}
    for one in findings:
        longest = sorted(one.ranges, key=lambda each: each.start_ms - each.end_ms)[:_EVIDENCE]
        times = [each.telling_ms for each in longest]
        if one.outcome is RuleOutcome.UNDECIDED:
            times += [each.start_ms for each in one.undecided[:1]]
        for ms in times:
            if ms in by_ms:
                telling.setdefault(by_ms[ms], []).append(one.rule)
    for place, rules in sorted(telling.items()):
        verdict = frames[place].verdict
        if verdict is not None:
            yield EvidenceFrame(ms=strip.held[place].ms, rules=tuple(rules), verdict=verdict)


def _failure(strip: Strip, told: ClipTold, unseen: Sequence[Unseen]) -> Failure | None:
    """What another try may mend: time that was up, or a model that failed on a frame."""
    if strip.late and unseen:
        return Failure(kind="image", message=_said(unseen[-1:])[0], hint=_MORE_TIME, retryable=True)
    if told.late is not None:
        return Failure(kind="model", message=_said(unseen[-1:])[0], hint=_MORE_TIME, retryable=True)
    failed = (one.verdict.failure for one in told.frames.values() if one.verdict is not None)
    return next((one for one in failed if one is not None), None)


def _much(ms: int) -> str:
    return f"{ms / 1000:g} s"
