"""Writes docs/verdicts.md: what the demo constitution and the bundled model say of the shipped drawings.

Run it after a change that shifts scores: `python tools/document_verdicts.py`. Mistakes are listed like the rest.
"""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from judge import Judge, Verdict, load_judge
from judge.cli.tables import explanation

ROOT = Path(__file__).resolve().parent.parent
TRACED = "body-on-fire-violating.png"
HEADER = """# Verdicts on the shipped drawings

Written by `python tools/document_verdicts.py` with the bundled model and the `demo` constitution; scores vary in the
last digits between machines. A drawing's name starts with the rule it was drawn for: `violating` ones should be
violations of that rule, `borderline` ones should not. The drawings were composed before the model was asked, and
its mistakes stay in the table.
"""


def main() -> None:
    """Judge all drawings and write the page."""
    judge = load_judge("demo")
    paths = sorted((ROOT / "examples" / "images").glob("*.png"))
    verdicts = dict(zip(paths, judge.judge_many(paths), strict=True))
    rows = [_row(path, verdict, judge) for path, verdict in verdicts.items()]
    right = sum(row.endswith("| yes |") for row in rows)
    traced = next(verdict for path, verdict in verdicts.items() if path.name == TRACED)
    page = [
        HEADER,
        f"Right about the rule it was drawn for: {right} of {len(rows)} drawings.\n",
        "| drawing | verdict | violated rules | right about its rule |\n|---|---|---|---|",
        *rows,
        f"\n## One trace in full: `{TRACED}`, rule `body-on-fire`\n\n```\n{_trace(traced)}```\n",
    ]
    (ROOT / "docs" / "verdicts.md").write_text("\n".join(page), encoding="utf-8")


def _row(path: Path, verdict: Verdict, judge: Judge) -> str:
    rule = max((rule.id for rule in judge.constitution.rules if path.stem.startswith(rule.id)), key=len)
    outcome = next(finding.outcome for finding in verdict.findings if finding.rule == rule)
    wanted = {"violated"} if "-violating" in path.stem else {"not_violated", "pruned"}
    violated = ", ".join((*verdict.violations, *(f"{one} (shadow)" for one in verdict.shadow_violations)))
    said = "yes" if outcome in wanted else "open" if outcome == "undecided" else "**no**"
    return f"| {path.name} | {verdict.verdict} | {violated} | {said} |"


def _trace(verdict: Verdict) -> str:
    console = Console(width=150, file=io.StringIO(), color_system=None)
    console.print(next(table for table in explanation(verdict) if str(table.title).startswith("body-on-fire")))
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


if __name__ == "__main__":
    main()
