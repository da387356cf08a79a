"""The shipped drawings are judged as they were: every verdict, every rule's outcome, and the step that decided each
statement. `stored.json` was written before the house was rebuilt; what changes it changes verdicts, and the changelog
says so (`python -m tests.judging.test_stored` writes it anew).
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from judge import load_judge
from judge.review.samples import VERDICTS
from judge.verdict import Verdict
from tests.conftest import ROOT

STORED = Path(__file__).with_name("stored.json")
IMAGES = sorted((ROOT / "examples" / "images").glob("*.png"))


def in_short(verdict: Verdict) -> dict[str, object]:
    """Scores are left out: their last digits are another machine's."""
    return {
        "verdict": str(verdict.verdict),
        "rules": {
            f"{one.rule}, {one.view}": " ".join(
                [str(one.outcome)]
                + [str(e.branch) for group in (*one.preconditions, *one.exceptions) for e in group.alternatives]
            )
            for one in verdict.findings
        },
    }


def judged() -> dict[str, object]:
    verdicts = load_judge("demo").judge_many(IMAGES)
    return {image.name: in_short(verdict) for image, verdict in zip(IMAGES, verdicts, strict=True)}


def test_the_shipped_drawings_are_judged_as_they_were():
    assert judged() == json.loads(STORED.read_text(encoding="utf-8"))


def test_the_samples_of_the_review_app_are_of_todays_prompts_models_and_thresholds():
    today = load_judge("demo").provenance.model_dump(mode="json", exclude={"versions", "probe"})
    lines = gzip.decompress(VERDICTS.read_bytes()).decode().splitlines()
    assert len(lines) == len(IMAGES)
    for line in lines:
        sample = Verdict.model_validate_json(line).provenance.model_dump(mode="json", exclude={"versions", "probe"})
        assert sample == today, "write them anew: python tools/sample_verdicts.py"


if __name__ == "__main__":
    STORED.write_text(json.dumps(judged(), indent=0) + "\n", encoding="utf-8")
