"""What is gathered from a policy on the way to its constitution: rules, what lifts them, what is left out.

A rule that has lost its exception forbids too much, and nobody sees it in the constitution. So what lifts a rule either
belongs to one rule plainly, or nothing is imported until the policy says which. Knows no format.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from judge.constitution import parse_constitution
from judge.constitution.document import clipped
from judge.errors import UserError
from judge.importers.not_rules import why_no_rule
from judge.importers.sentences import Exempt, exempt, pieces
from judge.importers.tables import ReadRow, TableRow
from judge.importers.writing import FoundRule, Written, slug, written_out

LONGEST = 2000  # characters of a rule, as the schema has it
OPEN = "it is open which rule it lifts"


@dataclass(frozen=True)
class SkippedPassage:
    """Something in the policy that did not become what it stood for: where (1-based line), what, and why."""

    line: int
    what: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what!r} skipped: {self.why}"


@dataclass(frozen=True)
class Imported:
    """A constitution file as text, how many rules it has, and what was left out of it."""

    text: str
    rules: int
    skipped: tuple[SkippedPassage, ...]


@dataclass
class Gathering:
    """Everything found so far. before: the rule that an exception would lift that is met now; None where that is open.
    unplaced: exceptions without a rule, and why."""

    drafts: list[FoundRule] = field(default_factory=list)
    skipped: list[SkippedPassage] = field(default_factory=list)
    unplaced: list[SkippedPassage] = field(default_factory=list)
    before: FoundRule | None = None

    def skip(self, line: int, what: str, why: str) -> None:
        self.skipped.append(SkippedPassage(line, clipped(what), why))

    def rule(self, text: str, line: int, *, section: str = "", named: str = "") -> FoundRule | None:
        """A rule; None where the text is none. section: why what stands there is none; named: what it is called by."""
        self.before = None
        if not any(one.isalpha() for one in text) or len(text) < 2:
            if text:
                self.skip(line, text, "no words")
            return None
        why = why_no_rule(text, section)
        if not why and len(text) > LONGEST:
            why = f"longer than {LONGEST} characters: split it"
        if why:
            self.skip(line, named or text, why)
            return None
        self.before = FoundRule(text, line, named=named or text)
        self.drafts.append(self.before)
        return self.before

    def lift(self, lifting: Exempt, text: str, line: int) -> None:
        """An exception of the rule before it. Only a clause can hold of a picture; any other (`except toys`) goes into
        the rule's own sentence."""
        rule = self.before
        if rule is None:
            self.unplace(line, text, OPEN)
        elif not 2 <= len(lifting.text) <= LONGEST:
            self.unplace(line, text, "an exception needs a condition")
        elif lifting.clause:
            rule.exceptions.append((lifting.text, line))
        elif len(joined := _joined(rule.text, lifting)) <= LONGEST:
            rule.text = joined
        else:
            self.unplace(line, text, f"the rule would be longer than {LONGEST} characters with it")

    def unplace(self, line: int, what: str, why: str) -> None:
        self.unplaced.append(SkippedPassage(line, clipped(what), why))

    def rows(self, row: ReadRow, line: int, said: str, *, category: str | None, section: str = "") -> None:
        """All that a row of a table says; `said`: its cells, in a row."""
        if not row.rules and not row.left_out and said.strip():
            self.skip(line, said, "a row without a rule")
        for what, why in row.left_out:
            self.skip(line, what, why)
        for one in row.rules:
            self.row(one, line, category=category, section=section)
        if row.open_exception:
            self.unplace(line, row.open_exception, OPEN)

    def row(self, row: TableRow, line: int, *, category: str | None, section: str = "") -> None:
        """A row of a table."""
        draft = self.rule(row.rule, line, section=section)
        if draft is None:
            return
        draft.category, draft.severity, draft.id = slug(row.category) or category, row.severity, row.id
        if row.unknown_severity:
            self.skip(line, row.unknown_severity, "a severity is low, medium, high or critical: medium stands for it")
        for piece in pieces(row.exception):
            self.lift(exempt(piece) or exempt(f"except {piece}") or Exempt(piece, clause=True), piece, line)

    def imported(self, head: Written) -> Imported:
        """The constitution file of all that was gathered.

        Raises:
            UserError: an exception without a rule.
        """
        if self.unplaced:
            told = [f"{head.source}:{one.line}: {one.what!r}: {one.why}" for one in self.unplaced]
            raise UserError(
                "\n".join(told),
                hint="write it under the rule that it lifts, or into that rule's sentence; without it the rule would"
                " forbid too much, so nothing was imported",
            )
        made = written_out(head, self.drafts)
        parse_constitution(made, file=f"import of {head.source}")  # what we give out loads
        return Imported(made, len(self.drafts), tuple(sorted(self.skipped, key=lambda one: one.line)))


def _joined(rule: str, lifting: Exempt) -> str:
    end = "" if lifting.text.endswith(("!", "?")) else "."
    return f"{rule.rstrip(' .')}{lifting.joint} {lifting.text}{end}"
