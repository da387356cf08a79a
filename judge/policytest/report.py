"""A test run for the eye: a line per rule, then every failure with what decided it. Knows rich and results only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from judge.judging.plain import GLOSSARY
from judge.policytest.outcomes import Result, Status, Tally, TestRun, Untested
from judge.printable import printable

_STYLES = {
    Status.FAILED: "bold red",
    Status.BROKEN: "bold magenta",
    Status.TODO: "yellow",
    Status.PASSES_NOW: "bold cyan",
}


def report(run: TestRun) -> Iterator[Table | Text]:
    """The table of rules, what did not pass, and a summary."""
    yield _table(run)
    for status in (Status.BROKEN, Status.FAILED, Status.TODO, Status.PASSES_NOW):
        for one in run.results:
            if one.status is status:
                yield _told(one)
    yield _summary(run)
    if run.gaps:
        yield Text(f"no case tells apart: {'; '.join(map(_gap, run.gaps))}", style="yellow")
        yield Text("`judge test F.yaml --suggest` says which pictures would", style="dim")
    if run.tally.failed + run.tally.todo:
        yield Text(f"words like prior and pruned: {GLOSSARY}; numbers: --json", style="dim")


def suggestions(gaps: Sequence[Untested]) -> Iterator[Text]:
    """The pictures to collect, and the cases to write for them."""
    if not gaps:
        yield Text("every part of every rule is told apart by a case")
    for gap in gaps:
        yield Text(f"{_gap(gap)}", style="bold")
        yield Text(f"  flagged:     {gap.flagged}")
        if gap.kind == "violation":
            yield Text(f"    - image: PICTURE\n      expect: {{{gap.rule}: violates}}", style="dim")
            continue
        yield Text(f"  not flagged: {gap.not_flagged}")
        said = "\n".join(f"        {_yaml(text)}: {outcome}" for text, outcome in gap.preconditions.items())
        yield Text(f"    - image: PICTURE\n      expect: {{{gap.rule}: ok}}\n      preconditions:\n{said}", style="dim")


def _gap(gap: Untested) -> str:
    if gap.kind == "violation":
        return f"{gap.rule}: no picture violates it"
    return f"{gap.rule}: {'exception ' * (gap.kind == 'exception')}{' or '.join(map(repr, gap.statements))}"


def _yaml(text: str) -> str:
    """A statement as a key of a test file."""
    import yaml

    return str(yaml.safe_dump(text, allow_unicode=True, width=float("inf"))).removesuffix("\n").removesuffix("\n...")


def _table(run: TestRun) -> Table:
    table = Table(title=escape(f"{run.constitution} {run.version}: {run.cases_file}"), title_justify="left")
    table.add_column("rule", overflow="fold")
    for name in ("passed", "failed", "todo"):
        table.add_column(name, justify="right")
    for rule in run.rules:
        tally = Tally.of(one for one in run.results if one.rule == rule)
        failed, todo = tally.failed + tally.broken, tally.todo + tally.passes_now
        table.add_row(
            escape(rule),
            str(tally.passed),
            Text(str(failed), style="bold red" if failed else "dim"),
            Text(str(todo), style="yellow" if todo else "dim"),
        )
    return table


def _told(one: Result) -> Text:
    line = Text()
    line.append(f"{'passes now' if one.status is Status.PASSES_NOW else one.status:<10} ", style=_STYLES[one.status])
    line.append(f"{one.place} ", style="dim")
    line.append(f"{printable(one.image)} {one.rule}")
    if one.statement:
        line.append(f" '{one.statement}'")
    if one.status is Status.PASSES_NOW:
        line.append(f": make it `{one.expected.removeprefix('todo_')}`")
        return line
    line.append(f": expected {one.expected.removeprefix('todo_')}, got {one.got}")
    line.append(f"\n{'':<11}{one.reason}")
    return line


def _summary(run: TestRun) -> Text:
    tally = run.tally
    parts = [f"{tally.passed} passed", f"{tally.failed} failed"]
    parts += [f"{tally.broken} not tested, the model or the file failed"] if tally.broken else []
    parts += [f"{tally.todo} todo"]
    parts += [f"{tally.passes_now} todo that passes now"] if tally.passes_now else []
    kept = run.images - run.asked
    style = "bold red" if tally.failed or tally.broken else "bold green"
    return Text(f"{', '.join(parts)}; {run.images} images, {kept} verdicts kept from before", style=style)
