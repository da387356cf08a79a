"""Cases of decided items: one action writes one that `judge test` reads, and drafts are held against it as they are."""

from __future__ import annotations

import pytest

from judge.cases.reading import Expected, load_cases
from judge.constitution.document import read_document
from judge.errors import UserError
from judge.review.access.logins import add_user
from judge.review.audit import audit
from judge.review.store import Decision, GoldReads, ReviewSettings, Role, SecondReads, Store
from judge.review.ui.context import Person
from judge.review.workbench.casebook import CaseBook, _case, overridden
from judge.review.workbench.casecheck import Measured, cases_under
from judge.review.workbench.draft import read
from judge.review.workbench.library import Library, Ref
from judge.review.workbench.recorded import RecordedPicture
from tests.review.shelf import drawing, samples
from tests.review.test_desk import ask, desk_of

FIRE = "body-on-fire-violating.png"


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data") as opened:
        for name, role in (("ann", Role.ADMIN), ("bob", Role.REVIEWER)):
            add_user(opened, name, role, "correct horse", by="ann")
        opened.configure(ReviewSettings(second_reads=SecondReads(share=0.0)), "ann")
        yield opened


@pytest.fixture
def book(store):
    return CaseBook(Library(store.folder), store)


def decided(store, name, said):
    item = store.add(samples()[name], drawing(name), "batch")
    store.take(item, "bob")
    store.decide(item, "bob", said)
    return next(store.decided(item=item))


def demo(store):
    return Library(store.folder).text(Ref(origin="shipped", name="demo"))


def under(store, book, text):
    before = read(demo(store)).whole()
    cases = book.cases("demo", before)
    known = store.verdicts_of({book.sha256(one) for one in cases})
    draft, was = Measured(read(text).whole()), Measured(before)
    return cases_under(draft, was, cases, lambda one: RecordedPicture.of(known.get(book.sha256(one), ())))


def test_an_overridden_item_becomes_a_case_in_one_step(store, book):
    found = decided(store, FIRE, Decision(action="no_violation", reason="A costume."))
    assert overridden(found)
    made = book.add(found, "ann")
    assert made.path == store.folder / "constitutions/demo/demo.test.yaml"
    (case,) = load_cases(made.path, read(demo(store)).whole())
    assert dict(case.case.expect) == {"body-on-fire": "ok"}
    assert (made.entry.kind, made.entry.who, made.entry.extra["item"]) == ("case_added", "ann", found.item)
    text = made.path.read_text()
    assert FIRE in text
    with pytest.raises(UserError, match="has a case already, on line 3"):
        book.add(found, "ann")
    assert made.path.read_text() == text
    assert not audit(store).problems, "the log stays what the audit expects"


def test_what_people_named_is_violated_and_what_only_the_judge_named_is_not(store, book):
    more = decided(store, FIRE, Decision(action="violation", rules=("drugs",)))
    assert book.add(more, "ann").expect == {"drugs": "violates", "body-on-fire": "ok"}
    same = decided(store, "drugs-violating.png", Decision(action="violation", rules=("drugs",)))
    assert not overridden(same)
    assert book.add(same, "ann").expect == {"drugs": "violates"}
    quiet = next(name for name, one in samples().items() if one.verdict == "no_violation")
    (nearest,) = book.add(decided(store, quiet, Decision(action="no_violation", reason="No.")), "ann").expect.values()
    assert nearest == "ok"
    assert len(book.cases("demo", read(demo(store)).whole())) == 3


def test_a_reviewer_may_not_and_nothing_is_written_where_it_cannot_be(store, book):
    found = decided(store, FIRE, Decision(action="no_violation", reason="A costume."))
    with pytest.raises(UserError, match="bob is a reviewer"):
        book.add(found, "bob")
    assert not book.path("demo").exists()
    item = store.add(samples()["drugs-violating.png"], None, "batch")
    store.take(item, "bob")
    store.decide(item, "bob", Decision(action="no_violation", reason="No."))
    with pytest.raises(UserError, match="was not kept"):
        book.add(next(store.decided(item=item)), "ann")
    book.path("demo").parent.mkdir(parents=True)
    book.path("demo").write_text("cases: [")
    with pytest.raises(Exception, match="not YAML"):
        book.add(found, "ann")
    assert book.path("demo").read_text() == "cases: [", "what somebody wrote is left as it is"


