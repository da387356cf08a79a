"""`judge calibrate F.yaml DATASET`: bounds per rule from a few dozen images, into the lock file."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.inputs import expand
from judge.cli.model_options import JUDGING, NoCache, judged_with
from judge.errors import UserError
from judge.progress import watched

if TYPE_CHECKING:
    from judge.calibration.calibrate import Labelled, ReviewChange, Truth
    from judge.calibration.facts import ImageScores
    from judge.calibration.writing import CalibrationSubject
    from judge.judging.given import Context
    from judge.judging.pipeline import Judge
    from judge.settings import Settings

    # a name; of each image what is known of it, its path, what is told beside it
    Known = tuple[str, list[Truth], list[str], list[Context]]


@judged_with(*JUDGING)
def calibrate(
    constitution: Annotated[str, typer.Argument(help="A YAML file with a lock file beside it.", metavar="F.yaml")],
    dataset: Annotated[str, typer.Argument(help="Labelled images as `judge eval` reads them; else a folder.")],
    false_positive_rate: Annotated[
        float | None, typer.Option(help="Most images that are ok under a rule and flagged by it, such as 0.05.")
    ] = None,
    review_budget: Annotated[
        float | None, typer.Option(help="Most images that end in needs_review, such as 0.2.")
    ] = None,
    unlabelled: Annotated[
        bool, typer.Option("--unlabelled", help="DATASET is images of which nothing is known.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and write nothing.")] = False,
    *,
    settings: Settings,
    no_cache: NoCache = False,
    json: Annotated[bool, typer.Option("--json", help="Print all of it as one JSON object.")] = False,
) -> None:
    """Choose thresholds per rule for a wanted rate. Exit code: 0 done, 2 your mistake, 3 a model or file failed."""
    given = [rate for rate in (false_positive_rate, review_budget) if rate is not None]
    if len(given) != 1 or not 0.0 < given[0] < 1.0:
        hint = "either --false-positive-rate or --review-budget, with a rate between 0 and 1"
        raise UserError("say what to calibrate for", hint=hint)
    if settings.votes_on_all:
        hint = "leave --committee all out: of what a rule with bounds leaves open, a person decides"
        raise UserError(
            "bounds are of one model's scores, and a committee that votes on all would not use them", hint=hint
        )
    from judge.calibration.writing import calibrated_lock, read_subject, write_lock

    subject = read_subject(constitution)
    name, known, paths, contexts = _unlabelled(dataset) if unlabelled else _labelled(dataset, subject)
    from judge import assemble

    judge = assemble.load_judge(subject.constitution, settings)
    images = _images(judge, paths, contexts, known, keep=not no_cache)
    change = _change(subject, images, given[0], reviews=review_budget is not None, labelled=not unlabelled)
    lock = calibrated_lock(
        subject, change, judge, labelled=not unlabelled, dataset=name, dataset_digest=_digest(images)
    )
    if not dry_run:
        write_lock(subject, lock)
    _show(subject, change, changed=lock != subject.lock, dry_run=dry_run, labelled=not unlabelled, json=json)


def _labelled(source: str, subject: CalibrationSubject) -> Known:
    """Truth of a rule that reads what was not told is no truth about what is scored, and is left out."""
    from judge.constitution.told import fields_read
    from judge.evaluation.data.datasets import load_dataset

    data = load_dataset(source, subject.constitution)
    reads = {rule.id: set(fields_read(rule)) for rule in subject.constitution.rules}
    known: list[Truth] = [
        {rule: violated for rule, violated in one.rules.items() if reads[rule] <= set(one.context)}
        for one in data.examples
    ]
    return data.name, known, [one.path for one in data.examples], [one.context for one in data.examples]


def _unlabelled(source: str) -> Known:
    from pathlib import Path

    paths = expand([source])
    return Path(source).name, [{} for _ in paths], paths, [{} for _ in paths]


def _images(
    judge: Judge, paths: Sequence[str], contexts: Sequence[Context], known: Sequence[Truth], *, keep: bool
) -> list[Labelled]:
    """Every image with its scores, each once: a copy is no second draw. Nor is the same image with something else told
    beside it, to the rules that read nothing: what is known of them counts with the first."""
    from judge.calibration.calibrate import Labelled
    from judge.constitution.told import fields_read

    reading = {rule.id for rule in judge.constitution.rules if fields_read(rule)}
    images: dict[str, Labelled] = {}
    first: dict[str, str] = {}  # by the digest of an image, what it is kept by

    def add(subject: str, truth: Truth) -> None:
        images[subject] = replace(images[subject], truth={**images[subject].truth, **truth})

    for sheet, truth in zip(_sheets(judge, paths, contexts, keep=keep), known, strict=True):
        images.setdefault(sheet.subject, Labelled(sheet, {}))
        alone = first.setdefault(sheet.subject.partition(":")[0], sheet.subject)
        add(alone, {rule: violated for rule, violated in truth.items() if rule not in reading})
        add(sheet.subject, {rule: violated for rule, violated in truth.items() if rule in reading})
    if len(images) < len(paths):
        print(f"judge: {len(paths) - len(images)} images are copies of others and count once", file=sys.stderr)
    return list(images.values())


def _sheets(judge: Judge, paths: Sequence[str], contexts: Sequence[Context], *, keep: bool) -> Iterator[ImageScores]:
    from judge.calibration.facts import gather

    return watched(gather(judge, paths, contexts, keep=keep), len(paths), "scoring")


def _digest(images: Sequence[Labelled]) -> str:
    """Of every image and what was known of it, in no order."""
    lines = sorted(f"{one.sheet.subject}|{sorted(one.truth.items())}" for one in images)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _change(
    subject: CalibrationSubject, images: Sequence[Labelled], level: float, *, reviews: bool, labelled: bool
) -> ReviewChange:
    from judge.calibration.calibrate import for_false_positives, for_reviews

    rules = {rule.id: rule.status == "enforce" for rule in subject.constitution.rules}
    choose = for_reviews if reviews else for_false_positives
    return choose(images, rules, level, labelled=labelled)


def _show(
    subject: CalibrationSubject, change: ReviewChange, *, changed: bool, dry_run: bool, labelled: bool, json: bool
) -> None:
    from judge.calibration.writing import overwritten, promise

    said = promise(change, labelled=labelled)
    replaced = overwritten(subject, change)
    if json:
        from json import dumps

        print(
            dumps(
                {
                    "lock": str(subject.path),
                    "written": changed and not dry_run,
                    "changed": changed,
                    "replaced": replaced,
                    "promise": said,
                    **change.model_dump(mode="json"),
                }
            )
        )
        return
    from rich.console import Console

    console = Console()
    console.print(_table(change, labelled=labelled))
    for one in change.rules:
        if one.why is not None:
            print(f"{one.rule}: not calibrated, {one.why}")
    print(f"reviews: {change.reviews_before} of {change.images} images before, {change.reviews_after} after")
    for sentence in (*replaced, *said):
        print(sentence)
    state = "would be written (--dry-run)" if dry_run else "written"
    print(f"{subject.path}: {state if changed else 'unchanged'}")


def _table(change: ReviewChange, *, labelled: bool) -> object:
    from rich.table import Table

    from judge.calibration.writing import shown

    others = "all" if change.target == "false_positive_rate" else "not flagged today"
    sides = ("ok", "violating") if labelled else (others, "flagged today")
    title = "flagged of the images here, before -> after (bounds in log odds over the language prior)"
    table = Table(title=title, title_justify="left")
    table.add_column("rule", overflow="fold")
    for name in ("bounds", *sides, "open"):
        table.add_column(name, justify="right")
    for one in change.rules:
        table.add_row(
            one.rule,
            "as before" if one.bounds is None else shown(one.bounds),
            f"{one.before.ok_flagged} -> {one.after.ok_flagged} of {one.ok}",
            f"{one.before.violating_flagged} -> {one.after.violating_flagged} of {one.violating}",
            f"{one.before.open} -> {one.after.open}",
        )
    return table
