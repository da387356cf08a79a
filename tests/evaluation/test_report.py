"""The reports of a real small evaluation: the page in a real Chromium, and both tables as text."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re

import pytest
from markupsafe import escape
from PIL import Image, ImageChops, ImageFilter, ImageStat

from judge.evaluation.measures.figures import Confusion, Evaluation
from judge.evaluation.reports import html, text
from judge.evaluation.reports.html.losses import losses
from judge.evaluation.reports.html.pictures import CLEAR_SIDE, shielded
from judge.evaluation.reports.words import all_methods, reviewed
from tests.evaluation.reporting import DRAWINGS, HOSTILE, made
from tests.review.browsing import CHROMIUM, FLAGS

VIEWPORTS = [("light", 1280), ("dark", 390)]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return made(tmp_path_factory.mktemp("evaluation"))


@pytest.fixture(scope="module")
def page_text(case):
    return html.render(*case)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_page_in_a_browser(page_text, tmp_path):
    from playwright.sync_api import sync_playwright

    file = tmp_path / "report.html"
    file.write_text(page_text, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme, width in VIEWPORTS:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            requests, errors = [], []
            page.on("request", lambda one, to=requests: to.append(one.url))
            page.on("console", lambda one, to=errors: to.append(one.text))
            page.on("pageerror", lambda one, to=errors: to.append(str(one)))
            page.goto(file.as_uri())
            page.wait_for_selector("html[data-plots]", state="attached", timeout=60_000)
            assert errors == []
            assert [one for one in requests if not one.startswith("data:")] == [file.as_uri()]
            assert page.title().startswith("Evaluation: drawings <script>")  # shown as text, not run
            assert page.locator("img[src=x]").count() == 0 and page.get_by_text("{{ 7 * 7 }}").count() > 0
            plots = page.locator(".plot")
            assert plots.count() >= 11
            assert all(plots.nth(one).locator("svg.main-svg").count() for one in range(plots.count()))
            assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
            if width == 1280:
                cut = "one => one.scrollWidth - one.clientWidth"
                assert page.get_by_role("region", name="All methods").evaluate(cut) <= 0, "the lead is cut off"
            _pictures_open_and_close(page)
            _colours_follow_the_scheme(page, {"light": "dark", "dark": "light"}[scheme])
            page.close()
        browser.close()


def _pictures_open_and_close(page):
    shields = page.locator("button.shield")
    first, image = shields.first, shields.first.locator("img")
    blurred = image.get_attribute("src")
    assert first.get_attribute("aria-pressed") == "false" and blurred == image.get_attribute("data-shield")
    first.focus()
    page.keyboard.press("Enter")
    assert first.get_attribute("aria-pressed") == "true"
    assert image.get_attribute("src") == image.get_attribute("data-clear") != blurred
    image.evaluate("one => one.decode()")
    assert 96 < image.evaluate("one => one.naturalWidth") <= CLEAR_SIDE
    first.click()
    assert image.get_attribute("src") == blurred
    page.get_by_role("button", name="Show all pictures").click()
    assert page.locator("button.shield[aria-pressed=true]").count() == shields.count() > 1


def _colours_follow_the_scheme(page, other):
    from playwright.sync_api import expect

    text = page.locator("#plot-f1 .ytick text").first
    before = text.evaluate("one => getComputedStyle(one).fill")
    page.emulate_media(color_scheme=other)
    expect(text).not_to_have_css("fill", before, timeout=30_000)


def test_the_page_may_run_its_own_two_scripts_and_load_nothing(page_text):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page_text).group(1)
    assert "default-src 'none'" in policy and "img-src data:" in policy and "script-src 'sha256-" in policy
    script = re.search(r"<script>(.*?)</script>", page_text, re.S).group(1)
    packed = re.search(r'<script type="application/octet-stream" id="plotly">(.*?)</script>', page_text).group(1)
    for source in (script.encode(), gzip.decompress(base64.b64decode(packed))):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(source).digest()).decode()}'" in policy
    assert page_text.count("<script") == 3  # the two above and the plots' data: no text brought one in
    assert len(page_text.encode()) < 3_000_000


def test_plots_hold_no_markup_of_untrusted_text(page_text, case):
    data = json.loads(re.search(r'id="plot-data">(.*?)</script>', page_text, re.S).group(1))
    assert "<script" not in json.dumps(data) and "<img" not in json.dumps(data)
    rows = data["plots"]["rules"]["data"][-1]["y"]
    assert set(rows) <= set(case.evaluation.method.per_rule) and rows


def test_every_statement_of_an_opened_mistake_stands_in_its_trace(page_text, case):
    mistake = next(one for one in case.evaluation.method.mistakes if one.said == "violation")
    number = [one.id for one in case.dataset.examples].index(mistake.example)
    trace = case.judgements[case.evaluation.method.name][number].trace
    finding = next(one for one in trace.findings if one.rule == trace.violations[0])
    card = next(one for one in page_text.split("<article")[1:] if f"{escape(mistake.example)}</h3>" in one)
    for condition in finding.preconditions:
        for one in condition.alternatives:
            assert escape(one.statement) in card
            if one.answer is not None and one.prior is not None:
                assert f"{one.answer.probability:.3f}" in card and f"{one.prior.probability:.3f}" in card


def test_losses_add_up_to_the_confusion(case):
    found = losses(case.dataset.examples, case.judgements[case.evaluation.method.name])
    counts = case.evaluation.method.overall.counts
    assert found.funnel[0].left == case.evaluation.unsafe and found.funnel[-1].left == counts.true_positive
    assert sum(one.lost for one in found.funnel) == counts.false_negative + counts.review_positive
    assert sum(count for _, count in found.missed) == counts.false_negative + counts.review_positive
    assert sum(count for _, count in found.flagged) == counts.false_positive + counts.review_negative
    assert "no such file" in [cause.statement for cause, _ in found.missed]


def test_shields_hide_and_keep_the_shape():
    picture = shielded(str(DRAWINGS / "body-on-fire-violating.png"))
    shield, clear = (_opened(one) for one in (picture.shield, picture.clear))
    assert max(clear.size) <= CLEAR_SIDE and clear.size == (picture.width, picture.height)
    assert _edges(shield) < 0.3 * _edges(clear.resize(shield.size)), "as sharp as a plain small copy"
    assert abs(shield.width / shield.height - clear.width / clear.height) < 0.05
    with Image.open(DRAWINGS / "body-on-fire-violating.png") as drawing:
        same = drawing.convert("RGB").resize(clear.size)
    assert ImageStat.Stat(ImageChops.difference(same, clear).convert("L")).mean[0] < 8


def _opened(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/jpeg;base64,")))).convert("RGB")


def _edges(image):
    return ImageStat.Stat(
        image.convert("L").filter(ImageFilter.FIND_EDGES).crop((2, 2, *(s - 2 for s in image.size)))
    ).mean[0]


def test_a_picture_that_is_gone_says_so(page_text, tmp_path):
    assert shielded(str(tmp_path / "gone.png")).missing == "no such file"
    assert "The picture cannot be shown: no such file" in page_text


def test_judgements_that_do_not_fit_are_refused(case):
    with pytest.raises(ValueError, match="0 judgements of 'clue' on 9 examples"):
        html.render(case.evaluation, case.dataset, {}, case.constitution)
    lost = case.evaluation.method.mistakes[0].model_copy(update={"example": "elsewhere.png"})
    method = case.evaluation.method.model_copy(update={"mistakes": (lost,)})
    strange = case.evaluation.model_copy(update={"method": method})
    with pytest.raises(ValueError, match=r"not in the dataset: elsewhere\.png"):
        html.render(strange, *case[1:])


def test_a_bare_evaluation_still_makes_a_page(case):
    """A method that says only yes and no: no rules, traces, probabilities or mistakes."""
    said = [one.model_copy(update={"trace": None, "failure": None}) for one in case.judgements["clue"]]
    nothing = {"per_rule": {}, "per_statement": {}, "per_tag": {}, "calibration": (), "branches": (), "relevance": ()}
    method = case.evaluation.method.model_copy(update={**nothing, "mistakes": ()})
    bare = case.evaluation.model_copy(update={"method": method, "baselines": {}, "ablations": {}})
    text = html.render(bare, case.dataset, {"clue": said}, case.constitution)
    assert "No baseline was measured" in text and "carry no traces" in text and "None is listed." in text
    assert 'id="plot-rules"' not in text and 'id="plot-f1"' in text


def test_the_table_fits_a_terminal(case):
    long = case.evaluation.method.model_copy(update={"name": "x" * 60 + "\x1b[31m"})
    for evaluation in (case.evaluation, case.evaluation.model_copy(update={"method": long})):
        said = text.table(evaluation)
        assert max(map(len, said.splitlines())) <= text.WIDTH
        assert "\x1b" not in said
    for one in all_methods(case.evaluation):
        row = next(line for line in text.table(case.evaluation).splitlines() if line.startswith(one.name))
        assert f"{one.overall.f1.value:.3f}" in row


def test_markdown_has_a_row_per_method_and_no_markup_of_others(case):
    lines = text.markdown(case.evaluation).splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    assert len(rows) == len(all_methods(case.evaluation)) == 4
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 9 for row in rows)
    assert rows[0].startswith("| **clue** |") and "[" in rows[0]
    assert "<script" not in "\n".join(lines) and HOSTILE not in "\n".join(lines)


def test_the_evaluation_round_trips(case):
    assert Evaluation.model_validate_json(case.evaluation.model_dump_json()) == case.evaluation
    assert reviewed(Confusion(review_positive=2, review_negative=3)) == 5
