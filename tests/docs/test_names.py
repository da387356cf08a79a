"""One name per thing: a public class of `judge` has a name that no other has, and code and pages use the glossary's words."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.conftest import ROOT

# Words that others use for what the glossary has a word for.
SECOND_WORDS = {
    "answer": ("response probability", "yes probability"),
    "approval": ("sign-off", "signoff", "endorsement"),
    "central region": ("region of interest", "saliency", "salient"),
    "chain": ("docket", "checklist"),
    "condition": ("criterion", "criteria", "premise"),
    "finding": ("rule result", "sub-verdict"),
    "language prior": ("text bias", "prior bias"),
    "lock file": ("compiled file", "chain file"),
    "policy": ("ruleset", "rule set", "rulebook", "rule book"),
    "reasoning": ("cascade", "deliberation"),
    "verdict": ("prediction", "predicted", "classification"),
}
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def words(name: str) -> list[str]:
    """`RegionEvidence`, `label_mass` and `NOT_ASKED` in lower-case words."""
    return [one.lower() for one in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def public_names() -> set[str]:
    """Of modules, classes, functions and fields."""
    names = set()
    for path in (ROOT / "judge").rglob("*.py"):
        names.add(path.stem)
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(one, ast.ClassDef | ast.FunctionDef):
                names.add(one.name)
            elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                names.add(one.target.id)
    return {name for name in names if not name.startswith("_")}


def terms() -> list[str]:
    whole = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    return [term for term in re.findall(r"^## (.+)$", whole, re.MULTILINE) if term != "Causes"]


def test_the_code_is_named_in_the_words_of_the_glossary():
    """Whoever renames a thing in the code renames it there, and whatever stands there can be found in the code."""
    used = {" ".join(words(name)) for name in public_names()}
    heads = {term: re.sub("^central |^language | file$", "", term) for term in terms()}
    assert len(heads) > 15
    missing = [term for term, head in heads.items() if not any(re.search(rf"\b{head}s?\b", one) for one in used)]
    assert missing == []


def test_no_second_word_stands_for_what_the_glossary_names():
    assert SECOND_WORDS.keys() <= set(terms())
    said = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8").lower() for page in PAGES}
    said["names in the code"] = "\n".join(" ".join(words(name)) for name in public_names())
    found = [
        f"{where} says {second!r} for {term!r}"
        for term, seconds in SECOND_WORDS.items()
        for second in seconds
        for where, text in said.items()
        if re.search(rf"\b{second}\b", text)
    ]
    assert found == []


def test_no_two_public_classes_have_one_name():
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "judge").rglob("*.py")):
        for one in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
                places[one.name].append(str(Path(path).relative_to(ROOT)))
    assert len(places) > 300
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
