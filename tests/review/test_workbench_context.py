"""The workbench and what stands beside a picture: trials are told it, and cases are held against a draft with it."""

from __future__ import annotations

import io
import json
import threading

import pytest

from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.judging.pipeline import Judge
from judge.locks.loading import Policy
from judge.models.scripted import ScriptedMllm
from judge.review.export import export, rows
from judge.review.store import Decision, ReviewSettings, Role, SecondReads, Store
from judge.review.ui.context import Context, Person
from judge.review.workbench import saving
from judge.review.workbench.casedesk import CaseDesk
from judge.review.workbench.desk import Workbench
from judge.review.workbench.draft import read
from judge.review.workbench.library import Library
from judge.review.workbench.trials import Trials
from judge.settings import Settings
from tests.judging.scenes import png
from tests.review.test_trials import finished

SAID, KIN = "the text insults somebody", "the text is of a relative"
POLICY = f"""constitution: posts
version: 1.0.0
context: {{caption: 40, place: 40}}
rules:
  - id: insults
    rule: No insults beside pictures.
    preconditions: [{{statement: {SAID}, reads: caption}}]
"""
KIND_ONES = POLICY.replace(f"{{statement: {SAID}, reads: caption}}", f"{{statement: {KIN}, reads: caption}}")
RUDE, KIND = {"caption": "rude"}, {"caption": "kind"}
ANN = Person("ann", Role.ADMIN)


class Held:
    """What `Judges` is to a workbench, with a scripted model that reads."""

    def __init__(self):
        self.settings, self.busy = Settings(escalate=()), threading.Lock()
        told = {(SAID, "rude"): 0.9, (SAID, "kind"): 0.01, (KIN, "rude"): 0.01, (KIN, "kind"): 0.9}
        self.mllm = ScriptedMllm({}, {SAID: 0.3, KIN: 0.3}, told=told)

    def of(self, judged):
        constitution = judged.constitution if isinstance(judged, Policy) else judged
        return Judge(constitution, self.mllm, settings=self.settings)


@pytest.fixture
def held():
    return Held()


@pytest.fixture
def store(tmp_path, held):
    """One picture as two items, each with a caption of its own; people said otherwise than the judge of both."""
    judge = held.of(parse_constitution(POLICY))
    with Store.open(tmp_path / "data") as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0.0)), "local")
        for told, said in ((RUDE, Decision(action="no_violation", reason="A joke.")),
                           (KIND, Decision(action="violation", rules=("insults",)))):  # fmt: skip
            item = opened.add(judge.judge(png(), name="a.png", context=told), png(), "batch")
            opened.take(item, "local")
            opened.decide(item, "local", said)
        library = Library(opened.folder)
        proposal = saving.propose(library, opened, read(POLICY), "First", "local")
        saving.save(library, opened, read(POLICY), "First", "local", proposal.token)
        yield opened


@pytest.fixture
def desk(store, held):
    return CaseDesk(Library(store.folder), store, Trials(store, held), held.settings)


def fared(desk, text):
    return [(one.case.case.context, one.fared) for one in desk._under(read(text))]


def test_a_trial_tells_each_picture_of_the_store_what_came_with_it(store, held):
    trials = Trials(store, held)
    pictures = trials.pictures("oldest", 2)
    assert [one.context for one in pictures] == [RUDE, KIND]
    tried = finished(trials.trial(parse_constitution(POLICY), pictures))
    assert [one.verdict.verdict for one in tried] == ["violation", "no_violation"]
    found = finished(trials.comparison(parse_constitution(POLICY), parse_constitution(KIND_ONES), pictures))
    assert [(one.before, one.after) for one in found.verdicts.flips] == [
        ("violation", "no_violation"), ("no_violation", "violation")
    ]  # fmt: skip


def test_a_draft_that_declares_less_is_told_less_and_one_that_reads_shorter_texts_leaves_it_to_a_person(store, held):
    trials = Trials(store, held)
    seeing = parse_constitution(
        POLICY.replace("context: {caption: 40, place: 40}\n", "").replace(", reads: caption", "")
    )
    held.mllm._answers[SAID] = [0.01, 0.01]
    pictures = trials.pictures("oldest", 2)
    tried = finished(trials.trial(seeing, pictures))
    assert [(one.verdict.verdict, one.verdict.context) for one in tried] == [("no_violation", None)] * 2
    shorter = finished(trials.trial(parse_constitution(POLICY.replace("caption: 40", "caption: 3")), pictures))
    assert {(one.verdict.verdict, one.verdict.causes) for one in shorter} == {("needs_review", ("context_refused",))}


