"""Examples beside an item: forbidden and allowed pictures of the constitution's cases, the nearest first, none that tells
what somebody is asked about blind."""

from __future__ import annotations

import base64
import json
import re

import pytest

from judge.review.queue.examples import Examples
from judge.review.store import Decision, Filters, GoldReads, ReviewSettings, Role, SecondReads, Store
from judge.review.ui.context import Person
from tests.review.shelf import DRAWINGS, drawing, samples

ANN = Person("ann", Role.ADMIN)
FIRE = "body-on-fire-violating.png"


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data") as opened:
        opened.configure(ReviewSettings(second_reads=SecondReads(share=1.0), gold=GoldReads(share=0.0)), "chief")
        yield opened


def held(store, name=FIRE, by="ann"):
    number = store.add(samples()[name], drawing(name), "batch")
    store.take(number, by)
    return number


def ask(store, **asked):
    return json.loads(Examples(store, store.folder).act({"serial": 3, **asked}, ANN))["html"]


def names(html):
    """What is shown, by its kind."""
    parts = dict(re.findall(r"<h3>(\w+)</h3>(.*?)</div>", html, re.S))
    return {kind: re.findall(r"<figcaption title=.*?>(.*?)</figcaption>", part) for kind, part in parts.items()}


def test_the_rule_in_question_has_forbidden_and_allowed_pictures(store):
    html = ask(store, item=held(store))
    assert '<option value="body-on-fire" selected>' in html
    shown = names(html)
    assert shown["Forbidden"] == ["body-on-fire-violating-animal"], "not the picture itself"
    assert set(shown["Allowed"]) <= {one.stem for one in DRAWINGS.glob("*.png") if "borderline" in one.stem}
    assert len(shown["Allowed"]) == 2
    originals = [base64.b64encode(one.read_bytes()).decode()[200:300] for one in DRAWINGS.glob("*.png")]
    assert not any(one in html for one in originals), "shielded"


def test_the_nearest_come_first(store, tmp_path):
    """Of four allowed pictures that differ in colour, those like the one in hand are shown."""
    from PIL import Image

    folder = store.folder / "constitutions" / "demo"
    folder.mkdir(parents=True)
    cases = "cases:\n"
    with Image.open(DRAWINGS / FIRE) as own:
        picture = own.convert("RGB")
    for name, share in (("far", 1.0), ("near", 0.1), ("nearer", 0.02), ("off", 0.6)):
        Image.blend(picture, Image.new("RGB", picture.size, "blue"), share).save(folder / f"{name}.png")
        cases += f"  - {{image: {name}.png, expect: {{body-on-fire: ok}}}}\n"
    (folder / "demo.test.yaml").write_text(cases)
    assert names(ask(store, item=held(store)))["Allowed"] == ["nearer", "near"]


def test_a_reveal_is_recorded(store):
    number = held(store)
    before = len(store.log())
    hidden = ask(store, item=number)
    assert len(store.log()) == before
    shown = ask(store, item=number, reveal=True)
    said = store.log()[before:]
    assert [(one.kind, one.who, one.extra["beside"]) for one in said] == [("reveal", "ann", number)] * 3
    assert hidden != shown and 'aria-pressed="true"' in shown


def test_what_is_read_blind_is_no_example(store):
    number = held(store)
    other = held(store, "body-on-fire-violating-animal.png", by="bob")
    assert names(ask(store, item=number))["Forbidden"] == ["body-on-fire-violating-animal"]
    store.decide(other, "bob", Decision(action="violation", rules=("body-on-fire",)))
    assert [one.id for one in store.list(Filters(state="second_read"))] == [other]
    assert names(ask(store, item=number))["Forbidden"] == []
    store.mark_gold(other, "chief", Decision(action="violation", rules=("body-on-fire",)))
    assert names(ask(store, item=number))["Forbidden"] == []


def test_a_blind_read_names_no_rule_in_question(store):
    number = held(store, by="bob")
    store.decide(number, "bob", Decision(action="no_violation", reason="it is smoke"))
    store.take(number, "ann")
    html = ask(store, item=number)
    assert "choose a rule" in html and "selected>choose" in html and names(html) == {}
    assert names(ask(store, item=number, rule="drugs")).keys() == {"Forbidden", "Allowed"}


def test_nothing_is_shown_of_what_is_not_held_or_has_no_cases(store):
    number = held(store, by="bob")
    assert ask(store, item=number) == ""
    assert ask(store, item=10_000) == ask(store, item=None) == ask(store, item=-1) == ""
    verdict = samples()["drugs-violating.png"]
    own = verdict.model_copy(update={"provenance": verdict.provenance.model_copy(update={"constitution": "unknown"})})
    number = store.add(own, drawing("drugs-violating.png"), "batch")
    store.take(number, "ann")
    assert ask(store, item=number) == ""
    folder = store.folder / "constitutions" / "demo"
    folder.mkdir(parents=True)
    (folder / "demo.test.yaml").write_text("cases: [oops")
    assert ask(store, item=held(store, "explosive-violating.png")) == "", "the workbench tells of the mistake"
