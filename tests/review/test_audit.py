"""`judge audit` finds every way in which a log and what was drawn from it can be tampered with."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from judge.cli.main import main
from judge.cli.verbs import app
from judge.review.access.logins import add_user, remove_user, set_password, set_role
from judge.review.audit import audit
from judge.review.store import Role, Store
from judge.review.store.log import GENESIS
from judge.review.store.pictures import path_of
from tests.inside import given_back
from tests.review.audited import FIRE, audited, tamper
from tests.review.shelf import drawing, samples


@pytest.fixture
def store(tmp_path):
    with audited(tmp_path) as opened:
        yield opened


def test_a_log_as_it_was_written_is_whole(store):
    report = audit(store)
    assert report.problems == ()
    assert (report.lines, report.head) == (len(store.log()), store.log()[-1].hash)
    first, second = store.log()[:2]
    assert first.previous == GENESIS and second.previous == first.hash


QUIET = "CREATE TRIGGER {} BEFORE DELETE ON log BEGIN SELECT 1; END"


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["DROP TRIGGER log_keeps_lines"], ["trigger log_keeps_lines is missing"]),
        (
            ["DROP TRIGGER log_loses_nothing", QUIET.format("log_loses_nothing")],
            [f"trigger log_loses_nothing was changed: {QUIET.format('log_loses_nothing')}"],
        ),
        (
            ["CREATE TRIGGER pass AFTER INSERT ON items BEGIN UPDATE items SET state = 'decided'; END"],
            [
                "trigger pass is none of a review store's: "
                "CREATE TRIGGER pass AFTER INSERT ON items BEGIN UPDATE items SET state = 'decided'; END"
            ],
        ),
        (["CREATE VIEW v AS SELECT 1"], ["view v is none of a review store's: CREATE VIEW v AS SELECT 1"]),
        (["CREATE TABLE more (x)"], ["table more is none of a review store's: CREATE TABLE more (x)"]),
        (["DROP INDEX log_who"], ["index log_who is missing"]),
    ],
)
def test_what_the_database_is_made_of_is_part_of_the_audit(store, statements, found):
    with closing(sqlite3.connect(store.folder / "review.sqlite")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    assert list(audit(store).problems) == found


@pytest.mark.parametrize("kind", ["trigger", "view"])
@pytest.mark.parametrize("name", ["sqlite_stat1", "sqlite_stat3", "sqlite_stat4", "log_keeps_lines", "odd_one"])
def test_what_is_called_as_statistics_are_or_as_ours_is_named(store, kind, name):
    made_by = {
        "trigger": f"CREATE TRIGGER {name} BEFORE INSERT ON log WHEN NEW.kind = 'reveal' "
        "BEGIN SELECT RAISE(IGNORE); END",
        "view": f"CREATE VIEW {name} AS SELECT 1",
    }[kind]
    part = (kind, name, "log" if kind == "trigger" else name, made_by)
    with closing(sqlite3.connect(store.folder / "review.sqlite")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, 0, ?)", part
        )
        connection.commit()
    assert audit(store).problems[0].startswith(f"{kind} {name} ")


@pytest.mark.parametrize(
    ("name", "old", "new", "found"),
    [
        ("log_keeps_lines", "append-only", "append - only", "trigger log_keeps_lines was changed"),
        ("log_keeps_lines", " BEGIN", "  BEGIN", "trigger log_keeps_lines was changed"),
        ("items", "DEFAULT 'open'", "DEFAULT 'o pen'", "table items was changed"),
        ("items", "DEFAULT 'open'", "DEFAULT '\"open\"'", "table items was changed"),
        ("items_oldest", "(added, id)", '("added",\n id)', None),  # as another SQLAlchemy may write it
    ],
)
def test_the_schema_is_held_to_its_words(store, name, old, new, found):
    with closing(sqlite3.connect(store.folder / "review.sqlite")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        changed = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = ? AND instr(sql, ?)"
        assert connection.execute(changed, (old, new, name, old)).rowcount == 1
        connection.commit()
    with Store.open(store.folder) as opened:
        told = audit(opened).problems
    assert [one[: len(found or "")] for one in told] == ([] if found is None else [found])


def test_the_shape_is_told_of_a_broken_log_too(store):
    tamper(store, "UPDATE log SET reason = 'else' WHERE seq = 2")
    with closing(sqlite3.connect(store.folder / "review.sqlite")) as connection:
        connection.execute("DROP TRIGGER log_goes_on")
    assert audit(store).problems == (
        "line 2 of the log: was changed: its hash is another",
        "trigger log_goes_on is missing",
    )


def test_a_constraint_that_was_taken_out_is_named(store):
    with closing(sqlite3.connect(store.folder / "review.sqlite")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'users'")
        connection.commit()
    assert [one[:24] for one in audit(store).problems] == ["table users was changed:"]


def test_statistics_of_the_database_are_no_part_of_its_shape(store):
    with closing(sqlite3.connect(store.folder / "review.sqlite")) as connection:
        connection.execute("ANALYZE")
        connection.commit()
    assert audit(store).problems == ()


def test_an_empty_log_is_whole(tmp_path):
    with Store.open(tmp_path / "new") as store:
        assert audit(store, GENESIS) == audit(store)
        assert audit(store).lines == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET reason = 'x'",
        "DELETE FROM log WHERE seq = 2",
        "INSERT OR REPLACE INTO log SELECT * FROM log WHERE seq = 2",
        "INSERT INTO log SELECT 100, at, who, kind, item, image, constitution, scores, decision, rules, reason, "
        "supersedes, extra, previous, hash FROM log WHERE seq = 2",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(store, statement):
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), store.writing() as connection:
        connection.exec_driver_sql(statement)
    assert audit(store).problems == ()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE log SET reason = 'else' WHERE seq = 2", "line 2 of the log: was changed"),
        ("UPDATE log SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 3", "line 3 of the log: was changed"),
        ("UPDATE log SET extra = 'no json' WHERE seq = 3", "line 3 of the log: was changed"),
        ("UPDATE log SET extra = x'ff' WHERE seq = 3", "line 3 of the log: was changed"),
        ("UPDATE log SET hash = 'made up' WHERE seq = 3", "line 3 of the log: was changed"),
        ("UPDATE log SET seq = 99 WHERE seq = 12", "line 99 of the log: line 12 is missing before it"),
        ("DELETE FROM log WHERE seq = 3", "line 4 of the log: line 3 is missing before it"),
        (
            "UPDATE log SET seq = CASE seq WHEN 3 THEN 104 ELSE 103 END WHERE seq IN (3, 4);"
            "UPDATE log SET seq = seq - 100 WHERE seq > 100",
            "line 3 of the log: does not name the hash of the line before it",
        ),
        ("UPDATE decisions SET action = 'violation' WHERE seq = 6", "decision 6 differs from the log in: action"),
        ("UPDATE decisions SET superseded_by = NULL WHERE seq = 9", "decision 9 differs from the log in: superseded"),
        ("UPDATE decisions SET rules = x'ff' WHERE seq = 9", "decision 9 differs from the log in: rules"),
        ("DELETE FROM decisions WHERE seq = 7", "decision 7 is in the log, but not among"),
        ("UPDATE items SET state = 'open' WHERE id = 1", "item 1: state is 'open', but the log says 'decided'"),
        ("UPDATE items SET state = 'decided' WHERE id = 4", "item 4: state is 'decided', but the log says 'open'"),
        ("UPDATE verdicts SET json = (SELECT json FROM verdicts WHERE item = 2) WHERE item = 1", "verdict of item 1"),
        ("UPDATE verdicts SET json = x'00' WHERE item = 1", "verdict of item 1"),
        ("UPDATE verdicts SET json = 'text' WHERE item = 1", "verdict of item 1"),
        ("UPDATE items SET gold = 1 WHERE id = 1", "item 1: gold is 1, but the log says 0"),
        ("UPDATE items SET gold = 0 WHERE id = 3", "item 3: gold is 0, but the log says 1"),
        ("UPDATE items SET first_reader = 'eve' WHERE id = 1", "item 1: first_reader is 'eve', but the log says 'ann'"),
        # a decided item, with all that hangs on it, and one that nobody has looked at
        ("DELETE FROM items WHERE id = 1", "item 1 was added by line 2 of the log, but is not among the items"),
        ("DELETE FROM verdicts WHERE item = 1", "the verdict of item 1 is gone"),
        (
            "DELETE FROM decisions WHERE item = 1; DELETE FROM item_rules WHERE item = 1;"
            "DELETE FROM item_branches WHERE item = 1; DELETE FROM verdicts WHERE item = 1; DELETE FROM items WHERE id = 1",
            "item 1 was added by line 2 of the log, but is not among the items",
        ),
        (
            "DELETE FROM verdicts WHERE item = 4; DELETE FROM items WHERE id = 4",
            "item 4 was added by line 5 of the log, but is not among the items",
        ),
        ("DELETE FROM verdicts WHERE item = 4", "the verdict of item 4 is gone"),
        (
            "UPDATE items SET verdict = 'no_violation' WHERE id = 4",
            "item 4 differs from line 5 of the log, which added it, in: verdict",
        ),
        (
            "UPDATE items SET violations = '[]' WHERE id = 4",
            "item 4 differs from line 5 of the log, which added it, in: violations",
        ),
        ("UPDATE items SET score = 0.01 WHERE id = 4", "which added it, in: score"),
        ("UPDATE items SET uncertainty = 0.01 WHERE id = 4", "which added it, in: uncertainty"),
        ("UPDATE items SET image_sha256 = 'x' WHERE id = 4", "which added it, in: image digest"),
        ("UPDATE items SET image = 'another.png' WHERE id = 4", "which added it, in: image"),
        ("UPDATE items SET constitution_digest = 'x' WHERE id = 4", "which added it, in: constitution digest"),
        ("UPDATE items SET source = 'batch' WHERE id = 4", "which added it, in: source"),
        (
            "UPDATE items SET has_image = 0 WHERE id = 4",
            "item 4: has_image is 0, but the log says 1",
        ),
        ("UPDATE items SET has_image = 1 WHERE id = 1", "item 1: has_image is 1, but the log says 0"),
        ("DELETE FROM item_rules WHERE item = 4", "which added it, in: rules"),
        ("DELETE FROM item_branches WHERE item = 4", "which added it, in: branches"),
        (
            "INSERT INTO item_rules VALUES ('gun', 77)",
            "table item_rules holds rows of item 77, which is not among the items",
        ),
        (
            "INSERT INTO verdicts VALUES (77, x'00')",
            "table verdicts holds rows of item 77, which is not among the items",
        ),
        (
            "INSERT INTO items (id, identity, image, has_image, source, added, verdict, violations, constitution, "
            "constitution_digest, uncertainty) SELECT 77, 'x', image, 0, source, added, verdict, violations, constitution, "
            "constitution_digest, uncertainty FROM items WHERE id = 1",
            "item 77 is among the items, but the log does not say that it was added",
        ),
        (
            "INSERT INTO users VALUES ('eve', 'admin', 'scrypt$00$00', '2026')",
            "'eve' is a user with the role 'admin', but the log knows no such user",
        ),
        # the same to whoever reads it, or to SQL, or to Python, and not what was written
        ("UPDATE log SET extra = ' ' || extra WHERE seq = 3", "line 3 of the log: was changed: extra says the same"),
        ("UPDATE log SET rules = '[ ]' WHERE seq = 3", "line 3 of the log: was changed: rules says the same"),
        (
            """UPDATE log SET extra = '{"verdict":"x",' || substr(extra, 2) WHERE seq = 3""",
            "line 3 of the log: was changed: extra says the same",
        ),
        ("UPDATE log SET who = CAST(who AS BLOB) WHERE seq = 3", "line 3 of the log: was changed"),
        ("UPDATE log SET supersedes = 9.5 WHERE kind = 'undo'", "of the log: was changed"),
        ("UPDATE items SET has_image = 7 WHERE id = 4", "item 4: has_image is 7, but the log says 1"),
        ("UPDATE items SET has_image = 'zz' WHERE id = 4", "item 4: has_image is 'zz', but the log says 1"),
        ("UPDATE items SET gold = 0.5 WHERE id = 1", "item 1: gold is 0.5, but the log says 0"),
        ("UPDATE items SET gold = '' WHERE id = 1", "item 1: gold is '', but the log says 0"),
        ("UPDATE items SET first_reader = first_reader || char(0) WHERE id = 1", "item 1: first_reader is 'ann\\x00'"),
        ("UPDATE items SET violations = ' ' || violations WHERE id = 4", "which added it, in: violations"),
        ("UPDATE items SET image = CAST(image AS BLOB) WHERE id = 4", "which added it, in: image"),
        ("UPDATE items SET seconds = 7 WHERE id = 4", "which added it, in: seconds"),
        ("UPDATE item_branches SET branch = branch || char(0) WHERE item = 4", "which added it, in: branches"),
        ("UPDATE item_branches SET branch = CAST(branch AS BLOB) WHERE item = 4", "which added it, in: branches"),
        ("UPDATE item_branches SET statements = statements + 0.5 WHERE item = 4", "which added it, in: branches"),
        ("UPDATE item_rules SET rule = rule || char(0) || 'x' WHERE item = 4", "which added it, in: rules"),
        ("UPDATE verdicts SET json = CAST(json || x'00' AS BLOB) WHERE item = 1", "verdict of item 1"),
        ("UPDATE decisions SET agrees = 2 WHERE seq = 8", "decision 8 differs from the log in: agrees"),
        ("UPDATE decisions SET rules = '[ ]' WHERE seq = 8", "decision 8 differs from the log in: rules"),
        ("UPDATE decisions SET read = read || char(0) WHERE seq = 8", "decision 8 differs from the log in: read"),
        ("UPDATE settings SET id = 7", "the settings are not those that the log tells"),
        ("INSERT INTO settings VALUES (7, '{}')", "the settings are not those that the log tells"),
        ("UPDATE settings SET json = ' ' || json", "the settings are not those that the log tells"),
        (
            """UPDATE settings SET json = '{"second_reads":0,' || substr(json, 2)""",
            "the settings are not those that the log tells",
        ),
        ("UPDATE settings SET json = '{}'", "the settings are not those that the log tells"),
        ("DELETE FROM settings", "the settings are not those that the log tells"),
    ],
)
def test_what_was_changed_is_named(store, statement, found):
    tamper(store, statement)
    assert found in audit(store).problems[0]


def test_roles_given_by_the_log_alone_count(store):
    for name, role in (("ann", Role.ADMIN), ("bob", Role.REVIEWER), ("cyd", Role.REVIEWER)):
        add_user(store, name, role, "correct horse", by="test")
    set_role(store, "bob", Role.POLICY, by="ann")
    remove_user(store, "cyd", by="ann")
    assert audit(store).problems == ()
    set_password(store, "ann", "another horse", by="bob")
    assert audit(store).problems == ()
    tamper(store, "UPDATE users SET role = 'admin' WHERE name = 'bob'")
    assert audit(store).problems == ("user bob: role is 'admin', but the log says 'policy'",)


@pytest.mark.parametrize("changed", [False, True], ids=["as it was given first", "after it was changed"])
def test_a_password_put_into_the_file_is_noticed(store, changed):
    add_user(store, "ann", Role.ADMIN, "correct horse", by="test")
    add_user(store, "bob", Role.REVIEWER, "battery staple", by="ann")
    if changed:
        set_password(store, "ann", "another horse", by="bob")
    assert audit(store).problems == ()
    tamper(store, "UPDATE users SET password = (SELECT password FROM users WHERE name = 'bob') WHERE name = 'ann'")
    assert audit(store).problems == ("the password of ann is not the one that the log tells of",)


def test_when_somebody_was_made_a_user_is_part_of_the_audit(store):
    add_user(store, "ann", Role.ADMIN, "correct horse", by="test")
    tamper(store, "UPDATE users SET added = '2020-01-01T00:00:00.000000Z'")
    assert audit(store).problems[0].startswith("user ann: added is '2020-01-01T00:00:00.000000Z', but the log says")


@pytest.mark.parametrize("flag", ["7", "'zz'"])
def test_an_image_is_looked_at_whatever_its_flag_says(store, flag):
    path_of(store.images, samples()[FIRE].image_facts.sha256).write_bytes(b"another")
    tamper(store, f"UPDATE items SET has_image = {flag} WHERE id = 4")
    assert [one[:19] for one in audit(store).problems] == ["item 4: has_image i", "the image of item 4"]


def test_an_image_replaced_or_gone_is_noticed(store):
    path = path_of(store.images, samples()[FIRE].image_facts.sha256)
    path.write_bytes(drawing("drugs-violating.png"))
    assert audit(store).problems == (f"the image of item 4 was changed on disk: {path}",)
    path.unlink()
    assert audit(store).problems[0].startswith(f"the image of item 4 is gone: {path}")


def test_an_image_that_came_later_is_told_by_the_log(store):
    verdict = samples()["drugs-violating.png"]
    item = store.add(verdict, None, "batch")
    assert store.add(verdict, drawing("drugs-violating.png"), "upload") == item
    assert [one.kind for one in store.log(item=item)] == ["added", "image_added"]
    assert audit(store).problems == () and audit(store).items == 5


def test_what_cannot_be_read_is_no_whole_log(store):
    connection = sqlite3.connect(store.folder / "review.sqlite")
    connection.execute("DROP TABLE decisions")
    connection.close()
    assert "no such table: decisions" in audit(store).problems[0]
    ended = CliRunner().invoke(app, ["audit", "--data", str(store.folder)])
    assert ended.exit_code == 3 and "has lost tables: decisions" in ended.stdout


def _random(size, seed):
    return random.Random(seed).randbytes(size)


GARBAGE = {
    "random bytes": lambda whole: _random(len(whole), 1),
    "few random bytes": lambda whole: _random(10, 2),
    "nothing": lambda whole: b"",
    "zeros": lambda whole: bytes(len(whole)),
    "text": lambda whole: b"this is no database " * 100,
    "the header alone": lambda whole: whole[:100],
    "half a page": lambda whole: whole[:2048],
    "half of it": lambda whole: whole[: len(whole) // 2],
    "all but the last page": lambda whole: whole[:-4096],
    "random bytes after the first page": lambda whole: whole[:4096] + _random(len(whole) - 4096, 3),
    "random bytes after the header": lambda whole: whole[:100] + _random(len(whole) - 100, 4),
    "pages in another order": lambda whole: whole[:4096] + whole[8192:] + whole[4096:8192],
}
SCHEMAS = {
    "another database": "CREATE TABLE mine (id INTEGER)",
    "a newer store": "PRAGMA user_version = 99",
    "an older store": "PRAGMA user_version = 1",
    "an older store without its tables": "DROP TABLE items; PRAGMA user_version = 1",
    "a table of the same name": "DROP TABLE log; CREATE TABLE log (seq INTEGER)",
    "a view in place of a table": "ALTER TABLE log RENAME TO old; CREATE VIEW log AS SELECT * FROM old",
}


@pytest.mark.parametrize(
    "command", [["audit"], ["review", "user", "list"], ["export", "--format", "jsonl"]], ids=" ".join
)
@pytest.mark.parametrize("kind", [*GARBAGE, *SCHEMAS])
def test_a_garbage_database_is_one_line_and_exit_code_3(store, tmp_path, kind, command, capsys, monkeypatch):
    file = store.folder / "review.sqlite"
    store.close()
    if kind in GARBAGE:
        file.write_bytes(GARBAGE[kind](file.read_bytes()))
    else:
        if kind == "another database":
            file.unlink()
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(SCHEMAS[kind])
    monkeypatch.setattr("sys.argv", ["judge", *command, "--data", str(store.folder)])
    with pytest.raises(SystemExit) as ended, given_back():
        main()
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err and "please report" not in said.err
    if command == ["audit"]:
        assert ended.value.code == 3 and len(said.out.splitlines()) == 1 and said.err == ""
    else:  # what does not look at the damaged part may do its work
        assert ended.value.code in (0, 3)
