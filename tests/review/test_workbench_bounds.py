"""Calibrated bounds on the workbench: shown where a rule still says what it said, judged by, carried into versions."""

from __future__ import annotations

import pytest

from judge.compiler.compile import compile_constitution
from judge.judging.deciding import of_rule
from judge.locks.calibrated import made_under, prompts_under
from judge.locks.lockfile import Calibration, RuleCalibration, lock_path, read_lock
from judge.locks.text import written
from judge.review.store import Store
from judge.review.workbench import saving
from judge.review.workbench.draft import chains, read
from judge.review.workbench.library import Library, Ref
from judge.review.workbench.trials import Trials
from judge.serving.judges import Judges
from judge.settings import Bounds, Settings
from tests.review.shelf import drawing, samples

BOUNDS = Bounds(fails_under=-29.0, holds_over=29.0)  # nothing is decided by them
FIRE, DRUGS = "body-on-fire", "drugs"


@pytest.fixture(scope="module")
def judges():
    return Judges(Settings())


@pytest.fixture(scope="module")
def lock(judges):
    """A lock of `demo` as `judge calibrate` writes one, with bounds for two of its rules."""
    judge = judges.of("demo")
    made = Calibration(
        target="false_positive_rate",
        level=0.05,
        labelled=True,
        dataset="d",
        dataset_digest="x",
        images=20,
        models=judge.provenance.models,
        prompts=prompts_under(judge.constitution, judge.settings),
    )
    rules = {one.id: one for one in judge.constitution.rules}

    def entry(name, one):
        if name not in (FIRE, DRUGS):
            return one
        own = RuleCalibration(bounds=BOUNDS, ok=20, violating=3, made_under=made_under(rules[name], judge.settings))
        return one.model_copy(update={"calibration": own})

    plain = compile_constitution(judge.constitution, None)
    entries = {name: entry(name, one) for name, one in plain.rules.items()}
    return plain.model_copy(update={"rules": entries, "calibration": made}).signed()


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def library(store, lock):
    """A data folder with a version of `demo` that was calibrated."""
    library = Library(store.folder)
    folder = library.folder / "demo"
    folder.mkdir(parents=True)
    text = library.text(Ref(origin="shipped", name="demo"))
    (folder / "1.0.0.yaml").write_text(text)
    lock_path(folder / "1.0.0.yaml").write_text(written(lock, "1.0.0.yaml"))
    return library


def draft_of(library, change=("", "")):
    ref = library.latest("demo")
    return read(library.text(ref).replace(*change, 1), previous=library.lock(ref))


def test_bounds_are_shown_where_the_rule_still_says_what_it_said(library):
    shown = {one.rule.id: (one.bounds, one.calibrated) for one in chains(draft_of(library))}
    assert shown[FIRE] == shown[DRUGS] == (BOUNDS, True)
    assert shown["explosive"] == (None, False)
    changed = draft_of(library, ("fire is visible", "smoke is visible"))
    shown = {one.rule.id: (one.bounds, one.calibrated) for one in chains(changed)}
    assert (shown[FIRE], shown[DRUGS]) == ((None, False), (BOUNDS, True))
    own = draft_of(
        library, ("status: enforce", "status: enforce\n    thresholds: {bounds: {fails_under: -1, holds_over: 1}}")
    )
    assert next(one for one in chains(own) if one.rule.id == FIRE).bounds == Bounds(fails_under=-1, holds_over=1)


def test_a_lock_that_was_edited_by_hand_is_not_used(library):
    path = lock_path(library.path(library.latest("demo")))
    path.write_text(path.read_text().replace("29.0", "9.0").replace("29", "9"))
    assert draft_of(library).calibration is None


def test_a_draft_is_judged_by_them(store, library, judges):
    item = store.add(samples()["body-on-fire-violating.png"], drawing("body-on-fire-violating.png"), "batch")
    trials = Trials(store, judges)
    job = trials.trial(draft_of(library).policy(), trials.pictures("oldest", 1))
    job._thread.join(240)
    (tried,) = job.result
    assert item == tried.picture.item
    assert of_rule(tried.verdict.findings, FIRE)[0].thresholds.bounds == BOUNDS
    assert tried.verdict.verdict == "needs_review", "between such bounds everything is for a person"
    assert of_rule(tried.verdict.findings, "explosive")[0].thresholds.bounds is None


def test_a_new_version_keeps_what_still_holds(store, library):
    draft = draft_of(library, ("fire is visible", "smoke is visible"))
    proposal = saving.propose(library, store, draft, "Smoke", "local")
    ref, _ = saving.save(library, store, draft, "Smoke", "local", proposal.token)
    kept = read_lock(lock_path(library.path(ref)))
    assert not kept.distrusted
    assert kept.rules[DRUGS].calibration.bounds == BOUNDS
    assert kept.rules[FIRE].calibration is None
