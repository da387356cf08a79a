"""Clips in the store: added, listed, leased, decided and audited as pictures are."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from judge.errors import UserError
from judge.review.audit import audit
from judge.review.export import rows
from judge.review.store import Decision, Filters
from judge.review.ui import render
from tests.review.filmed import judged, without
from tests.review.shelf import fill, unmixed_store
from tests.review.shelf import many as shelf_of

store = pytest.fixture(unmixed_store)
FOUND = Decision(action="violation", rules=("red",))


@pytest.fixture
def clip(store, tmp_path):
    """The id of a clip in the store, beside two pictures."""
    verdict, data = judged()
    file = tmp_path / "colours.mp4"
    file.write_bytes(data)
    fill(store, 2)
    return store.add(verdict, file, "batch")


def test_a_clip_is_an_item_with_what_came_of_each_rule(store, clip):
    item = store.item(clip, "ann")
    assert (item.verdict.image, item.verdict.verdict, item.verdict.violations) == ("colours.mp4", "violation", ("red",))
    assert {one.rule: one.outcome for one in item.verdict.findings} == {"red": "violated", "blue": "not_violated"}
    assert item.clip is not None
    assert item.clip.ranges() == ("red 1000-2000",)
    assert store.clip(clip).read_bytes() == judged()[1]
    listed = {one.id: one.clip_ms for one in store.list()}
    assert listed == {1: None, 2: None, clip: 5000}
    assert [one.id for one in store.list(Filters(rule="red"))] == [clip]
    assert store.add(judged()[0], judged()[1], "batch") == clip, "it is known"


def test_a_rule_that_holds_for_too_short_a_time_scores_no_violation(store, clip):
    assert store.item(clip, "ann").score > 0.9
    store.take(clip, "ann")
    line = store.decide(clip, "ann", FOUND)
    assert line.scores["red"] > 0.9
    assert line.scores["blue"] == 0.5, "one frame is surely blue, the clip not for long enough"


def test_a_clip_is_held_revealed_and_decided_and_the_log_is_whole(store, clip):
    with pytest.raises(UserError, match="you do not hold"):
        store.reveal_clip(clip, "ann")
    store.take(clip, "ann")
    with pytest.raises(UserError, match="was not judged by a rule 'green'"):
        store.decide(clip, "ann", Decision(action="violation", rules=("green",)))
    assert store.reveal_clip(clip, "ann") == store.clip(clip)
    assert store.log(kind="reveal")[0].item == clip
    store.decide(clip, "ann", FOUND)
    row = next(one for one in rows(store) if one["item"] == clip)
    assert json.loads(row["evidence"])[0] == {
        "rule": "red",
        "view": "clip",
        "outcome": "violated",
        "ranges": [[1000, 2000]],
    }
    assert audit(store).problems == ()


def test_a_clip_is_no_picture_and_a_picture_no_clip(store, clip):
    for wrong in (lambda: store.image(clip), lambda: store.clip(1)):
        with pytest.raises(UserError, match=r"item \d is a (clip|picture)"):
            wrong()
    assert store.verdicts_of([judged()[0].clip_facts.sha256])[judged()[0].clip_facts.sha256] == []
    store.take(clip, "ann")
    store.decide(clip, "ann", FOUND)
    assert list(store.decided()) == [], "what decides again from recorded answers has none of a clip"


def test_a_file_that_is_not_the_judged_one_is_refused_and_one_that_is_gone_is_told(store, tmp_path):
    verdict, _ = judged()
    other = tmp_path / "other.mp4"
    other.write_bytes(b"something else")
    for given, why in ((other, "not the file"), (b"other", "not the image"), (tmp_path / "none", "cannot read")):
        with pytest.raises(UserError, match=why):
            store.add(verdict, given, "batch")
    item = store.add(without(verdict, "a" * 64), None, "batch")
    with pytest.raises(UserError, match="no clip was kept"):
        store.clip(item)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM clips", "item 3 is not a clip of 5000 ms"),
        ("UPDATE clips SET duration_ms = 1", "item 3 is not a clip of 5000 ms"),
        ("INSERT INTO clips VALUES (1, 5)", "item 1 is not a picture"),
        ("INSERT INTO clips VALUES (9, 5)", "table clips holds rows of item 9"),
    ],
)
def test_an_audit_finds_what_was_changed_of_clips(store, clip, change, found):
    with store.reading() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    engine = sa.create_engine(f"sqlite:///{store.folder / 'review.sqlite'}")
    with engine.begin() as connection:
        connection.exec_driver_sql(change)
    engine.dispose()
    assert any(found in one for one in audit(store).problems)


def test_an_audit_finds_a_clip_that_was_changed_on_disk(store, clip):
    store.clip(clip).write_bytes(b"another")
    assert "the clip of item 3 was changed on disk" in audit(store).problems[0]


def test_one_reason_of_many_rules_is_one_line_with_the_rules_folded():
    many = [f"rule-{number}: at 0:00.000: the model reads drawings only" for number in range(13)]
    verdict, _ = next(iter(shelf_of(1)))
    given = {"outside": False, "agree": None, "model": "", "thing": "clip"}
    folded = render.html("verdict", verdict=verdict.model_copy(update={"reasons": tuple(many)}), **given)
    assert "13 rules: at 0:00.000: the model reads drawings only</summary>" in folded
    assert all(one in folded for one in many), "each is there when it is unfolded"
    other = (*many, "rule-x: close")
    mixed = render.html("verdict", verdict=verdict.model_copy(update={"reasons": other}), **given)
    assert "<details>" not in mixed and "rule-x: close" in mixed
