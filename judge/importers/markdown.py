"""A plain markdown policy to a constitution file, with every rule's source line beside it.

1. front matter gives title and version; 2. headings become categories; 3. bullets, numbered items and the sentences
of paragraphs become rules, and nested bullets that begin with "except" or "unless" the exceptions of their rule;
a line that ends in a colon is put before the fragments listed under it ("The following may not be shown: guns");
4. what is no rule (tables, code, quotations) is listed with the reason; 5. the result is loaded before it is given
out. The rules have no preconditions yet: those are written by hand or by the compiler.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from judge.constitution import parse_constitution
from judge.constitution.document import MAX_BYTES, Document, clipped, read_document
from judge.errors import UserError
from judge.importers.writing import Draft, Written, slug, written_out
from judge.languages import language

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

LONGEST = 2000  # characters of a rule, as the schema has it
_FENCE = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
_EXCEPTION = re.compile(
    r"(?:exceptions?|except|unless)\b[\s:,]*(?:(?:when|if|where|that|for)\b[\s:,]*)?", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bvs)(?<=[.!?])[\"')\]]?\s+(?=[\"'(\[]?[^\W\d_a-z])")
_NO_RULES = {
    "table": "a table: write its rows as bullets", "fence": "code", "code_block": "code (indented by four spaces)",
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
    """Walks the blocks of a policy and gathers rules."""

    offset: int
    drafts: list[Draft] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    title: str | None = None
    category: str | None = None
    lead: str | None = None

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
            elif node.type in _NO_RULES:
                self.skip(self._line(node), _text(node) or node.content or node.type, _NO_RULES[node.type])

    def _line(self, node: SyntaxTreeNode) -> int:
        return self.offset + (node.map[0] if node.map else 0) + 1

    def _heading(self, node: SyntaxTreeNode) -> None:
        text = _text(node)
        if node.tag == "h1" and self.title is None and not self.drafts:
            self.title = text or None  # the policy's own title groups nothing
        else:
            self.category = slug(text) or f"section-{self._line(node)}"
        self.lead = None

    def _paragraph(self, node: SyntaxTreeNode, *, before_list: bool) -> None:
        text = _text(node)
        if before_list and text.endswith(":"):
            self.lead = text
            return
        for sentence in _SENTENCE_END.split(text):
            self._rule(sentence, self._line(node))

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
        """A list item: a rule, an exception of the rule it stands under, or what introduces the items below it."""
        text, line = _text(node), self._line(node)
        found = _EXCEPTION.match(text)
        if found and parent is not None:
            said = text[found.end() :].strip().rstrip(".;,")
            if 2 <= len(said) <= LONGEST:
                parent.exceptions.append((said, line))
            else:
                self.skip(line, text, "an exception needs a condition")
            return parent
        if leads and text.endswith(":"):
            self.lead = text
            return None
        return self._rule(text, line)

    def _rule(self, text: str, line: int) -> Draft | None:
        if not any(one.isalpha() for one in text) or len(text) < 2:
            if text:
                self.skip(line, text, "no words")
            return None
        named = text
        if self.lead is not None and not text[0].isupper():  # a fragment says nothing without what leads to it
            text = f"{self.lead} {text}"
        if len(text) > LONGEST:
            self.skip(line, text, f"longer than {LONGEST} characters: split it")
            return None
        self.drafts.append(Draft(text, line, self.category, named))
        return self.drafts[-1]


def _text(node: SyntaxTreeNode) -> str:
    """The words of a block in one line, marks and links left out."""
    return " ".join("".join(_pieces(node)).split())


def _pieces(node: SyntaxTreeNode) -> list[str]:
    if node.type in ("text", "code_inline"):
        return [node.content]
    if node.type in ("softbreak", "hardbreak"):
        return [" "]
    if node.type == "html_inline":
        return []
    inside = [piece for child in node.children for piece in _pieces(child)]
    return [*inside, " "] if node.type in ("paragraph", "th", "td") else inside
