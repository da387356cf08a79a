"""Images judged under two constitutions with one model. Knows nothing of what is made of the verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from judge.caches.shared import SharedAnswers
from judge.caches.verdicts import CachedVerdicts
from judge.judging.given import Context
from judge.judging.pipeline import Judge
from judge.verdict import Verdict

Pair = tuple[Verdict, Verdict]  # of one image: under the old constitution, under the new one


def judge_both(
    first: Judge,
    second: Judge,
    paths: Sequence[str],
    contexts: Sequence[Context] | None = None,
    *,
    keep: bool = True,
) -> Iterator[Pair]:
    """Both verdicts on every image, batch by batch; what both ask of a picture is asked once.

    contexts: what is told beside each, in the same order; None where nothing is of any. A constitution is told what it
    declares. keep: read and write verdicts kept on disk (see `CachedVerdicts`).
    """
    shared: SharedAnswers | None = None
    one_model = first.provenance.models == second.provenance.models
    if one_model and first.constitution.language == second.constitution.language:  # else yes is spelled otherwise
        shared = SharedAnswers(first.mllm)
        first, second = first.derive(model=shared), second.derive(model=shared)
    kept = [CachedVerdicts(judge) for judge in (first, second)] if keep else []
    size = first.settings.batch
    for start in range(0, len(paths), size):
        batch = list(paths[start : start + size])
        some = [{} for _ in batch] if contexts is None else contexts[start : start + size]
        told = [[_declared(one, judge) for one in some] for judge in (first, second)]
        if keep:
            old, new = (
                [verdict for verdict, _ in one.judge_many(batch, its)] for one, its in zip(kept, told, strict=True)
            )
        else:
            old, new = (
                list(judge.judge_many(batch, contexts=its)) for judge, its in zip((first, second), told, strict=True)
            )
        yield from zip(old, new, strict=True)
        if shared is not None:
            shared.forget()


def _declared(context: Context, judge: Judge) -> dict[str, str]:
    return {field: text for field, text in context.items() if field in judge.constitution.context}
