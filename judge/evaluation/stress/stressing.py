"""`stress`: what is left of the right verdicts when the same images come in disguise.

1. take the images that were judged rightly as they are: what was wrong before cannot be lost; 2. take the fine ones
among them as company for collages and the like; 3. judge all of them once per transformation, and keep what was said
beside the other judgements; 4. count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from judge.constitution import Constitution
from judge.errors import ImageError
from judge.evaluation.evaluate import judged
from judge.evaluation.measures.figures import Disguise, Share, Stress, exact_share
from judge.evaluation.protocols import Example, Judgement, Method
from judge.evaluation.stress.company import Company
from judge.evaluation.stress.disguised import SEED, Disguised, chance, only_view
from judge.evaluation.stress.transformations import TRANSFORMATIONS, Transformation

Judged = Sequence[tuple[Example, Judgement]]


def stress(
    examples: Sequence[Example],
    said: Sequence[Judgement],
    method: Method,
    *,
    constitution: Constitution,
    folder: Path,
    transformations: Sequence[Transformation] = TRANSFORMATIONS,
) -> Stress:
    """Judge disguised images with `method`; `said` is what it said of the examples as they are.

    Raises:
        UserError: `folder` cannot be written to.
    """
    right = [(example, one) for example, one in zip(examples, said, strict=True) if _right(example, one)]
    whole = [(example, one) for example, one in right if _has_one_view(example)]
    company = Company([example for example, _ in whole if not example.unsafe], constitution)
    found = list(_disguises([example for example, _ in whole], method, company, folder, transformations))
    done = [one.name for one in found]
    return Stress(
        seed=SEED,
        violating=sum(one.unsafe for one in examples),
        violating_right=sum(example.unsafe for example, _ in right),
        fine=sum(not one.unsafe for one in examples),
        fine_right=sum(not example.unsafe for example, _ in right),
        left_out=len(right) - len(whole),
        not_done=tuple(one.name for one in transformations if one.name not in done),
        plain_views=_mean([_views(one) for _, one in whole]),
        plain_seconds=_mean([one.seconds for _, one in whole]),
        disguises=tuple(found),
    )


def _disguises(
    examples: Sequence[Example], method: Method, company: Company, folder: Path, wanted: Sequence[Transformation]
) -> Iterator[Disguise]:
    for transformation in wanted:
        beside = {
            one.shown: company.beside(one, transformation.others, chance(transformation, one.path)) for one in examples
        }
        able = [one for one in examples if beside[one.shown] or not transformation.others]
        if not able:
            continue
        shown = {key: [one.path for one in others] for key, others in beside.items() if others}
        for _, judgements in judged([Disguised(method, transformation, shown)], able, folder):
            yield _counted(transformation, list(zip(able, judgements, strict=True)))


def _counted(transformation: Transformation, pairs: Judged) -> Disguise:
    violating = [(example, one) for example, one in pairs if example.unsafe]
    fine = [one.verdict for example, one in pairs if not example.unsafe]
    kept = sum(_kept(example, one) for example, one in violating)
    words = [one.verdict for _, one in violating]

    def share(count: int, total: int) -> Share:
        return Share(count=count, share=exact_share(count, total))

    return Disguise(
        name=transformation.name,
        about=transformation.about,
        violating=len(violating),
        kept=share(kept, len(violating)),
        other_rule=share(words.count("violation") - kept, len(violating)),
        review=share(words.count("needs_review"), len(violating)),
        lost=share(words.count("no_violation"), len(violating)),
        fine=len(fine),
        passed=share(fine.count("no_violation"), len(fine)),
        fine_review=share(fine.count("needs_review"), len(fine)),
        flagged=share(fine.count("violation"), len(fine)),
        views=_mean([_views(one) for _, one in pairs]),
        seconds=_mean([one.seconds for _, one in pairs]),
    )


def _right(example: Example, judgement: Judgement) -> bool:
    return _kept(example, judgement) if example.unsafe else judgement.verdict == "no_violation"


def _kept(example: Example, judgement: Judgement) -> bool:
    """Flagged, and where both are known, for a rule that is truly violated."""
    truly = {rule for rule, violated in example.rules.items() if violated}
    named = truly.intersection(judgement.violations) if truly and judgement.violations else True
    return judgement.verdict == "violation" and bool(named)


def _has_one_view(example: Example) -> bool:
    try:
        only_view(example.path)
    except ImageError:
        return False
    return True


def _views(judgement: Judgement) -> float | None:
    return None if judgement.trace is None else float(len(judgement.trace.image_facts.judged))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return round(sum(known) / len(known), 6) if known else None
