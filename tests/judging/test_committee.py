"""A committee: who votes, what makes them agree, who decides where they do not, and that silence is no vote."""

from __future__ import annotations

import pytest
from PIL import Image
from pydantic import ValidationError

from judge.caches.verdicts import model_failed
from judge.chain import Outcome
from judge.errors import ModelError, UserError
from judge.judging.ladder import Further
from judge.judging.replay import outcome_under
from judge.languages import available, language_of
from judge.models.scripted import ScriptedMllm
from judge.settings import Settings
from judge.verdict import Branch, ModelIdentity, RuleOutcome, Verdict
from tests.judging.scenes import judge_with, png
from tests.judging.test_ladder import ROUNDS, decided

FIRE = "id: fire, rule: no fire, preconditions: [fire is visible]"
YES, NO, SILENT = 0.95, 0.05, 0.6
SUMMED = ["A lamp.", '{"rating": "No", "rationale": "It is a lamp."}']


def model(said, *, prior=0.5, replies=()):
    return ScriptedMllm({"fire is visible": [said]}, {"fire is visible": prior}, replies)


def voted(others, *, own=0.7, stronger=None, replies=(), **settings):
    """own: what the judge's model says. others: by name, what each says, once."""
    mllm = ScriptedMllm({"fire is visible": [own, *[0.6] * 200]}, {"fire is visible": 0.5}, replies)
    members = {name: one if isinstance(one, ScriptedMllm) else model(one) for name, one in others.items()}
    further = Further(members=members, stronger=("big", stronger) if stronger is not None else None)
    committee = {"members": tuple(members), "stronger": "big" if stronger is not None else None}
    rule = {**committee, **settings.pop("committee", {})}
    judge = judge_with((FIRE,), mllm, further=further, committee=rule, **{"escalate": ("committee",), **settings})
    verdict = judge.judge(png())
    return verdict, verdict.findings[0].preconditions[0].alternatives[0], members


@pytest.mark.parametrize(
    ("others", "agreement", "word"),
    [
        ({"a": YES, "b": YES}, "majority", "violation"),
        ({"a": NO, "b": NO}, "majority", "no_violation"),
        ({"a": YES, "b": SILENT}, "majority", None),  # one of three, and the judge's own is silent
        ({"a": YES, "b": NO}, "majority", None),
        ({"a": YES, "b": YES, "c": NO}, "majority", None),  # two of four are no more than half
        ({"a": YES, "b": YES, "c": YES, "d": NO}, "majority", "violation"),
        ({"a": YES, "b": YES}, "unanimous", None),  # the judge's own is silent
    ],
)
def test_members_agree_by_the_rule_and_silence_is_no_vote(others, agreement, word):
    replies = () if word else ("Hm.", "no json")
    verdict, found, _ = voted(others, committee={"agreement": agreement}, replies=replies)
    assert verdict.verdict == (word or "needs_review")
    assert [vote.model for vote in found.committee.votes] == ["bundled", *others]
    assert found.committee.votes[0].word == "silent" and found.committee.agreement == agreement
    assert found.branch is (Branch.COMMITTEE if word else Branch.UNDECIDED)
    if not word:
        assert verdict.causes == ("committee_split",) and " yes" in found.reason


def test_weights_say_whose_vote_counts_for_more():
    weights = {"bundled": 1.0, "a": 3.0, "b": 1.0}
    verdict, _, _ = voted({"a": NO, "b": YES}, committee={"agreement": "weighted", "weights": weights})
    assert verdict.verdict == "no_violation"
    with pytest.raises(ValidationError, match="needs the weight of b"):
        Settings(committee={"members": ("a", "b"), "agreement": "weighted", "weights": {"bundled": 1.0, "a": 1.0}})


def test_where_they_do_not_agree_a_stronger_model_is_asked():
    verdict, found, _ = voted({"a": YES, "b": NO}, stronger=model(NO))
    assert verdict.verdict == "no_violation" and found.committee.stronger.word == "no"
    assert not found.committee.outcome.known and found.committee.decision is Outcome.FAILS
    agreed, found, _ = voted({"a": YES, "b": YES}, stronger=ScriptedMllm())  # it would raise
    assert agreed.verdict == "violation" and found.committee.stronger is None


