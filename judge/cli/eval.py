"""`judge eval DATASET`: how well the judge does on images whose truth is known, beside baselines, ablations, peers.

1. the constitution and the data set are read, so that their mistakes are told before models load; 2. the methods are
made; 3. they run, and what they say is kept in the folder of the evaluation; 4. with --stress the judge runs on
disguised images, too; 5. report.json, report.html, a table.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.model_options import JUDGING, judged_with
from judge.errors import UserError

if TYPE_CHECKING:
    from judge.caches.answers import CachedAnswers
    from judge.constitution import Constitution
    from judge.evaluation.evaluate import Evaluated
    from judge.evaluation.measures.figures import Spoken
    from judge.evaluation.protocols import Dataset, Method
    from judge.judging.pipeline import Judge
    from judge.settings import Settings

log = logging.getLogger("judge")
SAMPLE_SEED = 1
_SETS = ("baselines", "ablations", "committee")


@judged_with(*JUDGING, "look_closer")
def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(
            help="A folder with metadata.jsonl or .csv, a case file, parquet, or a Hugging Face id.", metavar="DATASET"
        ),
    ],
    constitution: Annotated[
        str, typer.Option("--constitution", "-c", help="A YAML file, or a shipped name: demo, os-bench.")
    ] = "demo",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report and all judgements. Default: eval/DATASET.")
    ] = None,
    beside: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="baselines, ablations, committee (its members alone), names of peers; several with commas.",
        ),
    ] = None,
    subjective: Annotated[
        str | None, typer.Option(help="The same rules in words of opinion: for the ablation without objectification.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Measure a random sample of this many images.")] = None,
    stress: Annotated[
        bool,
        typer.Option("--stress", help="Judge what was judged rightly again in disguises that a person sees through."),
    ] = False,
    languages: Annotated[
        str | None,
        typer.Option(
            metavar="CODES",
            help="Judge by translations, too (NAME-CODE.yaml beside the constitution), and compare: de,es,zh.",
        ),
    ] = None,
    *,
    settings: Settings,
    json: Annotated[bool, typer.Option("--json", help="Print report.json instead of the table.")] = False,
) -> None:
    """Measure the judge. Exit code: 0 measured, 2 your mistake, or a language not judged, 3 a model failed to load."""
    wanted = _named(beside or [])
    if subjective is not None and "ablations" not in wanted:
        raise UserError("--subjective is for the ablations", hint="add --with ablations")
    from judge.constitution import load_constitution
    from judge.evaluation.data.datasets import load_dataset, sample
    from judge.locks.loading import load_policy

    policy = load_policy(constitution)
    opinions = load_constitution(subjective) if subjective is not None else None
    from judge.evaluation.spoken import spoken, translations

    wanted_languages = _named([languages] if languages is not None else [])
    if languages is not None and not wanted_languages:
        raise UserError("--languages names none", hint="such as --languages de,zh,sw")
    translated = translations(policy, wanted_languages)
    examples = load_dataset(dataset, policy.constitution)
    folder = out or Path("eval") / re.sub(r"[^A-Za-z0-9._-]+", "-", examples.name)
    if limit is not None:
        examples = sample(examples, limit, SAMPLE_SEED)
    from judge.assemble import load_judge
    from judge.caches.answers import CachedAnswers
    from judge.evaluation.evaluate import evaluate as run
    from judge.evaluation.methods.clue import the_judge

    judge = load_judge(policy, settings)
    kept = CachedAnswers(folder / "answers.sqlite")
    try:
        others = list(_others(judge, kept, wanted, opinions))
        method = the_judge(judge, kept)
        evaluated = run(
            examples,
            method,
            others,
            constitution=judge.constitution,
            folder=folder / "judgements",
            facts=_facts(judge),
        )
        if stress:
            evaluated = _stressed(examples, method, judge.constitution, folder, evaluated)
        if translated:
            found = spoken(examples.examples, judge, translated, kept)
            for said in found.warnings:
                log.warning("%s", said)
            evaluated = evaluated._replace(evaluation=evaluated.evaluation.model_copy(update={"spoken": found}))
    finally:
        kept.close()
    _write(folder, examples, judge.constitution, evaluated)
    if json:
        print(evaluated.evaluation.model_dump_json(indent=1))
    else:
        from judge.evaluation.reports.text import table

        print(table(evaluated.evaluation), end="")
    print(f"judge: the report is {folder / 'report.html'}", file=sys.stderr)
    _none_left_out(evaluated.evaluation.spoken)


def _none_left_out(spoken: Spoken | None) -> None:
    """Raises: UserError: a language that was asked for was not judged."""
    left = [one for one in spoken.languages if one.refused is not None] if spoken is not None else []
    if left:
        raise UserError(
            f"not judged in {', '.join(one.language for one in left)}: {left[0].refused}",
            hint="the report has the others; leave it out of --languages, or name a model that can be asked in it",
        )


def _named(beside: Sequence[str]) -> list[str]:
    """Each name once; a mistyped one is told by the peers, who know all names."""
    return list(dict.fromkeys(name.strip() for one in beside for name in one.split(",") if name.strip()))


def _others(
    judge: Judge, kept: CachedAnswers, wanted: Sequence[str], opinions: Constitution | None
) -> Iterator[Method]:
    """What is measured beside the judge: peers last to run, first to be loaded where their names may be wrong."""
    from judge.evaluation.methods.ablations import ablations
    from judge.evaluation.methods.baselines import baselines
    from judge.evaluation.methods.clue import all_enforced
    from judge.evaluation.methods.members import members
    from judge.evaluation.methods.peers.load import load_peer

    enforced = all_enforced(judge.constitution)
    peers = [load_peer(name, enforced, judge.settings) for name in wanted if name not in _SETS]
    if "baselines" in wanted:
        yield from baselines(judge, kept)
    if "committee" in wanted:
        yield from members(judge, kept)
    if "ablations" in wanted:
        if opinions is None:
            log.warning("without --subjective FILE there is no ablation of objectification")
        yield from ablations(judge, kept, opinions)
    yield from peers


def _stressed(
    dataset: Dataset, method: Method, constitution: Constitution, folder: Path, evaluated: Evaluated
) -> Evaluated:
    """The same with the figures of disguised images beside it."""
    from judge.evaluation.stress import stress

    said = evaluated.judgements[method.name]
    found = stress(dataset.examples, said, method, constitution=constitution, folder=folder / "judgements/stress")
    return evaluated._replace(evaluation=evaluated.evaluation.model_copy(update={"stress": found}))


def _facts(judge: Judge) -> dict[str, str]:
    """Which models and versions the figures are of."""
    source = judge.provenance
    models = {
        f"model ({one.role})": f"{one.name} {one.digest[:12]} {one.dtype} on {one.device}" for one in source.models
    }
    return {**models, "thresholds": source.thresholds.model_dump_json(), **source.versions}


def _write(folder: Path, dataset: Dataset, constitution: Constitution, evaluated: Evaluated) -> None:
    from judge.evaluation.reports import html as report_html
    from judge.files import write_whole

    try:
        write_whole(folder / "report.json", evaluated.evaluation.model_dump_json(indent=1) + "\n")
        page = report_html.render(evaluated.evaluation, dataset, evaluated.judgements, constitution)
        write_whole(folder / "report.html", page)
    except OSError as error:
        raise UserError(f"cannot write to {folder} ({error.strerror})", hint="choose another --out") from error
