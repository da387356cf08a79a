"""Writes judge/review/sample_verdicts.jsonl.gz: verdicts on the shipped drawings, with which an empty store begins.

Run it after a change that shifts scores: `python tools/sample_verdicts.py`. Equal verdicts give an equal file.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from judge import load_judge

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Judge all drawings and write the verdicts, images by their bare names, times left out."""
    paths = sorted((ROOT / "examples" / "images").glob("*.png"))
    verdicts = load_judge("demo").judge_many(paths)
    lines = [
        verdict.model_copy(update={"image": path.name}).canonical_json() + "\n"
        for path, verdict in zip(paths, verdicts, strict=True)
    ]
    packed = gzip.compress("".join(lines).encode(), mtime=0)
    (ROOT / "judge" / "review" / "sample_verdicts.jsonl.gz").write_bytes(packed)


if __name__ == "__main__":
    main()
