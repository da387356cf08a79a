"""How a picture is laid before a reviewer: views and the outlines on them."""

from __future__ import annotations

import io

from PIL import Image

from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedDetector, ScriptedMllm
from judge.review.queue import stage
from judge.settings import Settings
from tests.judging.scenes import constitution


def test_a_region_in_a_part_is_outlined_on_the_view_that_it_is_a_part_of():
    canvas = Image.new("RGB", (400, 400), "grey")
    canvas.paste("black", (300, 300, 340, 360))
    canvas.paste("white", (310, 310, 330, 350))
    file = io.BytesIO()
    canvas.save(file, format="PNG")
    rule = "id: fire, rule: no fire, preconditions: [{statement: fire is visible, central_objects: [flame]}]"
    mllm = ScriptedMllm({"fire is visible": [0.01, 0.7, 0.05]}, {"fire is visible": 0.5})
    judge = Judge(
        constitution(rule), mllm, detector=ScriptedDetector({"flame": (5, 5, 30, 40, 0.9)}),
        settings=Settings(look_closer=True, escalate=()), sees=60,
    )  # fmt: skip
    verdict = judge.judge(file.getvalue())
    assert verdict.verdict == "violation" and verdict.findings[1].view == "trimmed"
    page = stage.original(verdict, file.getvalue())
    assert page.count("<img") == 1
    box = verdict.findings[1].preconditions[0].alternatives[0].region.box
    assert box[0] > 290 and stage._view(verdict, file.getvalue(), 0).boxes
