"""Data sets that tell something beside their images: read like a batch's columns, judged with it, kept by it, counted."""

from __future__ import annotations

import csv
import json
import logging
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from judge.cli.calibrate import _labelled, _sheets
from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.evaluation.data.datasets import DatasetError, load_dataset
from judge.evaluation.evaluate import evaluate
from judge.evaluation.methods.ablations import ablations, in_one_statement
from judge.evaluation.methods.clue import the_judge
from judge.evaluation.reports.html import render
from judge.evaluation.reports.text import table
from judge.evaluation.reports.words import summary
from judge.evaluation.spoken import spoken, translations
from judge.evaluation.stress import stress
from judge.evaluation.stress.transformations import TRANSFORMATIONS
from judge.judging.pipeline import Judge
from judge.locks.loading import load_policy
from judge.models.scripted import ScriptedMllm
from judge.settings import Settings
from tests.judging.scenes import png

SAID, DOG = "the text insults somebody", "a dog is visible"
POLICY = f"""constitution: posts
version: 1.0.0
context: {{caption: 40, place: 40}}
rules:
  - id: insults
    rule: No insults beside pictures.
    preconditions: [{{statement: {SAID}, reads: caption}}]
  - {{id: dogs, rule: No dogs., preconditions: [{DOG}]}}
"""
READING = parse_constitution(POLICY)
RUDE, KIND = "rude", "kind"
TRUTH = {RUDE: {"violates": ["insults"], "ok": ["dogs"]}, KIND: {"ok": ["insults", "dogs"]}}


def model():
    return ScriptedMllm({DOG: [0.01] * 90}, {SAID: 0.3, DOG: 0.3}, told={(SAID, RUDE): 0.9, (SAID, KIND): 0.01})


def read(mllm):
    return [text for ask in mllm.asked for text in (RUDE, KIND) if ask.statement == SAID and text in ask.instruction]


def judge_of(mllm=None, **more):
    return Judge(READING, mllm or model(), settings=Settings(escalate=(), **more))


