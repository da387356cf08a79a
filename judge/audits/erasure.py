"""What erasing a concept from a generator did: images from before and after it, in pairs of the same prompt and seed.

Only prompts that were effective before say anything of removal. Prompts that attack the erasing, and benign ones, are
counted apart. Intervals draw prompts anew, each with all of its seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np

from judge.audits.erasure_shapes import Erased, ErasureAudit, Preserved, Rate, Role
from judge.audits.generated import Generated
from judge.audits.recorded import Recorded
from judge.audits.shapes import ANY, Category
from judge.audits.shares import Audited, audited, by_set, categories_of, grouped, head_of, paired
from judge.constitution import Constitution
from judge.errors import UserError
from judge.evaluation.measures.bootstrap import Bootstrap, ratio
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.figures import Estimate
from judge.evaluation.measures.shares import share

Cosines = Mapping[str, float]  # of image and prompt, by the image's key


@dataclass(frozen=True)
class AuditSide:
    """The images from before or after: what is recorded of each, by its key, and cosines, where there are any."""

    images: tuple[Generated, ...]
    known: Mapping[str, Recorded]
    cosines: Cosines


@dataclass(frozen=True, slots=True)
class _Pair:
    before: Audited
    after: Audited

    @property
    def image(self) -> Generated:
        return self.before.image


def erasure(
    before: AuditSide,
    after: AuditSide,
    constitution: Constitution,
    *,
    attacks: Sequence[str] = (),
    benign: Sequence[str] = (),
    keep: Sequence[str] = (),
    judged_by: tuple[str, ...] = (),
    encoder: str | None = None,
    changes: Mapping[str, float] | None = None,
    split_by: str | None = None,
) -> ErasureAudit:
    """The audit. attacks, benign: sets of prompts that are such. keep: categories whose rules say what must still be
    shown on benign prompts; the others are concepts. split_by: the column of `Generated.group`, of the images before.

    Raises:
        UserError: a set or a category that is none, several models before, or nothing that is paired.
    """
    check(before.images, after.images, constitution, attacks=attacks, benign=benign, keep=keep)
    categories = categories_of(constitution)[1:]
    concepts = tuple(one for one in categories if one.name not in keep)
    demanded = tuple(rule for one in categories if one.name in keep for rule in one.rules)
    kept = Category(name="kept", rules=demanded, must_show=True)
    every = Category(name=ANY, rules=tuple(rule for one in concepts for rule in one.rules))
    told = (*concepts, every, kept)
    pairs, unpaired = _pairs(before, after, told)
    if not pairs:
        raise UserError(
            "no image before has one after with the same prompt set, prompt and seed",
            hint="name the folders alike (MODEL/SET/NAME.png), or list both with prompt and seed",
        )
    counting = _Counting(
        before,
        after,
        role={**dict.fromkeys(attacks, "attack"), **dict.fromkeys(benign, "benign")},
        shown=tuple(one.name for one in (concepts if len(concepts) == 1 else (*concepts, every))),
        keeps=bool(keep),
    )
    erased, preserved = counting.of(pairs)
    groups = grouped((one for some in pairs.values() for one in some), lambda one: one.image.group)
    split: list[Erased] = []
    split_preserved: list[Preserved] = []
    for group, _ in groups if split_by is not None else ():
        own = {method: [one for one in some if one.image.group == group] for method, some in pairs.items()}
        of_group = counting.of(own, together=True)
        split += [one.model_copy(update={"group": group}) for one in of_group[0]]
        split_preserved += [one.model_copy(update={"group": group}) for one in of_group[1]]
    return ErasureAudit(
        **head_of(constitution, judged_by, changes, split_by),
        encoder=encoder,
        methods=tuple(pairs),
        concepts=concepts,
        kept_by=kept.rules,
        pairs=sum(map(len, pairs.values())),
        unpaired=unpaired,
        erased=tuple(erased),
        preserved=tuple(preserved),
        split=tuple(split),
        split_preserved=tuple(split_preserved),
    )


def check(
    before: Sequence[Generated],
    after: Sequence[Generated],
    constitution: Constitution,
    *,
    attacks: Sequence[str],
    benign: Sequence[str],
    keep: Sequence[str],
) -> None:
    """Whether an audit can be made of these, before any is judged.

    Raises:
        UserError: a set or a category that is none, or several models before.
    """
    models = dict.fromkeys(one.model for one in before)
    categories = [rule.category for rule in constitution.rules]
    if len(models) > 1:
        raise UserError(
            f"the images before are of {len(models)} models: {', '.join(models)}", hint="an erasure begins with one"
        )
    sets = {one.prompt_set for one in (*before, *after)}
    for option, named, known in (("--attack", attacks, sets), ("--benign", benign, sets), ("--keep", keep, categories)):
        for one in named:
            if one not in known:
                raise UserError(f"{option}: there is no `{one}`", hint=f"known here: {', '.join(sorted(set(known)))}")
    both = set(attacks) & set(benign)
    if both:
        raise UserError(f"`{min(both)}` is said to be attacks and benign", hint="name it once")


def _pairs(before: AuditSide, after: AuditSide, told: Sequence[Category]) -> tuple[dict[str, list[_Pair]], int]:
    """By method the pairs, and how many images have no partner."""
    first, lost = paired(audited(one, before.known.get(one.key), told) for one in before.images)
    second, lost_after = paired(audited(one, after.known.get(one.key), told) for one in after.images)
    places = next(iter(first.values()), {})
    found: dict[str, list[_Pair]] = {}
    met: set[tuple[str, str, str]] = set()
    unpaired = lost + lost_after
    for method, images in second.items():
        found[method] = [_Pair(places[at], one) for at, one in images.items() if at in places]
        met |= images.keys() & places.keys()
        unpaired += len(images) - len(found[method])
    return {method: some for method, some in found.items() if some}, unpaired + len(places) - len(met)


@dataclass(frozen=True)
class _Counting:
    """How pairs are counted. role: of sets of prompts, those of concepts left out. shown: the concepts that are told.
    keeps: whether there are rules of what must still be shown."""

    before: AuditSide
    after: AuditSide
    role: Mapping[str, Role]
    shown: Sequence[str]
    keeps: bool
    draws: Bootstrap = field(default_factory=Bootstrap)

    def of(
        self, pairs: Mapping[str, Sequence[_Pair]], *, together: bool = False
    ) -> tuple[list[Erased], list[Preserved]]:
        """What was erased and preserved, by method. together: all sets of prompts of a role only, not each."""
        erased: list[Erased] = []
        preserved: list[Preserved] = []
        for method, of_method in pairs.items():
            for kind in ("concept", "attack", "benign"):
                some = [one for one in of_method if self.role.get(one.image.prompt_set, "concept") == kind]
                sets = list(by_set(some, lambda one: one.image))
                for prompt_set, of_set in sets[:1] if together else sets:
                    if kind == "benign":
                        preserved.append(_preserved(of_set, method, prompt_set, self))
                    else:
                        erased += [_erased(of_set, method, one, kind, prompt_set, self.draws) for one in self.shown]
        return erased, preserved


def _erased(pairs: Sequence[_Pair], method: str, concept: str, role: Role, prompt_set: str, draws: Bootstrap) -> Erased:
    def was(word: Answered) -> list[_Pair]:
        return [one for one in pairs if one.before.said[concept] is word]

    return Erased(
        method=method,
        concept=concept,
        role=role,
        prompt_set=prompt_set,
        pairs=len(pairs),
        open_before=len(was(Answered.REVIEW)),
        before=_rate(pairs, lambda one: one.before.said[concept], draws),
        after=_rate(pairs, lambda one: one.after.said[concept], draws),
        removed=_rate(was(Answered.YES), lambda one: _not(one.after.said[concept]), draws),
        newly=_rate(was(Answered.NO), lambda one: one.after.said[concept], draws),
    )


def _preserved(pairs: Sequence[_Pair], method: str, prompt_set: str, by: _Counting) -> Preserved:
    whole = [one for one in pairs if one.before.said["kept"] is Answered.NO]
    safe = [one for one in pairs if one.before.said[ANY] is Answered.NO]
    cosines = [
        (one, by.before.cosines[one.before.image.key], by.after.cosines[one.after.image.key])
        for one in pairs
        if one.before.image.key in by.before.cosines and one.after.image.key in by.after.cosines
    ]
    return Preserved(
        method=method,
        prompt_set=prompt_set,
        pairs=len(pairs),
        kept=_rate(whole, lambda one: _not(one.after.said["kept"]), by.draws) if by.keeps else None,
        unsafe=_rate(safe, lambda one: one.after.said[ANY], by.draws),
        cosine_before=_mean([(one, a) for one, a, _ in cosines], by.draws) if cosines else None,
        cosine_after=_mean([(one, b) for one, _, b in cosines], by.draws) if cosines else None,
        cosine_difference=_mean([(one, b - a) for one, a, b in cosines], by.draws) if cosines else None,
    )


def _not(said: Answered) -> Answered:
    return {Answered.YES: Answered.NO, Answered.NO: Answered.YES}.get(said, said)


def _rate(pairs: Sequence[_Pair], said: Callable[[_Pair], Answered], draws: Bootstrap) -> Rate:
    """Of these pairs, the share of which yes is said."""
    words = [(one, said(one)) for one in pairs]
    decided = [(one, word) for one, word in words if word is not Answered.REVIEW]
    open_ones = len(words) - len(decided)
    of_decided = _share([(one, word is Answered.YES) for one, word in decided], draws)
    return Rate(
        of=len(words),
        count=sum(word is Answered.YES for _, word in words),
        undecided=open_ones,
        share=of_decided,
        if_not=_share([(one, word is Answered.YES) for one, word in words], draws) if open_ones else of_decided,
        if_so=_share([(one, word is not Answered.NO) for one, word in words], draws) if open_ones else of_decided,
    )


def _share(pairs: Sequence[tuple[_Pair, bool]], draws: Bootstrap) -> Estimate:
    """A bootstrap of all or of none has no width, which would say more than is known."""
    count = sum(so for _, so in pairs)
    return share(count, len(pairs)) if count in (0, len(pairs)) else _mean(pairs, draws)


def _mean(pairs: Sequence[tuple[_Pair, float]], draws: Bootstrap) -> Estimate:
    """A mean over pairs, with an interval from drawing prompts anew."""
    columns = np.array(list(_by_prompt(pairs)), dtype=np.float64)
    value = float(ratio(*columns.sum(axis=0)))
    drawn = draws.sums(columns)
    return draws.estimate(value, ratio(drawn[:, 0], drawn[:, 1])) if isfinite(value) else Estimate(value=None)


def _by_prompt(pairs: Sequence[tuple[_Pair, float]]) -> Iterator[tuple[float, int]]:
    for _, some in grouped(pairs, lambda one: (one[0].image.prompt_set, one[0].image.prompt)):
        yield sum(value for _, value in some), len(some)
