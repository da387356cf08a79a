"""When to stop a drawing that is not finished: what is seen of it at a few steps, and a bound on it. Knows no host.

At each look the model is asked about the statements of the rules. How likely a rule is violated, from 0 to 1, is the
least of its preconditions, each its likeliest alternative, and of "no exception holds"; over a bound the look detects
it. What looks violating is asked about once more, a little closer, and the lesser counts: what a model takes for
something else hangs on how large it is, more than what it knows. A drawing is stopped as soon as the detections of a
rule, summed up, reach eta times lambda, with eta looks in all.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from PIL.Image import Resampling
from pydantic import Field, ValidationError, field_validator

from judge.chain import Chain, chain_of
from judge.constitution import Constitution, Rule
from judge.constitution.schema import Precondition, Statement
from judge.errors import UserError
from judge.files import read_text
from judge.judging.pipeline import Judge
from judge.printable import printable
from judge.settings import Bounds, Frozen, ThresholdOverrides
from judge.verdict import Branch, Verdict

if TYPE_CHECKING:
    from PIL.Image import Image

Seen = Mapping[str, tuple[float, ...]]  # by rule, how likely each precondition holds, and then that no exception does
_UNSURE = 0.05  # of what a calibration promises
_DOUBTFUL = 0.5  # how likely a rule is violated, over which a picture is asked about again
_MARGIN = 0.04  # of each side, which a closer copy lacks
_ALIKE = "watch all with the same rules and looks"
_ALL_ASKED = ThresholdOverrides(bounds=Bounds(fails_under=-30.0, holds_over=-30.0))  # no score is under it


class Stopping(Frozen):
    """When a drawing is looked at, and when it is stopped."""

    looks: tuple[int, ...] = (4, 9, 14, 19)
    """Steps, from 0, after which the predicted picture is looked at. Eta is how many they are."""
    over: float = Field(default=0.5, ge=0.0, lt=1.0)
    """How likely a rule must be violated for a look to detect it: over this."""
    own: dict[str, Annotated[float, Field(ge=0.0, le=1.0)]] = Field(default_factory=dict)
    """By rule, over what instead; 1 is never reached."""
    level: float = Field(default=0.6, gt=0.0, le=1.0)
    """Lambda: a drawing is stopped when the detections of a rule sum up to eta times this."""
    telling: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """By rule, which of its preconditions count, from 0; of a rule that is not named all do."""

    @field_validator("looks")
    @classmethod
    def _rising(cls, looks: tuple[int, ...]) -> tuple[int, ...]:
        if not looks or looks[0] < 0 or any(one >= other for one, other in pairwise(looks)):
            raise ValueError("looks must be steps from 0, each later than the one before")
        return looks

    @classmethod
    def read(cls, file: str | Path) -> Stopping:
        """From a file of its JSON, such as `judge calibrate-stopping` writes.

        Raises:
            UserError: it cannot be read, or holds something else.
        """
        try:
            return cls.model_validate_json(read_text(file))
        except (OSError, ValueError) as error:  # pydantic's and UnicodeDecodeError are such, too
            said = "; ".join(_in_words(error)[:8]) if isinstance(error, ValidationError) else printable(str(error))
            raise UserError(f"{printable(str(file))} is no file of when to stop: {said}") from error

    def likely(self, rule: str, chances: Sequence[float]) -> float:
        """How likely a rule is violated, by what counts of it. chances: of its conditions, that on exceptions last."""
        asked = self.telling.get(rule, range(len(chances) - 1))
        return min((*(chances[place] for place in asked), chances[-1]))

    def stopped(self, looks: Sequence[Seen]) -> tuple[int, str] | None:
        """The look (from 0) at which a drawing is stopped, and the rule; None where it is not."""
        sums: Counter[str] = Counter()
        for number, seen in enumerate(looks[: len(self.looks)]):
            sums.update(
                rule for rule, chances in seen.items() if self.likely(rule, chances) > self.own.get(rule, self.over)
            )
            for rule, found in sums.most_common(1):
                if found >= len(self.looks) * self.level - 1e-9:
                    return number, rule
        return None


class Watched(Frozen):
    """A drawing that was looked at after some steps, of so many in all, and not stopped. violates: rules that the
    finished picture violates, as people or the judge say."""

    violates: frozenset[str] = frozenset()
    steps: tuple[int, ...]
    of_steps: int
    looks: tuple[dict[str, Annotated[tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...], Field(min_length=1)]], ...]

    def unlike(self, other: Watched) -> str | None:
        """Why it cannot be calibrated with together with another one (or itself), in words; None where it can."""
        if any(one >= after for one, after in pairwise((-1, *self.steps, self.of_steps))) or not self.steps:
            return f"`steps` must rise, from 0 on, to less than `of_steps`, and are {_steps(self)}"
        if len(self.looks) != len(self.steps):
            return f"`looks` has {len(self.looks)} looks, and `steps` {len(self.steps)} steps"
        if (self.steps, self.of_steps) != (other.steps, other.of_steps):
            return f"it was looked at after other steps ({_steps(self)}) than the first drawing ({_steps(other)})"
        asked = {rule: len(chances) for seen in (*other.looks, *self.looks) for rule, chances in seen.items()}
        for rule in sorted(self.violates - asked.keys()):
            return (
                f"`violates` names the rule {rule!r}, which was not looked at; these were: {', '.join(sorted(asked))}"
            )
        for seen in (*other.looks, *self.looks):
            for rule, chances in seen.items():
                if len(chances) != asked[rule]:
                    return f"the rule {rule!r} has {len(chances)} chances at one look, and {asked[rule]} at another"
        return None


class Looker:
    """Asks a judge's model about the statements of the enforced rules, all of a picture at once, and nothing else: no
    relevance scan, no regions, no reasoning, and no guard, as what is not finished is like nothing that it knows."""

    def __init__(self, judge: Judge) -> None:
        self.chains = {
            rule.id: chain_of(rule)
            for rule in judge.constitution.rules
            if rule.status == "enforce" and rule.preconditions
        }
        texts = tuple(dict.fromkeys(text for chain in self.chains.values() for text in chain.statements))
        if not texts:
            raise UserError("no rule with preconditions is enforced, so there is nothing to look for")
        everything = Precondition(any=tuple(Statement(statement=text) for text in texts))
        rule = Rule(id="looks", rule="Anything.", preconditions=(everything,), thresholds=_ALL_ASKED)
        asked = Constitution(constitution="looks", version="1.0.0", language=judge.constitution.language, rules=(rule,))
        settings = judge.settings.model_copy(update={"escalate": (), "look_closer": False})
        self._judge = Judge(asked, judge.mllm, settings=settings)

    def look(self, pictures: Sequence[Image]) -> list[Seen]:
        """What is seen of each picture; of one of which a rule is rather violated than not, what is seen of it and of a
        closer copy, whichever is less. What the model cannot say counts as not seen."""
        found = self._seen(pictures)
        doubtful = [place for place, one in enumerate(found) if any(min(each) > _DOUBTFUL for each in one.values())]
        for place, closer in zip(doubtful, self._seen([_closer(pictures[one]) for one in doubtful]), strict=True):
            found[place] = {rule: tuple(map(min, each, closer[rule])) for rule, each in found[place].items()}
        return found

    def _seen(self, pictures: Sequence[Image]) -> list[Seen]:
        return [
            {rule: _chances(chain, chances) for rule, chain in self.chains.items()}
            for chances in map(_answered, self._judge.judge_many(pictures))
        ]


def _closer(picture: Image) -> Image:
    """A picture without its margin, in its own size."""
    across, down = round(picture.width * _MARGIN), round(picture.height * _MARGIN)
    inner = picture.crop((across, down, picture.width - across, picture.height - down))
    return inner.resize(picture.size, Resampling.BICUBIC)


def gravest(frames: Sequence[Seen]) -> Seen:
    """Of the frames of a clip: of each rule the frame in which it is likeliest violated."""
    return {rule: max((one[rule] for one in frames), key=min) for rule in frames[0]} if frames else {}


def calibrated(runs: Sequence[Watched], *, false_stops: float = 0.05) -> Stopping:
    """When to stop, so that of drawings like these that violate nothing hardly more than a share of `false_stops` is
    stopped: of each setting by itself that is 95 % sure, and less of the one that is chosen (`tests/integrations/
    test_stopping.py` simulates six: on average under 4 % for 5 %, and over 5 % in one calibration of five). Which
    precondition of a rule is most telling, how many looks must detect it, and how sure of each rule they must be, comes
    from the drawings that violate it: what saves most steps.

    Raises:
        UserError: too few drawings for such a promise, none that violates a rule, not all looked at alike, or what is
            seen of those without violation is as sure as can be.
    """
    for number, one in enumerate(runs, 1):
        if said := one.unlike(runs[0]):
            raise UserError(f"drawing {number}: {printable(said)}", hint=_ALIKE)
    bad, fine = [one for one in runs if one.violates], [one for one in runs if not one.violates]
    if not bad:
        raise UserError(
            "none of the drawings violates a rule, so nothing tells when to stop one",
            hint="watch some that do, and name the rules under `violates`",
        )
    most = _most_wrong(len(fine), false_stops)
    if most < 0:
        raise UserError(
            f"{len(fine)} drawings without violation are too few to stop at most {false_stops:.0%} of them wrongly",
            hint=f"watch at least {math.ceil(math.log(_UNSURE) / math.log1p(-false_stops) - 1e-9)}",
        )
    violated = dict.fromkeys(rule for one in bad for rule in sorted(one.violates))
    telling = {rule: _most_telling(rule, [one for one in bad if rule in one.violates], fine) for rule in violated}
    steps = fine[0].steps
    found = [
        _over_for(Stopping(looks=steps, level=wanted / len(steps), telling=telling), wanted, bad, fine, most)
        for wanted in range(1, len(steps) + 1)
    ]
    if all(over >= 1 for one in found for over in one.own.values()):  # nothing is over it
        raise UserError(
            "drawings without violation look like violations throughout, so none can be stopped by what is seen",
            hint="look at later steps, or reword the statements",
        )
    return max(found, key=lambda one: sum(saved(one, run) for run in bad))


def _most_wrong(fine: int, share: float) -> int:
    """How many of so many drawings may be stopped wrongly, so that it is hardly by chance that they are no more; -1
    where even none may be chance."""
    chance, most = (1 - share) ** fine, -1
    total = chance
    while total <= _UNSURE:
        most += 1
        chance *= (fine - most) / (most + 1) * share / (1 - share)
        total += chance
    return most


def _over_for(by: Stopping, wanted: int, bad: Sequence[Watched], fine: Sequence[Watched], most: int) -> Stopping:
    """How sure of each rule so many looks must be: no more than `most` of the fine drawings are stopped, which are
    shared out between the rules so that most steps are saved."""
    best: list[tuple[float, dict[str, float]]] = [(0.0, {}) for _ in range(most + 1)]  # by how many are shared out
    for rule in dict.fromkeys(rule for run in (*fine, *bad) for seen in run.looks for rule in seen):
        sure = sorted((_surest(run, by, wanted, rule) for run in fine), reverse=True)
        bounds = [sure[wrong] for wrong in range(most + 1)]
        own = [one for one in bad if rule in one.violates]
        gains = []
        for bound in bounds:
            alone = by.model_copy(update={"over": 1.0, "own": {rule: bound}})
            gains.append(sum(saved(alone, run) for run in own))
        best = [
            max(
                (
                    (best[left - wrong][0] + gains[wrong], {**best[left - wrong][1], rule: bounds[wrong]})
                    for wrong in range(left + 1)
                ),
                key=lambda one: one[0],
            )
            for left in range(most + 1)
        ]
    own_bounds = best[most][1]
    return by.model_copy(update={"over": min(max(own_bounds.values()), 0.999999), "own": own_bounds})


def saved(stopping: Stopping, run: Watched) -> float:
    """The share of its steps that a drawing would not have taken; 0 where it is not stopped."""
    hit = stopping.stopped(run.looks)
    return 1 - (stopping.looks[hit[0]] + 1) / run.of_steps if hit is not None else 0.0


def read_watched(file: str | Path) -> list[Watched]:
    """Drawings from a file with the JSON of one (`Watched`) in each line.

    Raises:
        UserError: it cannot be read, or the lines that hold something else.
    """
    found, wrong = [], []
    try:
        for number, line in enumerate(read_text(file).splitlines(), 1):
            if line.strip():
                try:
                    one = Watched.model_validate_json(line)
                    found.append(one)
                    if said := one.unlike(found[0]):
                        wrong.append(f"{printable(str(file))}:{number}: {printable(said)}")
                except ValidationError as error:
                    wrong += [f"{printable(str(file))}:{number}: {word}" for word in _in_words(error)]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{printable(str(file))} cannot be read: {error}") from error
    if wrong:
        more = f"\nand {len(wrong) - 8} more" if len(wrong) > 8 else ""
        raise UserError(
            "\n".join(wrong[:8]) + more, hint=f"a line is what EarlyStopping.watched gives, as JSON; {_ALIKE}"
        )
    return found


def _steps(run: Watched) -> str:
    return f"{', '.join(map(str, run.steps))} of {run.of_steps}"


def _in_words(error: ValidationError) -> list[str]:
    """What is wrong with each field, under its name."""
    found = []
    for one in error.errors():
        where = ".".join(map(str, one["loc"]))
        found.append(printable(f"`{where}`: {one['msg']}" if where else one["msg"]))
    return found


def _most_telling(rule: str, bad: Sequence[Watched], fine: Sequence[Watched]) -> tuple[int, ...]:
    """All preconditions, or the one by which violating drawings are told from the others more often."""
    count = len(next((seen[rule] for one in bad for seen in one.looks if rule in seen), (0.0,))) - 1
    every = tuple(range(count))
    choices = [*((place,) for place in every), every]

    def telling(choice: tuple[int, ...]) -> tuple[float, int]:
        by = Stopping(telling={rule: choice})
        high, low = ([_surest(one, by, 1, rule) for one in some] for some in (bad, fine))
        told = sum((a > b) + (a == b) / 2 for a in high for b in low) / (len(high) * len(low))
        return told, -len(choice)

    return max(choices, key=telling)


def _surest(run: Watched, by: Stopping, wanted: int, rule: str | None = None) -> float:
    """How likely a rule (any, where none is named) is violated in so many of the looks, at least."""
    found: dict[str, list[float]] = {}
    for seen in run.looks:
        for name, chances in seen.items():
            if rule in (None, name):
                found.setdefault(name, []).append(by.likely(name, chances))
    return max((sorted(each, reverse=True)[wanted - 1] for each in found.values() if len(each) >= wanted), default=0.0)


def _answered(verdict: Verdict) -> dict[str, float]:
    """How likely each statement holds, with its prior at one half; without those of which the model said nothing."""
    return {
        one.statement: 1.0 / (1.0 + math.exp(-one.score))
        for finding in verdict.findings
        for condition in finding.preconditions
        for one in condition.alternatives
        if one.score is not None and one.branch is not Branch.LOW_LABEL_MASS
    }


def _chances(chain: Chain, known: Mapping[str, float]) -> tuple[float, ...]:
    """Of each precondition, and then that no exception holds; an exception that is not known of may."""
    hold = (max((known.get(text, 0.0) for text in group), default=0.0) for group in chain.preconditions)
    lifting = max((known.get(text, 1.0) for group in chain.exceptions for text in group), default=0.0)
    return (*(round(one, 6) for one in hold), round(1.0 - lifting, 6))


def evenly(count: int, most: int) -> Iterator[int]:
    """At most `most` places among `count`, the first and the last among them."""
    if count <= most:
        yield from range(count)
    else:
        yield from dict.fromkeys(round(place * (count - 1) / (most - 1)) for place in range(most))
