"""Verdicts for the eye in the order in which somebody wants them: violations, what needs review, and the others."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

from judge.cli import clip_lines, tables
from judge.cli.headline import headline
from judge.cli.tally import WORDS
from judge.clip_verdict import ClipVerdict
from judge.verdict import Verdict

TOGETHER = 200  # of more images the others come as they are judged, so that memory stays flat


class Headlines:
    """Holds the first `TOGETHER` images' lines, and prints them by verdict. explain: with every rule's chain."""

    def __init__(self, *, explain: bool) -> None:
        self._explain, self._console = explain, Console()
        self._held: dict[str, list[RenderableType]] = {word: [] for word in WORDS}
        self._room = TOGETHER

    def add(self, verdict: Verdict | ClipVerdict) -> None:
        """Hold one verdict's lines; print them where there is no room."""
        lines: list[RenderableType] = []
        if isinstance(verdict, ClipVerdict):
            lines += [clip_lines.headline(verdict), *(clip_lines.explanation(verdict) if self._explain else ())]
        else:
            lines += [Text.assemble(*headline(verdict)), *(tables.explanation(verdict) if self._explain else ())]
        if self._explain:
            lines.append(Text(tables.LEGEND, style="dim"))
        if self._room:
            self._room -= 1
            self._held[verdict.verdict] += lines
        else:
            self.finish()
            self._print(lines)

    def finish(self) -> None:
        """Print what is held."""
        for lines in self._held.values():
            self._print(lines)
            lines.clear()

    def _print(self, lines: Iterable[RenderableType]) -> None:
        for line in lines:  # a headline is data: in a file it is one line, however long
            self._console.print(line, soft_wrap=isinstance(line, Text) and not self._console.is_terminal)
