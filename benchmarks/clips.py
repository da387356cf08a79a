"""How much of what judging every frame of a clip finds is found by judging a fifth of its frames.

    python -m benchmarks.clips [--clips 60] [--known] [--save FOLDER] [--cache FOLDER]

Sixty clips of drawings that move, made of the scenes of the drawn OS bench: 8 seconds, 12 frames a second, one to six
shots, judged by six rules of `demo`. In every other one a rule is violated in one or two known stretches of 0.75 to 3
seconds: the scene is cut to, or the thing that matters (the fire, the weapon) fades in and out within a shot. All of it
sways all the time, so few frames are alike. Each clip is judged twice: frame by frame, and with a budget of a fifth
of its frames. Told is how many of the known ranges each finds at an intersection over union of at least one half, how
many of those that every frame finds the few find (with a Wilson interval, as if ranges of one clip were independent),
and how many frames were judged. What the model gets wrong of a frame, it gets wrong both ways; what it answered of a
frame is not asked again. With --known no model is asked, and every frame is judged rightly: what is told then is of the
choice of frames alone.
"""

from __future__ import annotations

import argparse
import io
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from PIL import Image

from benchmarks.drawn_os_bench.scenes import make
from benchmarks.drawn_os_bench.stage import SIDE, Art, Dice, Placed, Stage, fetched
from judge.caches.shared import SharedAnswers
from judge.clip_verdict import ClipVerdict
from judge.constitution import Constitution, load_constitution
from judge.evaluation.measures.shares import share
from judge.judging.clips.choosing import next_look
from judge.judging.clips.sight import of_all_kinds
from judge.judging.clips.spans import State, spans_of
from judge.judging.pipeline import Judge
from judge.media.clips import opened_clip
from judge.media.clips.looks import Looks
from judge.settings import ClipLimits
from judge.verdict import RuleOutcome
from tools.compose_examples import CACHE

RATE, FRAMES = 12, 96
SHARE = 5  # one of so many frames is judged
RULES = ("body-on-fire", "bloody-body", "explosive", "weapon-in-hand", "child-with-alcohol", "gambling-for-money")
_SWAY = 3  # pixels
_FADE = 4  # frames in which a thing comes and goes
_SEED = 19
Range = tuple[int, int]  # milliseconds


@dataclass(frozen=True)
class DrawnClip:
    """A clip, the rule that it is about, and where that is violated."""

    name: str
    data: bytes
    rule: str
    ranges: tuple[Range, ...]


@dataclass(frozen=True)
class _Scene:
    """Sprites over a sky. telling: the place of the one without which nothing is violated, if it may come and go."""

    sprites: tuple[Placed, ...]
    sky: tuple[str, str]
    telling: int | None = None


