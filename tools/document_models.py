"""Writes the table in docs/models.md: which families work, how, and with which version of transformers.

Run it in an environment of each end of the range: `python -m tools.try_ranges` makes them, and
`FOLDER/bin/python -m tools.document_models` fills in the column of the transformers that is installed there. A family
works where all of `tests/models/test_families.py` passes for a tiny random checkpoint of it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from packaging.requirements import Requirement
from packaging.version import Version
from PIL import Image

from judge.models.transformers.internals import layers_of, tested
from judge.ports import Ask

if TYPE_CHECKING:
    from judge.models.transformers.mllm import TransformersMllm

ROOT = Path(__file__).resolve().parent.parent
PAGE, TESTS = ROOT / "docs" / "models.md", "tests/models/test_families.py"
FIRST, LAST = "<!-- The table of families begins. -->\n", "<!-- The table of families ends. -->\n"
ABOUT = ["family", "`model_type`", "keeps", "questions", "replies"]
WORKS, FAILS = "works", "fails"
NAMES = {
    "llava": "LLaVA", "qwen3_vl": "Qwen3-VL", "qwen2_5_vl": "Qwen2.5-VL", "smolvlm": "SmolVLM", "internvl": "InternVL",
    "llava_next": "LLaVA-NeXT", "llava_onevision": "LLaVA-OneVision", "idefics3": "Idefics3", "ovis2": "Ovis2",
    "janus": "Janus", "deepseek_vl": "DeepSeek-VL", "deepseek_vl_hybrid": "DeepSeek-VL (hybrid)",
    "paligemma": "PaliGemma", "qwen2_vl": "Qwen2-VL", "qwen3_vl_moe": "Qwen3-VL (mixture of experts)",
    "glm4v": "GLM-4.1V", "glm4v_moe": "GLM-4.5V", "glm46v": "GLM-4.6V", "gemma3": "Gemma 3", "gemma4": "Gemma 4",
    "aya_vision": "Aya Vision", "cohere2_vision": "Cohere2 Vision", "mistral3": "Mistral 3", "pixtral": "Pixtral",
    "qwen3_5": "Qwen3.5", "qwen3_5_moe": "Qwen3.5 (mixture of experts)", "lfm2_vl": "LFM2-VL",
    "mllama": "Llama 3.2 Vision", "llama4": "Llama 4",
}  # fmt: skip
KINDS = {
    "DynamicLayer": "keys and values", "DynamicSlidingWindowLayer": "windows", "LinearAttentionLayer": "running states",
}  # fmt: skip
Table = dict[str, dict[str, str]]  # cells by column, by family


def main() -> None:
    """Try every family with the transformers that is installed, and write its column."""
    version = metadata.version("transformers")
    works = tried()
    table = read(PAGE.read_text(encoding="utf-8"))
    for family, cells in measured([family for family in NAMES if works[family]]).items():
        table.setdefault(NAMES[family], {}).update(cells)
    for family, name in NAMES.items():
        table.setdefault(name, {"family": name})[version] = WORKS if works[family] else FAILS
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), table), encoding="utf-8")
    print(f"transformers {version}: {sum(works.values())} of {len(works)} families work")


def tried() -> dict[str, bool]:
    """Whether all tests of a family pass, by family."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-W", "default", "-m", "slow", f"--junit-xml={report}", TESTS]
        subprocess.run(command, cwd=ROOT, check=False)  # which families fail is what is asked
        cases = ElementTree.parse(report).getroot().iter("testcase")
        passed: dict[str, list[bool]] = {family: [] for family in NAMES}
        for case in cases:
            named = re.search(r"\[(\w+)", case.get("name", ""))
            if named and named[1] in passed:
                passed[named[1]].append(case.find("failure") is None and case.find("error") is None)
    return {family: bool(results) and all(results) for family, results in passed.items()}


def measured(families: list[str]) -> Table:
    """What the caches of tiny checkpoints are made of, and how their questions and replies are computed."""
    from judge.models.transformers.mllm import load_mllm
    from judge.settings import Settings
    from tests import tiny

    found: Table = {}
    with tempfile.TemporaryDirectory() as folder:
        for family in families:
            mllm = load_mllm(str(tiny.build(family, Path(folder) / family)), Settings(dtype="float32", device="cpu"))
            mllm.answer([Ask(Image.new("RGB", (64, 48), "red"), "Is this true?", "it is red")])
            found[family] = cells_of(family, mllm)
    return found


def cells_of(family: str, mllm: TransformersMllm) -> dict[str, str]:
    """What the table says of a family beside versions. `mllm` has answered a question about a picture."""
    if mllm.way is None:
        raise ValueError(f"{family} was asked nothing about a picture")
    kept = next(iter(mllm._kept._kept.values())).prefix.batch
    keeps = ", ".join(sorted({KINDS[type(layer).__name__] for layer in layers_of(kept.cache)}))
    if keeps == KINDS["DynamicLayer"] and not kept.is_plain:
        keeps += ", the picture apart"
    asked = "together" if mllm.way.shares else "one by one"
    replies = "from what is kept" if mllm.way.plain else "anew"
    return dict(zip(ABOUT, [NAMES[family], f"`{mllm._model.config.model_type}`", keeps, asked, replies], strict=True))


def read(page: str) -> Table:
    """The table of a page."""
    lines = page.partition(FIRST)[2].partition(LAST)[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}


def written(page: str, table: Table) -> str:
    """The page with another table. Versions that are no longer in the range are left out."""
    allowed = Requirement(tested("transformers")).specifier
    versions = {column for cells in table.values() for column in cells if column not in ABOUT and column in allowed}
    columns = [*ABOUT, *sorted(versions, key=Version)]
    rows = [columns, ["---"] * len(columns)]
    rows += [[cells.get(column, "") for column in columns] for _, cells in sorted(table.items(), key=_by_name)]
    before, _, after = page.partition(FIRST)
    return before + FIRST + "".join(f"| {' | '.join(row)} |\n" for row in rows) + LAST + after.partition(LAST)[2]


def _by_name(row: tuple[str, dict[str, str]]) -> str:
    return row[0].casefold()


if __name__ == "__main__":
    main()
