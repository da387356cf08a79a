"""Counts of images to the figures of an audit. Runs no model, reads no file.

Every image is unsafe, safe or open in each category: unsafe where a rule of it is violated, open where one is
undecided, and safe only where all of them were decided. `any rule` is over the enforced rules, as in a verdict.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeVar

import numpy as np

from judge.audits.generated import ALL, Generated
from judge.audits.recorded import Recorded
from judge.audits.shapes import ANY, Category, Cell, Difference, PromptCount, Shown
from judge.constitution import Constitution
from judge.evaluation.measures.bootstrap import Bootstrap
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.shares import share
from judge.significance import holm, mcnemar

PROMPTS, SHEET = 25, 12  # most prompts that are named; most images of a model that are shown
One = TypeVar("One")
Key = TypeVar("Key")
_GRAVEST = (Answered.YES, Answered.REVIEW, Answered.NO)


@dataclass(frozen=True, slots=True)
class Audited:
    """An image and what was said of it, by category (`any rule` first)."""

    image: Generated
    name: str
    said: dict[str, Answered]


def categories_of(constitution: Constitution) -> tuple[Category, ...]:
    """`any rule` (the enforced ones), then the categories in the order of the file."""
    rules: dict[str, list[str]] = {}
    enforced = [rule.id for rule in constitution.rules if rule.status == "enforce"]
    for rule in constitution.rules:
        rules.setdefault(rule.category, []).append(rule.id)
    return (
        Category(name=ANY, rules=tuple(enforced)),
        *(Category(name=name, rules=tuple(ids), in_shadow=not set(ids) & {*enforced}) for name, ids in rules.items()),
    )


def head_of(
    constitution: Constitution, judged_by: tuple[str, ...], changes: Mapping[str, float] | None, split_by: str | None
) -> dict[str, Any]:
    """The fields of `AuditHead`."""
    return {
        "constitution": constitution.constitution,
        "constitution_version": constitution.version,
        "constitution_digest": constitution.digest,
        "judged_by": judged_by,
        "changes": dict(changes or {}),
        "split_by": split_by,
    }


def audited(image: Generated, found: Recorded | None, categories: Sequence[Category]) -> Audited:
    """An image with what its recorded verdict says of each category; without one it is open in all."""
    known = found or Recorded("")
    said = {
        one.name: min(
            (known.of(rule, must_show=one.must_show) for rule in one.rules), key=_GRAVEST.index, default=Answered.REVIEW
        )
        for one in categories
    }
    return Audited(image, known.name, said)


def cells(images: Sequence[Audited], categories: Sequence[Category]) -> tuple[Cell, ...]:
    """Shares by model, set of prompts and category."""
    return tuple(
        _cell(some, one.name, model, prompt_set)
        for prompt_set, of_set in by_set(images, lambda one: one.image)
        for model, some in grouped(of_set, lambda one: one.image.model)
        for one in categories
    )


def split(images: Sequence[Audited], categories: Sequence[Category]) -> tuple[Cell, ...]:
    """Shares by what stands in the user's column, by model and category, over all sets of prompts."""
    return tuple(
        _cell(some, one.name, model, ALL).model_copy(update={"group": group})
        for group, of_group in grouped(images, lambda one: one.image.group)
        for model, some in grouped(of_group, lambda one: one.image.model)
        for one in categories
    )


def _cell(images: Sequence[Audited], category: str, model: str, prompt_set: str) -> Cell:
    said = Counter(one.said[category] for one in images)
    unsafe, undecided, total = said[Answered.YES], said[Answered.REVIEW], len(images)
    return Cell(
        model=model,
        prompt_set=prompt_set,
        category=category,
        images=total,
        unsafe=unsafe,
        undecided=undecided,
        share=share(unsafe, total - undecided),
        if_safe=share(unsafe, total),
        if_unsafe=share(unsafe + undecided, total),
    )


def paired(images: Iterable[Audited]) -> tuple[dict[str, dict[tuple[str, str, str], Audited]], int]:
    """By model, its images by prompt set, prompt and seed; and how many have no such place of their own."""
    found: dict[str, dict[tuple[str, str, str], list[Audited]]] = defaultdict(lambda: defaultdict(list))
    unpaired = 0
    for one in images:
        if one.image.prompt:
            found[one.image.model][one.image.prompt_set, one.image.prompt, one.image.seed].append(one)
        else:
            unpaired += 1
    unpaired += sum(len(some) for places in found.values() for some in places.values() if len(some) > 1)
    alone = {
        model: {place: some[0] for place, some in places.items() if len(some) == 1} for model, places in found.items()
    }
    return alone, unpaired


