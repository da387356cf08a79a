"""What every implementation of the protocols must do, fakes included; a `test_*.py` subclasses per implementation.

A subclass gives a `subject` fixture: how to make the implementation afresh, and what to ask it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from PIL.Image import Image
from pydantic import BaseModel, ConfigDict, StringConstraints

from judge.ports import Ask, Box, Conversation, Detector, Encoder, Mllm, Turn

NEAR = 1e-4
INSTRUCTION = "Judge only what the picture shows. Answer with one word, Yes or No.\nStatement:"
STATEMENTS = ("the picture shows a person", "a knife is visible", "the body of the person is on fire", "no beer", "x")
QUESTIONS = ("Name everything this picture shows.", "Give the result as JSON with two keys: rating and rationale.")


class Report(BaseModel):
    """A JSON answer in which everything is bounded."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rating: Literal["Yes", "No"]
    rationale: Annotated[str, StringConstraints(max_length=16)]
    sure: bool


REPORT_TOKENS = 200  # 16 characters are 64 bytes at most; the rest are keys and white space


@dataclass(frozen=True)
class MllmSubject:
    """An `Mllm` under test. `longest`: characters of its longest token."""

    make: Callable[[], Mllm]
    images: tuple[Image, ...]  # two of one size, and one of another shape
    longest: int
    statements: tuple[str, ...] = STATEMENTS


@dataclass(frozen=True)
class EncoderSubject:
    """An `Encoder` under test."""

    make: Callable[[], Encoder]
    images: tuple[Image, ...]
    texts: tuple[str, ...] = STATEMENTS


@dataclass(frozen=True)
class DetectorSubject:
    """A `Detector` under test."""

    make: Callable[[], Detector]
    images: tuple[Image, ...]
    queries: tuple[str, ...] = ("person", "a knife", "the fire", "beer")


def asks_of(images: Sequence[Image | None], statements: Sequence[str]) -> list[Ask]:
    """Every statement about every image, image by image."""
    return [Ask(image, INSTRUCTION, statement) for image in images for statement in statements]


def talk(image: Image | None, *texts: str) -> Conversation:
    """A conversation of turns that begin and end with the user."""
    return Conversation(image, tuple(Turn(("user", "assistant")[i % 2], text) for i, text in enumerate(texts)))


def numbers(mllm: Mllm, asks: Sequence[Ask]) -> list[float]:
    """Both probabilities of every answer, flat."""
    return [p for answer in mllm.answer(asks) for p in (answer.p_yes, answer.p_no)]


def near(expected: Any) -> Any:
    """Equal up to floating-point noise in single precision."""
    return pytest.approx(expected, abs=NEAR, rel=0)


class MllmConformance:
    """See `judge.ports.Mllm`."""

    def test_one_answer_an_ask_with_probabilities_in_range(self, subject: MllmSubject) -> None:
        asks = asks_of((*subject.images, None), subject.statements)
        answers = subject.make().answer(asks)
        assert len(answers) == len(asks)
        for answer in answers:
            assert 0.0 <= answer.p_yes <= 1.0 and 0.0 <= answer.p_no <= 1.0
            assert answer.p_yes + answer.p_no <= 1.0 + NEAR
            assert 0.0 <= answer.probability <= 1.0

    def test_nothing_asked_nothing_answered(self, subject: MllmSubject) -> None:
        assert subject.make().answer([]) == []
        assert subject.make().reply([], max_tokens=8) == []

    def test_an_answer_does_not_depend_on_what_else_is_asked(self, subject: MllmSubject) -> None:
        asks = asks_of((*subject.images, None), subject.statements)
        alone = [number for ask in asks for number in numbers(subject.make(), [ask])]
        assert numbers(subject.make(), asks) == near(alone)

    def test_answers_come_in_the_order_of_the_asks(self, subject: MllmSubject) -> None:
        asks = asks_of((None, *subject.images), subject.statements)
        mixed = [asks[index] for index in sorted(range(len(asks)), key=lambda index: (index * 7 % 5, -index))]
        found = dict(zip(map(id, mixed), subject.make().answer(mixed), strict=True))
        in_order = numbers(subject.make(), asks)
        assert [p for ask in asks for p in (found[id(ask)].p_yes, found[id(ask)].p_no)] == near(in_order)
        assert len({round(number, 3) for number in in_order}) > 4  # else any order would do

    def test_the_same_asks_twice_get_the_same_answers(self, subject: MllmSubject) -> None:
        mllm, asks = subject.make(), asks_of((subject.images[0], None), subject.statements)
        first = mllm.answer(asks)
        assert mllm.answer(asks) == first

    def test_one_reply_a_conversation_in_order(self, subject: MllmSubject) -> None:
        talks = [talk(subject.images[0], QUESTIONS[0]), talk(None, QUESTIONS[0]), self._long(subject.images[2])]
        together = subject.make().reply(talks, max_tokens=6)
        assert len(together) == len(talks)
        assert len(set(together)) > 1  # else any order would do
        assert sorted(subject.make().reply(talks[::-1], max_tokens=6)) == sorted(together)

    def test_replies_are_deterministic(self, subject: MllmSubject) -> None:
        talks = [self._long(subject.images[0])]
        assert subject.make().reply(talks, max_tokens=12) == subject.make().reply(talks, max_tokens=12)

    @pytest.mark.parametrize("most", [1, 5])
    def test_a_reply_is_bounded(self, subject: MllmSubject, most: int) -> None:
        (reply,) = subject.make().reply([talk(subject.images[0], QUESTIONS[0])], max_tokens=most)
        assert len(reply) <= most * subject.longest

    def test_a_reply_under_a_schema_is_json_of_it(self, subject: MllmSubject) -> None:
        schema: Mapping[str, Any] = Report.model_json_schema()
        talks = [talk(subject.images[0], QUESTIONS[1]), self._long(subject.images[1]), talk(None, QUESTIONS[1])]
        for reply in subject.make().reply(talks, max_tokens=REPORT_TOKENS, schema=schema):
            Report.model_validate_json(reply)

    def test_it_says_what_it_is(self, subject: MllmSubject) -> None:
        mllm = subject.make()
        assert mllm.identity.role == "mllm" and mllm.identity.name and mllm.identity.digest
        assert mllm.identity == mllm.identity

    def _long(self, image: Image) -> Conversation:
        return talk(image, QUESTIONS[0], "a person and a fire.", QUESTIONS[1])