def test_what_stays_split_is_looked_at_again_with_the_disagreement_told():
    big = model(SILENT, replies=SUMMED)
    verdict, found, _ = voted({"a": YES, "b": NO}, stronger=big)
    assert verdict.verdict == "no_violation" and found.committee.rereading.rating == "No"
    asked = big.talked[0].turns[0].text
    assert "Yes: 1, No: 1, ?: 2" in asked and "fire is visible" in asked and "big" not in asked
    verdict, found, _ = voted({"a": YES, "b": NO}, replies=SUMMED)  # without a stronger one, by the judge's own model
    assert verdict.verdict == "no_violation" and found.committee.rereading.rating == "No"


def test_a_refusal_to_look_again_decides_nothing():
    refused = ["I'm sorry, but I can't help with that.", '{"rating": "No", "rationale": "None."}']
    verdict, found, _ = voted({"a": YES, "b": SILENT}, replies=refused)
    assert verdict.verdict == "needs_review" and verdict.causes == ("committee_split",)
    assert found.committee.rereading.refused and "refused" in verdict.reasons[0]


def test_where_nobody_says_anything_nothing_is_looked_at_again():
    verdict, found, _ = voted({"a": SILENT, "b": SILENT})
    assert verdict.verdict == "needs_review" and found.committee.rereading is None


def test_a_member_that_fails_is_silent_and_said_to_fail():
    broken = model(ModelError("its server is gone"))
    verdict, found, _ = voted({"a": YES, "b": YES, "c": broken, "d": YES})
    assert verdict.verdict == "violation" and found.committee.votes[3].failed == "its server is gone"
    broken = model(ModelError("its server is gone"))
    verdict, found, _ = voted({"a": SILENT, "b": broken})
    assert verdict.verdict == "needs_review" and found.branch is Branch.MODEL_ERROR
    assert verdict.failure.message == "b, of the committee, failed: its server is gone (votes: 2 silent, 1 failed)"
    assert verdict.failure.retryable


ALL = {"asked": "all"}


def broken():
    return model(ModelError("its server is gone"))


def test_what_agrees_without_a_failed_member_says_that_it_failed():
    verdict, found, _ = voted({"a": NO, "b": broken(), "c": NO}, own=NO, committee=ALL)
    assert verdict.verdict == "no_violation" and found.branch is Branch.COMMITTEE
    assert "b, of the committee, failed: its server is gone" in verdict.notes


@pytest.mark.parametrize("committee", [{}, ALL])
@pytest.mark.parametrize("own", [NO, YES, SILENT])
def test_where_a_member_failed_no_single_model_settles_it(own, committee):
    """The replies would decide: whoever looked again, or reasoned, would say No."""
    if own is not SILENT and not committee:
        return  # the judge's own answer decides: nothing is put to the vote
    mine = ScriptedMllm({"fire is visible": [own, *[0.6] * 200]}, {"fire is visible": 0.5}, SUMMED * 3)
    settings = {"committee": {"members": ("a", "b"), **committee}, "escalate": None if committee else ("committee",)}
    others = {"a": model(NO), "b": broken()} if own is not NO else {"a": model(SILENT), "b": broken()}
    verdict = judge_with((FIRE,), mine, further=Further(members=others), **settings).judge(png())
    assert verdict.verdict == "needs_review" and verdict.causes == ("model_error",) and not mine.talked
    assert "b, of the committee, failed" in verdict.failure.message and "1 failed" in verdict.failure.message


@pytest.mark.parametrize("step", ["reasoning", "debate"])
def test_no_later_step_settles_what_a_failed_member_left_open(step):
    """Its one model would say No. What the committee is split on, without a failure, goes on to it."""
    said = {"reasoning": SUMMED, "debate": (*ROUNDS, decided("No"))}[step]
    for member, word in ((broken(), "needs_review"), (model(YES), "no_violation")):
        unread = ["Hm.", "no json"] if word == "no_violation" else []  # looking again
        mine = ScriptedMllm({"fire is visible": [SILENT, *[0.6] * 200]}, {"fire is visible": 0.5}, [*unread, *said])
        rule = {"committee": {"members": ("a", "b")}, "escalate": ("committee", step)}
        judge = judge_with((FIRE,), mllm=mine, further=Further(members={"a": model(NO), "b": member}), **rule)
        verdict = judge.judge(png())
        assert verdict.verdict == word and bool(mine.talked) is (word == "no_violation")


