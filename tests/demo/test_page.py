"""The page that `judge demo` writes: what it says, and how it looks in a real browser."""

from __future__ import annotations

import gzip
import re

import pytest

from judge.demo.page import page
from judge.errors import ImageError
from judge.resources import shipped
from judge.review.samples import VERDICTS
from judge.verdict import Verdict
from tests.forking import judge as run_judge
from tests.review.browsing import chromium

DRAWINGS = shipped("examples") / "images"


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """The bundled model's own verdicts on the shipped drawings."""
    lines = gzip.decompress(VERDICTS.read_bytes()).decode().splitlines()
    read = [Verdict.model_validate_json(line) for line in lines]
    return [
        one.model_copy(update={"image": str(DRAWINGS / one.image)}) for one in read if (DRAWINGS / one.image).is_file()
    ]


@pytest.fixture(scope="module")
def text(verdicts) -> str:
    return page(verdicts, seconds=10.0, command="judge demo")


def test_every_verdict_has_a_card_and_violations_stand_first(verdicts, text):
    assert len(verdicts) >= 30
    shown = re.findall(r"<figcaption>(.+?)</figcaption>", text)
    assert sorted(shown) == sorted(one.image.rsplit("/", 1)[-1] for one in verdicts)
    words = {one.image.rsplit("/", 1)[-1]: one.verdict for one in verdicts}
    order = ["violation", "needs_review", "no_violation"]
    ranks = [order.index(words[name]) for name in shown]
    assert ranks == sorted(ranks)


def test_facts_are_said_with_their_outcome_and_what_decided_them(text):
    assert re.search(r"fire is visible <strong>holds</strong><small>.+?</small>", text)
    assert "lifted by the exception" in text or "nearest rule" in text


def test_a_box_lies_where_the_evidence_says(verdicts):
    one = next(v for v in verdicts if v.image.endswith("/body-on-fire-violating.png"))
    regions = [
        alternative.region.box
        for finding in one.findings if finding.rule in one.violations
        for condition in finding.preconditions for alternative in condition.alternatives
        if alternative.region is not None and alternative.branch == "region_holds"
    ]  # fmt: skip
    left, top, *_ = regions[0]
    text = page([one], seconds=1.0, command="judge demo")
    expected = f'<rect x="{100 * left / one.image_facts.width:.2f}" y="{100 * top / one.image_facts.height:.2f}"'
    assert expected in text


def test_words_of_others_are_escaped(verdicts):
    hostile = verdicts[0].model_copy(
        update={"verdict": "needs_review", "violations": (), "reasons": ("<script>alert(1)</script>",)}
    )
    text = page([hostile], seconds=1.0, command="judge demo")
    assert "<script" not in text and "&lt;script&gt;" in text


def test_a_picture_that_is_gone_is_said(verdicts, tmp_path):
    gone = verdicts[0].model_copy(update={"image": str(tmp_path / "gone.png")})
    with pytest.raises(ImageError):
        page([gone], seconds=1.0, command="judge demo")


@pytest.mark.parametrize("width", [1280, 390])
def test_it_stands_alone_in_a_browser(text, tmp_path, width):
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / "page.html"
    path.write_text(text)
    with chromium() as browser:
        shown = browser.new_page(viewport={"width": width, "height": 900})
        asked, said = [], []
        shown.on("request", lambda request: asked.append(request.url))
        shown.on("console", lambda message: said.append(message.text))
        shown.goto(path.as_uri())
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert said == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
        assert Axe().run(shown).response["violations"] == []


def test_the_verb_judges_and_writes_the_page(tmp_path):
    done = run_judge("demo", "--out", tmp_path / "page.html")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'page.html'}\n")
    assert (tmp_path / "page.html").read_text().count("<figcaption>") == len(list(DRAWINGS.glob("*.png")))
    done = run_judge("demo", "--out", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a folder" in done.stderr