def drawn_clips(count: int, art: Art, constitution: Constitution) -> Iterator[DrawnClip]:
    """So many clips, every other one without any violation; the same whenever they are made."""
    for number in range(count):
        rule = RULES[number // 2 % len(RULES)]
        dice = Dice(f"clips/{_SEED}/{number}")
        fine = _scene(rule, number, art, constitution, violating=False)
        other = _scene(RULES[(number // 2 + 1) % len(RULES)], number, art, constitution, violating=False)
        stretches: tuple[Range, ...] = ()
        bad = fine
        if number % 2 == 0:
            bad = _scene(rule, number, art, constitution, violating=True)
            stretches = tuple(_stretches(dice))
        pictures = _pictures(dice, fine, other, bad, stretches, art, cuts=number % 4 == 0)
        ranges = tuple((start * 1000 // RATE, end * 1000 // RATE) for start, end in stretches)
        yield DrawnClip(f"{number:02}-{rule}", encoded(pictures), rule, ranges)


def encoded(pictures: Sequence[Image.Image], rate: int = RATE) -> bytes:
    """A film of pictures of one size."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *pictures[0].size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, rate)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def _scene(rule: str, number: int, art: Art, constitution: Constitution, *, violating: bool) -> _Scene:
    made = make(rule, "violating" if violating else "borderline", 2 * number, _SEED, art, constitution)
    top, bottom = ("#{:02x}{:02x}{:02x}".format(*made.picture.getpixel((0, row))) for row in (0, SIDE - 1))
    telling = next((at for at, one in enumerate(made.sprites) if one.role == "other"), None)
    return _Scene(made.sprites, (top, bottom), telling if violating else None)


def _stretches(dice: Dice) -> Iterator[Range]:
    """One or two stretches of 9 to 36 frames, as first frame and the one behind the last."""
    two = dice.chance(0.5)
    for half in range(2 if two else 1):
        room = FRAMES // 2 if two else FRAMES
        length = round(dice.between(9, min(36, room - 12)))
        start = half * room + round(dice.between(4, room - length - 4))
        yield start, start + length


def _pictures(
    dice: Dice, fine: _Scene, other: _Scene, bad: _Scene, stretches: Sequence[Range], art: Art, *, cuts: bool
) -> list[Image.Image]:
    """All frames. cuts: violations are cut to; else the telling thing comes and goes, where the scene has one."""
    turn = round(dice.between(FRAMES // 4, FRAMES * 3 // 4))
    while any(start - 6 < turn < end + 6 for start, end in stretches):
        turn = (turn + 5) % FRAMES
    comes_and_goes = bool(stretches) and bad.telling is not None and not cuts
    phases = [dice.between(0, 2 * math.pi) for _ in range(40)]
    found = []
    for number in range(FRAMES):
        shown = 0.0
        for start, end in stretches:
            if start <= number < end:
                near = min(number - start, end - 1 - number) + 1
                shown = 1.0 if cuts else min(1.0, near / _FADE + 0.5)
        if shown or comes_and_goes:
            scene, hidden = bad, None if shown else bad.telling
        else:
            scene, hidden = (fine if number < turn else other), None
        found.append(_frame(scene, number, phases, art, hidden, shown))
    return found


def _frame(
    scene: _Scene, number: int, phases: Sequence[float], art: Art, hidden: int | None, shown: float
) -> Image.Image:
    """A scene in which everything sways as one, and a little by itself."""
    placed = []
    for at, one in enumerate(scene.sprites):
        if at == hidden:
            continue
        drawn = one.drawn
        if at == scene.telling and 0 < shown < 1:
            drawn = drawn.copy()
            drawn.putalpha(drawn.getchannel("A").point(lambda value: round(value * shown)))
        across = _SWAY * math.sin(number / 9 + phases[0]) + math.sin(number / 4 + phases[at + 1])
        down = _SWAY * math.cos(number / 11 + phases[0])
        placed.append(replace(one, left=one.left + round(across), top=one.top + round(down), drawn=drawn))
    return Stage(art, Dice("unused"), scene.sky, placed).picture()


def found_ranges(verdict: ClipVerdict, rule: str) -> list[Range]:
    """The ranges of a rule in a verdict."""
    return [
        (each.start_ms, each.end_ms)
        for one in verdict.rules
        if one.rule == rule and one.outcome is RuleOutcome.VIOLATED
        for each in one.ranges
    ]


def hits(known: Sequence[Range], found: Sequence[Range]) -> list[bool]:
    """Of each known range whether a found one covers it to at least a half, as one covers the other."""
    return [any(_overlap(one, other) >= 0.5 for other in found) for one in known]


def _overlap(one: Range, other: Range) -> float:
    common = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, common) / (max(one[1], other[1]) - min(one[0], other[0]))


def with_budget(judge: Judge, frames: int, step_seconds: float) -> Judge:
    """The judge with another budget for clips."""
    clips = judge.settings.clips.model_copy(update={"frames": frames, "step_seconds": step_seconds})
    return judge.derive(settings=judge.settings.model_copy(update={"clips": clips}))


@dataclass(frozen=True)
class ClipFigures:
    """What came of one clip, by every frame and by few."""

    clip: DrawnClip
    every: list[Range]
    few: list[Range]
    frames: int
    judged: int
    seconds: tuple[float, float]

    @property
    def found(self) -> tuple[int, int, int]:
        """Known ranges that were found: by every frame, by few, and by both."""
        every, few = hits(self.clip.ranges, self.every), hits(self.clip.ranges, self.few)
        return sum(every), sum(few), sum(one and other for one, other in zip(every, few, strict=True))


def both_ways(judge: Judge, clip: DrawnClip) -> ClipFigures:
    """Judge a clip both ways. seconds: of the second way without what the first one asked already."""
    judge = judge.derive(model=SharedAnswers(judge.mllm))
    every = with_budget(judge, 2 * FRAMES, 0.001)
    few = with_budget(judge, FRAMES // SHARE, judge.settings.clips.step_seconds)
    begun = time.perf_counter()
    whole = every.judge_clip(clip.data, name=clip.name)
    between = time.perf_counter()
    part = few.judge_clip(clip.data, name=clip.name)
    seconds = between - begun, time.perf_counter() - between
    judged = sum(frame.like_ms is None for frame in part.frames)
    found = found_ranges(whole, clip.rule), found_ranges(part, clip.rule)
    return ClipFigures(clip, *found, whole.clip_facts.frames, judged, seconds)


def as_known(clip: DrawnClip) -> ClipFigures:
    """A clip of which every frame is judged rightly, without a model."""
    strip = opened_clip(clip.data, ClipLimits())
    looks, step_ms = Looks([one.data for one in strip.held]), ClipLimits().step_seconds * 1000

    def outcome(place: int) -> RuleOutcome:
        shown = any(start <= strip.held[place].ms < end for start, end in clip.ranges)
        return RuleOutcome.VIOLATED if shown else RuleOutcome.NOT_VIOLATED

    begun = time.perf_counter()
    judged: dict[int, RuleOutcome] = {}
    seen: dict[int, RuleOutcome] = {}
    told: dict[int, Sequence[RuleOutcome]] = {}
    while places := next_look(strip, looks, told, FRAMES // SHARE - len(judged), step_ms):
        judged |= {place: outcome(place) for place in places}
        seen = of_all_kinds(looks, judged)
        told = {place: (one,) for place, one in seen.items()}
    spans = spans_of(strip, looks, seen, step_ms)
    held = [one for one in spans if one.state is State.HOLDS]
    few = [(one.start_ms, one.end_ms) for one in held]
    return ClipFigures(clip, list(clip.ranges), few, strip.frames, len(judged), (0.0, time.perf_counter() - begun))


def the_judge() -> tuple[Judge, Constitution]:
    """The bundled model under the six rules, and the constitution that the scenes are of."""
    from judge import load_judge

    judge = load_judge("demo", escalate=())
    rules = tuple(rule for rule in judge.constitution.rules if rule.id in RULES)
    fewer = judge.constitution.model_copy(update={"rules": rules})
    return judge.derive(constitution=fewer, locked=judge.locked), judge.constitution


def summary(rows: Sequence[ClipFigures]) -> str:
    """The figures of clips, in words."""
    known = sum(len(one.clip.ranges) for one in rows)
    of_every, of_few, both = (sum(one.found[way] for one in rows) for way in (0, 1, 2))
    recall = share(both, of_every)
    fine = [one for one in rows if not one.clip.ranges]
    wrong = sum(bool(one.every) for one in fine), sum(bool(one.few) for one in fine)
    frames, judged = sum(one.frames for one in rows), sum(one.judged for one in rows)
    seconds = [sum(one.seconds[way] for one in rows) for way in (0, 1)]
    return (
        f"{len(rows)} clips ({len(fine)} fine), {known} ranges, {frames} frames\n"
        f"every frame: {of_every} ranges found, {wrong[0]} fine clips flagged, {seconds[0]:.0f} s\n"
        f"few frames:  {of_few} ranges found, {wrong[1]} fine clips flagged, {seconds[1]:.0f} s, "
        f"{judged} frames judged ({judged / frames:.1%})\n"
        f"of the ranges that every frame finds, the few find {both} of {of_every}"
        + (f": {recall.value:.3f} [{recall.low:.3f} to {recall.high:.3f}]" if of_every else "")
    )


def main() -> None:
    """Print the figures."""
    options = argparse.ArgumentParser()
    options.add_argument("--clips", type=int, default=60)
    options.add_argument("--known", action="store_true")
    options.add_argument("--save", type=Path)
    options.add_argument("--cache", type=Path, default=CACHE)
    asked = options.parse_args()
    judge, constitution = (None, load_constitution("demo")) if asked.known else the_judge()
    rows = []
    for clip in drawn_clips(asked.clips, fetched(asked.cache), constitution):
        if asked.save is not None:
            asked.save.mkdir(parents=True, exist_ok=True)
            (asked.save / f"{clip.name}.mp4").write_bytes(clip.data)
        rows.append(as_known(clip) if judge is None else both_ways(judge, clip))
        print(clip.name, clip.ranges, rows[-1].every, rows[-1].few, flush=True)
    print(summary(rows))


if __name__ == "__main__":
    main()