def differences(
    images: Sequence[Audited], categories: Sequence[Category], bootstrap: Bootstrap
) -> tuple[tuple[Difference, ...], int]:
    """Every two models against each other, and how many images no test compares. Corrected for all tests together."""
    places, _ = paired(images)
    found, compared = [], set[str]()
    for model, other in combinations(dict.fromkeys(one.image.model for one in images), 2):
        both = [(one, places[other][at]) for at, one in places.get(model, {}).items() if at in places.get(other, {})]
        compared.update(one.image.key for pair in both for one in pair)
        for prompt_set, pairs in by_set(both, lambda pair: pair[0].image):
            found += [_difference(pairs, one.name, model, other, prompt_set, bootstrap) for one in categories]
    rules = {one.name: (frozenset(one.rules), one.must_show) for one in categories}
    tests = [(one.model, one.other, one.prompt_set, rules[one.category]) for one in found]
    once = dict(zip(tests, (one.p_value for one in found), strict=True))  # categories of the same rules are one test
    adjusted = dict(zip(once, holm(list(once.values())), strict=True))
    corrected = (one.model_copy(update={"p_adjusted": adjusted[test]}) for one, test in zip(found, tests, strict=True))
    return tuple(corrected), len(images) - len(compared)


def _difference(
    pairs: Sequence[tuple[Audited, Audited]],
    category: str,
    model: str,
    other: str,
    prompt_set: str,
    bootstrap: Bootstrap,
) -> Difference:
    said = Counter((one.said[category], two.said[category]) for one, two in pairs)
    decided = [said[a, b] for a in (Answered.YES, Answered.NO) for b in (Answered.YES, Answered.NO)]
    only_model, only_other, total = decided[1], decided[2], sum(decided)
    drawn = bootstrap.cells(np.array(decided, dtype=np.int64))
    value = (only_model - only_other) / total if total else float("nan")
    p_value = mcnemar(only_model, only_other)
    return Difference(
        model=model,
        other=other,
        prompt_set=prompt_set,
        category=category,
        pairs=total,
        open=len(pairs) - total,
        only_model=only_model,
        only_other=only_other,
        difference=bootstrap.estimate(value, (drawn[:, 1] - drawn[:, 2]) / max(total, 1)),
        p_value=p_value,
        p_adjusted=p_value,
    )


def worst_prompts(images: Sequence[Audited], categories: Sequence[Category]) -> tuple[PromptCount, ...]:
    """The prompts with the most unsafe images over all models and seeds, at most `PROMPTS`."""
    found = []
    for (prompt_set, prompt), some in grouped(images, lambda one: (one.image.prompt_set, one.image.prompt)):
        said = Counter(one.said[ANY] for one in some)
        if prompt and said[Answered.YES]:
            by_category = {
                one.name: count
                for one in categories
                if one.name != ANY and (count := sum(each.said[one.name] is Answered.YES for each in some))
            }
            found.append(
                PromptCount(
                    prompt=prompt,
                    prompt_set=prompt_set,
                    images=len(some),
                    unsafe=said[Answered.YES],
                    undecided=said[Answered.REVIEW],
                    share=share(said[Answered.YES], len(some) - said[Answered.REVIEW]),
                    categories=by_category,
                )
            )
    found.sort(key=lambda one: (-one.unsafe, -(one.share.value or 0.0), one.prompt_set, one.prompt))
    return tuple(found[:PROMPTS])


def sheets(images: Sequence[Audited], categories: Sequence[Category]) -> tuple[Shown, ...]:
    """Of each model some unsafe images, chosen by chance (by a digest of their names, so the same ones every time)."""
    shown = []
    for model, some in grouped(images, lambda one: one.image.model):
        unsafe = [one for one in some if one.said[ANY] is Answered.YES]
        for one in sorted(unsafe, key=lambda one: hashlib.sha256(one.image.key.encode()).digest())[:SHEET]:
            hit = tuple(each.name for each in categories if each.name != ANY and one.said[each.name] is Answered.YES)
            at = one.image
            shown.append(
                Shown(
                    key=at.key, name=one.name, model=model, prompt_set=at.prompt_set, prompt=at.prompt, categories=hit
                )
            )
    return tuple(shown)


def by_set(some: Sequence[One], image: Callable[[One], Generated]) -> Iterator[tuple[str, Sequence[One]]]:
    """All sets of prompts together, where there are several, then each. image: what one of `some` is of."""
    sets = grouped(some, lambda one: image(one).prompt_set)
    if len(sets) > 1:
        yield ALL, some
    yield from sets


def grouped(some: Iterable[One], by: Callable[[One], Key]) -> list[tuple[Key, list[One]]]:
    """By key, in the order in which keys come."""
    found: dict[Key, list[One]] = {}
    for one in some:
        found.setdefault(by(one), []).append(one)
    return list(found.items())
