"""A changed policy is judged by where it can change something, and the tables are those of a whole run under it."""

from __future__ import annotations

import pytest
from PIL import Image

from judge.serving.batch.call import batch
from tests.serving.batch.colours import EDITED, POLICY, ColourMllm, colour_judge, pictures, rows


@pytest.mark.parametrize("times", [1, 2])
def test_a_changed_policy_judges_the_changed_rules_only_and_says_what_a_whole_run_says(tmp_path, times):
    images = pictures(tmp_path / "in", 30)
    batch(images, tmp_path / "out", judge=colour_judge())
    for _ in range(times):
        model = ColourMllm()
        tally = batch(images, tmp_path / "out", judge=colour_judge(EDITED, model))
    if times == 1:
        assert tally.judged == 30
        assert "blue is visible" not in model.asked
    else:
        assert tally.before == 30 and not model.asked
    batch(images, tmp_path / "whole", judge=colour_judge(EDITED))
    drop = ("reused",)
    found, wanted = (
        [{k: v for k, v in row.items() if k not in drop} for row in rows(tmp_path / one)] for one in ("out", "whole")
    )
    assert found == wanted
    of_rules = ("sha256", "view", "rule", "rule_digest", "rule_outcome", "enforced")
    found, wanted = (
        {tuple(row[k] for k in of_rules) for row in rows(tmp_path / one, "statements")} for one in ("out", "whole")
    )
    assert found == wanted

    model = ColourMllm()
    tally = batch(images, tmp_path / "out", judge=colour_judge(POLICY, model))  # back to the first policy
    assert tally.before == 30 and not model.asked


def test_a_rule_that_only_changes_its_status_or_severity_asks_nothing(tmp_path):
    images = pictures(tmp_path / "in", 16)
    batch(images, tmp_path / "out", judge=colour_judge())
    shadowed = POLICY.replace("{id: no-red,", "{id: no-red, status: shadow, severity: low,")
    model = ColourMllm()
    tally = batch(images, tmp_path / "out", judge=colour_judge(shadowed, model))
    assert tally.taken_over == 16 and not model.asked
    batch(images, tmp_path / "whole", judge=colour_judge(shadowed))
    keep = ("key", "verdict", "violations", "shadow_violations", "reasons", "causes", "error")
    found, wanted = ([[row[k] for k in keep] for row in rows(tmp_path / one)] for one in ("out", "whole"))
    assert found == wanted


def test_a_violation_that_hid_what_was_not_looked_at_is_judged_anew_when_its_rule_goes(tmp_path):
    """Of a violation the gaps are notes. When the violated rule is taken out, they must not be lost."""
    images = tmp_path / "in"
    images.mkdir()
    frames = [Image.new("RGB", (128, 128), (255, 0, 0)) for _ in range(36)]
    for number, frame in enumerate(frames):
        frame.paste((255, 255, 255), (20 * (number % 6) + 8, 20 * (number // 6) + 8, 20 * (number % 6) + 26, 127))
    frames[0].save(images / "long.gif", save_all=True, append_images=frames[1:], duration=50)
    batch(images, tmp_path / "out", judge=colour_judge())
    (row,) = rows(tmp_path / "out")
    assert row["verdict"] == "violation" and row["notes"]
    without = POLICY.replace("  - {id: no-red, rule: No red., preconditions: [red is visible]}\n", "")
    batch(images, tmp_path / "out", judge=colour_judge(without))
    (row,) = rows(tmp_path / "out")
    assert row["verdict"] == "needs_review" and "incomplete" in row["causes"]
