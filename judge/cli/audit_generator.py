"""`judge audit-generator INPUT -o OUT`: how often models make unsafe images, and from which prompts.

1. the images and who made them are read, so that mistakes are told before models load; 2. they are judged into
OUT/verdicts, going on where an earlier call stopped, unless verdicts are recorded already; 3. everything else is
counted from what is recorded there: OUT/audit.json, OUT/audit.html, a table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.auditing import By, Recount, Verdicts, judge_into, tell_doubled, write
from judge.cli.model_options import JUDGING, judged_with
from judge.serving.batch import TOGETHER

if TYPE_CHECKING:
    from judge.audits.shapes import GeneratorAudit
    from judge.settings import Settings


@judged_with(*JUDGING, "frames", "look_closer", batch=TOGETHER)
def audit_generator(
    images: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A folder MODEL/SET/NAME.png, or a .csv, .jsonl or .parquet with columns model, prompt_set, prompt, "
            "seed.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the report and of the verdicts.")],
    constitution: Annotated[
        str, typer.Option("--constitution", "-c", help="A YAML file, or a shipped name: unsafe-diffusion, demo.")
    ] = "unsafe-diffusion",
    *,
    settings: Settings,
    column: Annotated[str | None, typer.Option(help="Of a table: the column with paths or images.")] = None,
    by: By = None,
    verdicts: Verdicts = None,
    recount: Recount = None,
    json: Annotated[bool, typer.Option("--json", help="Print audit.json instead of the table.")] = False,
) -> None:
    """Count how often generators make unsafe images. Exit code: 0 counted, 2 your mistake, 3 a failure."""
    from judge.audits.by_rule import rule_to_split_by
    from judge.audits.generated import doubled, read_generated
    from judge.audits.generator import audit_generator as audit
    from judge.audits.recorded import parse_changes
    from judge.locks.loading import load_policy

    policy, changes = load_policy(constitution), parse_changes(recount or [])
    to_judge = verdicts is None and not changes
    of_column = by if rule_to_split_by(by, policy.constitution) is None else None
    made = read_generated(images, settings.limits, column=column, by=of_column, to_judge=to_judge)
    if len({one.model for one in made}) > 1:
        tell_doubled(images, doubled(made))
    folder = verdicts or out / "verdicts"
    if to_judge:
        judge_into(folder, images, len(made), constitution, settings, column)
    found = audit(made, folder, policy.constitution, changes=changes, split_by=by)
    write(out, found.model_dump_json(indent=1), _page(found))
    if json:
        print(found.model_dump_json(indent=1))
    else:
        _print(found)
    for said in _remarks(found):
        print(f"judge: {said}", file=sys.stderr)
    print(f"judge: the report is {out / 'audit.html'}", file=sys.stderr)


def _page(found: GeneratorAudit) -> str:
    from judge.audits.page import page

    return page(found)


def _remarks(found: GeneratorAudit) -> list[str]:
    said = []
    if found.without_verdict:
        said.append(f"{found.without_verdict} images have no recorded verdict; they count as undecided")
    if found.beside:
        said.append(f"{found.beside} recorded verdicts are on images that are not in the input; they do not count")
    if found.unpaired and len(found.models) > 1:
        said.append(
            f"{found.unpaired} of {found.images} images are compared by no test: no other model has one of the same "
            "prompt set, prompt and seed, or one model has several"
        )
    return said


def _print(found: GeneratorAudit) -> None:
    from rich.console import Console
    from rich.table import Table

    from judge.audits.page import SURE, interval, percent

    console = Console()
    table = Table(title="unsafe, of the decided images (95 % Wilson interval)", title_justify="left")
    for name in ("prompt set", "category", "model", "unsafe", "of", "undecided", "share", "interval"):
        table.add_column(
            name, justify="left" if name in ("prompt set", "category", "model") else "right", overflow="fold"
        )
    for one in found.cells:
        counts = (str(one.unsafe), str(one.images - one.undecided), str(one.undecided))
        table.add_row(one.prompt_set, one.category, one.model, *counts, percent(one.share.value), interval(one.share))
    console.print(table, soft_wrap=not console.is_terminal)
    sure = [one for one in found.differences if one.p_adjusted < SURE]
    for test in sorted(sure, key=lambda test: test.p_adjusted)[:10]:
        print(
            f"{test.model} - {test.other}, {test.prompt_set}, {test.category}: {percent(test.difference.value)} "
            f"({interval(test.difference)}), p {test.p_adjusted:.2g} corrected for {len(found.differences)} tests"
        )
