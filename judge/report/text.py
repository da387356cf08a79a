"""A report in the terminal."""

from __future__ import annotations

from judge.printable import printable
from judge.report.figures import BINS, BatchFigures, ListedImage

_BARS = " ▁▂▃▄▅▆▇█"


def print_report(found: BatchFigures) -> None:
    """All figures, and the first of each list."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    verdicts = ", ".join(f"{count} {word} ({count / found.images:.1%})" for word, count in found.verdicts.items())
    console.print(f"{found.images} images under {printable(found.run)}: {verdicts}")
    said = [f"{found.copies} copies"] if found.copies else []
    said += [f"{found.reused} with outcomes of an earlier policy"] if found.reused else []
    said.append(f"{found.seconds:.0f} s of judging")
    if found.audited:
        said.append(f"{found.missed} of {found.audited} audited miss a violation")
    console.print("; ".join(said))
    for title, counts in (("causes of reviews", found.causes), ("could not be judged", found.errors)):
        if counts:
            console.print(f"{title}: " + ", ".join(f"{count} {printable(what)}" for what, count in counts.items()))
    table = Table("rule", "violated", "undecided", "not violated", "pruned")
    table.add_column("answers, no to yes", no_wrap=True, min_width=BINS)
    for one in found.rules:
        images = (one.violated, one.undecided, one.not_violated, one.pruned)
        table.add_row(one.rule + (" (shadow)" * (not one.enforced)), *map(str, images), bars(one.scores))
    console.print(table)
    for title, listed in (("most uncertain", found.uncertain), ("nearest to a violation", found.near)):
        if listed:
            console.print(f"{title}:")
        for image in listed[:8]:
            console.print(f"  {printable(image.key)}  {told(image)}", soft_wrap=True)


def told(image: ListedImage) -> str:
    """What there is to say of an image in a list."""
    if image.rule is None:
        return image.verdict
    wanting = f", but for: {image.about} ({image.likely:.2f})" if image.about and image.likely is not None else ""
    return f"{image.verdict}: {image.rule}{wanting}"


def bars(counts: tuple[int, ...]) -> str:
    """A histogram in one line; the tallest bar is the largest count, on a scale of square roots."""
    most = max(counts, default=0)
    return "".join(_BARS[round((len(_BARS) - 1) * (count / most) ** 0.5)] if most else " " for count in counts)
