"""The assertion for promptfoo: what needs a person never passes, however it is asked."""

from __future__ import annotations

import base64
import hashlib
import json
import time

import pytest

from judge.errors import ModelError, UserError
from judge.integrations import promptfoo
from tests.serving.batch.colours import ColourMllm, colour_judge, picture
from tests.serving.http.running import Scripted, serving

RED, GREEN, BLUE = 1, 2, 4


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    monkeypatch.setattr("judge.integrations.annotating._loaded", lambda constitution, settings: colour_judge())
    monkeypatch.delenv("JUDGE_SERVER", raising=False)


def uri(number):
    return "data:image/png;base64," + base64.b64encode(picture(number)).decode()


def asserted(output, **context):
    return json.loads(json.dumps(promptfoo.get_assert(output, {"test": {}, **context})))


def test_a_violation_fails_with_its_rule_as_a_component():
    said = asserted(uri(RED))
    assert (said["pass"], said["score"]) == (False, 0)
    assert said["reason"] == "violation: violates no-red: No red."
    assert [part["pass"] for part in said["componentResults"]] == [False, True, True]
    assert said["componentResults"][0]["reason"] == "no-red: No red. - violated"
    assert said["namedScores"] == {"no_violation": 0, "violation": 1, "needs_review": 0}


def test_every_image_of_a_text_is_looked_at():
    for text in (
        f"![[a]]({uri(GREEN)})<img src='{uri(RED)}'>",
        f"![x]({uri(GREEN)}) {uri(RED)}",
        {"data": [{"url": uri(GREEN)}], "more": [uri(RED)]},
    ):
        assert asserted(text)["namedScores"]["violation"] == 1


def test_a_long_text_is_read_in_no_time():
    started = time.process_time()
    for part in ("![", "](", "<img ", "data:image/png;"):
        asserted(part * 100_000)
    assert time.process_time() - started < 10


def test_links_are_no_images():
    said = asserted(f"![x]({uri(GREEN)}) as [the manual](https://127.0.0.1:9/) has it")
    assert said["pass"] is True


def named(folder, number):
    (folder / "drawn.png").write_bytes(picture(number))
    return folder / "drawn.png"


WAYS = {
    "data": lambda folder, number: (uri(number), {}),
    "markdown": lambda folder, number: (f"here it is: ![a \\] drawing]({uri(number)}) and words", {}),
    "html": lambda folder, number: (f'<p><img alt="x" src="{uri(number)}"></p>', {}),
    "amid": lambda folder, number: (f"here: {uri(number)}.", {}),
    "file": lambda folder, number: (named(folder, number).as_uri(), {}),
    "path": lambda folder, number: (str(named(folder, number)), {}),
    "b64": lambda folder, number: ({"data": [{"b64_json": uri(number).partition(",")[2]}]}, {}),
    "json": lambda folder, number: (json.dumps({"data": [{"b64_json": uri(number).partition(",")[2]}]}), {}),
    "key": lambda folder, number: ({"drawn": {"as": uri(number)}}, {}),
    "images": lambda folder, number: ("words", {"providerResponse": {"images": [{"data": uri(number)}]}}),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_image_is_found_wherever_a_provider_puts_it(tmp_path, way):
    for number, verdict in ((GREEN, "no_violation"), (BLUE, "violation")):
        output, context = WAYS[way](tmp_path, number)
        said = asserted(output, **context)
        assert said["namedScores"][verdict] == 1 and said["pass"] is (verdict == "no_violation")


def blob(home, data, named=None):
    digest = named or hashlib.sha256(data).hexdigest()
    folder = home / "blobs" / digest[:2] / digest[2:4]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / digest).write_bytes(data)
    return f"promptfoo://blob/{digest}"


