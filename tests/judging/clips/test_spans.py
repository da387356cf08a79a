"""What judged frames tell of the time between them, and which frames are worth judging."""

from __future__ import annotations

import math

import pytest

from judge.causes import Why
from judge.constitution.clip_bound import ClipBound
from judge.judging.clips.choosing import finer, first_look, next_look, wider
from judge.judging.clips.spans import State, amount, spans_of
from judge.media.clips import Held, Strip, Unseen
from judge.media.gaps import Detail
from judge.verdict import RuleOutcome

HOLDS, CLEAR, OPEN, EDGE, UNSEEN = State.HOLDS, State.CLEAR, State.OPEN, State.EDGE, State.UNSEEN
YES, NO, MAYBE = RuleOutcome.VIOLATED, RuleOutcome.NOT_VIOLATED, RuleOutcome.UNDECIDED


def strip(*shots: int, ms: int = 100, unseen: tuple[Unseen, ...] = (), alike: bool = True) -> Strip:
    """Frames of 100 ms, so many in each shot."""
    held, number = [], 0
    for shot, count in enumerate(shots):
        for _ in range(count):
            held.append(Held(number * ms, (number + 1) * ms, 1, alike, shot, b""))
            number += 1
    end = max([number * ms, *(one.end_ms for one in unseen)])
    return Strip("0" * 64, "mp4", "h264", 64, 48, end, number, 0, tuple(held), unseen)


class Moving:
    """Frames of which no two look alike, and all between two of them are on the way."""

    def __init__(self, count: int, *strange: int) -> None:
        self.kinds, self.strange = tuple(range(count)), strange

    def passed(self, before: int, after: int) -> frozenset[int]:
        return frozenset(range(before + 1, after)) - set(self.strange)


def moving(some: Strip, *strange: int) -> Moving:
    return Moving(len(some.held), *strange)


def told(
    some: Strip, outcomes: dict[int, RuleOutcome], step_ms: int = 1000, looks: Moving | None = None
) -> list[tuple[int, int, State]]:
    found = spans_of(some, looks or moving(some), outcomes, step_ms)
    assert [one.end_ms for one in found[:-1]] == [one.start_ms for one in found[1:]], (
        "no time is left out or told twice"
    )
    assert found[0].start_ms == 0
    assert found[-1].end_ms == some.duration_ms
    return [(one.start_ms, one.end_ms, one.state) for one in found]


@pytest.mark.parametrize(
    ("outcomes", "spans"),
    [
        ({0: NO, 9: NO}, [(0, 1000, CLEAR)]),
        ({0: YES, 9: YES}, [(0, 1000, HOLDS)]),
        ({0: NO, 4: YES, 9: NO}, [(0, 100, CLEAR), (100, 400, EDGE), (400, 500, HOLDS), (500, 900, EDGE), (900, 1000, CLEAR)]),
        ({0: NO, 4: YES, 5: NO, 9: NO}, [(0, 100, CLEAR), (100, 400, EDGE), (400, 500, HOLDS), (500, 1000, CLEAR)]),
        ({0: MAYBE, 9: MAYBE}, [(0, 1000, OPEN)]),
        ({5: NO}, [(0, 500, UNSEEN), (500, 600, CLEAR), (600, 1000, UNSEEN)]),
    ],
)  # fmt: skip
def test_what_lies_between_two_frames(outcomes, spans):
    assert told(strip(10), outcomes) == spans


def test_what_is_not_on_the_way_was_not_looked_at():
    some = strip(10)
    assert told(some, {0: NO, 9: NO}, looks=moving(some, 4, 5)) == [
        (0, 400, CLEAR), (400, 600, UNSEEN), (600, 1000, CLEAR)
    ]  # fmt: skip
    assert wider(some, moving(some, 4, 5), {0: NO, 9: NO}, 5, 1000) == [5]


def test_frames_of_which_no_copy_was_kept_were_not_looked_at():
    some = Strip(
        "0" * 64, "mp4", "h264", 64, 48, 600, 6, 0, (Held(0, 300, 3, False, 0, b""), Held(300, 600, 3, True, 0, b""))
    )
    assert told(some, {0: YES, 1: YES}) == [(0, 100, HOLDS), (100, 300, UNSEEN), (300, 600, HOLDS)]


