"""Bounds in settings and in the lock: what they mean, and when they are not used."""

from __future__ import annotations

import pytest
import yaml
from pydantic import ValidationError

from judge.chain import Outcome
from judge.compiler.compile import compile_constitution
from judge.constitution import load_constitution, parse_constitution
from judge.judging.probability import by_prior, debiased, logit
from judge.locks.calibrated import calibrated, made_under, prompts_under, with_calibration_of
from judge.locks.lockfile import Calibration, Lock, RuleCalibration, read_lock
from judge.locks.text import written
from judge.settings import Bounds, Settings, ThresholdOverrides, Thresholds
from judge.verdict import Answer, ModelIdentity

BOUNDS = Bounds(fails_under=1.0, holds_over=2.0)
MODEL = ModelIdentity(role="mllm", name="m", digest="d")
POLICY = parse_constitution(
    "constitution: house\nversion: 1.0.0\nrules:\n"
    "  - {id: a, rule: No fire may be shown., preconditions: [fire is visible]}\n"
    "  - {id: b, rule: No knife may be shown., preconditions: [a knife is visible]}\n"
)


def lock_with(policy=POLICY, settings: Settings = Settings(), **changed: object) -> Lock:  # noqa: B008 (frozen)
    lock = compile_constitution(policy, None)
    made = Calibration(
        target="false_positive_rate", level=0.05, labelled=True, dataset="d", dataset_digest="x", images=20,
        models=(MODEL,), prompts=prompts_under(policy, settings),
    ).model_copy(update=changed)  # fmt: skip
    own = {
        rule.id: RuleCalibration(bounds=BOUNDS, ok=20, violating=3, made_under=made_under(rule, settings))
        for rule in policy.rules
    }
    rules = {name: entry.model_copy(update={"calibration": own[name]}) for name, entry in lock.rules.items()}
    return lock.model_copy(update={"rules": rules, "calibration": made})


def bounds_in(policy) -> list[Bounds | None]:
    return [rule.thresholds.bounds for rule in policy.rules]


def test_bounds_decide_on_log_odds_over_the_prior():
    own = Thresholds().overridden(ThresholdOverrides(bounds=BOUNDS))
    answer, prior = Answer(p_yes=0.5, p_no=0.5), Answer(p_yes=0.2, p_no=0.8)
    assert debiased(answer, prior, own) == pytest.approx(-logit(0.2), abs=1e-6)
    assert by_prior(answer, prior, own) is Outcome.UNDECIDED  # 1.39
    assert by_prior(Answer(p_yes=0.3, p_no=0.7), prior, own) is Outcome.FAILS
    assert by_prior(Answer(p_yes=0.7, p_no=0.3), prior, own) is Outcome.HOLDS
    assert own.of_exceptions == Thresholds()


def test_a_committee_that_votes_on_all_has_no_use_for_them():
    """Its members' scores are others; a verdict must not name a calibration that decided nothing."""
    voting = Settings(committee={"members": ("other",), "asked": "all"})
    applied = calibrated(POLICY, lock_with(settings=voting), (MODEL,), voting)
    assert applied.digest is None and applied.constitution == POLICY
    assert applied.refused == ("its bounds are of one model's scores, and a committee votes on all",)
    undecided = Settings(committee={"members": ("other",)})
    lock = lock_with(settings=undecided)
    assert calibrated(POLICY, lock, (MODEL,), undecided).refused == () and bounds_in(
        calibrated(POLICY, lock, (MODEL,), undecided).constitution
    ) == [BOUNDS, BOUNDS]


@pytest.mark.parametrize("wrong", [{"fails_under": 2.0, "holds_over": 1.0}, {"fails_under": -31.0, "holds_over": 0.0}])
def test_bounds_that_make_no_sense(wrong):
    with pytest.raises(ValidationError):
        Bounds.model_validate(wrong)


def test_what_was_written_before_bounds_existed_keeps_its_digest():
    assert "bounds" not in Thresholds().model_dump_json()
    assert "bounds" not in load_constitution("demo").model_dump_json()
    assert "calibration" not in compile_constitution(POLICY, None).model_dump_json()
    own = Thresholds(bounds=BOUNDS)
    assert Thresholds.model_validate_json(own.model_dump_json()) == own


def test_the_lock_holds_a_calibration_and_reads_it_back(tmp_path):
    lock = lock_with()
    path = tmp_path / "house.lock.yaml"
    path.write_text(written(lock, "house.yaml"), encoding="utf-8")
    assert read_lock(path) == lock.signed()
    assert lock.digest != compile_constitution(POLICY, None).digest
    assert yaml.safe_load(path.read_text())["rules"]["a"]["calibration"]["ok"] == 20


def test_bounds_are_used_with_the_models_and_thresholds_they_were_made_with():
    applied = calibrated(POLICY, lock_with(), (MODEL,), Settings())
    assert bounds_in(applied.constitution) == [BOUNDS, BOUNDS]
    assert applied.digest is not None and applied.refused == ()


@pytest.mark.parametrize(
    ("models", "settings", "said"),
    [
        ((MODEL.model_copy(update={"name": "other"}),), Settings(), "made with m (mllm, float32 on cpu)"),
        ((MODEL.model_copy(update={"digest": "e"}),), Settings(), "other weights"),
        ((MODEL,), Settings(thresholds=Thresholds(relevance=0.0)), "other thresholds"),
        ((MODEL,), Settings(escalate=()), "other steps"),
    ],
)
def test_and_with_no_others(models, settings, said):
    applied = calibrated(POLICY, lock_with(), models, settings)
    assert applied.constitution == POLICY and applied.digest is None
    assert said in applied.refused[0]


def test_other_prompts_are_refused():
    assert calibrated(POLICY, lock_with(prompts={"ask": "other"}), (MODEL,), Settings()).digest is None


def test_a_changed_rule_is_left_out_and_hand_written_bounds_win():
    first, second = POLICY.rules
    own = Bounds(fails_under=0.0, holds_over=0.0)
    by_hand = second.model_copy(update={"thresholds": ThresholdOverrides(bounds=own)})
    changed = first.model_copy(update={"rule": "No flame may be shown."})
    policy = POLICY.model_copy(update={"rules": (changed, by_hand)})
    applied = calibrated(policy, lock_with(), (MODEL,), Settings())
    assert bounds_in(applied.constitution) == [None, own]
    assert applied.refused == ("a has another chain or other thresholds since",)
    assert applied.digest is None  # nothing of the lock's is in use


def test_compiling_again_keeps_the_calibration_of_what_did_not_change():
    before = lock_with()
    assert compile_constitution(POLICY, None, before) == before
    first, second = POLICY.rules
    edited = POLICY.model_copy(update={"rules": (first.model_copy(update={"rule": "No flame."}), second)})
    again = compile_constitution(edited, None, before)
    assert [entry.calibration is not None for entry in again.rules.values()] == [False, True]
    assert again.calibration == before.calibration
    assert compile_constitution(POLICY, None, before, renew=True).calibration is None
    nothing_left = with_calibration_of(
        before, compile_constitution(edited.model_copy(update={"rules": edited.rules[:1]}), None)
    )
    assert nothing_left.calibration is None
