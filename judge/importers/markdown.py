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

from judge.constitution.document import MAX_BYTES, Document, clipped, read_document
from judge.errors import UserError
from judge.importers.gathering import OPEN, Gathering, Imported
from judge.importers.not_rules import lists_exceptions, section_of, why_no_rule
from judge.importers.sentences import Exempt, exempt, forbids, permitted, sentences, without_number
from judge.importers.tables import NO_COLUMN, table_of
from judge.importers.writing import FoundRule, Written, slug
from judge.languages import language_of

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_NESTED = 100  # levels of blocks; a list in a list takes two
_LISTS = ("bullet_list", "ordered_list")
_FENCE = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
_NO_RULES = {
    "fence": "code",
    "code_block": "code (indented by four spaces)",
    "html_block": "HTML",
    "blockquote": "a quotation",
}


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
    tokens = MarkdownIt("commonmark", {"maxNesting": _NESTED}).enable("table").parse(body)
    if any(token.level >= _NESTED - 4 for token in tokens):  # what lies deeper is left out without a word
        raise UserError(f"{file}: nested more than {_NESTED // 2 - 2} deep", hint="write flatter lists")
    reader.blocks(SyntaxTreeNode(tokens).children)
    if not (reader.found.drafts or reader.found.unplaced):
        raise UserError(
            f"{file}: no rules found", hint="rules are bullets, numbered items or sentences, under headings if you like"
        )
    return reader.found.imported(_head(front, reader, file))


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
        reader.found.skip(
            front_matter.values[("version",)][0],
            f"version: {version}",
            "not MAJOR.MINOR.PATCH: 0.1.0 stands in its place",
        )
        version = "0.1.0"
    unknown = sorted(front.keys() - {"title", "version", "description", "language"})
    for key in unknown:
        reader.found.skip(
            front_matter.keys[(key,)][0], key, "front matter gives title, version, description and language"
        )
    language = front.get("language")
    return Written(
        name=slug(str(title)) or "imported-policy",
        title=clipped(title),
        version=version,
        source=file,
        description=" ".join(str(front.get("description") or f"Imported from {file}.").split()),
        language=None if language is None else language_of(str(language)).code,
    )