class EncoderConformance:
    """See `judge.ports.Encoder`."""

    def test_a_row_an_image_and_a_column_a_text_of_cosines(self, subject: EncoderSubject) -> None:
        rows = subject.make().similarity(subject.images, subject.texts)
        assert [len(row) for row in rows] == [len(subject.texts)] * len(subject.images)
        assert all(-1.0 - 1e-6 <= cosine <= 1.0 + 1e-6 and math.isfinite(cosine) for row in rows for cosine in row)

    def test_without_images_or_texts_there_is_nothing(self, subject: EncoderSubject) -> None:
        assert subject.make().similarity([], subject.texts) == []
        assert subject.make().similarity(subject.images, []) == [[] for _ in subject.images]

    def test_a_cosine_does_not_depend_on_what_else_is_compared(self, subject: EncoderSubject) -> None:
        alone = [
            [subject.make().similarity([image], [text])[0][0] for text in subject.texts] for image in subject.images
        ]
        assert sum(subject.make().similarity(subject.images, subject.texts), []) == near(sum(alone, []))

    def test_cosines_come_in_the_order_given(self, subject: EncoderSubject) -> None:
        rows = subject.make().similarity(subject.images, subject.texts)
        back = subject.make().similarity(subject.images[::-1], subject.texts[::-1])
        assert sum([row[::-1] for row in back[::-1]], []) == near(sum(rows, []))
        assert len({round(cosine, 3) for cosine in rows[0]}) > 1  # else any order would do

    def test_the_same_call_twice_is_equal(self, subject: EncoderSubject) -> None:
        encoder = subject.make()
        first = encoder.similarity(subject.images, subject.texts)
        assert encoder.similarity(subject.images, subject.texts) == first

    def test_a_text_given_twice_has_one_cosine(self, subject: EncoderSubject) -> None:
        text = subject.texts[0]
        (row,) = subject.make().similarity(subject.images[:1], [text, subject.texts[1], text])
        assert row[0] == near(row[2])

    def test_it_says_what_it_is(self, subject: EncoderSubject) -> None:
        assert "encoder" in subject.make().identity.role and subject.make().identity.digest


class DetectorConformance:
    """See `judge.ports.Detector`."""

    def test_a_box_a_query_in_order_inside_the_image(self, subject: DetectorSubject) -> None:
        detector = subject.make()
        for image in subject.images:
            boxes = detector.detect(image, subject.queries)
            assert [box.query for box in boxes] == list(subject.queries)
            for box in boxes:
                left, top, right, bottom = box.corners
                assert 0 <= left <= right <= image.width and 0 <= top <= bottom <= image.height
                assert 0.0 <= box.confidence <= 1.0

    def test_nothing_wanted_nothing_found(self, subject: DetectorSubject) -> None:
        assert subject.make().detect(subject.images[0], []) == []

    def test_a_box_does_not_depend_on_the_other_queries_nor_their_order(self, subject: DetectorSubject) -> None:
        image = subject.images[-1]
        together = flat(subject.make().detect(image, subject.queries))
        alone = [box for query in subject.queries for box in subject.make().detect(image, [query])]
        assert together == near(flat(alone))
        assert flat(subject.make().detect(image, subject.queries[::-1])[::-1]) == near(together)
        assert len({box.corners for box in alone} | {box.confidence for box in alone}) > 2  # else any order would do

    def test_the_same_call_twice_is_equal(self, subject: DetectorSubject) -> None:
        detector = subject.make()
        first = detector.detect(subject.images[0], subject.queries)
        assert detector.detect(subject.images[0], subject.queries) == first

    def test_it_says_what_it_is(self, subject: DetectorSubject) -> None:
        assert "detector" in subject.make().identity.role and subject.make().identity.digest


def flat(boxes: Sequence[Box]) -> list[float]:
    """The numbers of boxes, in order."""
    return [number for box in boxes for number in (*box.corners, box.confidence)]
