"""Every check of the probe, on a model that passes it and on one spoiled so that it must not."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from PIL import Image, ImageColor

from judge.errors import ModelError, Unreachable
from judge.ports import Greedy, Likely, Prompted
from judge.probing import answering, costs, inner, probe, replying
from judge.probing.drawn import COLOURS, KINDS, SIDE, drawings, large
from judge.probing.probing import CHECKS
from judge.probing.report import ProbeReport
from judge.probing.subject import swapped_options
from tests.probing.subjects import TRUE, Knows, line, subject


def test_the_drawings_show_what_is_said_of_them():
    assert [one.kind for one in drawings()] == [kind for kind in KINDS for _ in range(3)]
    assert len({one.true for one in drawings()} | {one.false for one in drawings()}) == 24
    assert len({one.picture.tobytes() for one in drawings()}) == 12
    for one in drawings()[:3]:
        colour = next(name for name in COLOURS if name in one.true)
        assert one.picture.getpixel((SIDE // 2, SIDE // 2)) == ImageColor.getrgb(COLOURS[colour])
    for one, count in zip(drawings()[3:6], (2, 3, 4), strict=True):
        middle = [one.picture.getpixel((x, SIDE // 2)) != (255, 255, 255) for x in range(SIDE)]
        assert sum(now and not before for before, now in pairwise(middle)) == count
    assert large(12_000_000, wide=True).size == (4000, 3000)


@pytest.mark.parametrize(("questions", "needed"), [(24, 17), (6, 6), (12, 10)])
def test_above_chance_is_what_guessing_hardly_reaches(questions, needed):
    def tail(right: int) -> float:
        return sum(math.comb(questions, k) for k in range(right, questions + 1)) / 2**questions

    assert answering.above_chance(questions) == needed
    assert tail(needed) <= 0.05 < tail(needed - 1)


def test_the_options_are_swapped_and_nothing_else():
    assert swapped_options("Say Yes or No.\nStatement:") == "Say No or Yes.\nStatement:"


def test_a_model_that_knows_passes_whatever_needs_no_inside():
    report = probe(subject(Knows()))
    assert {found.check: found.outcome for found in report.lines} == dict.fromkeys(
        [
            "label mass",
            "right answers",
            "picture",
            "order of options",
            "speed",
            "forecast",
            "JSON",
            "length of reasoning",
        ],
        "pass",
    )
    assert report.outcome == "pass" and len(report.unseen) == 2
    assert report.line("right answers").values["right"] == 24
    assert report.line("forecast").figure.startswith("test (1 rules, 2 statements)")
    assert ProbeReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    ("check", "spoil", "outcome", "says"),
    [
        (answering.label_mass, lambda ask, yes: (yes / 10, 0.0), "fail", "24 of 24 answers are under 0.5"),
        (answering.label_mass, lambda ask, yes: (0.1, 0.1) if "letter A" in ask.statement else (yes, 1 - yes), "warn", "1 of 24"),
        (answering.right_answers, lambda ask, yes: (0.9, 0.1), "warn", "the answer was yes every time"),
        (answering.right_answers, lambda ask, yes: (1 - yes, yes), "warn", "0 of 24 right"),
        (answering.looks_at_the_picture, lambda ask, yes: (0.7, 0.3), "fail", "change by 0.000 with an empty picture"),
        (answering.looks_at_the_picture, lambda ask, yes: (0.5 + yes / 5000, 0.5 - yes / 5000), "fail", "most 0.000"),
        (answering.looks_at_the_picture, lambda ask, yes: (0.5 + yes / 50, 0.5 - yes / 50), "warn", "0.008"),
        (answering.order_of_options, lambda ask, yes: (yes, 1 - yes) if "Yes or No" in ask.instruction else (1 - yes, yes),
         "warn", "turns 24 of 24"),
    ],
)  # fmt: skip
def test_spoiled_answers_are_told(check, spoil, outcome, says):
    found = line(check, Knows(spoil))
    assert (found.outcome, found.advice != "") == (outcome, True) and says in found.figure


@pytest.mark.parametrize(
    ("check", "spoiled", "outcome", "says"),
    [
        (replying.json, {"summary": '{"rating": "Yes", "rationale": "it'}, "fail", "0 of 3 summaries are whole"),
        (replying.json, {"summary": "Yes"}, "fail", "0 of 3"),
        (replying.length_of_reasoning, {"thoughts": "so " * 200}, "warn", "3 of 3 texts were cut off at 512 tokens"),
    ],
)
def test_spoiled_replies_are_told(check, spoiled, outcome, says):
    found = line(check, Knows(**spoiled))
    assert (found.outcome, found.advice != "") == (outcome, True) and says in found.figure


def test_a_model_that_fails_is_a_fail_per_check_and_never_an_exception():
    def fall(ask, yes):
        raise ModelError("the model fell over", hint="get up")

    report = probe(subject(Knows(fall)))
    failed = [found for found in report.lines if found.outcome == "fail"]
    assert {found.check for found in failed} == {"label mass", "right answers", "picture", "order of options", "speed"}
    assert all(found.figure == "the check failed: the model fell over" and found.advice == "get up" for found in failed)


def test_a_server_that_goes_away_ends_the_probe():
    """A report would be kept, and say of the model what is so of its server."""

    def gone(ask, yes):
        raise Unreachable("the server cannot be reached")

    with pytest.raises(Unreachable):
        probe(subject(Knows(gone)))


def test_what_there_is_no_time_for_is_said():
    late = subject(Knows())
    late.until = 0.0
    report = probe(late)
    assert {found.outcome for found in report.lines} == {"warn"}
    assert all("the time for a probe was up" in found.figure for found in report.lines)


class Seen(Knows):
    """`Knows` with an inside that the test sets."""

    tail, bos, ids, whole, per_megapixel = "<|assistant|>", 1, (1, 5, 6, 7), (1, 5, 6, 7), 100
    shares, longest, window, off, held, top = True, 4096, None, 0.0, {"float32": 10}, (Likely("Yes", 0.9, True),)
    made = Greedy(("a", "a thing is there."), (3.0, 3.0))

    def inside(self):
        return SeenInside(self)


class SeenInside:
    def __init__(self, seen):
        self.seen, self.bos, self.longest, self.window = seen, seen.bos, seen.longest, seen.window
        self.shares = seen.shares

    def tail(self, instruction):
        return self.seen.tail

    def prompted(self, ask):
        more = self.seen.per_megapixel * ask.image.width * ask.image.height // 1_000_000 if ask.image else 0
        filled = len(ask.instruction) // 2
        return Prompted(self.seen.ids + (9,) * (more + filled), self.seen.whole + (9,) * (more + filled), more)

    def shared(self, asks):
        return [tuple(number + self.seen.off for number in self.alone(ask)) for ask in asks]

    def alone(self, ask):
        return -0.1, -2.3

    def likeliest(self, ask, count):
        return list(self.seen.top)

    def generated(self, talk, max_tokens):
        return self.seen.made

    def weights(self):
        return self.seen.held

    def peak_memory_gib(self):
        return 0.5


def seen(**facts):
    mllm = Seen()
    for name, fact in facts.items():
        setattr(mllm, name, fact)
    return mllm


EIGHT = Knows().identity.model_copy(update={"quantization": "8bit"})
FOUR = Knows().identity.model_copy(update={"quantization": "4bit"})
HALF = Knows().identity.model_copy(update={"dtype": "bfloat16"})


@pytest.mark.parametrize(
    ("check", "facts", "outcome", "says"),
    [
        (inner.prompt_tail, {}, "pass", "<|assistant|>"),
        (inner.prompt_tail, {"tail": "<|im_start|>assistant\n<think>\n"}, "fail", "within a block of thinking"),
        (inner.prompt_tail, {"tail": "<|im_start|>assistant\n<think>\n\n</think>\n\n"}, "pass", "</think>"),
        (inner.prompt_tail, {"tail": "<|channel|>analysis<|message|>"}, "fail", "thinking"),
        (inner.prompt_tail, {"tail": "[THINK]"}, "fail", "thinking"),
        (inner.first_token, {}, "pass", "1 times"),
        (inner.first_token, {"bos": None}, "pass", "no token of its own"),
        (inner.first_token, {"ids": (1, 1, 5)}, "fail", "2 times"),
        (inner.first_token, {"ids": (5, 1)}, "fail", "0 times"),
        (inner.image_tokens, {}, "pass", "99 tokens at 1 megapixel, 1200 at 12"),
        (inner.image_tokens, {"per_megapixel": 1000, "longest": 200_000}, "warn", "12000 at 12"),
        (inner.image_tokens, {"per_megapixel": 1000}, "fail", "the model reads 4096 at most"),
        (inner.image_tokens, {"per_megapixel": 0}, "fail", "0 tokens at 1 megapixel"),
        (inner.weights, {}, "pass", "100% float32"),
        (inner.weights, {"identity": FOUR, "held": {"4bit": 90, "bfloat16": 10}}, "pass", "90% 4bit"),
        (inner.weights, {"identity": FOUR, "held": {"4bit": 10, "bfloat16": 90}}, "warn", "asked for 4bit"),
        (inner.sharing, {}, "pass", "0.0e+00"),
        (inner.sharing, {"off": 0.005}, "warn", "5.0e-03"),
        (inner.sharing, {"off": 0.05}, "fail", "5.0e-02"),
        (inner.sharing, {"off": 0.05, "identity": HALF}, "pass", "5.0e-02"),
        (inner.sharing, {"shares": False}, "warn", "nothing is shared"),
        (inner.sharing, {"off": 0.05, "identity": FOUR}, "pass", "5.0e-02"),
        (inner.sharing, {"off": 0.2, "identity": EIGHT}, "warn", "2.0e-01"),
        (inner.sharing, {"window": 100_000}, "pass", "was not passed"),
        (inner.replies, {}, "pass", "2 of 2"),
        (inner.replies, {"made": Greedy(("a", "a cat"), (3.0, 2.0))}, "fail", "one token leads by 2.000"),
        (inner.replies, {"made": Greedy(("a", "a cat"), (3.0, 0.0002))}, "pass", "0 of 2"),
        (inner.likeliest_tokens, {}, "pass", "'Yes' 0.900 (counts)"),
        (inner.likeliest_tokens, {"top": (Likely("<think>", 0.9, False), Likely("Yes", 0.1, True))}, "warn", "'<think>' 0.900,"),
        (costs.memory, {}, "pass", "0.50 GiB"),
    ],
)  # fmt: skip
def test_what_is_seen_inside_is_judged(check, facts, outcome, says):
    found = line(check, seen(**facts))
    assert found.outcome == outcome and says in found.figure
    assert (found.advice != "") is (outcome != "pass")


def test_8_bits_are_not_taken_for_a_fault_of_the_model():
    advice = line(inner.sharing, seen(off=0.2, identity=EIGHT)).advice
    assert "--quantize 4bit" in advice and "report" not in advice
    assert "report" in line(inner.sharing, seen(off=0.2, identity=FOUR)).advice


def test_the_longer_text_passes_the_window_and_stays_within_what_the_model_reads():
    for window, longest, least, most in ((None, 4096, 20, 200), (1000, 4096, 1200, 1600), (1000, 500, 300, 400)):
        found = line(inner.sharing, seen(window=window, longest=longest))
        assert least <= found.values["longest_tokens"] <= most


def test_every_check_has_a_name_of_its_own_and_a_test_picture_is_never_the_users():
    assert len(set(CHECKS.values())) == len(CHECKS)
    assert all(isinstance(one.picture, Image.Image) for one in drawings()) and len(TRUE) == 12
    assert json.loads(probe(subject(Knows())).model_dump_json())["outcome"] == "pass"