def test_a_blob_is_read_from_the_folder_of_promptfoo_if_it_is_what_it_says(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMPTFOO_CONFIG_DIR", str(tmp_path))
    assert asserted(blob(tmp_path, picture(GREEN)))["pass"] is True
    kept = {"images": [{"blobRef": {"uri": blob(tmp_path, picture(RED)), "hash": "..."}}]}
    assert asserted("words", providerResponse=kept)["namedScores"]["violation"] == 1
    changed = blob(tmp_path, picture(GREEN), hashlib.sha256(b"another").hexdigest())
    for other in (changed, "promptfoo://blob/" + "0" * 64, "promptfoo://blob/../../x"):
        said = asserted(other)
        assert said["pass"] is False and said["namedScores"]["needs_review"] == 1


@pytest.mark.parametrize(
    "output",
    [
        "words only", "", None, 7, {"a": 1}, {"data": [{}]}, "![x](http://127.0.0.1:9/x.png)", "http://127.0.0.1:9/x.png",
        "/nowhere/x.png", "data:image/png;base64,####", uri(GREEN)[:60], f"![x]({uri(GREEN)}) ![y](https://127.0.0.1:9/y.png)",
        f'![x]({uri(GREEN)}) <img alt="y" src="https://127.0.0.1:9/y.png">', f"{uri(GREEN)} and <img src=y.png>",
        f"![x]({uri(GREEN)}) promptfoo://blob/{'0' * 64}",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)  # fmt: skip
def test_what_needs_a_person_fails_and_says_why(output):
    said = asserted(output)
    assert (said["pass"], said["score"]) == (False, 0)
    assert said["namedScores"] == {"no_violation": 0, "violation": 0, "needs_review": 1}
    assert said["reason"].startswith("needs_review: ") and not all(part["pass"] for part in said["componentResults"])


def test_an_undecided_rule_is_a_component_that_fails(monkeypatch):
    class Unsure(ColourMllm):
        def _one(self, ask):
            return super()._one(ask).model_copy(update={"p_yes": 0.0, "p_no": 0.0})

    monkeypatch.setattr(
        "judge.integrations.annotating._loaded", lambda constitution, settings: colour_judge(model=Unsure())
    )
    said = asserted(uri(GREEN))
    assert said["pass"] is False and said["namedScores"]["needs_review"] == 1
    assert not any(part["pass"] for part in said["componentResults"])


@pytest.mark.parametrize(
    "asserts",
    [[{"type": "not-python", "value": "file://x.py"}], [{"type": "assert-set", "assert": [{"type": "not-python"}]}]],
)
def test_it_cannot_be_turned_around(asserts):
    with pytest.raises(UserError, match="not-python"):
        asserted("words only", test={"assert": asserts})
    assert asserted(uri(GREEN), test={"assert": [{"type": "python"}, {"type": "not-contains"}]})["pass"] is True


@pytest.mark.parametrize("config", [{"constituton": "demo"}, {"settings": {"modell": "x"}}, {"settings": 7}, "demo"])
def test_a_config_with_a_mistake_is_refused(config):
    with pytest.raises(UserError, match="config of the assertion"):
        asserted(uri(GREEN), config=config)


def test_the_constitution_and_the_settings_are_those_of_the_config(tmp_path, monkeypatch):
    used = []
    monkeypatch.setattr("judge.integrations.annotating._loaded", lambda *given: used.append(given) or colour_judge())
    asserted(uri(GREEN), config={"constitution": "house-rules.yaml", "settings": {"batch": 3}})
    assert used[0][0] == "house-rules.yaml" and used[0][1].batch == 3


def of(data):
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.mark.parametrize("way", ["config", "environment"])
def test_a_server_judges_where_one_is_named_and_no_model_is_loaded(monkeypatch, way):
    monkeypatch.setattr("judge.integrations.annotating._loaded", lambda *_: pytest.fail("a model is loaded"))
    with serving(process=(script := Scripted())) as running:
        config = {"server": running.url} if way == "config" else {}
        if way == "environment":
            monkeypatch.setenv("JUDGE_SERVER", running.url)
        said = [asserted(of(data), config=config) for data in (b"v", b"n", b"r")]
        both = asserted(f"![x]({of(b'n')}) ![y](https://127.0.0.1:9/y.png)", config={**config, "constitution": "demo"})
        with pytest.raises(UserError, match="no constitution 'house-rules'"):
            asserted(of(b"n"), config={**config, "constitution": "house-rules"})
        with pytest.raises(UserError, match="settings of its own"):
            asserted(of(b"n"), config={**config, "settings": {"batch": 3}})
    assert [one["pass"] for one in said] == [False, True, False]
    assert [one["namedScores"]["needs_review"] for one in said] == [0, 0, 1]
    assert both["pass"] is False and both["namedScores"]["needs_review"] == 1
    assert script.parcels == [[b"v"], [b"n"], [b"r"]], "the one that comes again is not judged again"


def test_a_server_that_is_not_there_fails_the_assertion(monkeypatch):
    monkeypatch.setattr("judge.client.connection._LONGEST_WAIT", 0.01)
    with pytest.raises(ModelError, match="cannot be reached"):
        asserted(of(b"n"), config={"server": "http://127.0.0.1:9"})
