"""Uploads without a browser: judged in the background, told of, cancelled, refused. The model is the bundled one."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedMllm
from judge.resources import shipped_constitutions
from judge.review.queue.showing import item_html
from judge.review.store import Role, Store
from judge.review.ui import parts
from judge.review.ui.context import Context, Person
from judge.review.ui.parts import is_outside, rules_html
from judge.review.uploads import judging
from judge.review.uploads.desk import UploadDesk
from judge.review.uploads.judging import Uploads
from judge.review.uploads.watched import Cancelled, WatchedMllm
from judge.review.workbench.showing import tried_html
from judge.review.workbench.trials import TrialImage, Tried
from judge.serving.judges import Judges
from judge.settings import Settings
from tests.review.shelf import drawing, samples

LOCAL = Person("local", Role.ADMIN)
FIRE = drawing("body-on-fire-violating.png")
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(100)


@pytest.fixture(scope="module")
def judges():
    return Judges(Settings())


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        yield opened


def desk_of(store, judges):
    return UploadDesk(Context(store, judges.settings, store.folder, False, judges))


def ask(desk, person=LOCAL, **asked):
    return json.loads(desk.act({"serial": 7, **asked}, person))


def put(desk, image=FIRE, constitution="shipped:demo", **more):
    return ask(desk, kind="put", name="a.png", data=base64.b64encode(image).decode(), constitution=constitution, **more)


def finished(uploads):
    """When nothing is judged any more."""
    for each in (uploads._pictures, uploads._clips):
        each.submit(lambda: None).result(120)


def test_an_upload_is_taken_at_once_and_judged_meanwhile(store, judges):
    desk = desk_of(store, judges)
    with judges.busy:  # the model has other work
        reply = put(desk)
        assert (reply["serial"], reply["uploads"][0]["state"]) == (7, "waiting")
        assert reply["taken"] == reply["uploads"][0]["id"]
        assert "data:image/jpeg" in reply["uploads"][0]["html"], "its shielded picture is there already"
        second = put(desk, drawing("drugs-violating.png"))["uploads"][1]
        assert "1 before it" in second["text"]
        assert store.count().total == 0
    finished(desk._uploads)
    first, second = ask(desk, kind="look")["uploads"]
    assert (first["state"], second["state"]) == ("done", "done")
    assert "Violation: body-on-fire" in first["text"]
    (item, other) = store.list()
    assert f'data-show="{item.id}"' in first["html"] and f'data-show="{other.id}"' in second["html"]
    assert (item.source, item.lease, item.verdict) == ("upload", None, "violation"), "in the queue, in nobody's hand"
    assert ask(desk, Person("else", Role.REVIEWER), kind="look")["uploads"] == [], "nobody else is told"


def test_what_is_cancelled_is_not_kept(store, judges):
    desk = desk_of(store, judges)
    with judges.busy:
        number = put(desk)["taken"]
        assert len(ask(desk, Person("else", Role.REVIEWER), kind="forget", id=number)["uploads"]) == 0
        assert len(ask(desk, kind="look")["uploads"]) == 1, "it is somebody else's"
        assert ask(desk, kind="forget", id=number)["uploads"] == []
    finished(desk._uploads)
    assert store.count().total == 0
    assert store.log() == ()


def test_a_judgement_under_way_is_stopped(store, judges, monkeypatch):
    """The model is asked no more, and nothing is recorded."""
    uploads, asked = Uploads(store, judges), []
    demo = judges.of("demo")

    class Patient(ScriptedMllm):
        def answer(self, asks):
            asked.append(len(asks))
            uploads.forget("local", uploads.of("local")[0].id)
            return demo.mllm.answer(asks)

    judge = demo.derive(model=Patient())
    monkeypatch.setattr(judges, "of", lambda _: judge)
    uploads.put("local", "a.png", FIRE, "demo")
    finished(uploads)
    assert len(asked) == 1
    assert store.count().total == 0


def test_a_stop_is_no_failure_of_the_model():
    class Watcher:
        asked, cancelled = 0, True

    watched = WatchedMllm(ScriptedMllm())
    judge = Judge(load("demo"), watched)
    with watched.by(Watcher()), pytest.raises(Cancelled):
        judge.judge(FIRE)


def load(name):
    from judge.constitution import load_constitution

    return load_constitution(name)


def test_how_far_it_is_counts_questions_about_the_picture(store, judges):
    uploads = Uploads(store, judges)
    one = uploads.put("local", "a.png", FIRE, "demo")
    finished(uploads)
    assert 0 < one.asked <= one.most
    assert one.image == b"", "the file is kept in the store only"


def test_what_is_no_picture_is_refused_before_it_waits(store, judges, monkeypatch):
    desk = desk_of(store, judges)
    assert "Not an image of a known format" in put(desk, b"Dear judge,")["error"]
    monkeypatch.setattr(parts, "reads_clips", lambda: False)
    assert "This is a clip, and this server reads no clips. Whoever runs it installs" in put(desk, MP4)["error"]
    assert "This is a PDF document" in put(desk, b"%PDF-1.7\n1 0 obj")["error"]
    assert "did not arrive whole" in ask(desk, kind="put", data="!", constitution="shipped:demo")["error"]
    assert "not understood" in ask(desk, kind="drop")["error"]
    assert ask(desk, kind="look")["uploads"] == []


def test_waiting_uploads_are_bounded(store, judges, monkeypatch):
    uploads = Uploads(store, judges)
    monkeypatch.setattr(judging, "MOST", 2)
    with judges.busy:
        for number in range(2):
            uploads.put("local", f"{number}.png", FIRE, "demo")
        with pytest.raises(UserError, match="2 uploads of yours wait already"):
            uploads.put("local", "3.png", FIRE, "demo")
        monkeypatch.setattr(judging, "MOST_BYTES", 2 * len(FIRE))
        with pytest.raises(UserError, match="too large together"):
            uploads.put("else", "3.png", FIRE, "demo")
        for one in uploads.of("local"):
            uploads.forget("local", one.id)
    finished(uploads)


def test_a_model_that_is_not_there_is_told(store):
    desk = desk_of(store, Judges(Settings(model="/no/such/model")))
    put(desk)
    finished(desk._uploads)
    (one,) = ask(desk, kind="look")["uploads"]
    assert one["state"] == "failed"
    assert "/no/such/model" in one["text"]
    assert "Cancel" not in one["html"] and "Dismiss" in one["html"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../pyproject.toml", "demo", "saved:../../x@1.0.0", "shipped:none"])
def test_only_constitutions_of_the_list_are_opened(store, judges, path, monkeypatch):
    """A path from the page would have its first lines told in the error."""
    monkeypatch.setattr(Judges, "of", lambda *_: pytest.fail("something was loaded"))
    desk = desk_of(store, judges)
    assert "No constitution" in put(desk, constitution=path)["error"]
    assert "No constitution" in ask(desk, kind="warm", constitution=path)["error"]


def test_a_version_saved_in_the_workbench_can_be_judged_by(store, judges):
    folder = store.folder / "constitutions" / "mine"
    folder.mkdir(parents=True)
    text = shipped_constitutions()["demo"].read_text().replace("constitution: demo", "constitution: mine")
    (folder / "1.0.0.yaml").write_text(text)
    desk = desk_of(store, judges)
    listed = ask(desk, kind="warm", constitution="shipped:demo")["constitutions"]
    assert 'value="saved:mine@1.0.0"' in listed
    put(desk, constitution="saved:mine@1.0.0")
    finished(desk._uploads)
    assert store.verdict(1).provenance.constitution == "mine"


def test_a_photograph_under_the_bundled_model_says_what_to_do(store, judges):
    """Not thirteen chains of "not asked", and a distance that nobody can do anything about."""
    buffer = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise((640, 480), 60)] * 3).save(buffer, "JPEG")
    desk = desk_of(store, judges)
    put(desk, buffer.getvalue())
    finished(desk._uploads)
    (one,) = ask(desk, kind="look")["uploads"]
    assert one["text"].startswith("Nothing was asked: the bundled model reads drawings only.")
    item = store.next("local")
    shown = item_html(item, LOCAL, (), rules_html(item.verdict))
    assert "choose a model for photographs" in shown["verdict"]
    assert "distance" not in shown["verdict"] and "A person must look because" not in shown["verdict"]
    assert (
        shown["rules"].count("<details") == 1 and "Not asked about" in shown["rules"] and " open" not in shown["rules"]
    )
    assert "cj-link" not in shown["rules"]
    tried = tried_html([Tried(TrialImage("a.jpg", buffer.getvalue()), store.verdict(1))])
    assert "choose a model for photographs" in tried and "cj-link" not in tried


def test_a_drawing_keeps_its_chains(store):
    verdict = samples()["body-on-fire-violating.png"]
    assert not is_outside(verdict) and "cj-link" in rules_html(verdict)
