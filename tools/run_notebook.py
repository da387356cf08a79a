"""Runs examples/verdicts.ipynb and keeps what it shows: `python -m tools.run_notebook`, after what moves verdicts.

Needs the extra `[dev]`. Times and other talk are left out, so that only what changed differs.
"""

from __future__ import annotations

from pathlib import Path

from nbclient import NotebookClient
from nbformat import read, write

NOTEBOOK = Path(__file__).resolve().parent.parent / "examples" / "verdicts.ipynb"


def main() -> None:
    """Run every cell and write the notebook anew."""
    notebook = read(NOTEBOOK, as_version=4)
    named = dict(notebook.metadata)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if one.output_type != "stream"]
    notebook.metadata.clear()
    notebook.metadata.update(named)
    write(notebook, NOTEBOOK)


if __name__ == "__main__":
    main()
