"""What is typed beside an upload goes along to the judge, stays with what waits, and is refused where it does not fit."""

from __future__ import annotations

import hashlib
import threading

import pytest

from judge.judging.pipeline import Judge
from judge.locks.loading import load_policy
from judge.models.scripted import ScriptedMllm
from judge.review.store import Store
from judge.review.ui.context import Context
from judge.review.uploads.desk import UploadDesk
from judge.review.uploads.waiting import Record, WaitingUploads
from judge.settings import Settings
from tests.judging.scenes import png
from tests.review.test_uploads import ask, finished, put

SAID = "the text insults somebody"
POLICY = f"""constitution: posts
version: 1.0.0
context: {{caption: 40, place: 20}}
rules:
  - id: insults
    rule: No insults beside pictures.
    preconditions: [{{statement: {SAID}, reads: caption}}]
"""
SAVED = "saved:posts@1.0.0"


class Held:
    """What `Judges` is to the uploads, with a scripted model that reads."""

    def __init__(self):
        self.settings, self.busy = Settings(escalate=()), threading.RLock()
        self.mllm = ScriptedMllm({}, {SAID: 0.3}, told={(SAID, "rude"): 0.9, (SAID, "kind"): 0.01})
        self._known = {}

    def of(self, source):
        if source not in self._known:
            self._known[source] = Judge(load_policy(source).constitution, self.mllm, settings=self.settings)
        return self._known[source]

    def warm(self, source):
        pass


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        folder = opened.folder / "constitutions" / "posts"
        folder.mkdir(parents=True)
        (folder / "1.0.0.yaml").write_text(POLICY)
        yield opened


@pytest.fixture
def desk(store):
    held = Held()
    return UploadDesk(Context(store, held.settings, store.folder, False, held))


def given(desk, context):
    return put(desk, png(), SAVED, context=context)


def test_what_is_typed_beside_an_upload_is_judged_with_it_and_is_part_of_what_it_is(store, desk):
    for context in ({"caption": "rude"}, {"caption": "kind"}, {}):
        given(desk, context)
    finished(desk._uploads)
    found = [store.verdict(number) for number in (1, 2, 3)]
    assert [(one.verdict, one.context) for one in found] == [
        ("violation", {"caption": "rude"}), ("no_violation", {"caption": "kind"}), ("needs_review", None)
    ]  # fmt: skip
    assert found[2].causes == ("no_context",)


def test_what_does_not_fit_is_refused_before_it_waits(desk):
    assert (
        "`caption` of the context has 41 characters, and at most 40 are read"
        in given(desk, {"caption": "x" * 41})["error"]
    )
    assert "`title` is no field" in given(desk, {"title": "x"})["error"]
    assert "not understood" in given(desk, {"caption": "x" * 20_001})["error"]
    assert "not understood" in given(desk, {f"f{one}": "x" for one in range(17)})["error"]
    assert "`caption` is no field" in put(desk, png(), "shipped:demo", context={"caption": "x"})["error"]
    assert ask(desk, kind="look")["uploads"] == []


def test_the_dialog_has_a_field_for_each_that_the_chosen_constitution_declares(desk):
    shown = ask(desk, kind="warm", constitution=SAVED)["fields"]
    assert shown.count("<textarea") == 2 and 'data-field="caption" data-most="40"' in shown
    assert ask(desk, kind="warm", constitution="shipped:demo")["fields"] == ""


def test_a_constitution_that_cannot_be_read_has_no_fields(store, desk):
    (store.folder / "constitutions/posts/1.0.0.yaml").write_text("rules: [")
    assert ask(desk, kind="warm", constitution=SAVED)["fields"] == ""


def test_what_waits_keeps_what_was_typed(store, tmp_path):
    longest = {f"field-{number}": "\N{FIRE}" * 20_000 for number in range(16)}
    waiting = WaitingUploads(tmp_path)
    waiting.keep(
        Record(id="0" * 16, who="ann", name="a.png", source="demo", at=1.0, sha256="x", context=longest), b"png"
    )
    (left,) = WaitingUploads(tmp_path).left()
    assert left.record.context == longest and left.image == b"png"


def test_what_waited_is_judged_with_it_after_the_next_start(store):
    source, picture = str(store.folder / "constitutions/posts/1.0.0.yaml"), png()
    for number, context in enumerate(({"caption": "rude"}, {"caption": "x" * 41})):
        sha256 = hashlib.sha256(picture).hexdigest()
        record = Record(
            id=f"{number:016x}", who="local", name="a.png", source=source, at=number, sha256=sha256, context=context
        )
        WaitingUploads(store.folder).keep(record, picture)
    held = Held()
    again = UploadDesk(Context(store, held.settings, store.folder, False, held))
    finished(again._uploads)
    assert store.verdict(1).context == {"caption": "rude"}
    (failed,) = [one["text"] for one in ask(again, kind="look")["uploads"] if one["state"] == "failed"]
    assert "at most 40 are read" in failed, "the constitution was changed meanwhile"
