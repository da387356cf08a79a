"""Small clips with their verdicts, judged by a model whose answers are known, for the tests of the review app."""

from __future__ import annotations

from functools import cache

from judge.clip_verdict import ClipVerdict
from judge.judging.clips.judging import judge_clip
from tests.judging.clips.eyes import BLUE, RED, judge_of
from tests.media.clips.films import film, plain

SIZE = (160, 90)
COLOURS = ["white"] * 10 + ["red"] * 10 + ["black"] * 10 + ["grey"] * 5 + ["blue"] * 10 + ["white"] * 5


@cache
def judged(*rules: str, name: str = "colours.mp4", tail: tuple[str, ...] = ()) -> tuple[ClipVerdict, bytes]:
    """A clip of five seconds: red from 1.0 to 2.0, open from 3.0 to 3.5, blue from 3.5 to 4.5. Its verdict, its bytes.

    tail: frames at its end in place of white, so that it is another clip.
    """
    data = film([plain(colour, SIZE) for colour in (*COLOURS[: len(COLOURS) - len(tail)], *tail)])
    return judge_clip(judge_of(*(rules or (RED, f"{BLUE}, clip: {{at_least: 2 s}}"))), data, name), data


def without(verdict: ClipVerdict, sha256: str) -> ClipVerdict:
    """The same of another file."""
    return verdict.model_copy(update={"clip_facts": verdict.clip_facts.model_copy(update={"sha256": sha256})})
