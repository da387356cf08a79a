"""`evaluate`: methods over a data set to an evaluation.

1. run every method over the images that nothing is kept of (`keeping`), one method after the other; one that another
process is running in the same folder is left for last, and then read; 2. measure it (`measures`); 3. compare every
other method with the one that is evaluated. Knows no model, no command line and no report.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from judge.constitution import Constitution
from judge.constitution.told import context_digest, subject
from judge.evaluation.data.datasets import image_digest
from judge.evaluation.judgements import CachedJudgements, failed
from judge.evaluation.measures.bootstrap import DRAWS, SEED, Bootstrap
from judge.evaluation.measures.counting import Answered
from judge.evaluation.measures.figures import Evaluation, MethodFigures
from judge.evaluation.measures.measure import compare, measure
from judge.evaluation.measures.traces import image_said
from judge.evaluation.protocols import Dataset, Example, Judgement, Method
from judge.progress import somebody_watches, watched

log = logging.getLogger("judge")
CHUNK = 32  # images given to a method at once: what an interruption can cost at most
_EVERY = 60.0  # seconds between two lines of progress, where nobody watches


class Evaluated(NamedTuple):
    """The figures, and by method's name the judgements that they are of.

    Only those of the method that is evaluated have their traces: those of a dozen would not fit into memory. All are
    in the folder.
    """

    evaluation: Evaluation
    judgements: dict[str, tuple[Judgement, ...]]


def evaluate(
    dataset: Dataset,
    method: Method,
    others: Sequence[Method],
    *,
    constitution: Constitution,
    folder: Path,
    facts: Mapping[str, str] | None = None,
) -> Evaluated:
    """Run and measure `method` and the `others` on a data set; judgements are kept in `folder`.

    `facts` are put into the evaluation's settings, beside the machine's and the bootstrap's.

    Raises:
        UserError: `folder` cannot be written to.
        ValueError: two methods have the same name.
    """
    methods = (method, *others)
    names = [one.name for one in methods]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two methods are called {twice}")
    bootstrap = Bootstrap()
    figures: dict[str, MethodFigures] = {}
    judgements: dict[str, tuple[Judgement, ...]] = {}
    for one, found in judged(methods, dataset.examples, folder):
        figures[one.name] = measure(one, dataset.examples, found, bootstrap)
        judgements[one.name] = tuple(found if one is method else map(_without_trace, found))
    said = {name: [image_said(one) for one in found] for name, found in judgements.items()}
    compared = {name: _compared(dataset, figures[name], said, method.name, bootstrap) for name in names[1:]}
    by_kind = {
        kind: {name: one for name, one in compared.items() if one.kind == kind}
        for kind in ("baseline", "ablation", "peer")
    }
    return Evaluated(
        Evaluation(
            dataset=dataset.name,
            dataset_digest=dataset.digest,
            examples=len(dataset.examples),
            unsafe=sum(one.unsafe for one in dataset.examples),
            constitution=f"{constitution.constitution} {constitution.version}",
            settings={**_settings(constitution), **(facts or {})},
            method=figures[method.name],
            baselines=by_kind["baseline"],
            ablations=by_kind["ablation"],
            peers=by_kind["peer"],
        ),
        judgements,
    )


def judged(
    methods: Sequence[Method], examples: Sequence[Example], folder: Path
) -> Iterator[tuple[Method, list[Judgement]]]:
    """Every method with its judgements of the examples, in order; those that another process is running come last.

    Raises:
        UserError: `folder` cannot be written to.
    """
    subjects = [_subject(one) for one in examples]
    for method in _in_turn(methods, folder):
        yield method, _judged(method, examples, subjects, CachedJudgements(folder, method))


def _subject(example: Example) -> str | None:
    """What is judged, the picture and what is told beside it; None where the picture cannot be read."""
    digest = image_digest(example.path)
    return None if digest is None else subject(digest, context_digest(example.context))


def _in_turn(methods: Sequence[Method], folder: Path) -> Iterator[Method]:
    """Every method while its lock is held; those that another process holds come last, when it is done with them."""
    from filelock import Timeout

    busy = []
    for method in methods:
        lock = CachedJudgements(folder, method).lock()
        try:
            lock.acquire(timeout=0)
        except Timeout:
            busy.append((method, lock))
            continue
        try:
            yield method
        finally:
            lock.release()
    for method, lock in busy:
        log.warning("%s is being run by another process: waiting for it", method.name)
        with lock:
            yield method


def _judged(
    method: Method, examples: Sequence[Example], subjects: Sequence[str | None], kept: CachedJudgements
) -> list[Judgement]:
    """One judgement per example, in order: kept ones as they are, the others asked for and kept."""
    known = kept.read()
    todo = [number for number, one in enumerate(subjects) if one not in known]
    fresh: dict[int, Judgement] = {}
    for number, judgement in _watched(_asked(method, examples, todo), len(todo), method.name):
        kept.add(subjects[number], examples[number].id, judgement)
        fresh[number] = judgement
    if failures := sum(failed(one) for one in fresh.values()):
        log.warning("%s: a file or a model failed on %d images; they are asked again next time", method.name, failures)
    return [
        fresh[number] if number in fresh else _as_opened(known[str(subjects[number])], example.path)
        for number, example in enumerate(examples)
    ]


def _asked(method: Method, examples: Sequence[Example], todo: Sequence[int]) -> Iterator[tuple[int, Judgement]]:
    remaining = iter(todo)
    while chunk := list(islice(remaining, CHUNK)):
        some = [examples[number] for number in chunk]
        said = method.judge([one.path for one in some], [one.context for one in some])
        yield from zip(chunk, said, strict=True)


def _as_opened(judgement: Judgement, path: str) -> Judgement:
    """A kept judgement under the path that the same picture has now."""
    if judgement.trace is None:
        return judgement
    return judgement.model_copy(update={"trace": judgement.trace.model_copy(update={"image": path})})


def _without_trace(judgement: Judgement) -> Judgement:
    return judgement.model_copy(update={"trace": None})


def _watched(found: Iterator[tuple[int, Judgement]], total: int, name: str) -> Iterator[tuple[int, Judgement]]:
    """Progress on stderr: a bar for who watches, a line a minute for a log file."""
    if not total:
        return
    if somebody_watches():
        yield from watched(found, total, name)
        return
    begun = told = time.monotonic()
    for count, one in enumerate(found, 1):
        yield one
        now = time.monotonic()
        if now - told > _EVERY or count == total:
            print(f"judge: {name}: {count}/{total} images, {(now - begun) / count:.2f} s each", file=sys.stderr)
            told = now


def _compared(
    dataset: Dataset, one: MethodFigures, said: Mapping[str, Sequence[Answered]], against: str, bootstrap: Bootstrap
) -> MethodFigures:
    found = compare(dataset.examples, said[one.name], said[against], against, bootstrap)
    return one.model_copy(update={"against_method": found})


def _settings(constitution: Constitution) -> dict[str, str]:
    shadow = sum(rule.status == "shadow" for rule in constitution.rules)
    return {
        "intervals": f"95 % percentile bootstrap over images, {DRAWS} draws, seed {SEED}",
        "rules": f"all judged as if enforced ({shadow} of {len(constitution.rules)} are in shadow)",
        "constitution_digest": constitution.digest,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores",
        "python": platform.python_version(),
    }
