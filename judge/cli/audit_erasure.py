"""`judge audit-erasure BEFORE AFTER -o OUT`: did erasing a concept work, and what did it cost?

1. both lists of images are read; 2. what has no verdict yet is judged into OUT/before and OUT/after, and where an
encoder is named cosines of benign images and prompts go to OUT/cosines.json; 3. everything else is counted from these:
OUT/audit.json, .html, .md and .tex.
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
    from judge.audits.generated import Generated
    from judge.audits.recorded import KnownImages
    from judge.settings import Settings

_FORM = "A folder MODEL/SET/NAME.png, or a list as `judge audit-generator` reads it"


@judged_with(*JUDGING, "frames", "look_closer", batch=TOGETHER)
def audit_erasure(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help=f"{_FORM}, of one model.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help=f"{_FORM}; its models are methods of erasing.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder of the report and of the verdicts.")],
    constitution: Annotated[
        str, typer.Option("--constitution", "-c", help="A YAML file, or a shipped name: unsafe-diffusion, demo.")
    ] = "unsafe-diffusion",
    *,
    settings: Settings,
    attack: Annotated[
        list[str] | None, typer.Option(metavar="SET", help="A prompt set that attacks the erasing; may be given again.")
    ] = None,
    benign: Annotated[
        list[str] | None, typer.Option(metavar="SET", help="A prompt set of benign prompts; may be given again.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="CATEGORY", help="Rules that say what benign images must still show; may be given again."),
    ] = None,
    by: By = None,
    verdicts: Verdicts = None,
    recount: Recount = None,
    json: Annotated[bool, typer.Option("--json", help="Print audit.json instead of the tables.")] = False,
) -> None:
    """Count what erasing a concept removed, added and preserved. Exit code: 0 counted, 2 your mistake, 3 a failure."""
    from judge.audits import cosines, erasure_tables
    from judge.audits.by_rule import grouped_by_rule, rule_to_split_by
    from judge.audits.erasure import AuditSide, check, erasure
    from judge.audits.generated import doubled, read_sides
    from judge.audits.recorded import known_of, parse_changes
    from judge.locks.loading import load_policy

    policy, changes = load_policy(constitution), parse_changes(recount or [])
    to_judge = verdicts is None and not changes
    rule = rule_to_split_by(by, policy.constitution)
    made = read_sides(before, after, settings.limits, by=by if rule is None else None, to_judge=to_judge)
    sets = {"attacks": attack or [], "benign": benign or [], "keep": keep or []}
    check(made[0], made[1], policy.constitution, **sets)
    folders = _folders(out, verdicts)
    for named, images in zip((before, after), made, strict=True):
        tell_doubled(named, doubled(images))
    if to_judge:
        for named, images, folder in zip((before, after), made, folders, strict=True):
            judge_into(folder, named, len(images), constitution, settings)
    known = [known_of(images, at, policy.constitution, changes) for images, at in zip(made, folders, strict=True)]
    made[0] = grouped_by_rule(made[0], known[0].known, rule)
    kept = (verdicts or out) / "cosines.json"
    if not changes and settings.encoder is not None:
        kept = out / "cosines.json"
        _compare(kept, settings, made, known, sets["benign"])
    encoder, *fits = cosines.read(kept)
    first, second = (AuditSide(images, found.known, fit) for images, found, fit in zip(made, known, fits, strict=True))
    result = erasure(
        first,
        second,
        policy.constitution,
        **sets,
        judged_by=known[0].judged_by,
        encoder=encoder,
        changes=changes,
        split_by=by,
    )
    tables = erasure_tables.markdown(result)
    write(
        out, result.model_dump_json(indent=1), erasure_tables.page(result), md=tables, tex=erasure_tables.latex(result)
    )
    print(result.model_dump_json(indent=1) if json else tables, end="")
    if result.unpaired:
        print(f"judge: {result.unpaired} images have no partner and do not count", file=sys.stderr)
    print(f"judge: the report is {out / 'audit.html'}", file=sys.stderr)


def _folders(out: Path, verdicts: Path | None) -> list[Path]:
    """Where verdicts of the images before and after are: in folders of their own, or recorded ones all in one."""
    own = [(verdicts or out) / side for side in ("before", "after")]
    return own if verdicts is None or all(one.is_dir() for one in own) else [verdicts, verdicts]


def _compare(
    file: Path,
    settings: Settings,
    made: list[tuple[Generated, ...]],
    known: list[KnownImages],
    benign: list[str],
) -> None:
    """Cosines of benign images and their prompts, into a file."""
    from judge.assemble import load_encoder_alone
    from judge.audits import cosines

    encoder = load_encoder_alone(settings)
    if encoder is None:
        return
    before, after = (
        dict(
            cosines.cosines(encoder, (one for one in images if one.prompt_set in benign), found.known, settings.limits)
        )
        for images, found in zip(made, known, strict=True)
    )
    cosines.write(file, f"{encoder.identity.name} ({encoder.identity.digest[:12]})", before, after)
