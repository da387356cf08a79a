"""Evidence and audits across runs: what a changed policy takes over, and what a row from before has not is said."""

from __future__ import annotations

import json

import pytest

from judge.cli.batch_telling import Telling
from judge.constitution import parse_constitution
from judge.judging.pipeline import Judge
from judge.locks.loading import Locked
from judge.models.scripted import ScriptedEncoder
from judge.serving.batch.call import batch
from judge.serving.batch.room import last_run
from judge.settings import Settings
from judge.verdict import Answer
from tests.serving.batch.colours import CHANNELS, EDITED, POLICY, ColourMllm, colour_judge, picture, pictures, rows


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


class Eyes(ScriptedEncoder):
    """Counts pictures that it looks at. Every rule concerns every picture."""

    def __init__(self):
        super().__init__({})
        self.seen = 0

    def similarity(self, images, texts):
        self.seen += len(images)
        return [[0.9] * len(texts) for _ in images]


@pytest.mark.parametrize(
    ("old", "new", "again", "seen"),
    [
        ("{id: no-red, rule: No red.,", "{id: no-red, rule: No red., exceptions: [blue is visible],", {"blue"}, 0),
        ("[green is visible, blue is visible]}", "[green is visible, red is visible]}", set(), 0),  # `no-red` asked it
        ("No teal.", "No petrol.", set(), 40),  # another text may concern another picture
        ("No teal.,", "No teal., thresholds: {prior_fails: 0.5},", {"green", "blue"}, 0),
    ],
)
def test_of_a_changed_rule_only_what_is_not_known_is_asked(old, new, again, seen, tmp_path):
    def judge(policy):
        model, eyes = ColourMllm(), Eyes()
        return Judge(parse_constitution(policy), model, encoder=eyes, settings=Settings(batch=8)), model, eyes

    images, changed = pictures(tmp_path / "in", 40), POLICY.replace(old, new)
    assert changed != POLICY
    batch(images, tmp_path / "out", judge=judge(POLICY)[0])
    judging, model, eyes = judge(changed)
    batch(images, tmp_path / "out", judge=judging)
    assert ({asked.split()[0] for asked in model.asked}, eyes.seen) == (again, seen)
    batch(images, tmp_path / "whole", judge=judge(changed)[0])
    assert without(rows(tmp_path / "out"), "reused") == without(rows(tmp_path / "whole"), "reused")
    of_rules = ("sha256", "view", "rule", "rule_digest", "rule_outcome", "relevance")
    found, wanted = (
        {tuple(row[name] for name in of_rules) for row in rows(tmp_path / one, "statements")}
        for one in ("out", "whole")
    )
    assert found == wanted


def test_without_the_grounds_of_the_earlier_run_a_changed_rule_is_found_out_anew(tmp_path):
    images = pictures(tmp_path / "in", 8)
    batch(images, tmp_path / "out", judge=colour_judge())
    (last_run(tmp_path / "out") / "grounds.json").write_text("{")
    model = ColourMllm()
    batch(images, tmp_path / "out", judge=colour_judge(EDITED, model))
    assert {asked.split()[0] for asked in model.asked} == {"red", "green"}


def test_a_lock_that_an_edit_made_stale_changes_no_rule(tmp_path):
    images, model = pictures(tmp_path / "in", 8), ColourMllm()
    prior = Answer(p_yes=0.3, p_no=0.7)  # what the model itself says
    locked = Locked("d" * 64, {f"{channel} is visible": prior for channel in CHANNELS})
    batch(images, tmp_path / "out", judge=Judge(parse_constitution(POLICY), model, locked=locked))
    again = ColourMllm()
    changed = POLICY.replace("rule: No red.,", "rule: No red., exceptions: [blue is visible],")
    batch(images, tmp_path / "out", judge=colour_judge(changed, again))
    assert {row["reused"] for row in rows(tmp_path / "out")} == {2} and set(again.asked) == {"blue is visible"}
