"""`judge.batch`: a source, a folder, a policy and settings to tables. Puts the parts together; knows no terminal."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judge.errors import UserError
from judge.printable import printable
from judge.serving.batch import TOGETHER
from judge.serving.batch.cluster import Cluster
from judge.serving.batch.estimate import Forecast, estimated
from judge.serving.batch.pool import Here, Judging, Pool
from judge.serving.batch.room import Room, RunName
from judge.serving.batch.run import Run, Watch
from judge.serving.batch.schema import KeepEvidence
from judge.serving.batch.servers import Servers
from judge.serving.batch.shards import need_arrow
from judge.serving.batch.sources import place_of, source_of
from judge.serving.batch.tally import BatchTally
from judge.serving.batch.worker import Bench, Work
from judge.serving.devices import processes_for
from judge.settings import Settings, is_address

if TYPE_CHECKING:
    from judge.judging.pipeline import Judge
    from judge.locks.loading import Policy

log = logging.getLogger("judge")


def batch(
    images: str | Path,
    out: str | Path,
    constitution: str | Path = "demo",
    settings: Settings | None = None,
    *,
    judge: Judge | None = None,
    evidence: KeepEvidence = "none",
    retry_errors: bool = False,
    column: str | None = None,
    audit: float = 0.0,
    also_at: Sequence[str] = (),
    processes: int | None = None,
    ray: str | None = None,
    watch: Watch = lambda tally: None,
) -> BatchTally:
    """Judge all images of an input into tables below `out`, going on where an earlier call stopped.

    images: a folder, a glob, a list of paths (.txt), a .csv, .jsonl or .parquet of paths or bytes, WebDataset .tar
    files, or a Hugging Face data set. Columns of a table that are called like fields of the constitution's `context`
    are told beside the images. judge: one that is loaded already, which then judges in this process, in place of
    `constitution` and `settings`. evidence: of which images the whole verdict is kept as well;
    `violations` is what a person may have to look at, so what needs review, too. retry_errors: whether
    images that could not be judged are tried again. column: of a table, the one with paths or images. audit: the share
    of images that are judged by the rules that the relevance scan prunes, too, to see what it misses. also_at: further
    servers with the model that `settings` names by its address. processes: that judge; by default one per core with the
    bundled model, one per GPU with another. ray: the address of the Ray cluster whose processes judge: `local`, `auto`
    or HOST:PORT. watch: is told of every step.

    Raises:
        UserError: the input, the folder or the settings cannot be used.
        JudgeError: the disk, a shard or the models fail. What was judged until then is kept, and the same call goes on.
    """
    chosen = judge.settings if judge is not None else _for_many(settings)
    need_arrow()
    policy = _policy(judge, constitution)
    rules = policy.constitution
    source = source_of(str(images), chosen.limits, column=column, context=tuple(rules.context))
    if Path(images).is_dir() and Path(out).resolve().is_relative_to(Path(images).resolve()):
        raise UserError("the tables would lie inside the input", hint="name a folder elsewhere with -o")
    if next(iter(source.items()), None) is None:  # before models are loaded for nothing
        raise UserError(f"no images in {printable(source.name)}", hint="; ".join(source.says()))
    room = Room(Path(out), source.name, place_of(str(images)))
    try:
        judging = _judging(judge, policy, chosen, processes, evidence, also_at, ray)
        try:
            described = judging.describe()
            for said in described.said:
                log.warning("%s", said)
            shards, earlier = room.run(RunName.of(described.provenance))
            shards.check()
            run = Run(
                rules,
                described,
                judging,
                shards,
                earlier,
                batch=chosen.batch,
                keep=evidence,
                retry_errors=retry_errors,
                audit=audit,
                watch=watch,
            )
            run.tally.total = source.count()
            run.over(source)
        finally:
            judging.stop()
        for line in source.says():
            log.warning("%s", line)
        return run.tally
    finally:
        room.close()


def estimate(
    images: str | Path,
    constitution: str | Path = "demo",
    settings: Settings | None = None,
    *,
    judge: Judge | None = None,
    column: str | None = None,
    processes: int | None = None,
    ray: str | None = None,
    sample: int = 50,
) -> Forecast:
    """What `batch` with the same arguments will take, from a sample of images that is judged and not written.

    Raises as `batch` does.
    """
    chosen = judge.settings if judge is not None else _for_many(settings)
    policy = _policy(judge, constitution)
    source = source_of(str(images), chosen.limits, column=column, context=tuple(policy.constitution.context))
    judging = _judging(judge, policy, chosen, processes, "none", ray=ray)
    try:
        return estimated(source, judging, policy.constitution, sample=sample, batch=chosen.batch)
    finally:
        judging.stop()


def _for_many(settings: Settings | None) -> Settings:
    chosen = settings or Settings()
    return chosen if "batch" in chosen.model_fields_set else chosen.model_copy(update={"batch": TOGETHER})


def _policy(judge: Judge | None, constitution: str | Path) -> Policy:
    """What is judged by. Of a judge that is loaded its lock is in it already, and is not looked for."""
    from judge.locks.loading import Policy, load_policy

    return load_policy(constitution) if judge is None else Policy(judge.constitution, None, Path())


def _judging(
    judge: Judge | None,
    policy: Policy,
    settings: Settings,
    processes: int | None,
    evidence: KeepEvidence,
    also_at: Sequence[str] = (),
    ray: str | None = None,
) -> Judging:
    if judge is not None:
        return Here(Bench(judge, evidence))
    if ray is not None:
        if is_address(settings.model):
            raise UserError("a server is asked without a cluster", hint="leave --ray out; --also-at names more servers")
        return Cluster(ray, Work(policy, settings, evidence), processes)
    count, devices, threads = processes_for(settings, processes)
    if not is_address(settings.model):
        if also_at:
            raise UserError("further servers stand beside a server", hint="name the first one with --model")
        return Pool(Work(policy, settings, evidence, devices), count, threads)

    def at(url: str) -> Judging:
        return Pool(Work(policy, settings.model_copy(update={"model": url}), evidence), count, threads)

    return Servers([settings.model, *also_at], at)
