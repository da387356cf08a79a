"""Severity and language of items: what they follow from, that queues choose by them, and stores made before."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from pathlib import Path

import pytest

from judge.languages import asked_in, language_of
from judge.review.audit import audit
from judge.review.queue.listing import QueueFilters
from judge.review.store import Filters, NamedQueue, Preferences, Store, pictures
from judge.review.store.traits import traits_of
from judge.verdict import RuleOutcome
from tests.review.audited import FIRE, NOON, SAFE, tamper
from tests.review.shelf import drawing, many, samples, unmixed_store
from tests.review.test_desk import ask, desk_of

store = pytest.fixture(unmixed_store)
OLD = Path(__file__).with_name("store_of_schema_3.sqlite.gz")  # of what `audited` makes, written by that version


def found(verdict, **severities):
    """The verdict with these rules violated, of these severities; no other rule is."""
    findings = tuple(
        one.model_copy(
            update={"outcome": RuleOutcome.VIOLATED, "severity": severities[one.rule]}
            if one.rule in severities
            else {"outcome": RuleOutcome.NOT_VIOLATED}
        )
        for one in verdict.findings
    )
    return verdict.model_copy(update={"findings": findings})


def in_german(verdict):
    prompts = language_of("de").digests
    return verdict.model_copy(update={"provenance": verdict.provenance.model_copy(update={"prompts": prompts})})


def test_the_gravest_rule_that_is_violated_or_open_says_how_grave_an_item_is():
    verdict = samples()[FIRE]
    rules = [one.rule for one in verdict.findings if one.enforced]
    assert traits_of(found(verdict, **{rules[0]: "low", rules[1]: "critical", rules[2]: "high"}))["severity"] == (
        "critical"
    )
    assert traits_of(found(verdict))["severity"] is None
    shadow = next(one.rule for one in verdict.findings if not one.enforced)
    assert traits_of(found(verdict, **{shadow: "critical"}))["severity"] is None, "a rule in shadow changes nothing"
    left_open = tuple(
        one.model_copy(update={"outcome": RuleOutcome.UNDECIDED, "severity": "high"}) for one in verdict.findings[:1]
    )
    assert traits_of(verdict.model_copy(update={"findings": left_open}))["severity"] == "high"


def test_the_language_is_that_of_the_prompts_of_one_of_which_another_version_may_have_changed():
    for code in ("en", "de", "es", "fr"):
        digests = language_of(code).digests
        assert asked_in(digests) == code
        assert asked_in({**digests, "ask": "0" * 64}) == code
        assert asked_in({**digests, "answers": "0" * 64}) == code
    assert asked_in({"ask": "0" * 64}) is None
    assert asked_in({}) is None


def test_named_queues_of_a_severity_and_a_language(store):
    base = [verdict for verdict, _ in many(4)]
    rule = next(one.rule for one in base[0].findings if one.enforced)
    given = (found(base[0], **{rule: "low"}), found(base[1], **{rule: "critical"}), found(base[2]), in_german(base[3]))
    ids = [store.add(one, None, "batch", now=NOON) for one in given]
    assert store.choices().languages == ("de", "en")
    for filters, wanted in (
        (Filters(severity="critical"), [ids[1]]), (Filters(severity="low"), [ids[0]]), (Filters(language="de"), [ids[3]]),
        (Filters(severity="low", language="de"), []), (Filters(language="en"), ids[:3]),
    ):  # fmt: skip
        assert [one.id for one in store.list(filters)] == wanted
        assert store.count(filters).total == len(wanted)
        item = store.next("ann", filters)
        assert (item and item.id) == (wanted[0] if wanted else None)
    at = desk_of(store)
    ask(at, kind="keep_queue", name="Grave", share=1.0, filters={"severity": "critical"})
    ask(at, kind="keep_queue", name="Deutsch", filters={"language": "de"})
    assert store.settings.queues == (
        NamedQueue(name="Grave", severity="critical", share=1.0), NamedQueue(name="Deutsch", language="de"),
    )  # fmt: skip
    assert store.next("bob").id == ids[1], "its share is all"
    store.decide(ids[1], "bob", SAFE)
    assert "Severity" in ask(at, kind="start")["slots"]["filters"]
    assert audit(store).problems == ()


def test_a_severity_chooses_no_blind_read():
    assert Filters(severity="high").by_verdict, "it would tell what the judge said"
    assert not Filters(language="de").by_verdict
    assert QueueFilters(severity="high").for_next() == Filters(severity="high")


@pytest.mark.parametrize("schema", [2, 3])
def test_a_store_that_an_older_version_made_is_brought_up_and_stays_whole(tmp_path, schema):
    data = tmp_path / "data"
    data.mkdir()
    (data / "review.sqlite").write_bytes(gzip.decompress(OLD.read_bytes()))
    pictures.keep(data / "images", drawing(FIRE))
    if schema == 2:
        connection = sqlite3.connect(data / "review.sqlite")
        connection.executescript("DROP TABLE preferences; PRAGMA user_version = 2")
        connection.close()
    shutil.copytree(data, tmp_path / "again")
    with Store.open(data, make=False) as store:
        report = audit(store)
        assert report.problems == ()
        assert report.items == 4
        line = store.log(last=1)[0]
        assert (line.kind, line.who, line.item) == ("traits_added", "upgrade", None)
        assert set(line.extra["traits"]) == {"1", "2", "3", "4"}
        told = {one.id: traits_of(store.verdict(one.id)) for one in store.list()}
        assert {int(item): one for item, one in line.extra["traits"].items()} == told
        severity = told[4]["severity"]
        assert 4 in [one.id for one in store.list(Filters(severity=severity))]
        assert [one.id for one in store.list(Filters(language="en"))] == [1, 2, 3, 4]
        store.prefer("ann", Preferences(blur=1))
        assert store.preferences("ann").blur == 1
        before = len(store.log())
    with Store.open(data, make=False) as store:
        assert len(store.log()) == before, "once"
    connection = sqlite3.connect(tmp_path / "again" / "review.sqlite")
    connection.execute("UPDATE verdicts SET json = x'00' WHERE item = 2")
    connection.commit()
    connection.close()
    with Store.open(tmp_path / "again", make=False) as store:
        assert audit(store).problems == ("the verdict of item 2 is not the one that line 3 of the log added",)


def test_an_audit_holds_severity_and_language_against_the_log(store):
    list(store.add_many(many(3), "batch"))
    tamper(
        store,
        "UPDATE item_traits SET severity = 'critical' WHERE item = 1",
        "DELETE FROM item_traits WHERE item = 2",
        "INSERT INTO item_traits VALUES (9, NULL, 'en')",
    )
    first, *others = audit(store).problems
    assert first.startswith("item 1: severity is 'critical', but the log says ")
    assert others == [
        "item 2 has no severity and language",
        "table item_traits holds rows of item 9, which is not among the items",
    ]
