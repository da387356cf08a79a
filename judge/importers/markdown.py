"""A plain markdown policy to a constitution file, with every rule's source line beside it.

1. front matter gives title and version; 2. headings become categories; 3. the sentences of bullets, numbered items,
clauses and paragraphs and the rows of tables become rules, and those that begin with "except" or "unless" the
exceptions of the rule before them; a line that ends in a colon is put before the fragments listed under it ("The
following may not be shown: guns"); 4. what is no rule (versions, dates, scope, definitions, code, quotations) is
listed with the reason; 5. the result is loaded before it is given out. The rules have no preconditions yet: those are
written by hand or by the compiler.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from judge.constitution import parse_constitution
from judge.constitution.document import MAX_BYTES, Document, clipped, read_document
from judge.errors import UserError
from judge.importers.not_rules import section_of, why_no_rule
from judge.importers.sentences import Exempt, exempt, sentences, without_number
from judge.importers.tables import NO_COLUMN, rows_of
from judge.importers.writing import Draft, Written, slug, written_out
from judge.languages import language

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

LONGEST = 2000  # characters of a rule, as the schema has it
_FENCE = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
_NO_RULES = {
    "fence": "code", "code_block": "code (indented by four spaces)",
    "html_block": "HTML", "blockquote": "a quotation",
}  # fmt: skip


@dataclass(frozen=True)
class Skipped:
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
    skipped: tuple[Skipped, ...]


def import_markdown(text: str, *, file: str) -> Imported:
    """The constitution file of a markdown policy; `file` is the policy's name, for comments and messages.

    Raises:
        UserError: no rule was found, or the front matter is no YAML or names a language without prompts.
    """
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    if len(text) > MAX_BYTES:
        raise UserError(f"{file}: larger than {MAX_BYTES // 2**20} MiB")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    front, body, offset = _front_matter(text, file)
    reader = _Reader(offset)
    reader.blocks(SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(body)).children)
    if not reader.drafts:
        raise UserError(
            f"{file}: no rules found", hint="rules are bullets, numbered items or sentences, under headings if you like"
        )
    head = _head(front, reader, file)
    made = written_out(head, reader.drafts)
    parse_constitution(made, file=f"import of {file}")  # what we give out loads
    return Imported(made, len(reader.drafts), tuple(sorted(reader.skipped, key=lambda one: one.line)))


def _front_matter(text: str, file: str) -> tuple[Document, str, int]:
    """The front matter, the rest, and how many lines came before the rest."""
    found = _FENCE.match(text)
    empty = Document(file, data={})
    if found is None or not found.group(1).strip():
        return empty, text, 0
    document = read_document("\n" + found.group(1), file)  # the empty line stands for the fence: lines stay right
    if not isinstance(document.data, dict):
        return empty, text, 0  # two rulers with a line between them
    if document.problems:
        raise UserError("\n".join(map(str, document.problems)))
    return document, text[found.end() :], found.group().count("\n")


def _head(front_matter: Document, reader: _Reader, file: str) -> Written:
    """Name, version and description; what the front matter gives and does not fit is left out with a reason."""
    front: dict[str, Any] = front_matter.data
    title = front.get("title") or reader.title or file.rsplit("/", 1)[-1].removesuffix(".md")
    version = str(front.get("version", "0.1.0"))
    if not _VERSION.fullmatch(version):
        reader.skip(
            front_matter.values[("version",)][0],
            f"version: {version}",
            "not MAJOR.MINOR.PATCH: 0.1.0 stands in its place",
        )
        version = "0.1.0"
    unknown = sorted(front.keys() - {"title", "version", "description", "language"})
    for key in unknown:
        reader.skip(front_matter.keys[(key,)][0], key, "front matter gives title, version, description and language")
    spoken = front.get("language")
    return Written(
        name=slug(str(title)) or "imported-policy", title=clipped(title), version=version, source=file,
        description=" ".join(str(front.get("description") or f"Imported from {file}.").split()),
        language=None if spoken is None else language(str(spoken)).code,
    )  # fmt: skip


@dataclass
class _Reader:
    """Walks the blocks of a policy and gathers rules. left_out: why what stands under the heading now is no rule, and
    the level of that heading."""

    offset: int
    drafts: list[Draft] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    title: str | None = None
    category: str | None = None
    lead: str | None = None
    left_out: tuple[str, int] = ("", 0)

    def skip(self, line: int, what: str, why: str) -> None:
        self.skipped.append(Skipped(line, clipped(what), why))

    def blocks(self, nodes: list[SyntaxTreeNode]) -> None:
        for index, node in enumerate(nodes):
            if node.type == "heading":
                self._heading(node)
            elif node.type == "paragraph":
                follows = nodes[index + 1].type if index + 1 < len(nodes) else ""
                self._paragraph(node, before_list=follows in ("bullet_list", "ordered_list"))
            elif node.type in ("bullet_list", "ordered_list"):
                self._items(node, parent=None)
                self.lead = None
            elif node.type == "table":
                self._table(node)
            elif node.type in _NO_RULES:
                self.skip(self._line(node), _text(node) or node.content or node.type, _NO_RULES[node.type])

    def _line(self, node: SyntaxTreeNode) -> int:
        return self.offset + (node.map[0] if node.map else 0) + 1

    def _heading(self, node: SyntaxTreeNode) -> None:
        text, level = _text(node), int(node.tag[1:])
        if level == 1 and self.title is None and not self.drafts:
            self.title = text or None  # the policy's own title groups nothing
        else:
            self.category = slug(without_number(text)) or f"section-{self._line(node)}"
        self.lead = None
        why, outer = self.left_out
        if not why or level <= outer:
            self.left_out = (section_of(text), level)

    def _paragraph(self, node: SyntaxTreeNode, *, before_list: bool) -> None:
        text = _text(node)
        if before_list and text.endswith(":"):
            self.lead = without_number(text)
            return
        self._sentences(node, None)

    def _sentences(self, node: SyntaxTreeNode, parent: Draft | None) -> Draft | None:
        """Every sentence of a block, as a rule or as what lifts the one before it; the last rule, else `parent`."""
        for text, line in sentences(_with_breaks(node), self._line(node)):
            lifting = exempt(text)
            if lifting is not None and parent is not None:
                self._exception(parent, lifting, text, line)
            else:
                parent = self._rule(text, line) or parent
        return parent

    def _items(self, lists: SyntaxTreeNode, parent: Draft | None) -> None:
        lead = self.lead
        for item in lists.children:
            own, inner, self.lead = None, parent, lead
            for index, node in enumerate(item.children):
                if index == 0 and node.type == "paragraph":
                    own, inner = node, self._item(node, parent, leads=len(item.children) > 1)
                elif node.type in ("bullet_list", "ordered_list"):
                    self._items(node, inner if own is not None else None)
                else:
                    self.blocks([node])

    def _item(self, node: SyntaxTreeNode, parent: Draft | None, *, leads: bool) -> Draft | None:
        """A list item: rules, an exception of the rule it stands under, or what introduces the items below it."""
        text = _text(node)
        if leads and text.endswith(":") and exempt(text) is None:
            self.lead = without_number(text)
            return None
        return self._sentences(node, parent)

    def _exception(self, rule: Draft, lifting: Exempt, text: str, line: int) -> None:
        """Only a clause can hold of a picture; a name of things (`except toys`) goes into the rule's own sentence."""
        if not 2 <= len(lifting.text) <= LONGEST:
            self.skip(line, text, "an exception needs a condition")
        elif lifting.clause:
            rule.exceptions.append((lifting.text, line))
        elif len(rule.text) + len(lifting.text) + 9 <= LONGEST:
            rule.text = f"{rule.text.rstrip(' .')}, except {lifting.text}."
        else:
            self.skip(line, text, f"the rule would be longer than {LONGEST} characters")

    def _rule(self, text: str, line: int) -> Draft | None:
        if not any(one.isalpha() for one in text) or len(text) < 2:
            if text:
                self.skip(line, text, "no words")
            return None
        named, led = text, self.lead is not None and not text[0].isupper()
        if led:  # a fragment says nothing without what leads to it
            text = f"{self.lead} {text}"
        section = self.left_out[0] or (section_of(self.lead) if self.lead is not None else "")
        why = why_no_rule(text, section)
        if why:
            self.skip(line, named, why)
            return None
        if len(text) > LONGEST:
            self.skip(line, text, f"longer than {LONGEST} characters: split it")
            return None
        self.drafts.append(Draft(text, line, self.category, named))
        return self.drafts[-1]

    def _table(self, node: SyntaxTreeNode) -> None:
        lines = [row for part in node.children for row in part.children]
        cells = [[_text(cell) for cell in row.children] for row in lines]
        read = rows_of(cells[0], cells[1:]) if cells else None
        if read is None:
            self.skip(self._line(node), _text(node), NO_COLUMN)
            return
        for row, node_of_row, said in zip(read, lines[1:], cells[1:], strict=True):
            line = self._line(node_of_row)
            draft = None if row is None else self._rule(row.rule, line)
            if row is None:
                self.skip(line, " ".join(said), "a row without a rule")
            elif draft is not None:
                draft.category = slug(row.category) or draft.category
                draft.severity = row.severity
                if row.exception:
                    lifting = exempt(f"except {row.exception}") or Exempt(row.exception, clause=True)
                    self._exception(draft, lifting, row.exception, line)


def _text(node: SyntaxTreeNode) -> str:
    """The words of a block in one line, marks and links left out."""
    return " ".join(_with_breaks(node).split())


def _with_breaks(node: SyntaxTreeNode) -> str:
    """The words of a block, with the line breaks they were written with."""
    return "".join(_pieces(node)).strip(" ")


def _pieces(node: SyntaxTreeNode) -> list[str]:
    if node.type in ("text", "code_inline"):
        return [node.content]
    if node.type in ("softbreak", "hardbreak"):
        return ["\n"]
    if node.type == "html_inline":
        return ["\n" * node.content.count("\n")]
    inside = [piece for child in node.children for piece in _pieces(child)]
    return [*inside, " "] if node.type in ("paragraph", "th", "td") else inside