def test_a_stronger_model_may_settle_what_a_failed_member_left_open():
    verdict, found, _ = voted({"a": broken()}, own=NO, stronger=model(NO), committee=ALL, escalate=None)
    assert verdict.verdict == "no_violation" and found.committee.stronger.word == "no"
    assert "a, of the committee, failed: its server is gone" in verdict.notes
    assert found.rationale == "1 no, 1 failed; big: no"
    verdict, found, _ = voted({"a": NO}, own=YES, stronger=broken(), committee=ALL, escalate=None)
    assert verdict.verdict == "needs_review" and "big, of the committee, failed" in verdict.failure.message


@pytest.mark.parametrize("committee", [{}, ALL])
@pytest.mark.parametrize(
    "stronger",
    [(0.01, 0.3), {"said": NO, "prior": NO}, {"said": ModelError("it is gone, too")}],
    ids=["hardly-an-answer", "not-moved-by-the-picture", "fails"],
)
def test_a_stronger_model_answers_for_a_failed_member_as_anyone_does(stronger, committee):
    """Its No counts only where it is an answer that the picture moved."""
    big = model(**stronger, replies=SUMMED) if isinstance(stronger, dict) else model(stronger, replies=SUMMED)
    own, escalate = (NO, None) if committee else (SILENT, ("committee",))
    others = {"a": broken(), "b": YES}
    verdict, found, _ = voted(others, own=own, stronger=big, committee=committee, escalate=escalate)
    assert verdict.verdict == "needs_review" and verdict.causes == ("model_error",) and not big.talked
    assert found.committee.stronger.outcome is Outcome.UNDECIDED
    assert "a, of the committee, failed" in verdict.failure.message and "1 failed" in verdict.failure.message


def failing_first(committee, **further):
    mine = ScriptedMllm({"fire is visible": [ModelError("it is gone")] * 3}, {"fire is visible": 0.5})
    rule = {"members": tuple(further["members"]), "stronger": "big", **committee}
    return judge_with((FIRE,), mine, further=Further(**further), committee=rule).judge(png())


def test_a_first_model_that_fails_leaves_no_question_to_others():
    """Nobody votes on what it could not be asked: a person looks."""
    verdict = failing_first({}, members={"a": ScriptedMllm()}, stronger=("big", ScriptedMllm()))  # they would raise
    assert verdict.verdict == "needs_review" and verdict.causes == ("model_error",)


@pytest.mark.parametrize(("said", "word"), [(NO, "no_violation"), (YES, "violation"), (SILENT, "needs_review")])
def test_where_all_is_put_to_the_vote_others_vote_without_the_first_one_too(said, word):
    """Two of three agree; one of three, or a stronger model that is silent, does not."""
    verdict = failing_first(
        ALL, members={"a": model(NO if said != YES else YES), "b": model(said)}, stronger=("big", model(SILENT))
    )
    found = verdict.findings[0].preconditions[0].alternatives[0]
    assert verdict.verdict == word and found.committee.votes[0].failed == "it is gone"
    assert "bundled, of the committee, failed: it is gone" in verdict.notes and model_failed(verdict)
    read = Verdict.model_validate_json(verdict.model_dump_json())
    assert outcome_under(read.findings[0], read.findings[0].thresholds) is read.findings[0].outcome


def test_a_failed_reasoning_is_told_where_the_committee_decides():
    mine = ScriptedMllm(
        {"fire is visible": [0.7, *[0.6] * 200]}, {"fire is visible": 0.5}, [ModelError("status 400")] * 9
    )
    further = Further(members={"a": model(NO), "b": model(NO)})
    steps = {"committee": {"members": ("a", "b")}, "escalate": ("reasoning", "committee")}
    verdict = judge_with((FIRE,), mine, further=further, **steps).judge(png())
    found = verdict.findings[0].preconditions[0].alternatives[0]
    assert verdict.verdict == "no_violation" and found.failed == "status 400"
    assert any("status 400" in note and "committee" in note for note in verdict.notes) and model_failed(verdict)


class Strange:
    """Says of every picture that it is as strange as it was told."""

    model, reads = "the drawings model", "drawings"
    identity = ModelIdentity(role="guard", name="scripted", digest="0")

    def __init__(self, strangeness):
        self.strange = strangeness

    def strangeness(self, images):
        if isinstance(self.strange, ModelError):
            raise self.strange
        return [self.strange] * len(images)


