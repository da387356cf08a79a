"""`examples/verdicts.ipynb`: what it shows is kept in it, small, and comes out again when it is run."""

from __future__ import annotations

import json
import os

import pytest

from tests.conftest import ROOT
from tests.needs import needs

NOTEBOOK = ROOT / "examples" / "verdicts.ipynb"
MOST = 100_000  # bytes of the file


def shown(cells) -> list[str]:
    """What stands under cells, as text."""
    outputs = (one for cell in cells for one in cell.get("outputs", ()))
    return ["".join(one["data"]["text/plain"]) for one in outputs if one["output_type"] != "stream"]


def test_its_outputs_are_kept_and_small():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert NOTEBOOK.stat().st_size < MOST
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert all(one["output_type"] in ("execute_result", "display_data") for cell in code for one in cell["outputs"])
    _, table, _, plot, moved = shown(code)
    assert "no_violation" in table and "Figure" in plot and "needs_review" in moved
    assert any("image/png" in one.get("data", {}) for cell in code for one in cell["outputs"])


@pytest.mark.skipif(not os.environ.get("CI"), reason="a kernel that loads a model takes a quarter of a minute: in CI")
@pytest.mark.filterwarnings("default")  # Jupyter's own
def test_it_runs_and_comes_to_what_is_kept():
    client, read = needs("nbclient").NotebookClient, needs("nbformat").read

    notebook = read(NOTEBOOK, as_version=4)
    kept = shown(notebook.cells)
    client(notebook, timeout=240, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    again = shown(notebook.cells)
    assert again[-1] == kept[-1], "verdicts under moved thresholds"
    assert len(again) == len(kept)
