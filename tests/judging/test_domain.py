"""The domain guard: what is no drawing goes to a person, whatever the model would have said."""

from __future__ import annotations

from PIL import Image

from judge import Judge
from judge.caches.verdicts import model_failed
from judge.causes import Cause
from judge.errors import ModelError
from judge.models.scripted import ScriptedMllm
from judge.verdict import ModelIdentity
from tests.judging.scenes import constitution, png

FIRE = "id: fire, rule: no fire, preconditions: [fire is visible]"


class ScriptedGuard:
    """Says that an image is as strange as its width is in hundreds of pixels; a width of 13 breaks it."""

    model, reads = "the model", "drawings"
    identity = ModelIdentity(role="guard", name="scripted", digest="0")

    def strangeness(self, images):
        if any(image.width == 13 for image in images):
            raise ModelError("the guard fell over")
        return [image.width / 100 for image in images]


REASON = "the model reads drawings only"


def guarded(mllm: ScriptedMllm) -> Judge:
    return Judge(constitution(FIRE), mllm, guard=ScriptedGuard())


def test_a_strange_picture_is_asked_nothing_and_needs_review():
    mllm = ScriptedMllm()  # raises when it is asked
    verdict = guarded(mllm).judge(png((300, 100)))
    assert verdict.verdict == "needs_review" and verdict.reasons == (REASON,)
    assert verdict.violations == () and verdict.failure is None
    assert [finding.outcome for finding in verdict.findings] == ["undecided"]
    assert any("3.00 (at most 1)" in note for note in verdict.notes)


def test_a_picture_of_the_kind_is_judged_as_ever():
    mllm = ScriptedMllm({"fire is visible": [0.99]}, {"fire is visible": 0.5})
    verdict = guarded(mllm).judge(png((100, 100)))
    assert verdict.verdict == "violation" and verdict.notes == ()
    assert {model.role for model in verdict.provenance.models} == {"mllm", "guard"}


def test_one_strange_frame_is_enough(tmp_path):
    frames = [Image.new("RGBA", (300, 300), (0, 0, 0, 0))]  # seen over white and over black: two views
    frames[0].save(tmp_path / "seen.png")
    verdict = guarded(ScriptedMllm()).judge(tmp_path / "seen.png")
    assert verdict.verdict == "needs_review" and len(verdict.findings) == 2


def test_strange_and_known_pictures_of_one_batch_go_their_own_ways():
    mllm = ScriptedMllm({"fire is visible": [0.99]}, {"fire is visible": 0.5})
    strange, known = guarded(mllm).judge_many([png((300, 100)), png((100, 100))])
    assert (strange.verdict, known.verdict) == ("needs_review", "violation")


def test_a_guard_that_fails_lets_nothing_through():
    verdict = guarded(ScriptedMllm()).judge(png((13, 100)))
    assert verdict.verdict == "needs_review" and "the guard fell over" in verdict.reasons[0]


def test_why_a_picture_was_kept_out_is_a_value():
    guard = ScriptedGuard()
    judge = Judge(constitution(FIRE), ScriptedMllm(), guard=guard)
    strange, broken = judge.judge(png((300, 100))), judge.judge(png((13, 13)))
    assert (strange.causes, broken.causes) == ((Cause.OUTSIDE,), (Cause.GUARD_FAILED,))
    assert [one.cause for one in (*strange.findings, *broken.findings)] == [Cause.OUTSIDE, Cause.GUARD_FAILED]
    assert model_failed(broken) and not model_failed(strange)
