"""Whether hostile files change anything in a batch but their own rows. Bundled model.

    python -m benchmarks.batches.hostile [--images 1000]

The files of `benchmarks.soak`, one in twenty of them hostile, are judged by `judge batch`, and then the others alone.
Words must be the same; probabilities may differ by what a batch of other pictures does to the last digits. Prints JSON;
exit code 1 when something differs, is lost, or a hostile file passes as safe.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import soak
from benchmarks.batches.running import run

CLOSE = 1e-4
_IMAGE = ("verdict", "violations", "shadow_violations", "reasons", "causes", "notes", "error", "format", "width")
_STATEMENT = ("view", "rule", "rule_outcome", "rule_cause", "kind", "condition", "statement", "outcome", "branch")
_NUMBERS = ("relevance", "with_image", "prior", "score")
Rows = dict[tuple[Any, ...], Any]


def judged(folder: Path, out: Path, cache: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of both tables, of `judge batch` over a folder."""
    import pyarrow.parquet as pq

    from judge.serving.batch.room import last_run

    ran = run(["-m", "judge", "batch", str(folder), "-o", str(out), "-c", "demo"], {"JUDGE_CACHE_DIR": str(cache)})
    assert ran.code in (0, 1), ran.said
    images, statements = (pq.read_table(last_run(out) / table).to_pylist() for table in ("images", "statements"))
    return images, statements


def compared(count: int) -> dict[str, Any]:
    """Judge `count` files, and those that are not hostile alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        among, alone = folder / "among", folder / "alone"
        among.mkdir()
        alone.mkdir()
        bad = {Path(one).name for one in soak.write(among, count)}
        for path in among.iterdir():
            if path.name not in bad:
                os.link(path, alone / path.name)
        images, statements = judged(among, folder / "out", folder / "cache")
        wanted, told = judged(alone, folder / "out-alone", folder / "cache")
    good = {one["sha256"] for one in wanted}
    words = [{one["key"]: [one[name] for name in _IMAGE] for one in rows} for rows in (images, wanted)]
    apart = _apart([one for one in statements if one["sha256"] in good], told)
    return {
        "images": count,
        "hostile": len(bad),
        "lost": len(bad | words[1].keys()) - len(words[0]),
        "rows_that_differ": sum(words[0].get(key) != row for key, row in words[1].items()),
        "statements_that_differ": apart[0],
        "largest_difference": apart[1],
        "hostile_passed_as_safe": sum(one["verdict"] == "no_violation" for one in images if one["key"] in bad),
    }


def _apart(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> tuple[int, float]:
    """How many rows of statements are on one side only, and how far apart the numbers of the others are at most."""
    sides = []
    for rows in (found, wanted):
        sides.append({(one["sha256"], *(str(one[name]) for name in _STATEMENT)): one for one in rows})
    both = sides[0].keys() & sides[1].keys()
    pairs = [(sides[0][key][name], sides[1][key][name]) for key in both for name in _NUMBERS]
    far = [abs(a - b) if a is not None and b is not None else float(a is not b) for a, b in pairs]
    return len(sides[0].keys() ^ sides[1].keys()), max(far, default=0.0)


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    found = compared(parser.parse_args().images)
    print(json.dumps(found, indent=2))
    counts = ("lost", "rows_that_differ", "statements_that_differ", "hostile_passed_as_safe")
    sys.exit(any(found[name] for name in counts) or found["largest_difference"] > CLOSE)


if __name__ == "__main__":
    main()
