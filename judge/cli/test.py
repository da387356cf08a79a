"""`judge test F.yaml`: does the constitution come to what its cases expect?"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from judge.cli.exits import Exit
from judge.cli.model_options import JUDGING, NoCache, judged_with
from judge.errors import UserError
from judge.progress import watched

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from judge.cases.reading import LocatedCase
    from judge.constitution import Constitution
    from judge.judging.pipeline import Judge
    from judge.policytest.outcomes import TestRun
    from judge.settings import Settings
    from judge.verdict import Verdict


@judged_with(*JUDGING)
def test(
    constitution: Annotated[str, typer.Argument(help="A YAML file, or a shipped name.", metavar="F.yaml")],
    cases: Annotated[Path | None, typer.Option(help="The test file. Default: F.test.yaml beside F.yaml.")] = None,
    *,
    settings: Settings,
    no_cache: NoCache = False,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit XML report to this file, too.")] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Judge nothing: say in words which pictures to collect for more cases.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the whole run as one JSON object.")] = False,
) -> None:
    """Judge the cases of a constitution. Exit code: 0 all passed, 1 a case failed, 2 your mistake, 3 failure."""
    from judge.cases.reading import beside, load_cases
    from judge.lint.neighbours import test_file_of
    from judge.locks.loading import load_policy
    from judge.policytest.coverage import gaps

    loaded = load_policy(constitution)
    policy = loaded.constitution  # statements of compiled chains can be expected to hold, too
    if suggest:
        _suggest(policy, cases or test_file_of(loaded.path), named=cases is not None, json=json)
    file = cases or beside(loaded.path)
    located = load_cases(file, policy)
    from judge import assemble

    judge = assemble.load_judge(loaded, settings)
    run = _run(judge, file, located, no_cache=no_cache)
    run = run.model_copy(update={"gaps": gaps(policy, [one.case for one in located], run.results)})
    if junit is not None:
        _write(junit, run)
    if json:
        print(run.model_dump_json())
    else:
        _show(run)
    tally = run.tally
    raise typer.Exit(Exit.VIOLATION if tally.failed else Exit.FAILURE if tally.broken else Exit.NO_VIOLATION)


def _suggest(policy: Constitution, file: Path, *, named: bool, json: bool) -> NoReturn:
    """Print what to collect; a test file that is not there yet has no cases."""
    from judge.cases.reading import load_cases
    from judge.policytest.coverage import gaps
    from judge.policytest.report import suggestions

    located = load_cases(file, policy) if named or file.is_file() else ()
    found = gaps(policy, [one.case for one in located])
    if json:
        from json import dumps

        print(dumps({"gaps": [one.model_dump(mode="json") for one in found]}, ensure_ascii=False))
    else:
        _print(suggestions(found))
    if policy.without_chain:
        print(f"judge: rules without a chain have no pictures: {', '.join(policy.without_chain)}", file=sys.stderr)
    raise typer.Exit(Exit.NO_VIOLATION)


def _run(judge: Judge, file: Path, located: Sequence[LocatedCase], *, no_cache: bool) -> TestRun:
    from judge.policytest.outcomes import Result, TestRun, compare

    results: list[Result] = []
    asked = 0
    for case, (verdict, kept) in zip(located, _verdicts(judge, located, no_cache), strict=True):
        asked += not kept
        results += compare(case, verdict)
    source = judge.provenance
    return TestRun(
        constitution=source.constitution,
        version=source.constitution_version,
        cases_file=str(file),
        images=len(located),
        asked=asked,
        results=tuple(results),
        provenance=source,
    )


def _verdicts(judge: Judge, located: Sequence[LocatedCase], no_cache: bool) -> Iterator[tuple[Verdict, bool]]:
    """Verdicts, and whether each was kept."""
    from judge.caches.verdicts import CachedVerdicts

    paths, contexts = [one.path for one in located], [one.case.context for one in located]
    fresh = ((verdict, False) for verdict in judge.judge_many(paths, contexts=contexts))
    verdicts: Iterator[tuple[Verdict, bool]] = fresh if no_cache else CachedVerdicts(judge).judge_many(paths, contexts)
    return watched(verdicts, len(paths), "judging")


def _write(path: Path, run: TestRun) -> None:
    from judge.files import write_whole
    from judge.policytest.junit import junit

    try:
        write_whole(path, junit(run))
    except OSError as error:
        raise UserError(f"cannot write the report {path} ({error.strerror})", hint="choose another --junit") from error


def _show(run: TestRun) -> None:
    from judge.policytest.report import report

    _print(report(run))


def _print(parts: Iterable[Table | Text]) -> None:
    from rich.console import Console

    console = Console()
    for part in parts:
        console.print(part, soft_wrap=not console.is_terminal)
