"""Writes a constitution file a person goes on editing: readable YAML with the source line above each rule."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

import yaml

from judge.constitution.document import comment
from judge.constitution.schema import REFERENCE

LONGEST_ID = 80  # as the schema has it
_WORDS_IN_ID = 6
_FILLER = frozenset(
    re.findall(r"\w+", "a an and any are be by for in is it may must of on or shall should shown the to with")
)
_UNPRINTABLE = re.compile("[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass
class FoundRule:
    """A rule as it was found: its text, 1-based line, category, what it is called by, its exceptions, its severity, and
    the id that it has in the policy."""

    text: str
    line: int
    category: str | None = None
    named: str = ""
    exceptions: list[tuple[str, int]] = field(default_factory=list)
    severity: str | None = None
    id: str = ""


@dataclass(frozen=True)
class Written:
    """What stands above the rules."""

    name: str
    title: str
    version: str
    source: str
    description: str
    language: str | None = None


def slug(text: str, words: int | None = None) -> str:
    """`text` as an id: lower-case ASCII words joined by hyphens; empty where nothing of it can be written so."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode().replace("'", "")
    found = re.findall(r"[a-z0-9]+", plain)
    kept = ([word for word in found if word not in _FILLER] or found)[:words] if words else found
    joined = "-".join(kept)
    return joined if len(joined) <= LONGEST_ID - 8 else joined[: LONGEST_ID - 8].rstrip("-")  # room for a number


def written_out(head: Written, drafts: list[FoundRule]) -> str:
    """The text of the file."""
    lines = [
        "# yaml-language-server: $schema=./constitution.schema.json",
        f"# {comment(head.title)}: imported from {comment(head.source)}. Each rule names the line it stood on.",
        "# The rules have no preconditions yet, so every image would end in needs_review: write them by hand, or",
        "# run `judge compile` on this file.",
        f"constitution: {_scalar(head.name)}",
        f"version: {_scalar(head.version)}",
        f"description: {_scalar(head.description)}",
    ]
    if head.language:
        lines.append(f"language: {_scalar(head.language)}")
    lines.append("rules:")
    taken: set[str] = set()
    for draft in drafts:
        found = slug(draft.id) or slug(draft.named or draft.text, _WORDS_IN_ID) or f"rule-{draft.line}"
        lines += _rule(draft, _unique(found, taken), head.source)
    return "\n".join(lines) + "\n"


def _rule(draft: FoundRule, identifier: str, source: str) -> list[str]:
    lines = [f"  # {comment(source)}:{draft.line}", f"  - id: {_scalar(identifier)}"]
    lines.append(f"    rule: {_scalar(_unreferenced(draft.text))}")
    if draft.category:
        lines.append(f"    category: {_scalar(draft.category)}")
    if draft.severity:
        lines.append(f"    severity: {draft.severity}")
    if draft.exceptions:
        lines.append("    exceptions:")
        for text, line in draft.exceptions:
            lines += [f"      # {comment(source)}:{line}", f"      - {_scalar(_unreferenced(text))}"]
    return lines


def _unique(identifier: str, taken: set[str]) -> str:
    """`identifier`, with a number where it is taken."""
    number, found = 1, identifier
    while found in taken:
        number += 1
        found = f"{identifier}-{number}"
    taken.add(found)
    return found


def _unreferenced(text: str) -> str:
    """Braces around a word would name a parameter, and the policy knows of none."""
    return REFERENCE.sub(r"(\1)", text)


def _scalar(text: str) -> str:
    """`text` as a YAML value in one line, quoted where it must be."""
    clean = _UNPRINTABLE.sub("\ufffd", text)
    return str(yaml.safe_dump(clean, allow_unicode=True, width=float("inf"))).removesuffix("\n").removesuffix("\n...")
