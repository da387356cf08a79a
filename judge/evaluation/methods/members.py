"""The members of a committee, each judging alone: what a committee has to beat."""

from __future__ import annotations

from collections.abc import Iterator

from judge.caches.answers import CachedAnswers
from judge.errors import UserError
from judge.evaluation.methods.clue import JudgeMethod, all_enforced
from judge.judging.pipeline import Judge
from judge.settings import Voting


def members(judge: Judge, kept: CachedAnswers | None = None) -> Iterator[JudgeMethod]:
    """The judge's own model, then each of the others, without the committee and otherwise as the judge.

    Raises:
        UserError: the judge has no committee.
    """
    if not judge.members:
        raise UserError(
            "--with committee compares a committee with its members, and there is none",
            hint="name further models with a --model of their own: --model A --model B",
        )
    without = judge.settings.model_copy(update={"committee": Voting()}).steps(judge.constitution.escalate)
    alone = {"committee": Voting(), "escalate": tuple(step for step in without if step != "committee")}
    own = judge.settings.model
    for name, mllm in {own: judge.mllm, **judge.members}.items():
        settings = judge.settings.model_copy(update={**alone, "model": name})
        one = judge.derive(constitution=all_enforced(judge.constitution), model=mllm, settings=settings)
        shared = None if kept is None else kept.sharing(one)
        one = one if shared is None else one.derive(model=shared)
        yield JudgeMethod(one, f"alone: {name}", "baseline", f"{name} by itself, without the committee.", shared)
