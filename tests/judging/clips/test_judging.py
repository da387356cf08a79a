"""A clip from its bytes to its verdict, with a model whose answers are known."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import asdict, replace

import pytest

from judge.causes import Why
from judge.clip_verdict import ClipVerdict
from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.judging.clips import judging, record
from judge.judging.clips.judging import holds_clip, judge_all
from judge.judging.pipeline import Judge
from judge.media.clips import opening
from judge.media.clips.decoding import look_through
from judge.media.clips.told import LookedTold
from judge.media.gaps import Detail
from judge.settings import Settings
from judge.verdict import RuleOutcome
from tests.judging.clips.eyes import BLUE, RED, Eyes, judge_of
from tests.judging.scenes import png
from tests.media.clips.films import dotted, film, plain, sound


def colours(*stretches: tuple[str, int], **given: object) -> bytes:
    """A clip of ten frames a second: so many of each colour."""
    pictures = [plain(colour) for colour, count in stretches for _ in range(count)]
    return film(pictures, **given)


CLIP = colours(("white", 20), ("red", 15), ("white", 25), ("red", 5), ("black", 15))


def test_a_rule_has_the_ranges_in_which_it_is_violated():
    judge = judge_of(RED, BLUE)
    verdict = judge.judge_clip(CLIP, name="clip.mp4")
    red, blue = verdict.rules
    assert (verdict.verdict, verdict.violations, verdict.looked_at) == ("violation", ("red",), 1.0)
    assert [(one.start_ms, one.end_ms) for one in red.ranges] == [(2000, 3500), (6000, 6500)]
    assert (red.held_ms, red.held_frames, red.outcome) == (2000, 20, RuleOutcome.VIOLATED)
    assert (blue.outcome, blue.ranges) == (RuleOutcome.NOT_VIOLATED, ())
    assert verdict.ranges() == ("red 2000-3500", "red 6000-6500")
    assert (verdict.clip_facts.frames, verdict.clip_facts.duration_ms, verdict.clip_facts.codec) == (80, 8000, "h264")
    judged = [one for one in verdict.frames if one.like_ms is None]
    assert len(judged) == 3, "white, red and black: what looks alike is judged once"
    assert verdict.notes[-1].startswith("3 of 80 frames were judged; the others look like these"), "all was looked at"
    told = next(one for one in verdict.evidence if one.ms == 2000)
    assert told.verdict.violations == ("red",)
    assert told.verdict.image == "clip.mp4 at 0:02.000"
    assert ClipVerdict.model_validate_json(verdict.model_dump_json()) == verdict


def test_what_moves_is_looked_at_more_finely_where_it_changes():
    """White and red squares that move: no two frames are alike, and the edges are found all the same."""
    shown = [dotted(place % 40) if not 37 <= place < 71 else red(place % 40) for place in range(120)]
    judge = judge_of(RED)
    verdict = judge.judge_clip(film(shown, rate=25))
    (found,) = verdict.rules[0].ranges
    assert (found.start_ms, found.end_ms) == (1480, 2840)
    assert sum(one.like_ms is None for one in verdict.frames) < 30


def red(place: int):
    picture = plain("red")
    picture.paste(dotted(place).crop((place, 8, place + 16, 24)), (place, 8))
    return picture


@pytest.mark.parametrize(
    ("bound", "word", "outcome"),
    [
        ("20 frames", "violation", "violated"),
        ("21 frames", "no_violation", "not_violated"),
        ("2 s", "violation", "violated"),
        ("2.1 s", "no_violation", "not_violated"),
        ("25 %", "violation", "violated"),
        ("26 %", "no_violation", "not_violated"),
    ],
)
def test_a_rule_may_have_to_hold_for_long_enough(bound, word, outcome):
    verdict = judge_of(f"{RED}, clip: {{at_least: {bound}}}").judge_clip(CLIP)
    assert (verdict.verdict, str(verdict.rules[0].outcome), verdict.rules[0].at_least) == (word, outcome, bound)
    assert len(verdict.rules[0].ranges) == 2, "where it holds is said in any case"
    below = f"red: it holds for 2 s (20 frames), where at least {bound} is a violation"
    assert (below in verdict.notes) is (word == "no_violation")


def test_one_frame_is_not_called_frames():
    clip = film([plain("white")] * 5 + [plain("red")] + [plain("white")] * 5)
    verdict = judge_of(f"{RED}, clip: {{at_least: 2 frames}}").judge_clip(clip)
    assert "red: it holds for 0.1 s (1 frame), where at least 2 frames is a violation" in verdict.notes


@pytest.mark.parametrize(("rate", "period", "on"), [(15, 2, 1), (10, 3, 1), (30, 4, 2), (24, 5, 1)])
def test_a_clip_that_flickers_is_known_frame_by_frame(rate, period, on):
    bad = [number % period >= period - on for number in range(3 * rate)]
    clip = film([plain("red") if one else dotted(8) for one in bad], rate=rate)
    held_ms = sum((number + 1) * 1000 // rate - number * 1000 // rate for number, one in enumerate(bad) if one)
    verdict = judge_of(RED).judge_clip(clip)
    (rule,) = verdict.rules
    assert (verdict.verdict, verdict.looked_at, rule.held_frames) == ("violation", 1.0, sum(bad))
    assert rule.held_ms == rule.may_hold_ms == pytest.approx(held_ms, abs=40)
    assert len(rule.ranges) == sum(one and not before for before, one in zip([False, *bad], bad, strict=False))
    assert all(one.may_end_ms - one.may_start_ms == one.end_ms - one.start_ms for one in rule.ranges)
    assert {one.telling_ms for one in rule.ranges} <= {one.ms for one in verdict.frames}
    assert verdict.notes[-1].startswith(f"2 of {len(bad)} frames were judged; the others")
    for extra, word in ((0, "violation"), (1, "no_violation")):
        some = judge_of(f"{RED}, clip: {{at_least: {sum(bad) + extra} frames}}").judge_clip(clip)
        assert some.verdict == word


@pytest.mark.parametrize(("grey", "ranges"), [(10, [(1000, 4000)]), (11, [(1000, 2000), (3100, 4100)])])
def test_what_is_open_for_a_second_at_most_parts_no_range_and_counts_for_nothing(grey, ranges):
    clip = colours(("white", 10), ("red", 10), ("grey", grey), ("red", 10), ("white", 10))
    (rule,) = judge_of(f"{RED}, clip: {{at_least: 2.5 s}}").judge_clip(clip).rules
    assert [(one.start_ms, one.end_ms) for one in rule.ranges] == ranges
    assert (rule.held_ms, rule.outcome) == (2000, RuleOutcome.UNDECIDED)


def test_what_is_clear_between_two_ranges_parts_them_however_short():
    clip = colours(("red", 10), ("white", 1), ("red", 10))
    (rule,) = judge_of(RED).judge_clip(clip).rules
    assert [(one.start_ms, one.end_ms) for one in rule.ranges] == [(0, 1000), (1100, 2100)]


def test_what_is_undecided_and_could_make_it_long_enough_is_for_a_person():
    clip = colours(("white", 10), ("red", 10), ("grey", 10), ("white", 10))
    for bound, word in (("1 s", "violation"), ("1.5 s", "needs_review"), ("2.5 s", "no_violation")):
        verdict = judge_of(f"{RED}, clip: {{at_least: {bound}}}").judge_clip(clip)
        assert verdict.verdict == word
        (stretch,) = verdict.rules[0].undecided
        assert (stretch.start_ms, stretch.end_ms) == (2000, 3000)
    verdict = judge_of(f"{RED}, clip: {{at_least: 1.5 s}}").judge_clip(clip)
    assert verdict.reasons == ("red: it holds for 1 s, and may hold for 2 s, where at least 1.5 s is a violation",)
    assert [one.ms for one in verdict.evidence] == [1000, 2000]


def test_an_undecided_frame_is_enough_where_one_frame_is():
    verdict = judge_of(RED).judge_clip(colours(("white", 10), ("grey", 1), ("white", 10)))
    assert (verdict.verdict, verdict.rules[0].outcome) == ("needs_review", RuleOutcome.UNDECIDED)
    assert verdict.reasons[0].startswith("red: at 0:01.000: 'it is red' is undecided")
    assert verdict.looked_at == 1.0


def test_what_there_was_no_room_for_was_not_looked_at():
    clip = film([dotted(place) for place in range(40)] * 3)
    verdict = judge_of(RED, clips={"frames": 4}).judge_clip(clip)
    assert (verdict.verdict, verdict.causes) == ("needs_review", ("incomplete",))
    assert verdict.reasons[0] == "0:00.100 to 0:00.400 was not looked at: at most 4 frames are judged"
    assert 0 < verdict.looked_at < 0.5
    told = sum(one.end_ms - one.start_ms for one in verdict.not_looked_at)
    assert verdict.looked_at == pytest.approx(1 - told / 12_000, abs=1e-4)
    assert judge_of(RED).judge_clip(clip).verdict == "no_violation"


def test_frames_beyond_those_that_are_kept_were_not_looked_at(monkeypatch):
    opened = judging.opened_clip

    def thinner(clip, limits, wanted):
        strip = opened(clip, limits, wanted)
        pairs = zip(strip.held[::2], strip.held[1::2], strict=True)
        held = [replace(one, until_ms=other.until_ms, count=2, alike=False) for one, other in pairs]
        return replace(strip, held=tuple(held))

    monkeypatch.setattr(judging, "opened_clip", thinner)
    verdict = judge_of(RED).judge_clip(film([dotted(place) for place in range(40)]))
    assert (verdict.verdict, verdict.looked_at) == ("needs_review", 0.5)
    assert "more frames differ than are kept" in verdict.reasons[0]


def test_a_part_that_is_missing_is_for_a_person_and_hides_no_violation():
    data = film([plain("red")] * 10 + [dotted(place) for place in range(40)], container="matroska")
    cut = data[: len(data) * 8 // 10]
    clear = judge_of(BLUE).judge_clip(cut)
    assert (clear.verdict, clear.causes) == ("needs_review", ("incomplete",))
    assert "the file ends, or cannot be read any further" in clear.reasons[0]
    assert clear.clip_facts.duration_ms == 5000
    found = judge_of(RED).judge_clip(cut)
    assert found.verdict == "violation"
    assert any("was not looked at" in note for note in found.notes)


def test_where_time_for_decoding_is_up_what_was_decoded_is_judged(monkeypatch):
    def told(file, limits, wanted):
        ticks = itertools.count()
        looked = look_through(file, limits.pixels, 30.5, clock=lambda: float(next(ticks)))
        held = [[*one[:-1], len(one[-1])] for one in looked.held]
        whole = {**asdict(replace(looked, held=[])), "held": held}
        return LookedTold.model_validate(whole), b"".join(one[-1] for one in looked.held)

    monkeypatch.setattr(opening, "_told", told)
    fine = judge_of(RED).judge_clip(colours(("white", 60), ("red", 20)))
    assert fine.verdict == "needs_review" and fine.causes[0] == "out_of_time" and fine.failure.retryable
    assert 0.2 < fine.looked_at < 0.5 and "longer than" in fine.reasons[0], fine.reasons
    assert judge_of(RED).judge_clip(colours(("red", 20), ("white", 60))).verdict == "violation"


def test_a_model_that_fails_on_a_frame_is_a_failure_that_may_be_mended():
    verdict = judge_of(RED).judge_clip(colours(("white", 10), ("green", 10)))
    assert (verdict.verdict, verdict.failure.kind, verdict.failure.retryable) == ("needs_review", "model", True)
    assert "model_error" in verdict.causes


def test_the_time_for_judging_is_bounded(monkeypatch):
    clip = film([dotted(place) for place in range(40)] * 3)
    judge, turns = judge_of(RED, batch=2, clips={"judging_seconds": 10}), [0.0, 0.0]

    @contextmanager
    def turn():  # which comes late, twice; the second batch takes long
        turns.append(turns[-1] + 50)
        yield

    now = lambda: turns[-1] + (0.0 if judge.mllm.seen < 4 else 11.0)  # noqa: E731
    monkeypatch.setattr(judging.time, "monotonic", now)
    verdict = judging.judge_clip(judge, clip, pace=judging.Pace(turn))
    assert len(turns) == 4, "waiting for one's turn is not counted"
    assert (verdict.verdict, verdict.causes, verdict.failure.retryable) == ("needs_review", ("out_of_time",), True)
    assert "judging the clip took longer than 10 s" in verdict.reasons[0]


def test_of_many_stretches_that_were_not_looked_at_ten_are_told_and_how_many_more_there_are():
    unseen = [record.Unseen(1000 * n, 1000 * n + 500, Why.of(Detail.CLIP_KEPT)) for n in range(13)]
    told = record._said(unseen)
    assert len(told) == 11 and told[-1] == "and 3 more stretches were not looked at"
    assert len(record._said(unseen[:10])) == 10


def test_a_file_without_a_film():
    verdict = judge_of(RED).judge_clip(sound(), name="song.mp4")
    assert (verdict.verdict, verdict.causes) == ("needs_review", ("unreadable",))
    assert verdict.reasons == ("it holds sound and no moving picture",)
    with pytest.raises(UserError, match="float as a clip"):
        judge_of(RED).judge_clip(1.5)


def test_without_the_package_the_clip_goes_to_a_person(monkeypatch):
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    verdict = judge_of(RED).judge_clip(CLIP)
    assert (verdict.verdict, verdict.failure.hint) == ("needs_review", "pip install 'constitution-judge[video]'")


def test_images_and_clips_in_order(tmp_path):
    clip = tmp_path / "picture.png"  # the name says nothing
    clip.write_bytes(colours(("red", 3)))
    given = [png(), clip, png(colour="red"), png(), clip]
    assert [holds_clip(one) for one in given] == [False, True, False, False, True]
    found = list(judge_all(judge_of(RED), given))
    assert [isinstance(one, ClipVerdict) for one in found] == [False, True, False, False, True]
    assert [one.verdict for one in found] == ["no_violation", "violation", "violation", "no_violation", "violation"]
    assert list(judge_all(judge_of(RED), [])) == []


def test_a_rule_in_shadow_changes_nothing():
    verdict = judge_of(f"{RED}, status: shadow", BLUE).judge_clip(CLIP)
    assert (verdict.verdict, verdict.violations, verdict.shadow_violations) == ("no_violation", (), ("red",))


def test_ten_hours_of_stills_are_looked_at_for_what_they_show():
    """How long a clip lasts costs nothing; how much of it differs does."""
    pictures = [plain(one) for one in ("white", "white", "black", "red")]
    clip = film(pictures, times=[0, 40, 18_000_000, 36_000_000], container="matroska")
    verdict = judge_of(f"{RED}, clip: {{at_least: 1 %}}", BLUE).judge_clip(clip)
    assert (verdict.verdict, verdict.looked_at) == ("no_violation", 1.0)
    assert verdict.rules[0].ranges[0].start_ms == 36_000_000


RUDE = """constitution: test
version: 1.0.0
context: {caption: 20}
rules:
  - {id: red, rule: Nothing may be red., preconditions: [it is red]}
  - {id: rude, rule: Nobody may be rude beside red., preconditions: [it is red, {statement: it is rude, reads: caption}]}
