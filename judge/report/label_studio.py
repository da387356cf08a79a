"""Tasks for Label Studio: every image with what the judge said as a prediction, what needs a person most first.

The format: https://labelstud.io/guide/predictions. Copies have no task of their own.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from judge.errors import UserError
from judge.files import whole
from judge.printable import printable
from judge.report.tables import Tables

_BYTE = re.compile(rb"\\udc([89a-f][0-9a-f])")
_IMAGES = """
SELECT key, name, sha256, verdict, violations, reasons,
       abs(p - 0.5) + if(verdict = 'needs_review', 0, 0.5) AS score
FROM images LEFT JOIN nearest USING (sha256, context_digest) WHERE copy_of IS NULL
ORDER BY verdict = 'needs_review' DESC, score NULLS FIRST, key
"""


def label_studio(tables: Tables, to: Path) -> tuple[int, int]:
    """Write the tasks as one list in JSON; how many there are, and how many images have none, as copies.

    Raises:
        UserError: the file cannot be written.
        JudgeError: the tables change while they are read.
    """
    count = 0
    try:
        with whole(to) as file:
            for row in tables.stream(_IMAGES):
                file.write(b",\n" if count else b"[\n")
                file.write(json.dumps(_task(row, tables.run.name), ensure_ascii=False).encode())
                count += 1
            file.write(b"\n]\n")
    except OSError as error:
        raise UserError(
            f"cannot write {printable(str(to))}: {error.strerror or error}", hint="name another file"
        ) from error
    return count, int(tables.rows("SELECT count(*) FROM images WHERE copy_of IS NOT NULL")[0][0])


def _task(row: dict[str, Any], run: str) -> dict[str, Any]:
    said: dict[str, Any] = {"model_version": run, "result": [_choices("verdict", [row["verdict"]])]}
    if row["violations"]:
        said["result"].append(_choices("rules", row["violations"]))
    if row["score"] is not None:  # Label Studio shows the lowest first
        said["score"] = round(row["score"], 6)
    return {
        "data": {
            "image": f"/data/local-files/?d={_address(row['name'])}",
            "key": row["key"],
            "sha256": row["sha256"],
            "reasons": "; ".join(row["reasons"]),
        },
        "predictions": [said],
    }


def _address(name: str) -> str:
    """A path as it stands in an address. Bytes of it that are no text stand in the tables as `\\udcXX`."""
    path = name.replace(os.sep, "/").encode()
    if os.name == "posix":
        path = _BYTE.sub(lambda found: bytes.fromhex(found[1].decode()), path)
    return quote(path.lstrip(b"/"))


def _choices(name: str, chosen: list[str]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "image", "type": "choices", "value": {"choices": chosen}}
