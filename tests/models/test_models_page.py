"""The table of families in docs/models.md is what is measured here."""

from __future__ import annotations

from importlib import metadata

import pytest
from PIL import Image

from tests import tiny
from tests.models import conformance as suite
from tests.models.conftest import anew
from tools import document_models
from tools.document_models import ABOUT, FAILS, NAMES, PAGE, WORKS, cells_of, read, written

TABLE = read(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("family", sorted(tiny.EVERY_MLLM))
def test_a_row_says_how_its_family_is_computed(loaded, family):
    adapter = anew(loaded(family))
    adapter.answer(suite.asks_of([Image.new("RGB", (64, 48), "red")], suite.STATEMENTS[:1]))
    row = TABLE[NAMES[family]]
    assert cells_of(family, adapter).items() <= row.items()
    assert row.get(metadata.version("transformers"), WORKS) == WORKS


def test_no_family_is_missing_and_none_is_there_that_is_not_tried():
    assert set(NAMES) == set(tiny.EVERY_MLLM)
    assert set(TABLE) == set(NAMES.values())


def test_every_family_was_tried_with_both_ends_of_the_range():
    versions = [column for column in next(iter(TABLE.values())) if column not in ABOUT]
    assert len(versions) == 2
    assert {row[version] for row in TABLE.values() for version in versions} <= {WORKS, FAILS}


def test_a_version_outside_of_the_range_is_left_out():
    page = PAGE.read_text(encoding="utf-8")
    table = {name: {**cells, "99.0.0": WORKS} for name, cells in TABLE.items()}
    assert written(page, table) == page
    assert document_models.LAST in page
