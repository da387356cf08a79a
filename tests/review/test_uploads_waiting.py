"""Uploads that wait outlive the app: judged after the next start, or told why not. The model is the bundled one."""

from __future__ import annotations

import threading

import pytest

from judge.review.store import Store
from judge.review.uploads import judging
from judge.review.uploads.judging import Uploads
from judge.review.uploads.watched import WatchedMllm
from judge.serving.judges import Judges
from judge.settings import Settings
from tests.review.shelf import drawing
from tests.review.test_uploads import FIRE, LOCAL, ask, desk_of, finished, put


@pytest.fixture(scope="module")
def judges():
    return Judges(Settings())


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        yield opened


def files(store):
    return sorted((store.folder / "waiting").glob("*.upload"))


def test_what_waits_is_on_disk_for_its_owner_until_it_is_judged(store, judges):
    first = desk_of(store, judges)
    with judges.busy:
        put(first)
        put(first, drawing("drugs-violating.png"))
        kept = files(store)
        assert [one.stat().st_mode & 0o777 for one in kept] == [0o600, 0o600]
        assert (store.folder / "waiting").stat().st_mode & 0o777 == 0o700
    finished(first._uploads)
    assert store.count().total == 2 and files(store) == [], "what is judged waits no longer"


def test_what_waited_or_was_judged_when_the_app_stopped_is_judged_after_the_next_start(store, judges, monkeypatch):
    first, inside, stopping = desk_of(store, judges), threading.Event(), threading.Event()

    def answer(self, asks):
        inside.set()
        assert stopping.wait(60)
        self._go_on()

    with monkeypatch.context() as patch:
        patch.setattr(WatchedMllm, "answer", answer)
        ids = [put(first)["taken"], put(first, drawing("drugs-violating.png"))["taken"]]
        assert inside.wait(120)
        shutdown = first._uploads._pictures.shutdown
        patch.setattr(first._uploads._pictures, "shutdown", lambda **how: (stopping.set(), shutdown(**how)))
        first._uploads.close()
    assert (store.count().total, [path.stem for path in files(store)]) == (0, sorted(ids))
    again = desk_of(store, judges)
    finished(again._uploads)
    assert store.count().total == 2
    told = [(one["id"], one["state"]) for one in ask(again, kind="look")["uploads"]]
    assert told == [(one, "done") for one in ids], "in the same order, and the page knows them by the same names"
    assert files(store) == []
    again._uploads.close()


def test_what_was_cancelled_is_not_judged_after_a_start(store, judges):
    desk = desk_of(store, judges)
    with judges.busy:
        ask(desk, kind="forget", id=put(desk)["taken"])
        assert files(store) == []
    desk._uploads.close()


def test_what_cannot_be_judged_any_more_is_listed_with_the_cause(store, judges, monkeypatch):
    uploads = Uploads(store, judges)
    with judges.busy:
        damaged, gone, whole = (uploads.put("local", f"{name}.png", FIRE, "demo") for name in ("a", "b", "c"))
        kept = {path.stem: path.read_bytes() for path in files(store)}
        for one in (damaged, gone, whole):
            uploads.forget("local", one.id)
    uploads.close()
    folder = store.folder / "waiting"
    (folder / f"{damaged.id}.upload").write_bytes(kept[damaged.id][:-9])
    (folder / f"{gone.id}.upload").write_bytes(kept[gone.id].replace(b'"source":"demo"', b'"source":"/etc/passwd"'))
    (folder / f"{whole.id}.upload").write_bytes(kept[whole.id])
    (folder / "0123.upload").write_bytes(b"{}\n")
    (folder / "rest.part").write_bytes(b"half a file")
    with monkeypatch.context() as patch:
        patch.setattr(Judges, "of", lambda *_: pytest.fail("judged"))
        patch.setattr(judging, "MOST_BYTES", len(FIRE) - 1)
        small = desk_of(store, judges)
        causes = {one["id"]: one["text"] for one in ask(small, kind="look")["uploads"]}
    assert "file was damaged when the server stopped" in causes[damaged.id]
    assert "Too much waited" in causes[gone.id] and "Too much waited" in causes[whole.id]
    assert all("Give it again." in text for text in causes.values())
    assert sorted(path.name for path in folder.iterdir() if path.suffix) == []
    small._uploads.close()

    (folder / f"{gone.id}.upload").write_bytes(kept[gone.id].replace(b'"source":"demo"', b'"source":"/etc/passwd"'))
    desk = desk_of(store, judges)
    (told,) = ask(desk, kind="look")["uploads"]
    assert told["state"] == "failed" and "constitution is not in the list any more" in told["text"]
    assert len(ask(desk, LOCAL, kind="forget", id=gone.id)["uploads"]) == 0
    desk._uploads.close()
    assert store.count().total == 0


def test_only_one_app_takes_up_what_another_left(store, judges):
    first = desk_of(store, judges)
    with judges.busy:
        number = put(first)["taken"]
        second = desk_of(store, judges)
        assert ask(second, kind="look")["uploads"] == []
        assert ask(first, kind="look")["uploads"][0]["id"] == number
    finished(first._uploads)
    for one in (first, second):
        one._uploads.close()
    assert store.count().total == 1
