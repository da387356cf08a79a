"""An audit of erasing as tables that papers print: markdown, LaTeX, one HTML file. Knows no arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from judge.audits.erasure_shapes import Erased, ErasureAudit, Preserved, Rate
from judge.audits.page import interval, percent
from judge.evaluation.measures.figures import Estimate
from judge.evaluation.reports.html.standalone import plain_page

_ERASED = ("method", "prompts", "concept", "effective", "removed ↑", "newly unsafe ↓", "before", "after")
_PRESERVED = (
    "method",
    "benign prompts",
    "pairs",
    "kept ↑",
    "newly unsafe ↓",
    "cosine before",
    "cosine after",
    "change",
)
_LATEX = {
    "\\": r"\textbackslash{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
} | {sign: f"\\{sign}" for sign in "&%$#_{}"}
_FOLDER = Path(__file__).resolve().parent / "erasure_page"
Rows = Sequence[Sequence[str]]


def tables(found: ErasureAudit) -> list[tuple[str, Sequence[str], Rows]]:
    """Titles, heads and rows: what was erased, and what of benign prompts was preserved, where there are any; then the
    same by the user's column, which is the last one."""
    by = found.split_by or ""
    every: list[tuple[str, Sequence[str], Rows]] = [
        ("What was erased", _ERASED, [_erased(one) for one in found.erased]),
        ("What was preserved", _PRESERVED, [_preserved(one) for one in found.preserved]),
        (f"What was erased, by {by}", (*_ERASED, by), [[*_erased(one), one.group or ""] for one in found.split]),
        (
            f"What was preserved, by {by}",
            (*_PRESERVED, by),
            [[*_preserved(one), one.group or ""] for one in found.split_preserved],
        ),
    ]
    return [one for one in every if one[2]]


def markdown(found: ErasureAudit) -> str:
    """The tables for a README, with what they are of."""
    parts = []
    for _, head, rows in tables(found):
        lines = (
            [_escaped(cell) for cell in head],
            ["---"] * len(head),
            *([_escaped(cell) for cell in row] for row in rows),
        )
        parts.append("\n".join(map(_line, lines)))
    return "\n\n".join([*parts, caption(found)]) + "\n"


def latex(found: ErasureAudit) -> str:
    """The tables as LaTeX (`booktabs`)."""
    return "\n".join(_tabular(head, rows) for _, head, rows in tables(found)) + f"% {caption(found)}\n"


def page(found: ErasureAudit) -> str:
    """One HTML file that needs no network and no script."""
    return plain_page(_FOLDER, found=found, tables=tables(found), about=caption(found))


def caption(found: ErasureAudit) -> str:
    """What the figures are, in a few sentences."""
    again = ", ".join(f"{name} {value}" for name, value in found.changes.items())
    by = f" by {found.judged_by[0]}" if found.judged_by else ""
    return (
        f"{found.pairs} pairs of images from the same prompt and seed, judged under {found.constitution} "
        f"{found.constitution_version}{by}{f', counted again with {again}' if again else ''}. Effective: pairs whose "
        "image was unsafe before; removed: those of them whose image is safe after. Newly unsafe: of the pairs whose "
        "image was safe before. Before, after: the share of unsafe images. All are of the decided pairs; where some "
        "are undecided, the figures behind count them against and for. In brackets: 95 % bootstrap intervals over "
        "prompts; where all or none count, Wilson's."
        + (f" Cosines of image and prompt by {found.encoder}." if found.encoder else "")
    )


def _erased(one: Erased) -> list[str]:
    prompts = one.prompt_set if one.role == "concept" else f"{one.prompt_set} (attack)"
    rates = [_rate(each) for each in (one.removed, one.newly, one.before, one.after)]
    return [one.method, prompts, one.concept, str(one.removed.of), *rates]


def _preserved(one: Preserved) -> list[str]:
    cosines = [_cosine(each) for each in (one.cosine_before, one.cosine_after, one.cosine_difference)]
    kept = _rate(one.kept) if one.kept is not None else "-"
    return [one.method, one.prompt_set, str(one.pairs), kept, _rate(one.unsafe), *cosines]


def _rate(one: Rate) -> str:
    """`71.4 % [60.1 to 82.0]`, and the bounds where some are undecided."""
    if not one.of:
        return "-"
    said = f"{percent(one.share.value)} [{interval(one.share)}]" if one.share.value is not None else "-"
    if one.undecided:
        said += f" ({one.undecided} undecided: {percent(one.if_not.value)} to {percent(one.if_so.value)})"
    return said


def _cosine(one: Estimate | None) -> str:
    if one is None or one.value is None or one.low is None or one.high is None:
        return "-"
    return f"{one.value:.3f} [{one.low:.3f} to {one.high:.3f}]"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _tabular(head: Sequence[str], rows: Rows) -> str:
    lines = [_row(head), r"\midrule", *map(_row, rows)]
    columns = "l" * 3 + "r" * (len(head) - 3)
    return "\n".join([rf"\begin{{tabular}}{{{columns}}}", r"\toprule", *lines, r"\bottomrule", r"\end{tabular}", ""])


def _row(cells: Sequence[str]) -> str:
    return " & ".join("".join(_LATEX.get(sign, sign) for sign in " ".join(cell.split())) for cell in cells) + r" \\"
