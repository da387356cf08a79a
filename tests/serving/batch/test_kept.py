"""Evidence and audits across runs: what a changed policy takes over, and what a row from before has not is said."""

from __future__ import annotations

import json

import pytest

from judge.cli.batch_telling import Telling
from judge.serving.batch.call import batch
from tests.serving.batch.colours import EDITED, colour_judge, picture, pictures, rows


def without(found, *columns):
    return [{name: value for name, value in row.items() if name not in columns} for row in found]


def safe(out):
    return {row["key"] for row in rows(out) if row["verdict"] == "no_violation"}


@pytest.mark.parametrize("keep", ["violations", "all"])
def test_a_changed_policy_keeps_the_evidence_that_is_asked_for(keep, tmp_path):
    images = pictures(tmp_path / "in", 32)
    batch(images, tmp_path / "out", judge=colour_judge(), evidence=keep)
    before = safe(tmp_path / "out")
    tally = batch(images, tmp_path / "out", judge=colour_judge(EDITED), evidence=keep)
    batch(images, tmp_path / "whole", judge=colour_judge(EDITED), evidence=keep)
    found, wanted = rows(tmp_path / "out"), rows(tmp_path / "whole")
    assert without(found, "reused", "evidence") == without(wanted, "reused", "evidence")
    for row in found:
        assert (row["evidence"] is not None) == (keep == "all" or row["verdict"] != "no_violation")
        assert row["evidence"] is None or json.loads(row["evidence"])["violations"] == row["violations"]
    assert tally.judged == 32 and tally.without_evidence == 0
    reused = {row["key"] for row in found if row["reused"]}
    assert reused == (before & safe(tmp_path / "out") if keep == "violations" else set())
    assert before != safe(tmp_path / "out")


def test_an_audit_under_a_changed_policy_is_of_all_rules(tmp_path):
    images = pictures(tmp_path / "in", 40)
    batch(images, tmp_path / "out", judge=colour_judge())
    tally = batch(images, tmp_path / "out", judge=colour_judge(EDITED), audit=0.5)
    found = rows(tmp_path / "out")
    assert 8 < tally.audited < 32 and tally.audited == sum(row["audited"] for row in found)
    assert {(row["audited"], row["reused"]) for row in found} == {(True, 0), (False, 2)}


@pytest.mark.parametrize("again", [True, False])
def test_what_rows_from_before_have_not_is_counted_and_said(again, tmp_path, capfd):
    images = pictures(tmp_path / "in", 12)
    (images / "broken.png").write_bytes(picture(9)[:40])
    more = {"evidence": "violations", "audit": 1.0}
    batch(images, tmp_path / "out", judge=colour_judge(), **(more if again else {}))
    (images / "copy.png").write_bytes(picture(1))
    tally = batch(images, tmp_path / "out", judge=colour_judge(), **more)
    flagged = sum(row["verdict"] != "no_violation" for row in rows(tmp_path / "out"))
    assert (tally.before, tally.copies) == (13, 1)
    assert (tally.without_evidence, tally.not_audited) == ((0, 0) if again else (flagged, 13))
    Telling(as_json=False).finish(tally, tmp_path / "out")
    said = capfd.readouterr().err
    assert (f"{flagged} of the images were judged before without evidence" in said) is not again
    assert ("13 of the images were judged before and are not audited" in said) is not again
    assert batch(images, tmp_path / "out", judge=colour_judge()).without_evidence == 0, "nothing was asked for"