def test_a_draft_breaks_mends_keeps_or_cannot_tell_a_case(store, book):
    book.add(decided(store, FIRE, Decision(action="violation", rules=("body-on-fire",))), "ann")
    book.add(decided(store, "drugs-violating.png", Decision(action="no_violation", reason="Flour.")), "ann")
    text = demo(store)

    def fared(draft):
        return {one.rule: one.fared for one in under(store, book, draft)}

    assert fared(text) == {"body-on-fire": "passes", "drugs": "fails"}
    people = "      - any: [people are visible, animals are visible]\n"
    assert fared(text.replace(people, "      - animals are visible\n", 1))["body-on-fire"] == "breaks"
    unheard = text.replace(people, "      - a dragon is visible\n", 1)
    (asks,) = [one for one in under(store, book, unheard) if one.rule == "body-on-fire"]
    assert (asks.fared, asks.asks) == ("asks", ("a dragon is visible",))
    gone = text[: text.index("  - id: drugs")] + text[text.index("  - id: ", text.index("  - id: drugs") + 5) :]
    assert fared(gone) == {"body-on-fire": "passes", "drugs": "mended"}
    first = under(store, book, text.replace("  - id: body-on-fire", "  - id: bodies-on-fire"))[0]
    assert (first.fared, first.reason) == ("breaks", "the draft has no such rule")


def test_the_desk_makes_a_case_for_whoever_may_and_of_what_is_decided(store, book):
    at = desk_of(store)
    item = store.add(samples()[FIRE], drawing(FIRE), "batch")
    ann, bob = Person("ann", Role.ADMIN), Person("bob", Role.REVIEWER)
    ask(at, bob, kind="take", open=item)
    assert "no decided picture" in ask(at, ann, kind="case", open=item)["toasts"][0]["text"]
    reply = ask(at, bob, kind="decide", item=item, action="no_violation", reason="A costume.")
    assert "case" not in reply["toasts"][0], "a reviewer edits no constitutions"
    assert "may not edit" in ask(at, bob, kind="case", open=item)["toasts"][0]["text"]
    assert not book.path("demo").exists()
    assert "data-case" not in ask(at, bob, kind="recent")["slots"]["recent"]
    assert f'data-case="{item}"' in ask(at, ann, kind="recent")["slots"]["recent"]
    said = ask(at, ann, kind="case", open=item)["toasts"][0]["text"]
    assert said.startswith(f"Item {item} is a case now, in demo.test.yaml: body-on-fire: ok.")
    other = store.add(samples()["bathing-person-violating.png"], drawing("bathing-person-violating.png"), "batch")
    ask(at, ann, kind="take", open=other)
    told = ask(at, ann, kind="decide", item=other, action="no_violation", reason="A lake.")["toasts"][0]
    assert told["case"] == other


def test_the_desk_makes_no_case_of_what_is_read_blind(store):
    store.configure(ReviewSettings(second_reads=SecondReads(share=0.0), gold=GoldReads(share=1.0)), "ann")
    item = store.add(samples()[FIRE], drawing(FIRE), "batch")
    store.take(item, "ann")
    store.mark_gold(item, "ann", Decision(action="no_violation", reason="A costume."))
    add_user(store, "pol", Role.POLICY, "correct horse", by="ann")
    assert store.next("pol").read == "gold"
    reply = ask(desk_of(store), Person("pol", Role.POLICY), kind="case", item=item)
    assert "no decided item" in reply["toasts"][0]["text"]
    assert not store.log(kind="case_added")


def test_a_case_keeps_what_was_told_beside_its_picture(store):
    found = decided(store, FIRE, Decision(action="no_violation", reason="A costume."))
    context = {"caption": "two\nlines: 'quotes' \"and\" # more \N{FIRE} \u202e", "post": "- no", "place": ""}
    verdict = found.verdict.model_copy(update={"context": context})
    told = found.model_copy(update={"verdict": verdict})
    text = "cases:\n" + _case("p.png", told, {"body-on-fire": Expected.OK})
    assert read_document(text, "c").data["cases"][0]["context"] == context
    assert "context" not in _case("p.png", found, {"body-on-fire": Expected.OK})