@pytest.mark.parametrize("committee", [{}, ALL])
@pytest.mark.parametrize(
    ("strange", "word"), [(0.5, "no_violation"), (2.0, "needs_review"), (ModelError("it broke"), "needs_review")]
)
def test_a_member_that_was_not_made_for_the_picture_is_silent(strange, word, committee):
    own = SILENT
    mine = ScriptedMllm({"fire is visible": [own, *[0.6] * 200]}, {"fire is visible": 0.5}, SUMMED)
    drawings = model(NO) if word == "no_violation" else ScriptedMllm()  # it would raise
    further = Further(members={"a": model(NO), "drawings": drawings}, guards={"drawings": Strange(strange)})
    rule = {"members": ("a", "drawings"), **committee}
    verdict = judge_with(
        (FIRE,), mine, further=further, committee=rule, escalate=None if committee else ("committee",)
    ).judge(png())
    vote = verdict.findings[0].preconditions[0].alternatives[0].committee.votes[2]
    assert verdict.verdict == word and not mine.talked and "guard" in {one.role for one in verdict.provenance.models}
    if strange == 2.0:
        assert vote.barred == "outside" and vote.answer is None and verdict.failure is None
        assert "1 outside" in verdict.reasons[0] and verdict.causes == ("committee_split",)
    elif word == "needs_review":
        assert "it broke" in vote.failed and verdict.failure.retryable


def test_a_stronger_model_that_was_not_made_for_the_picture_decides_nothing():
    further = Further(
        members={"a": model(YES), "b": model(SILENT)},
        stronger=("drawings", ScriptedMllm()),
        guards={"drawings": Strange(3.0)},
    )
    mine = ScriptedMllm({"fire is visible": [SILENT]}, {"fire is visible": 0.5}, SUMMED)
    rule = {"members": ("a", "b"), "stronger": "drawings", **ALL}
    verdict = judge_with((FIRE,), mine, further=further, committee=rule).judge(png())
    found = verdict.findings[0].preconditions[0].alternatives[0].committee
    assert verdict.verdict == "needs_review" and found.stronger.barred == "outside" and not mine.talked
    assert "drawings: outside" in verdict.reasons[0]


def test_a_strange_view_bars_a_model_from_the_whole_picture(tmp_path):
    """A drawing whose transparency gives it two grounds: strange over one, it is strange."""

    class OverWhite(Strange):
        def strangeness(self, images):
            return [3.0 if image.getpixel((0, 0)) == (255, 255, 255) else 0.0 for image in images]

    Image.new("RGBA", (30, 30), (0, 0, 0, 0)).save(tmp_path / "seen.png")
    further = Further(members={"drawings": ScriptedMllm()}, guards={"drawings": OverWhite(0.0)})
    mine = ScriptedMllm({"fire is visible": [NO, NO]}, {"fire is visible": 0.5})
    judge = judge_with((FIRE,), mine, further=further, committee={"members": ("drawings",), **ALL})
    verdict = judge.judge(tmp_path / "seen.png")
    votes = [one.preconditions[0].alternatives[0].committee.votes[1] for one in verdict.findings]
    assert verdict.verdict == "needs_review" and [vote.barred for vote in votes] == ["outside", "outside"]


def test_a_vote_on_all_goes_up_to_the_committee_and_a_person_alone():
    """The first model's own reasoning would say No, and its region would be looked for."""
    settings = Settings(committee={"members": ("a",), "asked": "all"})
    assert settings.steps(None) == settings.steps(("reasoning", "debate", "person")) == ("committee",)
    with pytest.raises(ValidationError, match="would settle what several do not agree on"):
        Settings(committee={"members": ("a",), "asked": "all"}, escalate=("reasoning", "committee"))
    mine = ScriptedMllm({"fire is visible": [NO]}, {"fire is visible": 0.5}, SUMMED)
    rule = {"members": ("a",), "asked": "all", "stronger": "big"}
    further = Further(members={"a": model(YES)}, stronger=("big", model(YES)))
    verdict = judge_with((FIRE,), mine, further=further, committee=rule).judge(png())
    found = verdict.findings[0].preconditions[0].alternatives[0]
    assert verdict.verdict == "violation" and found.committee.stronger.word == "yes" and found.region is None
    assert verdict.provenance.escalate == ("committee",) and not mine.talked
    assert verdict.timings["committee"] > 0 and "regions" not in verdict.timings


