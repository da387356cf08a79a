"""A queue of thousands, of rows that are copied: to judge and to add each of them is not what is tried there."""

from __future__ import annotations

import sqlalchemy as sa

from judge.review.store import log
from judge.review.store.tables import log_lines


def crowd(connection: sa.Connection, first: int, count: int) -> None:
    """Copies the items from number `first` on, with their verdicts and lines of the log, until there are `count`."""
    (last,) = connection.exec_driver_sql("SELECT max(id) FROM items").one()
    new = (
        f"WITH RECURSIVE new(id) AS (SELECT {last + 1} UNION ALL SELECT id + 1 FROM new WHERE id < {count}), "
        f"copies(id, old) AS (SELECT id, {first} + (id - {last + 1}) % {last + 1 - first} FROM new) "
    )
    own = {"id": "c.id", "identity": "c.id", "image": "c.id || '.png'"}
    names = [row[1] for row in connection.exec_driver_sql("PRAGMA table_info(items)")]
    columns = ", ".join(own.get(name, f"o.{name}") for name in names)
    connection.exec_driver_sql(
        f"{new} INSERT INTO items ({', '.join(names)}) SELECT {columns} FROM copies c JOIN items o ON o.id = c.old"
    )
    for table, key, rest in (
        ("verdicts", "item", "json"),
        ("item_rules", "item", "rule"),
        ("item_branches", "item", "branch, statements"),
        ("item_traits", "item", "severity, language"),
        ("item_prints", "item", "hash, fields"),
        ("item_buckets", "item", "bucket"),
    ):
        connection.exec_driver_sql(
            f"{new} INSERT INTO {table} ({key}, {rest}) SELECT c.id, {rest} FROM copies c JOIN {table} o ON o.{key} = c.old"
        )
    _log(connection, first, last, count)


def _log(connection: sa.Connection, first: int, last: int, count: int) -> None:
    """The lines that adding the copies would have left, chained as all are."""
    select = sa.select(log_lines).where(log_lines.c.kind == "added").order_by(log_lines.c.item)
    added = [log.plain(row) for row in connection.execute(select.where(log_lines.c.item >= first)).mappings()]
    seq, previous = connection.execute(
        sa.select(log_lines.c.seq, log_lines.c.hash).order_by(log_lines.c.seq.desc()).limit(1)
    ).one()
    lines = []
    for item in range(last + 1, count + 1):
        seq += 1
        old = added[(item - last - 1) % len(added)]
        listed = {**old["extra"]["listed"], "identity": str(item), "image": f"{item}.png"}
        line = {**old, "seq": seq, "item": item, "extra": {**old["extra"], "listed": listed}, "previous": previous}
        previous = line["hash"] = log.digest(line)
        lines.append(log.stored(line))
    connection.execute(log_lines.insert(), lines)
