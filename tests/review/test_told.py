"""What came with a picture is shown beside it: as text, whoever wrote it, and to who reads blind, too."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.constitution import parse_constitution
from judge.judging.pipeline import Judge
from judge.review.queue.desk import Desk
from judge.review.store import Decision, GoldReads, ReviewSettings, Role, SecondReads, Store
from judge.review.ui.chains import rules_of
from judge.review.ui.context import Context, Person
from judge.review.ui.parts import rules_html, told_html
from judge.serving.batch.call import batch
from judge.serving.judges import Judges
from judge.settings import Settings
from tests.review.browsing import CHROMIUM, samples, serving, visitor
from tests.serving.batch.colours import ColourMllm, picture

HOSTILE = "</p><script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\"> \u202e look"
ARABIC = "هذه صورة من السوق"
TOLD = {"caption": HOSTILE, "post": "one\n" * 9 + "word " * 200 + "the last word", "place": "", "speaker": ARABIC}


def told_of(verdict, reads=("caption",), sees=None):
    """The verdict as if TOLD came with its picture, and the first statement of its first rule read it."""
    first = verdict.findings[0]
    condition = first.preconditions[0]
    evidence = condition.alternatives[0].model_copy(update={"reads": reads, "sees": sees})
    condition = condition.model_copy(update={"alternatives": (evidence, *condition.alternatives[1:])})
    first = first.model_copy(update={"preconditions": (condition, *first.preconditions[1:])})
    return verdict.model_copy(update={"context": TOLD, "findings": (first, *verdict.findings[1:])})


@pytest.fixture(scope="module")
def judged():
    verdict, image = next(one for one in samples() if one[0].violations and one[0].findings[0].preconditions)
    return told_of(verdict), image


def ask(store, who, **asked):
    desk = Desk(Context(store, Settings(), store.folder, False, Judges(Settings())))
    return json.loads(desk.act({"serial": 1, **asked}, Person(who, Role.ADMIN), "page"))


def test_texts_are_escaped_folded_where_long_and_empty_ones_are_said_to_be():
    shown = told_html(TOLD)
    assert "<script" not in shown and "<img" not in shown and "&lt;script&gt;" in shown
    assert shown.count("<details>") == 1 and "the last word" in shown, "the long one is folded, and whole"
    assert f'<p dir="auto">{ARABIC}</p>' in shown
    assert shown.count('<span class="cj-muted">empty</span>') == 1
    assert [shown.index(f"<dt>{field}</dt>") for field in TOLD] == sorted(
        shown.index(f"<dt>{one}</dt>") for one in TOLD
    )
    assert told_html({}) == ""


@pytest.mark.parametrize(
    ("reads", "sees", "said"),
    [(("caption", "place"), None, "reads caption, place"), (("post",), "image", "reads post and sees the image"), ((), None, "")],
)  # fmt: skip
def test_a_statement_says_what_it_looked_at_where_that_is_not_the_picture_alone(reads, sees, said):
    verdict = told_of(samples()[0][0], reads, sees)
    rule = next(one for one in rules_of(verdict) if one.finding.rule == verdict.findings[0].rule)
    assert rule.groups[0].links[0].reads == said
    assert (f'<p class="cj-muted cj-small">{said}</p>' in rules_html(verdict)) == bool(said)


def test_who_reads_blind_sees_what_came_with_the_picture_and_not_what_read_it(tmp_path, judged):
    with Store.open(tmp_path) as store:
        store.configure(ReviewSettings(second_reads=SecondReads(share=1.0), gold=GoldReads(share=0.0)), "chief")
        item = store.add(*judged, "batch")
        first = ask(store, "first", kind="take", open=item)["slots"]
        assert "What came with it" in first["told"] and "reads caption" in first["rules"]
        store.decide(item, "first", Decision(action="no_violation", reason="nothing bad"))
        blind = ask(store, "second", kind="take", open=item, filters={"state": "second_read"})["slots"]
        assert "Blind read" in blind["verdict"] and blind["told"] == first["told"]
        assert "reads caption" not in json.dumps(blind)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_in_a_browser_it_is_text_beside_the_picture(browser, tmp_path, judged):
    with Store.open(tmp_path) as store:
        store.add(*judged, "batch")
        store.add(*samples()[1], "batch")
    with serving(tmp_path) as address, visitor(browser, address) as page:
        told = page.locator("#cj-told")
        assert HOSTILE.split(" \u202e")[0] in told.inner_text() and page.title() != "owned"
        arabic = told.get_by_text(ARABIC)
        assert arabic.evaluate("one => getComputedStyle(one).direction") == "rtl"
        stage, box = page.locator("#cj-stage").bounding_box(), told.bounding_box()
        assert box["y"] < stage["y"] + stage["height"] and box["x"] >= stage["x"] + stage["width"], "not beside it"
        assert box["height"] < 500 and told.get_by_text("the last word").is_hidden(), "the long text is not folded"
        told.locator("summary").click()
        assert told.get_by_text("the last word").is_visible()
        page.keyboard.press("j")
        page.wait_for_function("document.querySelector('#cj-told').innerHTML === ''")


READING = """
constitution: posts
version: 1.0.0
context: {caption: 100, post: 100}
rules:
  - {id: no-red, rule: No red., preconditions: [red is visible, {statement: the post is rude, reads: post}]}
"""


@pytest.mark.parametrize("named", [False, True])
def test_what_a_batch_was_told_comes_into_the_queue_with_each_item(tmp_path, named):
    """One picture with two captions is two items; both have it, also where the folder of the images is named."""
    (tmp_path / "a.png").write_bytes(picture(1))
    lines = [json.dumps({"path": "a.png", "caption": text}) for text in ("one", "two")]
    (tmp_path / "list.jsonl").write_text("\n".join(lines))
    judge = Judge(parse_constitution(READING), ColourMllm(), settings=Settings(escalate=()))
    batch(tmp_path / "list.jsonl", tmp_path / "out", judge=judge, evidence="violations")
    options = ["--images", str(tmp_path)] if named else []
    done = CliRunner().invoke(
        app, ["review", "add", str(tmp_path / "out"), "--data", str(tmp_path / "queue"), "--json", *options]
    )
    assert done.exit_code == 0, done.output
    with Store.open(tmp_path / "queue") as store:
        items = store.list(order="oldest")
        told = sorted(store.verdict(one.id).context["caption"] for one in items)
    assert told == ["one", "two"] and json.loads(done.stdout)["without_image"] == []
