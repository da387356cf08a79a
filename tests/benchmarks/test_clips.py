"""A fifth of the frames of a clip tells nearly what all of them do."""

from __future__ import annotations

from benchmarks.clips import ClipFigures, DrawnClip, both_ways, encoded, hits, summary
from tests.judging.clips.eyes import RED, judge_of
from tests.media.clips.films import dotted, plain


def swaying(*stretches: tuple[int, int], frames: int = 96) -> DrawnClip:
    """A square that moves all the time, on red in these frames and else on white."""
    pictures = []
    for number in range(frames):
        red = any(start <= number < end for start, end in stretches)
        picture = plain("red" if red else "white")
        place = abs(2 * number % 80 - 40)
        picture.paste(dotted(place).crop((place, 8, place + 16, 20)), (place, 4))
        pictures.append(picture)
    ranges = tuple((start * 1000 // 12, end * 1000 // 12) for start, end in stretches)
    return DrawnClip("swaying", encoded(pictures), "red", ranges)


def test_ranges_are_found_with_a_fifth_of_the_frames():
    judge = judge_of(RED)
    rows = [both_ways(judge, clip) for clip in (swaying((20, 38), (60, 75)), swaying((70, 94)), swaying())]
    assert sum(row.found[0] for row in rows) == 3, "every frame tells all"
    assert sum(row.found[1] for row in rows) == 3
    assert all(row.frames == 96 and row.judged <= 96 // 5 for row in rows)
    assert rows[-1].every == rows[-1].few == []


def test_a_range_is_found_where_half_of_it_is():
    assert hits([(1000, 2000)], [(1000, 1500)]) == [True]
    assert hits([(1000, 2000)], [(1000, 1499)]) == [False]
    assert hits([(1000, 2000)], [(0, 3000)]) == [False]
    assert hits([(0, 1000), (2000, 3000)], [(2000, 3000)]) == [False, True]


def test_few_frames_are_held_against_what_every_frame_finds():
    clip = DrawnClip("two", b"", "red", ((0, 1000), (2000, 3000)))
    row = ClipFigures(clip, [(0, 1000)], [(2000, 3000)], 96, 19, (0.0, 0.0))
    assert row.found == (1, 1, 0), "another range does not make up for the one that is missed"
    assert "the few find 0 of 1: 0.000 [" in summary([row])
    assert "the few find 0 of 0" in summary([ClipFigures(clip, [], [], 96, 19, (0.0, 0.0))])