@dataclass
class _Reader:
    """Walks the blocks of a policy and gathers rules. left_out: why what stands under the heading now is no rule, and
    the level of that heading. exceptions: the level of the heading of exceptions that this stands under, or 0."""

    offset: int
    found: Gathering = field(default_factory=Gathering)
    title: str | None = None
    category: str | None = None
    lead: str | None = None
    left_out: tuple[str, int] = ("", 0)
    exceptions: int = 0

    def blocks(self, nodes: list[SyntaxTreeNode]) -> None:
        for index, node in enumerate(nodes):
            if node.type == "heading":
                self._heading(node)
            elif node.type == "paragraph":
                follows = nodes[index + 1].type if index + 1 < len(nodes) else ""
                self._paragraph(node, before_list=follows in _LISTS)
            elif node.type in _LISTS:
                self._items(node, under=None)
                self.lead = None
            else:
                self.found.before = None
                if node.type == "table":
                    self._table(node)
                elif node.type in _NO_RULES:
                    self.found.skip(self._line(node), _text(node) or node.content or node.type, _NO_RULES[node.type])

    def _line(self, node: SyntaxTreeNode) -> int:
        return self.offset + (node.map[0] if node.map else 0) + 1

    def _heading(self, node: SyntaxTreeNode) -> None:
        text, level = _text(node), int(node.tag[1:])
        if level == 1 and self.title is None and not self.found.drafts:
            self.title = text or None  # the policy's own title groups nothing
        else:
            self.category = slug(without_number(text)) or f"section-{self._line(node)}"
        self.lead = self.found.before = None
        why, outer = self.left_out
        if not why or level <= outer:
            self.left_out = (section_of(text), level)
        if not self.exceptions or level <= self.exceptions:
            self.exceptions = level if lists_exceptions(text) else 0

    def _paragraph(self, node: SyntaxTreeNode, *, before_list: bool) -> None:
        if not (before_list and self._leads(node)):
            self._sentences(node)

    def _leads(self, node: SyntaxTreeNode) -> bool:
        """Whether a block introduces the list that follows it."""
        text = _text(node)
        if not text.endswith(":"):
            return False
        self.lead = without_number(text)
        if exempt(self.lead) is None:
            self.found.before = None  # what is listed stands under this, and not under the rule above
        return True

    def _sentences(self, node: SyntaxTreeNode) -> None:
        """Every sentence of a block, as a rule or as what lifts the one before it."""
        begun, why = len(self.found.drafts), ""
        for text, line in sentences(_with_breaks(node), self._line(node)):
            lifting, left_out = self._lifting(text), len(self.found.skipped)
            if lifting is None and self.found.before is not None:
                lifting = permitted(text)
            if lifting is not None and self.found.before is None and (why or self.left_out[0]):
                self.found.skip(line, text, why or self.left_out[0])  # what limits the policy lifts no rule
            elif lifting is not None:
                self.found.lift(lifting, text, line)
            elif self.exceptions and not forbids(text) and not why_no_rule(text):
                self.found.unplace(line, text, f"under a heading of exceptions, {OPEN}")
            else:
                self._rule(text, line)
                skipped = self.found.skipped[left_out:]
                why = skipped[0].why if skipped else ""
        if len(self.found.drafts) > begun + 1:
            self.found.before = None  # what follows may lift any of them

    def _lifting(self, text: str) -> Exempt | None:
        """What a sentence lifts a rule by; one in a list under `Except:` does, too."""
        led = exempt(self.lead) if self.lead is not None else None
        if led is None:
            return exempt(text)
        return exempt(text) or exempt(f"{self.lead} {text}") if not led.text else Exempt("", clause=False)

    def _items(self, lists: SyntaxTreeNode, under: FoundRule | None) -> None:
        """The items of a list, in one that stands `under` a rule or in none."""
        lead, begun = self.lead, len(self.found.drafts)
        for item in lists.children:
            self.lead = lead
            if under is not None:  # beside a rule of the same list, it is open which of the two is lifted
                self.found.before = under if len(self.found.drafts) == begun else None
            for index, node in enumerate(item.children):
                if index == 0 and node.type == "paragraph":
                    if not (len(item.children) > 1 and self._leads(node)):
                        self._sentences(node)
                elif node.type in _LISTS:
                    self._items(node, self.found.before if index else None)
                else:
                    self.blocks([node])
        made = len(self.found.drafts) - begun
        if under is not None:
            self.found.before = under if not made else None
        elif made > 1:
            self.found.before = None

    def _rule(self, text: str, line: int) -> None:
        named, led = text, self.lead is not None and not text[0].isupper()
        if led:  # a fragment says nothing without what leads to it
            text = f"{self.lead} {text}"
        section = self.left_out[0] or (section_of(self.lead) if self.lead is not None else "")
        draft = self.found.rule(text, line, section=section, named=named)
        if draft is not None:
            draft.category = self.category

    def _table(self, node: SyntaxTreeNode) -> None:
        lines = [row for part in node.children for row in part.children]
        cells = [[_with_breaks(cell) for cell in row.children] for row in lines]
        read = table_of(cells[0], cells[1:]) if cells else None
        if read is None:
            self.found.skip(self._line(node), _text(node), NO_COLUMN)
            return
        for name, why in read.left_out:
            self.found.skip(self._line(lines[0]), name, why)
        for row, node_of_row, said in zip(read.rows, lines[1:], cells[1:], strict=True):
            line, section = self._line(node_of_row), self.left_out[0]
            self.found.rows(row, line, " ".join(said), category=self.category, section=section)
        self.found.before = None


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
        broken = (
            "\v" if re.match(r"<br\b", node.content, re.IGNORECASE) else ""
        )  # a break that is no new line of the file
        return [broken + "\n" * node.content.count("\n")]
    inside = [piece for child in node.children for piece in _pieces(child)]
    return [*inside, " "] if node.type in ("paragraph", "th", "td") else inside