def folder(path, *rows, name="metadata.jsonl"):
    path.mkdir(parents=True, exist_ok=True)
    for row in rows:
        row.setdefault("file_name", "a.png")
        (path / row["file_name"]).write_bytes(png())
    if name.endswith("jsonl"):
        (path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        heads = list(dict.fromkeys(key for row in rows for key in row))
        with (path / name).open("w", newline="") as file:
            csv.writer(file).writerows([heads, *([row.get(key, "") for key in heads] for row in rows)])
    return str(path)


def posts(path, *captions):
    return folder(path, *({**TRUTH[one], "caption": one} for one in captions))


def measured(source, out, mllm=None):
    return evaluate(load_dataset(source, READING), the_judge(judge_of(mllm)), [], constitution=READING, folder=out)


def test_one_picture_with_two_captions_is_two_examples_each_judged_with_its_own(tmp_path):
    data = load_dataset(posts(tmp_path / "set", RUDE, KIND), READING)
    assert [(one.id, one.context) for one in data.examples] == [
        ("a.png", {"caption": RUDE}), ("a.png#2", {"caption": KIND})
    ]  # fmt: skip
    found = evaluate(data, the_judge(judge_of()), [], constitution=READING, folder=tmp_path / "out")
    assert [one.verdict for one in found.judgements["clue"]] == ["violation", "no_violation"]
    assert found.evaluation.method.accuracy == 1.0 and found.evaluation.method.no_context == 0


def test_what_is_kept_is_kept_for_the_picture_and_what_is_told_beside_it(tmp_path):
    first = model()
    measured(posts(tmp_path / "set", RUDE), tmp_path / "out", first)
    other = model()
    found = measured(posts(tmp_path / "set", KIND, RUDE), tmp_path / "out", other)
    assert (read(first), read(other)) == ([RUDE], [KIND])  # the new caption is asked about, the old one is not again
    assert [one.verdict for one in found.judgements["clue"]] == ["no_violation", "violation"]


def test_the_digest_of_a_set_is_of_what_is_told_too(tmp_path):
    one, other = (load_dataset(posts(tmp_path / text, text), READING) for text in (RUDE, KIND))
    assert one.digest != other.digest
    plain = folder(tmp_path / "plain", {"unsafe": False})
    told = {load_dataset(plain, policy).digest for policy in (READING, parse_constitution(POLICY + "\n# other\n"))}
    assert len(told) == 1


def test_cells_null_and_columns_are_as_in_a_batch(tmp_path):
    cells = load_dataset(
        folder(tmp_path / "cells", {"unsafe": "false", "caption": "", "place": "here"}, name="metadata.csv"), READING
    )
    assert cells.examples[0].context == {"caption": "", "place": "here"}
    lines = load_dataset(folder(tmp_path / "lines", {"unsafe": False, "caption": None, "x": 1}), READING)
    assert lines.examples[0].context == {}
    with pytest.raises(UserError, match="the column Caption may be the field `caption`"):
        load_dataset(folder(tmp_path / "near", {"unsafe": False, "Caption": "a"}), READING)
    taken = parse_constitution(POLICY.replace("place: 40", "about: 40"))
    with pytest.raises(UserError, match="the column about may be"):
        load_dataset(folder(tmp_path / "taken", {"unsafe": False, "about": "dogs"}), taken)


def test_texts_that_do_not_fit_are_told_with_their_lines(tmp_path):
    source = folder(
        tmp_path / "set", {"unsafe": False, "caption": "a" * 41}, {"file_name": "b.png", "unsafe": True, "caption": 3}
    )
    with pytest.raises(DatasetError) as caught:
        load_dataset(source, READING)
    assert [(one.line, re.sub("[,:].*", "", one.message)) for one in caught.value.problems] == [
        (1, "`caption` of the context has 41 characters"), (2, "`caption` of the context must be text"),
    ]  # fmt: skip
    assert "and at most 40 are read" in str(caught.value)


def test_the_same_picture_may_have_another_truth_only_where_something_else_is_told(tmp_path):
    load_dataset(posts(tmp_path / "fine", RUDE, KIND), READING)
    with pytest.raises(DatasetError, match="stands twice"):
        load_dataset(posts(tmp_path / "same", RUDE, RUDE), READING)
    for beside in ({"caption": KIND}, {"caption": RUDE, "file_name": "b.png"}):
        row = {**TRUTH[KIND], "violates": ["dogs"], "ok": ["insults"], **beside}
        with pytest.raises(DatasetError, match=r"same picture as 'a.png' with another truth.*dogs"):
            load_dataset(folder(tmp_path / "dogs", {**TRUTH[RUDE], "caption": RUDE}, row), READING)


def test_parquet_tells_too(tmp_path):
    (tmp_path / "set").mkdir()
    images = [{"bytes": png(), "path": None}] * 2
    pq.write_table(
        pa.table({"image": images, "unsafe": [True, False], "caption": [RUDE, None]}), tmp_path / "a.parquet"
    )
    data = load_dataset(str(tmp_path / "a.parquet"), READING)
    assert [one.context for one in data.examples] == [{"caption": RUDE}, {}]
    pq.write_table(pa.table({"image": images, "unsafe": [True, True], "Caption": [RUDE, KIND]}), tmp_path / "b.parquet")
    with pytest.raises(UserError, match="Caption may be the field `caption`"):
        load_dataset(str(tmp_path / "b.parquet"), READING)


def test_cases_tell_what_they_have(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    cases = [{"image": "a.png", "context": {"caption": one}, "expect": {"insults": word}}
             for one, word in ((RUDE, "violates"), (KIND, "ok"))]  # fmt: skip
    (tmp_path / "posts.test.yaml").write_text(json.dumps({"cases": cases}))
    data = load_dataset(str(tmp_path / "posts.test.yaml"), READING)
    assert [(one.unsafe, one.context["caption"]) for one in data.examples] == [(True, RUDE), (False, KIND)]


def test_a_set_without_the_columns_is_said_and_ends_in_review_counted_by_its_cause(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="judge"):
        found = measured(folder(tmp_path / "set", TRUTH[RUDE]), tmp_path / "out")
    assert "tells nothing of `caption`" in caplog.text and "insults" in caplog.text and "place" not in caplog.text
    figures = found.evaluation.method
    assert figures.no_context == 1 and figures.overall.review_rate.value == 1.0
    said = table(found.evaluation)
    assert "1 of 1 image went to a person because what a statement reads was not told (no_context)" in said
    assert any("no_context" in one for one in summary(found.evaluation))
    caplog.clear()
    again = measured(posts(tmp_path / "told", RUDE), tmp_path / "out")
    assert "tells nothing" not in caplog.text and "no_context" not in table(again.evaluation)


def test_disguises_are_told_what_the_picture_was(tmp_path):
    data = load_dataset(posts(tmp_path / "set", RUDE, KIND), READING)
    method = the_judge(judge_of())
    said = list(method.judge([one.path for one in data.examples], [one.context for one in data.examples]))
    chosen = [one for one in TRANSFORMATIONS if not one.others][:1]
    found = stress(data.examples, said, method, constitution=READING, folder=tmp_path / "out", transformations=chosen)
    assert (found.disguises[0].kept.count, found.disguises[0].passed.count) == (1, 1)


def test_ablations_keep_what_a_statement_reads(tmp_path):
    joined = in_one_statement(
        parse_constitution(POLICY.replace("reads: caption}", "reads: caption}, a person is visible"))
    )
    whole = joined.rules[0].preconditions[0].any[0]
    assert (whole.reads, whole.sees, joined.rules[1].preconditions[0].any[0].reads) == (("caption",), "image", ())
    alone = in_one_statement(READING).rules[0].preconditions[0].any[0]
    assert (alone.reads, alone.sees) == (("caption",), None)
    found = {one.name: one for one in ablations(judge_of())}
    path = str(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(png())
    said = list(found["without-prior-debiasing"].judge([path] * 2, [{"caption": RUDE}, {"caption": KIND}]))
    evidence = [one.trace.findings[0].preconditions[0].alternatives[0] for one in said]
    assert [(one.prior.probability, one.answer.probability) for one in evidence] == [(0.5, 0.9), (0.5, 0.01)]


def test_other_languages_are_told_the_same_and_must_declare_it(tmp_path):
    (tmp_path / "posts.yaml").write_text(POLICY)
    german = POLICY.replace("version", "language: de\nversion").replace("constitution: posts", "constitution: posts-de")
    (tmp_path / "posts-de.yaml").write_text(german)
    policy = load_policy(str(tmp_path / "posts.yaml"))
    data = load_dataset(posts(tmp_path / "set", RUDE, KIND), READING)
    found = spoken(data.examples, judge_of(), translations(policy, ["de"]))
    assert (found.languages[0].compared, found.languages[0].agreement.value) == (4, 1.0)
    (tmp_path / "posts-de.yaml").write_text(german.replace(", place: 40", ", place: 30"))
    with pytest.raises(UserError, match="`context`"):
        translations(policy, ["de"])


class _Subject:
    constitution = READING


def test_calibration_scores_what_was_told_and_takes_no_truth_of_what_was_not(tmp_path):
    rows = [{**TRUTH[RUDE], "caption": RUDE}, {**TRUTH[KIND], "caption": KIND},
            {**TRUTH[RUDE], "file_name": "b.png"}]  # fmt: skip
    _, known, paths, contexts = _labelled(folder(tmp_path / "set", *rows), _Subject)
    assert known == [{"insults": True, "dogs": False}, {"insults": False, "dogs": False}, {"dogs": False}]
    sheets = list(_sheets(judge_of(), paths, contexts, keep=False))
    assert len({one.subject for one in sheets}) == 3
    rude, kind, untold = (one.spans["insults"] for one in sheets)
    assert rude.low > 0 > kind.high and untold.low < rude.low and untold.high > kind.high


def test_a_mistake_shows_what_was_told_beside_its_picture_as_text(tmp_path):
    said = "rude <script>x</script> \u202e"
    found = measured(folder(tmp_path / "set", {**TRUTH[KIND], "caption": said, "place": ""}), tmp_path / "out")
    data = load_dataset(str(tmp_path / "set"), READING)
    page = render(found.evaluation, data, found.judgements, READING)
    assert "<dt>caption</dt>" in page and "rude &lt;script&gt;x&lt;/script&gt;" in page and "<script>x" not in page
    assert '<dt>place</dt><dd><bdi dir="auto"><em>empty</em></bdi></dd>' in page