def test_two_cases_of_one_picture_are_each_held_against_the_draft_with_their_own_text(store, desk):
    overridden = list(store.decided())
    shown = desk.wanted(overridden, read(POLICY).whole(), ANN)
    assert shown.count("data-item") == 2
    for one in overridden:
        desk.make(one.item, Person("local", Role.ADMIN))
    assert "data-item" not in desk.wanted(overridden, read(POLICY).whole(), ANN)
    assert fared(desk, POLICY) == [(RUDE, "fails"), (KIND, "fails")]
    assert fared(desk, KIND_ONES) == [(RUDE, "asks"), (KIND, "asks")]
    asked = finished(desk.ask(read(KIND_ONES), ANN))
    assert [one.picture.context for one in asked.tried] == [RUDE, KIND]
    desk.learn(asked.tried)
    assert fared(desk, KIND_ONES) == [(RUDE, "mended"), (KIND, "mended")]
    assert "caption: rude" in desk.live(read(KIND_ONES), ANN)


def test_one_of_two_cases_is_not_made_because_the_other_is(store, desk):
    first, second = store.decided()
    desk.make(first.item, Person("local", Role.ADMIN))
    shown = desk.wanted([first, second], read(POLICY).whole(), ANN)
    assert f'data-item="{second.item}"' in shown and f'data-item="{first.item}"' not in shown


def cases(store, *given):
    """Cases of the picture that somebody wrote by hand."""
    path = next(one for one in store.images.rglob("*") if one.is_file())
    said = {"cases": [{"image": str(path), "expect": {"insults": what}, **more} for what, more in given]}
    (store.folder / "constitutions/posts/posts.test.yaml").write_text(json.dumps(said))


def test_a_case_that_tells_nothing_is_open_and_asks_nothing(store, desk):
    cases(store, ("ok", {}))
    (one,) = desk._under(read(POLICY))
    assert (one.fared, one.asks, one.got) == ("fails", (), "undecided") and "`caption`" in one.reason


def test_a_case_whose_text_the_draft_does_not_read_breaks_and_says_why(store, desk):
    cases(store, ("violates", {"context": RUDE}))
    assert fared(desk, POLICY) == [(RUDE, "passes")]
    (one,) = desk._under(read(POLICY.replace("caption: 40", "caption: 3")))
    assert one.fared == "breaks" and "at most 3 are read" in one.reason


def test_what_is_tried_shows_what_it_was_told(store, held):
    bench = Workbench(Context(store, held.settings, store.folder, False, held))
    wish = {"kind": "try", "serial": 1, "choice": "oldest", "count": 2}
    bench.act(wish, POLICY, ANN, "page")
    bench._jobs.of("page")._thread.join(60)
    said, _ = bench.act({"kind": "job", "serial": 2}, POLICY, ANN, "page")
    shown = json.loads(said)["slots"]["try"]
    assert shown.count('class="cj-told"') == 2 and "rude" in shown and "kind" in shown


def test_no_violation_of_a_picture_whose_text_was_not_told_says_nothing_of_a_rule_that_reads_it(store, held, desk):
    judge = held.of(parse_constitution(POLICY))
    item = store.add(judge.judge(png(), name="b.png"), png(), "batch")
    store.take(item, "local")
    store.decide(item, "local", Decision(action="no_violation", reason="A sea."))
    with pytest.raises(UserError, match="insults reads what was not told beside its picture"):
        desk.make(item, Person("local", Role.ADMIN))
    by_item = {row["item"]: row for row in rows(store)}
    assert [by_item[one]["not_told"] for one in (1, 2, item)] == [[], [], ["insults"]]
    assert [by_item[one]["context"] for one in (1, item)] == [json.dumps(RUDE), None]
    to = io.BytesIO()
    export(store, "jsonl", to)
    line = json.loads(to.getvalue().splitlines()[0])
    assert line["context"] == RUDE and line["evidence"][0]["statements"][0]["reads"] == ["caption"]
    bench = Workbench(Context(store, held.settings, store.folder, False, held))
    said, _ = bench.act({"kind": "curve", "serial": 1, "rule": "insults"}, POLICY, ANN, "page")
    assert "of 2 items" in json.loads(said)["slots"]["curve"], "it is no example of a no"
