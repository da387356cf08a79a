"""Heads of the log in a file of their own, which belongs where whoever can write the store cannot: on another machine,
or where lines can only be appended. A line is a time, how many lines the log had, and the hash of the last of them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from judge import files
from judge.errors import StoreError, UserError
from judge.files import read_text
from judge.review.audit.chain import Head, walk
from judge.review.store import Store, log
from judge.review.store.tables import log_lines

_MOST = 2**28  # bytes of a head file: years of a head every minute
SECONDS = 60.0  # between two looks at whether the log has grown
_LINE = re.compile(r"(\S+) (\d{1,18}) ([0-9a-f]{64})", re.ASCII)


def read(file: Path) -> tuple[Head, ...]:
    """The heads of a file, oldest first.

    Raises:
        UserError: it cannot be read, or a line is none; a file without any vouches for nothing, and is refused too.
    """
    try:
        lines = read_text(file, _MOST).splitlines()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no text"
        raise UserError(f"cannot read the head file {file} ({why})", hint="name the file of judge review") from error
    found = [(number, _LINE.fullmatch(line)) for number, line in enumerate(lines, 1)]
    for number, one in found:
        if one is None:
            raise UserError(f"{file}:{number}: no head of a log", hint="put back what was changed in it")
    if not found:
        raise UserError(f"{file} holds no head", hint="name the file of judge review")
    return tuple(Head(int(one[2]), one[3]) for _, one in found if one is not None)


@contextmanager
def kept(store: Store, file: Path) -> Iterator[None]:
    """Append the log's head at once, whenever it has moved while the app runs (looked at every minute), and at the end.

    Raises:
        UserError: the file cannot be read or written.
        StoreError: a head in it is not in the log.
    """
    known = read(file) if file.exists() and (file.stat().st_size or not file.is_file()) else ()
    with store.reading() as connection:
        chain = walk(connection, None, known)
    problem = chain.broken or next(iter(chain.lost), None)
    if problem is not None:
        raise StoreError(f"the log is not the one whose heads {file} keeps: {problem}", hint="judge audit says more")
    last = append(store, file, known[-1] if known else None)
    ended = threading.Event()

    def look() -> None:
        nonlocal last
        while not ended.wait(SECONDS):
            last = append(store, file, last)

    looking = threading.Thread(target=look, name="heads", daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()
        append(store, file, last)


def append(store: Store, file: Path, last: Head | None) -> Head:
    """Append the log's head, unless it is the last one still; the head.

    Raises:
        UserError: the file cannot be written.
    """
    with store.reading() as connection:
        newest = sa.select(log_lines.c.seq, log_lines.c.hash).order_by(log_lines.c.seq.desc()).limit(1)
        row = connection.execute(newest).first()
    head = Head(row.seq, row.hash) if row is not None else Head(0, log.GENESIS)
    if head != last:
        line = f"{log.stamp(datetime.now(UTC))} {head.lines} {head.hash}\n"
        try:
            files.append(file, line)
        except OSError as error:
            raise UserError(
                f"cannot append to the head file {file} ({error.strerror})", hint="choose another"
            ) from error
    return head
