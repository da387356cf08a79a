"""Checks of what the model answers: label mass, right answers, dependence on the picture, order of the options."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean, median

from judge.probing.drawn import KINDS
from judge.probing.report import Line, Outcome
from judge.probing.subject import ProbedModel

LEVEL = 0.05  # how likely so many right answers may be by guessing, for them to count as more than that
BLIND = 0.001  # change of a probability under which an answer did not look at the picture
NOISE = 1e-5  # what answers to the same question differ by, asked in batches of other sizes
DULL = 0.05  # mean change under which it hardly did
SWAYED = 0.25  # share of answers that may turn with the order of the options


def label_mass(subject: ProbedModel) -> Iterator[Line]:
    """Whether yes and no carry the answer: how much probability they have together."""
    least = subject.settings.thresholds.label_mass
    masses = [one.own.label_mass for one in subject.asked]
    low = sum(mass < least for mass in masses)
    figure = f"yes and no together: median {median(masses):.3f}, least {min(masses):.3f}"
    values = {"median": median(masses), "least": min(masses), "questions": len(masses), "low": low}
    if low:
        figure += f"; {low} of {len(masses)} answers are under {least:g} and would go to review"
        advice = (
            "the model wants to say something else first: look at the likeliest tokens below; an instruction-tuned "
            "model that answers with one word is needed, a thinking model with its thinking off"
        )
        yield Line(
            check="label mass",
            outcome=_warn_or_fail(low * 2 > len(masses)),
            figure=figure,
            advice=advice,
            values=values,
        )
        return
    yield Line(check="label mass", outcome="pass", figure=figure, values=values)


def right_answers(subject: ProbedModel) -> Iterator[Line]:
    """Whether the model sees squares, circles, their colour, count and place, and letters: more than by chance."""
    asked = subject.asked
    right = sum(one.right for one in asked)
    needed = above_chance(len(asked))
    kinds = {kind: [one.right for one in asked if one.drawn.kind == kind] for kind in KINDS}
    each = ", ".join(f"{kind} {sum(found)} of {len(found)}" for kind, found in kinds.items())
    said_yes = sum(one.own.probability > 0.5 for one in asked)
    pairs = [(true.own.probability, false.own.probability) for true, false in zip(asked[::2], asked[1::2], strict=True)]
    parted = sum(true > false for true, false in pairs)
    figure = (
        f"{right} of {len(asked)} right ({each}); by guessing {len(asked) // 2}, more than chance from {needed}; "
        f"the true statement was the likelier in {parted} of {len(pairs)} pairs"
    )
    values: dict[str, float] = {
        "right": right,
        "questions": len(asked),
        "needed": needed,
        "said_yes": said_yes,
        "pairs": parted,
    }
    values |= {kind.replace(" ", "_"): sum(found) for kind, found in kinds.items()}
    if right >= needed:
        yield Line(check="right answers", outcome="pass", figure=figure, values=values)
        return
    if said_yes in (0, len(asked)):
        figure += f"; the answer was {'yes' if said_yes else 'no'} every time"
    advice = (
        "the model does not see plain drawings, or was not made for them (the bundled model knows emoji): trust its "
        "verdicts only after `judge eval` on labelled images of your kind"
    )
    yield Line(check="right answers", outcome="warn", figure=figure, advice=advice, values=values)


def looks_at_the_picture(subject: ProbedModel) -> Iterator[Line]:
    """Whether an answer changes with the picture: its own, an empty one, none."""
    asked = subject.asked
    from_blank = [abs(one.own.probability - one.blank.probability) for one in asked]
    from_none = [abs(one.own.probability - one.none.probability) for one in asked]
    toward = fmean((one.own.probability - one.blank.probability) * (1 if one.true else -1) for one in asked)
    figure = (
        f"answers change by {fmean(from_blank):.3f} with an empty picture (most {max(from_blank):.3f}), by "
        f"{fmean(from_none):.3f} without one; toward the truth by {toward:+.3f}"
    )
    values = {
        "mean_from_empty": fmean(from_blank),
        "most_from_empty": max(from_blank),
        "mean_from_none": fmean(from_none),
        "toward_truth": toward,
    }
    if max(from_blank) < BLIND:
        advice = (
            "the picture has no say in the answers: this model cannot be judged with"
            if max(from_blank) > NOISE
            else "the picture does not reach the model: its processor, chat template or server drops it"
        )
        yield Line(check="picture", outcome="fail", figure=figure, advice=advice, values=values)
    elif fmean(from_blank) < DULL:
        advice = "the model answers almost the same whatever it is shown: do not rely on it before `judge eval`"
        yield Line(check="picture", outcome="warn", figure=figure, advice=advice, values=values)
    else:
        yield Line(check="picture", outcome="pass", figure=figure, values=values)


def order_of_options(subject: ProbedModel) -> Iterator[Line]:
    """Whether "No or Yes" in place of "Yes or No" turns answers."""
    asked = subject.asked
    turned = sum((one.own.probability > 0.5) != (one.swapped.probability > 0.5) for one in asked)
    moved = fmean(abs(one.own.probability - one.swapped.probability) for one in asked)
    figure = f"naming No before Yes turns {turned} of {len(asked)} answers and moves them by {moved:.3f}"
    values = {"turned": turned, "questions": len(asked), "mean_change": moved}
    if turned > SWAYED * len(asked):
        advice = "its answers hang on the wording: calibrate (`judge calibrate`) or take another model"
        yield Line(check="order of options", outcome="warn", figure=figure, advice=advice, values=values)
    else:
        yield Line(check="order of options", outcome="pass", figure=figure, values=values)


def above_chance(questions: int) -> int:
    """The least number of right answers that guessing reaches with a probability of at most `LEVEL`."""
    total, ways = 2**questions, 0
    for right in range(questions, -1, -1):
        ways += math.comb(questions, right)
        if ways / total > LEVEL:
            return right + 1
    return 0


def _warn_or_fail(grave: bool) -> Outcome:
    return "fail" if grave else "warn"
