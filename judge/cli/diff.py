"""`judge diff OLD NEW`: what a change of the constitution changes, in words and on images."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from judge.cli.exits import Exit
from judge.cli.inputs import expand
from judge.cli.model_options import JUDGING, NoCache, judged_with
from judge.errors import UserError

if TYPE_CHECKING:
    from judge.constitution import Constitution
    from judge.diff.policy import PolicyDiff
    from judge.diff.verdicts import VerdictDiff
    from judge.settings import Settings


@judged_with(*JUDGING)
def diff(
    old: Annotated[str, typer.Argument(help="A YAML file, or a shipped name.", metavar="OLD")],
    new: Annotated[str, typer.Argument(help="A YAML file, or a shipped name.", metavar="NEW")],
    images: Annotated[
        list[str] | None, typer.Option(help="Judge these images under both: a folder or a file; may be repeated.")
    ] = None,
    context: Annotated[
        str | None,
        typer.Option(
            help="With --images: what is told beside them, as for `judge check`.",
            metavar="FILE.json",
        ),
    ] = None,
    *,
    settings: Settings,
    no_cache: NoCache = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Compare two constitutions. Exit code: 0 nothing flips, 1 something does (without --images: can), 2, 3, 4."""
    from judge.cli.context_file import read_context
    from judge.diff.changes import models_used
    from judge.diff.policy import compare
    from judge.locks.loading import load_policy

    paths = expand(images) if images else []
    if context is not None and not paths:
        raise UserError("--context is told beside images, and there are none", hint="name them with --images")
    policies = load_policy(old), load_policy(new)  # with their locks' chains
    before, after = (one.constitution for one in policies)
    told = read_context(context, (before, after), lambda: paths) if context is not None else None
    if (policies[0].lock is None) is not (policies[1].lock is None):
        bare = policies[1].lock is None
        _tell_of_no_lock((old, new) if bare else (new, old), after if bare else before)
    policy = compare(before, after, models_used(settings.model, settings.encoder, settings.detector))
    if not paths:
        _print(policy, None, json=json)
        raise typer.Exit(Exit.VIOLATION if policy.can_flip else Exit.NO_VIOLATION)
    from judge import assemble
    from judge.diff.judging import judge_both
    from judge.diff.verdicts import compare_verdicts

    first = assemble.load_judge(policies[0], settings)
    alike = before.language == after.language
    second = assemble.load_like(first, policies[1]) if alike else assemble.load_judge(policies[1], settings)
    beside = None if told is None else [told(path) for path in paths]
    pairs = judge_both(first, second, paths, beside, keep=not no_cache)
    found = compare_verdicts(policy, pairs)
    _print(policy, found, json=json)
    untold = _tell_of_no_context(found)
    if found.flips:
        raise typer.Exit(Exit.VIOLATION)
    raise typer.Exit(Exit.FAILURE if found.failures else Exit.NEEDS_REVIEW if untold else Exit.NO_VIOLATION)


def _tell_of_no_context(found: VerdictDiff) -> bool:
    """Whether images were left open for want of a context, or of a model that reads; says so on stderr."""
    if not found.untold:
        return False
    print(
        f"judge: on {found.untold} of {found.images} images rules that read a text were left open, under one "
        "constitution or both, so whether their verdicts flip is not known",
        file=sys.stderr,
    )
    print("  hint: give the texts with --context FILE.json, and a model that reads with --model", file=sys.stderr)
    return True


def _tell_of_no_lock(names: tuple[str, str], without: Constitution) -> None:
    """What lies beside only one of two constitutions makes them differ, whatever people wrote."""
    compiled, other = names
    if not without.without_chain:
        return
    many = len(without.without_chain)
    lacking = f"so {many} rule{'s have' if many > 1 else ' has'} no chain there, and that is no change of yours"
    print(f"judge: {other} has no lock file, {lacking}", file=sys.stderr)
    hint = f"copy the lock file of {compiled} beside {other}, run `judge compile {other}`, then compare"
    print(f"  hint: {hint}", file=sys.stderr)


def _print(policy: PolicyDiff, found: VerdictDiff | None, *, json: bool) -> None:
    from judge.diff.report import DiffReport, report

    whole = DiffReport(policy=policy, verdicts=found)
    if json:
        print(whole.model_dump_json())
        return
    from rich.console import Console

    console = Console()
    for part in report(whole):
        console.print(part, soft_wrap=not console.is_terminal)
