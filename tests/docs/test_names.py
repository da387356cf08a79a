"""One name per thing: a public class of `judge` has a name that no other has."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.conftest import ROOT


def test_no_two_public_classes_have_one_name():
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "judge").rglob("*.py")):
        for one in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
                places[one.name].append(str(Path(path).relative_to(ROOT)))
    assert len(places) > 300
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