def test_what_there_was_no_time_to_vote_on_is_not_decided_by_the_first_model(monkeypatch):
    class Slow(ScriptedMllm):
        def answer(self, asks):
            monkeypatch.setattr("judge.judging.clock.Clock.over", True)
            return super().answer(asks)

    mine = Slow({"fire is visible": [NO, NO, NO]}, {"fire is visible": 0.5})
    further = Further(members={"a": model(YES)})
    verdict = judge_with((FIRE,), mine, further=further, committee={"members": ("a",), **ALL}).judge(png())
    assert verdict.verdict == "needs_review" and verdict.causes == ("out_of_time",)


def test_low_label_mass_is_silence():
    verdict, found, _ = voted({"a": (0.2, 0.01), "b": (0.2, 0.01)})
    assert verdict.verdict == "needs_review" and [vote.word for vote in found.committee.votes] == ["silent"] * 3


def test_each_is_held_against_its_own_prior():
    verdict, _, _ = voted({"a": model(0.9, prior=0.9), "b": model(0.9, prior=0.9)})
    assert verdict.verdict == "needs_review"  # an answer that the picture did not move


def test_only_the_undecided_is_put_to_the_vote_unless_all_is():
    verdict, found, _ = voted({"a": ScriptedMllm(), "b": ScriptedMllm()}, own=YES)  # they would raise
    assert verdict.verdict == "violation" and found.committee is None
    verdict, found, _ = voted({"a": NO, "b": NO}, own=YES, committee={"asked": "all"})
    assert verdict.verdict == "no_violation" and found.committee.of_all and found.branch is Branch.COMMITTEE
    assert [vote.word for vote in found.committee.votes] == ["yes", "no", "no"]
    verdict, found, _ = voted({"a": NO, "b": SILENT}, own=YES, committee={"asked": "all"}, replies=SUMMED)
    assert verdict.verdict == "no_violation" and found.committee.rereading.rating == "No"
    read = Verdict.model_validate_json(verdict.model_dump_json())
    assert read == verdict and outcome_under(read.findings[0], read.findings[0].thresholds) is RuleOutcome.NOT_VIOLATED


def test_members_add_the_step_and_the_step_needs_members():
    assert Settings(committee={"members": ("a",)}).steps(None) == ("reasoning", "committee")
    assert Settings(committee={"members": ("a",)}, escalate=("committee", "debate")).steps(None) == (
        "committee",
        "debate",
    )
    with pytest.raises(UserError, match="needs further models"):
        judge_with((FIRE,), ScriptedMllm(), escalate=("committee",))
    for members in (("a", "a"), ("bundled",)):
        with pytest.raises(ValidationError):
            Settings(committee={"members": members})


def test_the_verdict_names_every_model_that_may_be_asked():
    others = {"a": model(YES, prior=0.5), "b": model(YES, prior=0.4)}
    verdict, _, _ = voted(others)
    assert len(verdict.provenance.models) == 2  # scripts that are alike are one model
    assert verdict.provenance.escalate == ("committee",) and "reread" in verdict.provenance.prompts


@pytest.mark.parametrize("code", available())
def test_every_language_looks_again_in_its_own_words(code):
    asked = language_of(code).render("reread", statement="ST", told="TOLD")
    assert "ST" in asked and "TOLD" in asked
    assert code == "en" or asked != language_of("en").render("reread", statement="ST", told="TOLD")


def test_models_on_the_command_line_are_one_that_judges_and_further_members():
    from judge.cli.model_options import _as_settings

    voting = {"committee": None, "agree": None, "stronger": None, "escalate": "reasoning, person"}
    settings = Settings.of(**_as_settings({"models": ["a", "b", "c"], **voting, "agree": "unanimous"}))
    assert (settings.model, settings.committee.members) == ("a", ("b", "c"))
    assert settings.committee.agreement == "unanimous" and settings.steps(None) == ("reasoning", "committee")
    assert Settings.of(**_as_settings({"models": ["a"], **voting})).steps(None) == ("reasoning",)
    with pytest.raises(UserError, match="needs further models"):
        _as_settings({"models": ["a"], **voting, "stronger": "b"})
