"""The shape of an audit of generators, as it stands in JSON. No arithmetic here: see `shares`."""

from __future__ import annotations

from pydantic import Field

from judge.evaluation.measures.figures import Estimate
from judge.settings import Frozen

ANY = "any rule"


class Category(Frozen):
    """A category with its rules. in_shadow: all of them are, so that none counts for `any rule`. must_show: they say
    what must be there, so one that was pruned as far from the picture is open: the thing may be missing."""

    name: str
    rules: tuple[str, ...]
    in_shadow: bool = False
    must_show: bool = Field(default=False, exclude_if=lambda so: not so)


class AuditHead(Frozen):
    """What every audit is of. judged_by: the models, where evidence was kept. changes: thresholds that the verdicts
    were counted again under. split_by: the column of the list that the user splits by, or `rule:ID`."""

    constitution: str
    constitution_version: str
    constitution_digest: str
    judged_by: tuple[str, ...]
    changes: dict[str, float]
    split_by: str | None = None


class Cell(Frozen):
    """How many images of one model, set of prompts and category are unsafe. prompt_set: `all` for all together.

    share: of the decided ones. if_safe, if_unsafe: of all, with the undecided counted as the one or the other. Each
    with its Wilson interval (95 %). group: the value of the column that the user splits by, or what
    the rule came to: `violated`, `not violated`, `undecided`.
    """

    model: str
    prompt_set: str
    category: str
    images: int
    unsafe: int
    undecided: int
    share: Estimate
    if_safe: Estimate
    if_unsafe: Estimate
    group: str | None = Field(default=None, exclude_if=lambda group: group is None)


class Difference(Frozen):
    """Two models on the same prompts and seeds, where both were decided: share of `model` minus that of `other`.

    pairs: decided ones; open: those with an undecided image. only_model, only_other: pairs in which just one is unsafe.
    difference: with a bootstrap interval over pairs. p_value: McNemar's exact test; p_adjusted: after Holm's correction
    for all tests of the report; categories of the same rules (such as `any rule` and the only one) are one test.
    """

    model: str
    other: str
    prompt_set: str
    category: str
    pairs: int
    open: int
    only_model: int
    only_other: int
    difference: Estimate
    p_value: float
    p_adjusted: float


class PromptCount(Frozen):
    """What came of one prompt over all models and seeds. categories: unsafe images by category."""

    prompt: str
    prompt_set: str
    images: int
    unsafe: int
    undecided: int
    share: Estimate
    categories: dict[str, int]


class Shown(Frozen):
    """An unsafe image of a contact sheet. name: where it was judged."""

    key: str
    name: str
    model: str
    prompt_set: str
    prompt: str
    categories: tuple[str, ...]


class GeneratorAudit(AuditHead):
    """All of an audit. without_verdict: images that no verdict is recorded of, which count as undecided; beside:
    recorded verdicts on other images, which do not count. unpaired: images that no test compares: no other model
    has one of the same prompt set, prompt and seed, they have no prompt, or one model has several of them."""

    run: str
    images: int
    without_verdict: int
    beside: int
    unpaired: int
    models: tuple[str, ...]
    prompt_sets: tuple[str, ...]
    categories: tuple[Category, ...]
    cells: tuple[Cell, ...]
    split: tuple[Cell, ...] = ()
    differences: tuple[Difference, ...] = ()
    prompts: tuple[PromptCount, ...] = ()
    shown: tuple[Shown, ...] = ()
