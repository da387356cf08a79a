"""Images judged under drafts with the bundled model: trials, comparisons, jobs that end, and who may choose what."""

from __future__ import annotations

import json
import threading

import pytest

from judge.errors import UserError
from judge.review.store import Role, Store
from judge.review.ui.context import Context, Person
from judge.review.workbench.desk import Workbench
from judge.review.workbench.draft import read
from judge.review.workbench.library import Library, Ref
from judge.serving.judges import Judges
from judge.settings import Settings
from tests.review.shelf import drawing, samples

DEMO = Ref(origin="shipped", name="demo")


def finished(job):
    job._thread.join(240)
    assert not job.running
    if job.error is not None:
        raise job.error
    return job.result


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    from judge.review.workbench.trials import Trials
    from judge.serving.judges import Judges
    from judge.settings import Settings

    with Store.open(tmp_path_factory.mktemp("bench")) as opened:
        for name in ("body-on-fire-violating.png", "drugs-violating.png", "body-on-fire-borderline.png"):
            opened.add(samples()[name], drawing(name), "batch")
        yield opened, Trials(opened, Judges(Settings()))


def test_a_comparison_names_flips_and_asks_the_model_once(bench):
    opened, trials = bench
    text = Library(opened.folder).text(DEMO)
    old, new = read(text).whole(), read(text.replace("status: enforce", "status: shadow", 1)).whole()
    found = finished(trials.comparison(old, new, trials.pictures("oldest", 3)))
    assert [(one.image, one.before, one.after) for one in found.verdicts.flips] == [
        ("body-on-fire-violating.png", "violation", "no_violation")
    ]
    assert found.verdicts.flips[0].rules[0].rule == "body-on-fire"
    (shared,) = trials._shared.values()
    assert shared.reused > 10
    before = shared.reused
    (tried,) = finished(trials.trial(new, trials.pictures("oldest", 3)[:1]))
    assert (tried.verdict.verdict, tried.picture.item) == ("no_violation", 1)
    assert shared.reused > before, "what a draft asked is known to the next one"


def test_images_are_chosen_from_the_store(bench):
    _, trials = bench
    assert {one.name for one in trials.pictures("violation", 96)} == {
        "body-on-fire-violating.png",
        "drugs-violating.png",
    }
    assert len(trials.pictures("uncertain", 2)) == 2
    with pytest.raises(UserError, match="no such image"):
        trials.pictures("decided", 4)
    for count in (0, 97):
        with pytest.raises(UserError, match="not between 1 and 96"):
            trials.pictures("oldest", count)


def test_a_job_that_is_stopped_says_so(bench):
    from judge.review.workbench.trials import Job, Jobs, TrialImage

    gate, began = threading.Event(), threading.Event()

    def work(job):
        for _ in job.batches([TrialImage("a", b""), *[TrialImage("b", b"")] * 9]):
            began.set()
            gate.wait(20)

    jobs = Jobs()
    job = jobs.start("page", Job(10, work))
    assert began.wait(20)
    jobs.end("page")
    gate.set()
    with pytest.raises(UserError, match="stopped"):
        finished(job)
    assert (job.done, jobs.of("page")) == (4, None)


def test_reviewers_do_not_learn_what_is_decided(bench):
    """Some of it are gold items, which they read blind."""
    opened, _ = bench
    at = Workbench(Context(opened, Settings(), opened.folder, True, Judges(Settings())))
    text = Library(opened.folder).text(DEMO)
    for kind in ("try", "compare"):
        wish = {"kind": kind, "serial": 1, "choice": "decided", "ref": "shipped:demo"}
        said, _ = at.act(wish, text, Person("bob", Role.REVIEWER), "page")
        assert "for the roles policy and admin" in json.loads(said)["slots"][kind]
        said, _ = at.act(wish, text, Person("pol", Role.POLICY), "page")
        assert "no such image" in json.loads(said)["slots"][kind]


def test_what_is_no_event_is_refused_politely(bench):
    opened, _ = bench
    at = Workbench(Context(opened, Settings(), opened.folder, False, Judges(Settings())))
    for raw in (
        None,
        {"serial": "x", "kind": "start"},
        {"serial": 2, "kind": "drop"},
        {"serial": 2**70, "kind": "start"},
    ):
        said, opened_text = at.act(raw, "", Person("pol", Role.POLICY), "page")
        assert json.loads(said)["toasts"][0]["bad"] and opened_text is None