"""


def test_what_is_told_beside_a_clip_is_read_once():
    eyes = Eyes()
    eyes._priors["it is rude"], eyes._told = 0.4, {("it is rude", "you"): 0.95, ("it is rude", "sea"): 0.01}
    judge = Judge(parse_constitution(RUDE), eyes, settings=Settings(escalate=(), batch=1))
    flicker = colours(("white", 10), ("red", 10), ("black", 10), ("red", 10))
    rude, kind = (judge.judge_clip(flicker, context={"caption": text}) for text in ("you!", "the sea"))
    assert (rude.violations, kind.violations) == (("red", "rude"), ("red",))
    assert (rude.context, kind.context) == ({"caption": "you!"}, {"caption": "the sea"})
    asked = [one for one in eyes.asked if one.statement == "it is rude" and "(not told)" not in one.instruction]
    assert len(asked) == 2, "once for each clip"
    untold = judge.judge_clip(flicker)
    assert (untold.verdict, untold.rules[1].outcome) == ("violation", RuleOutcome.UNDECIDED) and untold.context is None
    assert [one.reads for one in untold.rules] == [(), ("caption",)]
    first, second = judge_all(
        judge, [flicker, png()], lambda source: {"caption": "you!" if source is flicker else "sea"}
    )
    assert (first.context, second.context) == ({"caption": "you!"}, {"caption": "sea"})
