"""Clips that are given to the app: as uploads for the queue, and to try a draft on."""

from __future__ import annotations

import base64
import json
import time

import pytest

from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.review.audit import audit
from judge.review.store import Role, Store
from judge.review.ui.context import Context, Person
from judge.review.uploads.desk import UploadDesk
from judge.review.uploads.judging import Uploads
from judge.review.uploads.watched import WatchedMllm
from judge.review.workbench.showing import tried_html
from judge.review.workbench.trials import TrialImage, Trials
from judge.serving.turns import Turns
from judge.settings import Settings
from tests.judging.clips.eyes import RED, judge_of
from tests.media.clips.films import film, plain, sound
from tests.review.filmed import judged
from tests.review.shelf import drawing, fill
from tests.review.test_uploads import finished

LOCAL = Person("local", Role.ADMIN)
CLIP = film([plain("white")] * 5 + [plain("red")] * 10)


class Fixed:
    """In place of judges by constitution: one, whose answers are known."""

    def __init__(self):
        self.settings, self.busy, self.judge = Settings(), Turns(), judge_of(RED, batch=1)

    def of(self, constitution):
        return self.judge

    def warm(self, constitution):
        pass


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        yield opened


def put(desk, data):
    asked = {"serial": 7, "kind": "put", "name": "a.mp4", "data": base64.b64encode(data).decode()}
    return json.loads(desk.act({**asked, "constitution": "shipped:demo"}, LOCAL))


def told(desk):
    finished(desk._uploads)
    return json.loads(desk.act({"serial": 8, "kind": "look"}, LOCAL))["uploads"]


def test_a_clip_is_judged_as_one_in_the_background_and_goes_to_the_queue(store):
    judges = Fixed()
    desk = UploadDesk(Context(store, judges.settings, store.folder, False, judges))
    with judges.busy:
        assert put(desk, CLIP)["uploads"][0]["state"] == "waiting"
    (one,) = told(desk)
    assert one["state"] == "done"
    assert "Judged. Violation: red. It is item 1 of the queue." in one["text"]
    item = store.item(1, "local")
    assert item.clip is not None
    assert item.clip.ranges() == ("red 500-1500",)
    assert (item.clip.clip, item.source) == ("a.mp4", "upload")
    assert store.clip(1).read_bytes() == CLIP
    assert audit(store).problems == ()


def test_a_clip_that_cannot_be_judged_is_told_and_one_that_is_cancelled_leaves_nothing(store, monkeypatch):
    judges = Fixed()
    desk = UploadDesk(Context(store, judges.settings, store.folder, False, judges))
    put(desk, sound())
    (one,) = told(desk)
    assert one["state"] == "failed"
    assert "no moving picture" in one["text"]
    answer, reached = WatchedMllm.answer, []

    def cancelled_meanwhile(watched, asks):
        found = answer(watched, asks)
        if not reached:
            reached.append(desk._uploads.of("local")[-1].id)
            desk._uploads.forget("local", reached[0])
        return found

    monkeypatch.setattr(WatchedMllm, "answer", cancelled_meanwhile)
    put(desk, CLIP)
    told(desk)
    assert reached
    assert store.count().total == 0


def test_no_picture_waits_for_all_of_a_clip(store, monkeypatch):
    judges = Fixed()
    uploads = Uploads(store, judges)
    answer, asked = WatchedMllm.answer, []

    def noted(watched, asks):
        asked.append(watched._watcher.name)
        if len(asked) == 1:  # while a frame is looked at
            uploads.put("local", "a.png", drawing("body-on-fire-violating.png"), "demo")
            until = time.monotonic() + 60
            while not judges.busy.waiting and time.monotonic() < until:
                time.sleep(0.005)
        return answer(watched, asks)

    monkeypatch.setattr(WatchedMllm, "answer", noted)
    uploads.put("local", "film.mp4", CLIP, "demo")
    finished(uploads)
    uploads.close()
    assert [one.state for one in uploads.of("local")] == ["done", "done"]
    assert asked[0] == asked[-1] == "film.mp4" and "a.png" in asked, "the picture came between two frames"
    assert store.item(1, "local").clip is None and store.item(2, "local").clip is not None


def test_a_draft_is_tried_on_a_clip_of_ones_own(store):
    trials = Trials(store, Fixed())
    policy = parse_constitution(f"constitution: test\nversion: 1.0.0\nrules:\n  - {{{RED}}}\n")
    job = trials.trial(policy, [TrialImage("mine.mp4", CLIP)])
    job._thread.join(60)
    (tried,) = job.result
    assert tried.verdict.ranges() == ("red 500-1500",)
    shown = tried_html([tried])
    assert "<b>1</b> clip judged" in shown
    assert "0:00.500 to 0:01.500" in shown
    assert "data-frame" not in shown, "there is nowhere to jump to"
    stopped = trials.trial(policy, [TrialImage("mine.mp4", film([plain("white")] * 5 + [plain("red")] * 9))])
    stopped.stop()
    stopped._thread.join(60)
    assert stopped.result is None


def test_no_trial_waits_for_all_of_a_clip(store, monkeypatch):
    judges = Fixed()
    trials = Trials(store, judges)
    policy = parse_constitution(f"constitution: test\nversion: 1.0.0\nrules:\n  - {{{RED}}}\n")
    answer, others = WatchedMllm.answer, []

    def noted(watched, asks):
        if not others:  # while a frame is looked at
            others.append(trials.trial(policy, [TrialImage("a.png", drawing("body-on-fire-violating.png"))]))
            until = time.monotonic() + 60
            while not judges.busy.waiting and time.monotonic() < until:
                time.sleep(0.005)
            assert others[0].waits, "the page can say why nothing happens"
        elif len(others) == 1:
            others[0]._thread.join(30)
            others.append(others[0].running)
        return answer(watched, asks)

    monkeypatch.setattr(WatchedMllm, "answer", noted)
    job = trials.trial(policy, [TrialImage("film.mp4", CLIP)])
    job._thread.join(120)
    assert job.error is None and job.result[0].verdict.ranges() == ("red 500-1500",)
    assert others[1:] == [False], "the picture came between two frames"
    assert not job.waits


def test_a_draft_is_tried_on_pictures_of_the_queue_and_on_no_clips(store):
    verdict, data = judged()
    store.add(verdict, data, "batch")
    fill(store, 1)
    with pytest.raises(UserError, match="no such image"):
        Trials(store, Fixed()).pictures("oldest", 5)


def test_uploads_of_clips_wait_on_disk_too(store):
    judges = Fixed()
    first = Uploads(store, judges)
    with judges.busy:
        first.put("local", "a.mp4", CLIP, "demo")
        first._stopping = True
    first.close()
    again = Uploads(store, judges)
    again.resume(lambda source: True)
    finished(again)
    assert [(one.name, one.state) for one in again.of("local")] == [("a.mp4", "done")]
    again.close()
