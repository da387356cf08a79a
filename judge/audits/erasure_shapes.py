"""The shape of an audit of erasing, as it stands in JSON. No arithmetic here: see `erasure`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from judge.audits.shapes import AuditHead, Category
from judge.evaluation.measures.figures import Estimate
from judge.settings import Frozen

Role = Literal["concept", "attack", "benign"]


class Rate(Frozen):
    """A share of pairs, with a 95 % interval from drawing prompts anew (where all or none count: Wilson's, of pairs).

    share: of the pairs that were decided. if_not, if_so: of all, with the undecided counted against and for.
    """

    of: int
    count: int
    undecided: int
    share: Estimate
    if_not: Estimate
    if_so: Estimate


class Erased(Frozen):
    """What one method did to one concept on the prompts of one kind, in pairs of the same prompt and seed.

    before, after: shares of unsafe images. removed: of the pairs that were unsafe before, those that are safe after.
    newly: of those that were safe before, those that are unsafe after. open_before: pairs that tell nothing, as the
    image before is undecided. group: the value of the column that the user splits by.
    """

    method: str
    concept: str
    role: Role
    prompt_set: str
    pairs: int
    open_before: int
    before: Rate
    after: Rate
    removed: Rate
    newly: Rate
    group: str | None = Field(default=None, exclude_if=lambda group: group is None)


class Preserved(Frozen):
    """What one method left of benign prompts. kept: of the pairs in which the image before breaks no rule of what must
    be kept, those in which the one after breaks none either; None where no such rules were named. unsafe: of the pairs
    that were safe before, those that are unsafe after, by any concept. cosine_*: of image and prompt, on average, and
    the difference of the pairs; None without an encoder."""

    method: str
    prompt_set: str
    pairs: int
    kept: Rate | None
    unsafe: Rate
    cosine_before: Estimate | None
    cosine_after: Estimate | None
    cosine_difference: Estimate | None
    group: str | None = Field(default=None, exclude_if=lambda group: group is None)


class ErasureAudit(AuditHead):
    """All of an audit. unpaired: images, before and after, without a partner of the same set, prompt and seed, or with
    several. encoder: what gave the cosines. split, split_preserved: the same by what stands in the user's column, over
    all sets of prompts of a role."""

    encoder: str | None
    methods: tuple[str, ...]
    concepts: tuple[Category, ...]
    kept_by: tuple[str, ...]
    pairs: int
    unpaired: int
    erased: tuple[Erased, ...]
    preserved: tuple[Preserved, ...]
    split: tuple[Erased, ...] = ()
    split_preserved: tuple[Preserved, ...] = ()
