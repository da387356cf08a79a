"""Items that show nearly the same picture: which these are, one decision for them, and that an audit follows it."""

from __future__ import annotations

import hashlib
import io
import itertools
import threading
import time

import pytest
from PIL import Image, ImageDraw

from judge.errors import UserError
from judge.media import prints
from judge.media.prints import print_of
from judge.review.audit import audit
from judge.review.store import Decision, GoldReads, ReviewSettings, SecondReads, Store, near
from tests.review.audited import NOON, SAFE, tamper
from tests.review.crowded import crowd
from tests.review.shelf import FIRED, drawing, samples, unmixed_store

store = pytest.fixture(unmixed_store)
FIRE, POOL = "body-on-fire-violating.png", "bathing-person-violating.png"


def saved(name, *, form="JPEG", size=256, square=False, **options):
    """A shipped drawing as another file."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(drawing(name))) as opened:
        whole = Image.new("RGB", opened.size, "white")
        whole.paste(opened, mask=opened.getchannel("A") if "A" in opened.getbands() else None)
    if square:  # on a hundredth of the area, a tenth darker
        ImageDraw.Draw(whole).rectangle((8, 8, 33, 33), fill=(229, 229, 229))
    whole.resize((size, size), Image.Resampling.LANCZOS).save(buffer, form, **options)
    return buffer.getvalue()


def copies(name, count):
    """As many files of one drawing, each another."""
    return [saved(name, quality=60 + number) for number in range(count)]


def put(store, name, image, **provenance):
    verdict = samples()[name]
    facts = verdict.image_facts.model_copy(update={"sha256": hashlib.sha256(image).hexdigest()})
    made_by = verdict.provenance.model_copy(update=provenance)
    return store.add(verdict.model_copy(update={"image_facts": facts, "provenance": made_by}), image, "batch", now=NOON)


def test_what_looks_the_same_to_the_eye_is_near_and_nothing_else():
    original = print_of(saved(FIRE, form="PNG"))
    for other in (saved(FIRE, quality=90), saved(FIRE, quality=40), saved(FIRE, form="WEBP", quality=60),
                  saved(FIRE, size=128, quality=80), saved(FIRE, size=480, quality=80)):  # fmt: skip
        assert prints.near(original, print_of(other))
    for other in (saved(FIRE, form="PNG", square=True), saved(POOL, form="PNG")):
        assert not prints.near(original, print_of(other))
    looks = [print_of(saved(name, form="PNG")) for name in samples()]
    assert not any(prints.near(*pair) for pair in itertools.combinations(looks, 2))


def test_hashes_that_are_near_have_a_bucket_in_common_and_never_one_of_another_constitution():
    one = 0x0123456789ABCDEF
    home = set(prints.buckets(f"{one:016x}", "a" * 64))
    for bits in itertools.combinations(range(0, 64, 7), prints.NEAR_BITS):
        other = one
        for bit in bits:
            other ^= 1 << bit
        assert home & set(prints.buckets(f"{other:016x}", "a" * 64))
    assert not home & set(prints.buckets(f"{one:016x}", "b" * 64))


def test_several_views_and_what_is_no_picture_are_compared_with_nothing():
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert print_of(buffer.getvalue()) is None
    assert print_of(b"no picture") is None


def test_what_waits_nearby_is_found(store):
    first, *others = [put(store, FIRE, image) for image in copies(FIRE, 5)]
    put(store, FIRE, saved(FIRE, square=True))
    put(store, POOL, saved(POOL))
    put(store, FIRE, copies(FIRE, 9)[8], constitution_digest="f" * 64)
    assert [one.id for one in store.near(first, NOON)] == others
    store.take(others[0], "bob", NOON)
    store.take(others[1], "bob", NOON)
    store.decide(others[1], "bob", SAFE, NOON)
    store.take(others[2], "bob", NOON)
    assert [(one.id, one.held_by) for one in store.near(first, NOON)] == [
        (others[0], None), (others[2], "bob"), (others[3], None),
    ]  # fmt: skip
    assert audit(store).problems == ()


def test_one_decision_for_all_is_one_each_and_one_undo(store):
    first, *others = [put(store, FIRE, image) for image in copies(FIRE, 6)]
    strange = put(store, POOL, saved(POOL))
    store.take(others[0], "bob", NOON)
    store.take(others[1], "bob", NOON)
    store.decide(others[1], "bob", SAFE, NOON)
    store.take(others[0], "bob", NOON)
    store.take(first, "ann", NOON)
    made = store.decide_together(first, "ann", FIRED, [*others, strange, 99, first], NOON)
    assert made.left_out == {
        others[0]: "is held by bob", others[1]: "was decided already", strange: "does not look the same", 99: "is gone",
    }  # fmt: skip
    lead, *rest = made.entries
    assert [one.item for one in made.entries] == [first, *others[2:]]
    assert all(
        (one.kind, one.decision, one.rules, one.who) == ("decision", "violation", FIRED.rules, "ann") for one in rest
    )
    assert "like" not in lead.extra and all(one.extra["like"] == lead.seq for one in rest)
    assert {store.item(one, "x").state for one in (first, *others[2:])} == {"decided"}
    assert store.item(others[0], "x", NOON).lease.reviewer == "bob"
    assert audit(store).problems == ()
    taken = store.take_back("ann", NOON)
    assert (taken.item, set(taken.items), taken.first) == (first, {first, *others[2:]}, lead.seq)
    assert {store.item(one, "x").state for one in (first, *others[2:])} == {"open"}
    assert store.item(first, "ann", NOON).lease.reviewer == "ann"
    assert [one.kind for one in store.log(who="ann")].count("undo") == len(taken.items), "one each"
    assert audit(store).problems == ()


def test_a_single_one_of_them_is_taken_back_by_its_line_and_what_cannot_be_is_told(store):
    first, *others = [put(store, FIRE, image) for image in copies(FIRE, 4)]
    store.take(first, "ann", NOON)
    made = store.decide_together(first, "ann", SAFE, others, NOON)
    assert store.take_back("ann", NOON, line=made.entries[2].seq).items == (others[1],)
    store.take(others[2], "pol", NOON)
    taken = store.take_back("ann", NOON, line=made.entries[0].seq, whole=True)
    assert taken.items == (first, others[0])
    assert taken.left_out == (f"item {others[2]} cannot be taken back: pol is looking at it",)
    assert audit(store).problems == ()


def test_only_a_first_read_is_decided_together_and_not_too_many(store):
    store.configure(ReviewSettings(second_reads=SecondReads(share=1), gold=GoldReads(share=0)), "test")
    first, other = [put(store, FIRE, image) for image in copies(FIRE, 2)]
    store.take(first, "ann", NOON)
    with pytest.raises(UserError, match="more than 24"):
        store.decide_together(first, "ann", SAFE, range(100, 126), NOON)
    with pytest.raises(UserError, match="only a first read"):
        store.decide_together(first, "ann", Decision(action="skip"), [other], NOON)
    store.decide_together(first, "ann", SAFE, [other], NOON)
    assert store.count().second_read == 2, "each may be read again"
    store.take(first, "bob", NOON)
    assert store.near(first, NOON) == (), "what waits for a second read is not told"
    with pytest.raises(UserError, match="only a first read"):
        store.decide_together(first, "bob", SAFE, [other], NOON)


def test_an_audit_holds_looks_and_decisions_made_together_against_the_log(store):
    ids = [put(store, FIRE, image) for image in copies(FIRE, 4)]
    store.take(ids[0], "ann", NOON)
    store.decide_together(ids[0], "ann", SAFE, ids[1:2], NOON)
    tamper(
        store,
        "UPDATE item_prints SET hash = 'ffffffffffffffff' WHERE item = 1",
        "UPDATE item_prints SET fields = x'00' WHERE item = 2",
        "UPDATE item_buckets SET bucket = bucket + 1 WHERE item = 3",
        "DELETE FROM item_buckets WHERE item = 4; DELETE FROM item_prints WHERE item = 4",
    )
    assert list(audit(store).problems) == [
        "item 1: how its picture looks is not what the log tells",
        "item 2: how its picture looks is not what the log tells",
        "item 3: what its picture is compared with is not what follows from the log",
        "how the picture of item 4 looks is gone",
    ]


def test_a_line_that_only_says_that_it_was_decided_with_another_is_found(store):
    from judge.review.store import deciding, reading
    from judge.review.store.item_folder import row_of

    first, other = [put(store, FIRE, image) for image in copies(FIRE, 2)]
    store.take(first, "ann", NOON)
    line = store.decide(first, "ann", SAFE, NOON)
    store.take(other, "ann", NOON)
    with store.writing() as connection:
        row, verdict = row_of(connection, other), reading.verdict(connection, other)
        deciding.decide(connection, row, verdict, "ann", FIRED, store.settings.second_reads, NOON, {"like": line.seq})
    assert audit(store).problems == (
        f"line {line.seq + 1} of the log decides as line {line.seq} does, which is not so",
    )


def test_pictures_of_a_store_that_was_made_before_are_looked_at_later(store):
    ids = [put(store, FIRE, image) for image in copies(FIRE, 3)]
    kept = [print_of(store.image(one)) for one in ids]
    with store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM item_buckets")
        connection.exec_driver_sql("DELETE FROM item_prints")
    assert store.near(ids[0]) == ()
    with near.looking(store):
        pass
    near.add_missing(store, threading.Event())
    assert [one.id for one in store.near(ids[0])] == ids[1:]
    line = store.log(kind="traits_added")[0]
    assert line.extra["prints"]["1"]["hash"] == kept[0].hash
    before = len(store.log())
    near.add_missing(store, threading.Event())
    assert len(store.log()) == before
    assert audit(store).problems == ()


def test_with_ten_thousand_of_one_picture_the_answer_comes_as_soon(tmp_path):
    """The worst that there can be: all in the same buckets, almost all of them decided. Processor time is measured."""
    with Store.open(tmp_path / "data") as store:
        ids = [put(store, FIRE, image) for image in copies(FIRE, 10)]
        times = {}
        for count in (10, 10_000):
            with store.writing() as connection:
                if count > 10:
                    crowd(connection, 1, count)
                    connection.exec_driver_sql(f"UPDATE items SET state = 'decided' WHERE id < {count - 30}")
            spent = []
            for _ in range(9):
                begun = time.process_time()
                found = store.near(ids[0])
                spent.append(time.process_time() - begun)
            times[count] = sorted(spent)[4]
            assert len(found) == (9 if count == 10 else near.MOST)
        assert times[10_000] < 0.06, times
