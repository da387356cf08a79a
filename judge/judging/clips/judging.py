"""The flow of a clip: 1. look through it; 2. judge a first few frames; 3. look more finely where they differ, and then
where nobody looked; 4. write down what that tells of its time. What looks alike is judged once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import ImageError, UserError
from judge.judging.clips import record
from judge.judging.clips.choosing import next_look
from judge.judging.clips.sight import of_all_kinds
from judge.judging.given import Context, GivenContext
from judge.judging.opening import name_of
from judge.judging.scoring import rule_scores
from judge.media.clips import Strip, is_clip, names_clip, opened_clip
from judge.media.clips.looks import Looks
from judge.media.clips.sniffing import HEAD
from judge.media.clips.strip import clock
from judge.media.clips.wanted import Wanted
from judge.verdict import RuleOutcome, Verdict, VerdictWord

if TYPE_CHECKING:
    from judge.clip_verdict import ClipVerdict
    from judge.judging.pipeline import Judge

Source = str | Path | bytes
_WORST = (RuleOutcome.PRUNED, RuleOutcome.NOT_VIOLATED, RuleOutcome.UNDECIDED, RuleOutcome.VIOLATED)


@dataclass(frozen=True)
class FrameTold:
    """What came of one frame. outcomes: by rule, the worst of its views. verdict: None where it violates nothing and
    nothing is open, so that a long clip does not fill the memory. like: the place of the frame that it looks like."""

    word: VerdictWord
    outcomes: dict[str, RuleOutcome]
    scores: dict[str, float]
    verdict: Verdict | None
    like: int | None = None


@dataclass
class ClipTold:
    """What came of the frames of a clip, by their place in `Strip.held`: those judged, and those that look like one.
    late: seconds that judging was to take and that were not enough; None where they were."""

    looks: Looks
    frames: dict[int, FrameTold] = field(default_factory=dict)
    late: float | None = None


@dataclass(frozen=True)
class Pace:
    """How a clip is judged among others. turn: entered for some frames each time, so that others can have the models
    between them; the time that it takes to come counts for `seconds` alone. frames: most of one turn, where that is
    less than a batch. seconds: for all of it, from its beginning. wanted: for how long."""

    turn: Callable[[], AbstractContextManager[object]] = nullcontext
    frames: int | None = None
    seconds: float = math.inf
    wanted: Wanted = field(default_factory=Wanted)


def judge_clip(
    judge: Judge,
    clip: str | Path | bytes,
    name: str | None = None,
    given: GivenContext | None = None,
    pace: Pace | None = None,
) -> ClipVerdict:
    """See `Judge.judge_clip`. given: what is told beside it (None: nothing). pace: how it is judged among others (None:
    there are none).

    Raises:
        GivenUp: it is not wanted any more.
    """
    pace = pace or Pace()
    given = given or GivenContext(readings=judge.constitution.readings)
    if not isinstance(clip, (str, Path, bytes)):
        raise UserError(f"cannot judge a {type(clip).__name__} as a clip", hint="give a path, or the bytes of a file")
    called, begun = name or name_of(clip), time.perf_counter()
    until = time.monotonic() + pace.seconds
    limits = judge.settings.clips
    try:
        strip = opened_clip(clip, limits, pace.wanted)
    except ImageError as error:
        return record.unreadable(called, error, judge.provenance, limits, time.perf_counter() - begun, given.fields)
    decoded = time.perf_counter()
    told = _look(judge, strip, called, given, pace, until)
    timings = {"decode": decoded - begun, "judge": time.perf_counter() - decoded}
    return record.clip_verdict(called, strip, told, judge.constitution, judge.provenance, limits, timings, given.fields)


def judge_all(
    judge: Judge,
    sources: Iterable[Source],
    context_of: Callable[[Any], Context] | None = None,
    *,
    offence: bool = False,
) -> Iterator[Verdict | ClipVerdict]:
    """Verdicts on images and clips, in order; which of them each is, its content says. context_of: what is told beside
    each; None: nothing is beside any. offence: of images, see `Judge.judge`; clips have none."""
    left = iter(sources)
    while True:
        clips: list[Source] = []
        beside: list[Context] = []

        def images() -> Iterator[Source]:
            for one in left:
                if holds_clip(one):
                    clips.append(one)  # noqa: B023  (all are read before the list is looked at)
                    return
                if context_of is not None:
                    beside.append(context_of(one))  # noqa: B023  (the same)
                yield one

        def contexts() -> Iterator[Context]:
            while beside:  # noqa: B023  (the same)
                yield beside.pop(0)  # noqa: B023

        beside_them = contexts() if context_of is not None else None
        yield from judge.judge_many(images(), contexts=beside_them, offence=offence)
        if not clips:
            return
        yield judge.judge_clip(clips[0], context=context_of(clips[0]) if context_of is not None else None)


def holds_clip(source: object) -> bool:
    """Whether a path or bytes are a clip, by their content."""
    if isinstance(source, (str, Path)):
        return names_clip(source)
    return isinstance(source, bytes) and is_clip(source[:HEAD])


def _look(judge: Judge, strip: Strip, name: str, given: GivenContext, pace: Pace, end: float) -> ClipTold:
    """Judge frames until nothing more is to be found out, as many are judged as may be, or it is time to end."""
    limits, told = judge.settings.clips, ClipTold(Looks([one.data for one in strip.held]))
    step_ms, until = limits.step_seconds * 1000, time.monotonic() + limits.judging_seconds
    together = min(judge.settings.batch, pace.frames or judge.settings.batch)
    judged: dict[int, FrameTold] = {}
    while places := next_look(strip, told.looks, _outcomes(told), limits.frames - len(judged), step_ms):
        while places:
            pace.wanted.check()
            some, places = places[:together], places[together:]
            asked = time.monotonic()
            if asked > min(until, end):
                told.late = pace.seconds if end < until else limits.judging_seconds
                break
            with pace.turn():
                until += time.monotonic() - asked
                judged |= _judge(judge, strip, some, name, given)
        told.frames = {
            place: one if place in judged else replace(one, like=told.looks.kinds[place])
            for place, one in of_all_kinds(told.looks, judged).items()
        }
        if told.late is not None:
            break
    return told


def _outcomes(told: ClipTold) -> dict[int, tuple[RuleOutcome, ...]]:
    return {place: tuple(one.outcomes.values()) for place, one in told.frames.items()}


def _judge(judge: Judge, strip: Strip, places: Sequence[int], name: str, given: GivenContext) -> dict[int, FrameTold]:
    """What comes of frames."""
    found: dict[int, FrameTold] = {}
    verdicts = judge.judge_many([strip.held[place].data for place in places], contexts=[given] * len(places))
    for place, verdict in zip(places, verdicts, strict=True):
        named = verdict.model_copy(update={"image": f"{name} at {clock(strip.held[place].ms)}"})
        found[place] = _told(named, [rule.id for rule in judge.constitution.rules])
    return found


def _told(verdict: Verdict, rules: Sequence[str]) -> FrameTold:
    """What came of a frame. A rule of which nothing is said, and every rule of a frame that a person has to look at for
    what is no rule's, is undecided."""
    outcomes: dict[str, RuleOutcome] = {}
    for finding in verdict.findings:
        before = outcomes.get(finding.rule, RuleOutcome.PRUNED)
        outcomes[finding.rule] = max(before, finding.outcome, key=_WORST.index)
    open_rules = {one.rule for one in verdict.findings if one.enforced and one.outcome is RuleOutcome.UNDECIDED}
    if verdict.verdict == "needs_review" and not open_rules:
        outcomes = {
            rule: RuleOutcome.VIOLATED if outcomes.get(rule) is RuleOutcome.VIOLATED else RuleOutcome.UNDECIDED
            for rule in rules
        }
    outcomes = {rule: outcomes.get(rule, RuleOutcome.UNDECIDED) for rule in rules}
    clear = verdict.verdict == "no_violation" and not verdict.shadow_violations
    return FrameTold(verdict.verdict, outcomes, rule_scores(verdict), None if clear else verdict)
