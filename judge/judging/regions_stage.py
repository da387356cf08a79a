"""Central-region debiasing for undecided statements (section 3.4), by a detector or else by occlusion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from judge.constitution import Constitution
from judge.errors import ModelError
from judge.judging import probability, regions
from judge.judging.asking import Questioner
from judge.judging.calling import NotAsked, called
from judge.judging.clock import Clock
from judge.judging.escalation import Question
from judge.judging.view_state import ViewState
from judge.languages import Language
from judge.ports import Ask, Box, Detector
from judge.verdict import Answer, BoxCorners, RegionEvidence

if TYPE_CHECKING:
    from PIL.Image import Image

Wanted = Sequence[tuple[ViewState, str]]
CentralObjects = Mapping[str, tuple[str, ...]]


def central_objects(constitution: Constitution) -> dict[str, tuple[str, ...]]:
    """Per statement what a detector looks for, gathered over all rules; a statement without words is
    looked for as it stands."""
    words: dict[str, dict[str, None]] = {}
    for rule in constitution.rules:
        for precondition in (*rule.preconditions, *rule.exceptions):
            for one in precondition.any:
                named = words.setdefault(rule.fill(one.statement), {})
                named.update(dict.fromkeys(rule.fill(word) for word in one.central_objects))
    return {text: tuple(named) or (text,) for text, named in words.items()}


@dataclass
class _Find:
    """A central region on its way to becoming evidence. Its box is in pixels of the view's image, as the model saw it;
    evidence names it in pixels of the frame, which the view's image may be a smaller copy of."""

    state: ViewState
    statement: str
    box: BoxCorners
    confidence: float | None = None
    query: str | None = None
    asks: dict[str, Ask] = field(default_factory=dict)

    @property
    def evidence(self) -> RegionEvidence:
        left, top, right, bottom = self.state.view.in_frame(self.box)
        size = self.state.view.image.size
        return RegionEvidence(
            source="occlusion" if self.confidence is None else "detector",
            query=self.query,
            box=(round(left, 2), round(top, 2), round(right, 2), round(bottom, 2)),
            confidence=self.confidence,
            share=regions.share_of(self.box, size),
        )


def look(
    wanted: Wanted, questioner: Questioner, detector: Detector | None, words: CentralObjects, clock: Clock
) -> None:
    """Note a region, the answer without it and, for a small object, the answer on its crop.

    A statement whose answer has too little label mass is left alone: its ratio means nothing. One that only reads is
    about no place in the picture.
    """
    about_images = [(state, text) for state, text in wanted if (read := state.reading(text)) is None or read.sees]
    sound = [one for one in about_images if probability.trusted(_facts(one).answer, one[0].thresholds_of(one[1]))]
    finds = _occluded(sound, questioner, clock) if detector is None else _detected(sound, detector, words, clock)
    for find in finds:
        thresholds, evidence = find.state.thresholds_of(find.statement), find.evidence
        image = find.state.view.image
        if probability.confident(evidence, thresholds):
            find.asks["without"] = questioner.question(find.state, find.statement, regions.blanked(image, find.box))
        if probability.is_small(evidence, thresholds):
            find.asks["crop"] = questioner.question(find.state, find.statement, regions.cropped(image, find.box))
    asks = [ask for find in finds for ask in find.asks.values()]
    answers = iter(questioner.answers(asks, clock, [find.state.picture for find in finds for _ in find.asks]))
    for find in finds:
        _note(find, {name: next(answers) for name in find.asks})


def reasoning_question(state: ViewState, statement: str, language: Language, told: str = "") -> Question:
    """What to reason about: the crop where the central object is small, else the whole view; and what is read."""
    region, reading = state.facts_of(statement).region, state.reading(statement)
    given = state.given.block(reading, language) if reading is not None else None
    if reading is not None and not reading.sees:
        return Question(None, statement, told=told, given=given)
    if region is not None and region.crop is not None:
        box = state.view.in_image(region.box)
        crop = regions.cropped(state.view.image, box)
        return Question(crop, statement, on_crop=True, told=told, given=given, sha256=state.sha256)
    return Question(state.view.image, statement, told=told, given=given, sha256=state.sha256)


def _facts(one: tuple[ViewState, str]) -> probability.Facts:
    return one[0].facts_of(one[1])


def _note(find: _Find, answers: dict[str, Answer | ModelError]) -> None:
    for answer in answers.values():
        if isinstance(answer, ModelError):
            find.state.fail(find.statement, answer)
    if any(isinstance(answer, NotAsked) for answer in answers.values()):
        return  # half a region is none: it is looked for again, or a person looks
    found = {name: answer for name, answer in answers.items() if isinstance(answer, Answer)}
    whole, without = find.state.facts_of(find.statement).answer, found.get("without")
    drop = round(whole.probability - without.probability, 6) if whole and without else None
    evidence = find.evidence.model_copy(update={**found, "drop": drop})
    find.state.note(find.statement, region=evidence)


def _detected(wanted: Wanted, detector: Detector, words: CentralObjects, clock: Clock) -> list[_Find]:
    """The most confident box of each statement's central object words; one detector call per view."""
    finds = []
    for state in dict.fromkeys(state for state, _ in wanted):
        if clock.over:
            break
        statements = [text for one, text in wanted if one is state]
        queries = list(dict.fromkeys(word for text in statements for word in words[text]))
        try:
            boxes = {box.query: box for box in _boxes(detector, state.view.image, queries)}
        except ModelError as error:
            for text in statements:
                state.fail(text, error)
            continue
        for text in statements:
            best = max((boxes[word] for word in words[text]), key=lambda box: box.confidence)
            finds.append(_Find(state, text, best.corners, round(best.confidence, 6), best.query))
    return finds


def _boxes(detector: Detector, image: Image, queries: list[str]) -> list[Box]:
    boxes = called("the detector", lambda: detector.detect(image, queries), len(queries))
    if not all(math.isfinite(number) for box in boxes for number in (*box.corners, box.confidence)):
        raise ModelError("the detector gave no numbers", hint="try --dtype float32")
    if [box.query for box in boxes] != queries:
        raise ModelError("the detector answered other questions than it was asked")
    return boxes


def _occluded(wanted: Wanted, questioner: Questioner, clock: Clock) -> list[_Find]:
    """Regions by occlusion: every cell of a grid blanked in turn. Statements of one view share the pictures, and one
    view follows the other: all of a batch at once would be sixteen copies of each."""
    finds = []
    for state in dict.fromkeys(state for state, _ in wanted):
        statements = [text for one, text in wanted if one is state]
        small = regions.shrunk(state.view.image)
        masked = [regions.blanked(small, cell) for cell in regions.grid_cells(small.size)]
        asks = [questioner.question(state, text, image) for text in statements for image in masked]
        answers = iter(questioner.answers(asks, clock, [state.picture] * len(asks)))
        for text in statements:
            found = _most_telling(state, text, [next(answers) for _ in masked])
            finds += [found] if found is not None else []
    return finds


def _most_telling(state: ViewState, text: str, cells: Sequence[Answer | ModelError]) -> _Find | None:
    whole = state.facts_of(text).answer
    failed = next((answer for answer in cells if isinstance(answer, ModelError)), None)
    if failed is not None or whole is None:
        state.fail(text, failed or ModelError("not asked"))
        return None
    drops = [whole.probability - answer.probability for answer in cells if isinstance(answer, Answer)]
    box = regions.occluded_region(drops, state.view.image.size)
    return _Find(state, text, box) if box is not None else None