def test_what_lies_too_far_from_any_frame_was_not_looked_at():
    assert told(strip(30), {0: NO, 29: NO}) == [(0, 100, CLEAR), (100, 2900, UNSEEN), (2900, 3000, CLEAR)]
    assert told(strip(30), {0: NO, 10: NO, 20: NO, 29: NO}) == [(0, 3000, CLEAR)]


def test_no_frame_tells_of_another_shot():
    assert told(strip(5, 5, 5), {0: NO, 4: NO, 10: YES, 12: YES}) == [
        (0, 500, CLEAR), (500, 1000, UNSEEN), (1000, 1300, HOLDS), (1300, 1500, UNSEEN)
    ]  # fmt: skip


def test_what_could_not_be_decoded_is_not_known():
    holes = (Unseen(200, 300, Why.of(Detail.CLIP_MISSING)), Unseen(1000, 5000, Why.of(Detail.CLIP_MISSING)))
    found = strip(10, unseen=holes)
    assert told(found, {0: YES, 9: YES}) == [
        (0, 200, HOLDS), (200, 300, UNSEEN), (300, 1000, HOLDS), (1000, 5000, UNSEEN)
    ]  # fmt: skip
    assert amount(spans_of(found, moving(found), {0: YES, 9: YES}, 1000), [UNSEEN], 5000).frames == math.inf


@pytest.mark.parametrize(
    ("bound", "reached"),
    [("1 frame", True), ("5 frames", True), ("6 frames", False), ("0.5 s", True), ("0.6 s", False), ("50 %", True), ("51 %", False)],
)  # fmt: skip
def test_how_much_is_enough(bound, reached):
    some = strip(10)
    spans = spans_of(some, moving(some), {0: YES, 4: YES, 5: NO, 9: NO}, 1000)
    assert amount(spans, [HOLDS], 1000).reaches(ClipBound(at_least=bound)) is reached
    assert not amount(spans, [OPEN], 1000).reaches(None)


def test_the_first_look_leaves_nothing_out_where_there_is_room():
    found = strip(25, 3, 40, alike=False)
    places = first_look(found, moving(found), 100, 1000)
    assert {0, 24, 25, 27, 28, 67} <= set(places), "the first and the last frame of every shot"
    assert {state for _, _, state in told(found, dict.fromkeys(places, NO))} == {CLEAR}
    assert len(places) < 15


@pytest.mark.parametrize("most", [1, 2, 7, 20])
def test_the_first_look_keeps_frames_for_the_finer_one(most):
    cuts, still = strip(*[3] * 100), strip(1000)
    assert len(first_look(cuts, moving(cuts), most, 1000)) == max(1, most * 6 // 10)
    assert 1 <= len(first_look(still, moving(still), most, 1000)) <= max(1, most * 6 // 10)


def test_the_finer_look_halves_an_edge_until_it_is_known():
    found, begins = strip(64), 37
    seen = {0: NO, 63: YES}
    looks = 0
    while places := finer(found, moving(found), {place: (one, NO) for place, one in seen.items()}, 10):
        looks += len(places)
        seen |= {place: YES if place >= begins else NO for place in places}
    assert looks == 6
    assert min(place for place, outcome in seen.items() if outcome is YES) in (begins, begins + 1)


def test_what_is_left_goes_where_nobody_looked():
    found = strip(100)
    seen = {0: NO}
    while places := wider(found, moving(found), seen, 3, 1000):
        seen |= dict.fromkeys(places, NO)
    assert told(found, seen) == [(0, 10_000, CLEAR)]
    assert len(seen) < 25


def test_where_a_violation_begins_comes_before_what_is_open():
    found = strip(40)
    assert finer(found, moving(found), {0: (NO,), 20: (MAYBE,), 25: (NO,), 30: (YES,)}, 1) == [28]
    assert finer(found, moving(found), {0: (NO,), 20: (RuleOutcome.PRUNED,)}, 5) == []


def test_over_a_cut_nothing_is_looked_for():
    found = strip(8, 8)
    looks = moving(found)
    assert finer(found, looks, {0: (NO,), 8: (YES,)}, 5) == []
    assert finer(found, looks, {0: (NO,), 7: (NO,), 9: (YES,)}, 5) == []
    assert next_look(found, looks, {0: (NO,), 7: (NO,), 8: (YES,)}, 5, 1000) == [12]
    assert next_look(found, looks, {0: (NO,), 7: (NO,), 8: (YES,), 15: (YES,)}, 5, 1000) == []
    assert next_look(found, looks, {}, 0, 1000) == []
