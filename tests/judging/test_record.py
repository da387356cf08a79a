"""What a verdict says of a picture that was not wholly looked at, and in which pixels it names a region."""

from __future__ import annotations

import pytest
from PIL import Image

from judge.causes import Why
from judge.judging.opening import Opened
from judge.media import Picture, View
from judge.media.gaps import Detail, Gap, Note
from judge.models.scripted import ScriptedDetector, ScriptedMllm
from judge.verdict import Provenance, Verdict
from tests.judging.scenes import judge_with

STATEMENT = "a thing burns"
RULE = f"id: fire, rule: No fire., preconditions: [{STATEMENT}]"
BROKEN = Why.of(Gap.FRAME_UNREAD, frame=3, why=Why.of(Detail.SAID, said="broken"))
FOUND = (BROKEN, Why.of(Gap.FILMS, films=2))
GAPS = ("frame 3 cannot be read (broken)", "it holds 2 films, of which one was judged")


def picture(**facts: object) -> Picture:
    white = View("image", Image.new("RGB", (200, 100), "white"))
    return Picture(**{"source": "x.png", "sha256": "0" * 64, "format": "PNG", "width": 200, "height": 100,
                      "views": (white,), **facts})  # fmt: skip


def judged(seen: Picture, answer: float, **models: object) -> Verdict:
    judge = judge_with((RULE,), ScriptedMllm({STATEMENT: [answer]}, {STATEMENT: 0.5}), **models)
    return judge._judge_batch([Opened("x.png", seen, 0.0)])[0]


def test_without_gaps_a_decided_chain_is_no_violation():
    assert judged(picture(), 0.01).verdict == "no_violation"


def test_with_gaps_nothing_is_called_safe_and_each_gap_is_a_reason():
    verdict = judged(picture(gaps=FOUND, notes=(Why.of(Note.METADATA),)), 0.01)
    assert (verdict.verdict, verdict.reasons, verdict.notes) == ("needs_review", GAPS, ("its metadata are damaged",))
    assert verdict.failure is None


def test_a_violation_found_stays_one_and_the_gaps_are_noted():
    verdict = judged(picture(gaps=FOUND), 0.99)
    assert verdict.verdict == "violation"
    assert verdict.reasons == ()
    assert set(GAPS) <= set(verdict.notes)


def test_running_out_of_time_is_a_failure_that_may_be_tried_again():
    verdict = judged(picture(gaps=(Why.of(Gap.OUT_OF_TIME, seconds=30),), late=True), 0.01)
    assert verdict.failure is not None
    assert (verdict.verdict, verdict.failure.kind, verdict.failure.retryable) == ("needs_review", "image", True)


@pytest.mark.parametrize(("shows", "box"), [
    (None, (50.0, 25.0, 100.0, 75.0)),
    ((0, 0, 800, 400), (200.0, 100.0, 400.0, 300.0)),
    ((400, 100, 600, 200), (450.0, 125.0, 500.0, 175.0)),
])  # fmt: skip
def test_a_region_is_named_in_pixels_of_the_frame(shows, box):
    seen = picture(views=(View("image", Image.new("RGB", (200, 100), "white"), shows),))
    mllm = ScriptedMllm({STATEMENT: [0.7, 0.1]}, {STATEMENT: 0.5})
    detector = ScriptedDetector({STATEMENT: (50.0, 25.0, 100.0, 75.0, 0.9)})
    verdict = judge_with((RULE,), mllm, detector=detector, escalate=())._judge_batch([Opened("x.png", seen, 0.0)])[0]
    region = verdict.findings[0].preconditions[0].alternatives[0].region
    assert region is not None
    assert region.box == box
    assert region.share == 0.125
    blanked = mllm.asked[-1].image
    assert blanked.getpixel((60, 30)) == (128, 128, 128) and blanked.getpixel((40, 30)) == (255, 255, 255)


def test_a_small_object_in_a_reduced_view_is_cropped_where_it_is():
    image = Image.new("RGB", (400, 400), "white")
    image.paste("red", (100, 100, 132, 132))
    seen = picture(views=(View("image", image, (0, 0, 1200, 1200)),))
    mllm = ScriptedMllm(
        {STATEMENT: [0.7, 0.69, 0.7]}, {STATEMENT: 0.5}, replies=["hm", '{"rating": "No", "rationale": "n"}']
    )
    detector = ScriptedDetector({STATEMENT: (100.0, 100.0, 132.0, 132.0, 0.9)})
    judge_with((RULE,), mllm, detector=detector)._judge_batch([Opened("x.png", seen, 0.0)])
    crops = [mllm.asked[-1].image, mllm.talked[0].image]
    assert [(crop.size, crop.getcolors()) for crop in crops] == [((32, 32), [(1024, (255, 0, 0))])] * 2


def test_all_that_changes_a_verdict_is_in_the_provenance():
    said = judge_with((RULE,), ScriptedMllm({}, {})).provenance
    others = [
        judge_with((RULE,), ScriptedMllm({}, {}), **change).provenance
        for change in (
            {"escalate": ()}, {"reason_with": "thinking"}, {"reason_tokens": 99}, {"without_logprobs": "sample:8"},
            {"max_pixels": 4096}, {"look_closer": True}, {"thresholds": {"label_mass": 0.4}}, {"limits": {"frames": 2}},
        )
    ]  # fmt: skip
    assert len({one.basis() for one in (said, *others)}) == 9
    assert (said.reason, said.reason_with, said.reason_tokens, said.without_logprobs) == (True, "steps", 512, None)
    assert others[3].without_logprobs == "sample:8"
    old = said.model_dump(exclude={"reason", "reason_with", "reason_tokens", "without_logprobs"})
    assert Provenance.model_validate(old).model_dump() == old, "verdicts of old are read as they were written"
