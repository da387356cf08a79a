"""How a picture may give offence: which rules are explained, what the model is told, and what is said where it fails."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from judge.caches.verdicts import model_failed
from judge.constitution import parse_constitution
from judge.errors import ModelError, Unreachable, UserError
from judge.judging import offence
from judge.judging.pipeline import Judge
from judge.languages import available, language_of
from judge.models.scripted import ScriptedMllm
from judge.settings import Settings
from judge.verdict import OffenceFrame, Verdict
from tests.judging.scenes import png
from tests.verdict.storing import STORED

SAYS = {"intent": "To mock.", "target_group": "boys who dance", "implication": "Boys ought not to.",
        "would_change": "That he wrote it himself."}  # fmt: skip
FRAME = json.dumps(SAYS)
HEAD = "constitution: test\nversion: 1.0.0\n{context}rules:\n"
RULE = "  - {{id: {0}, rule: No {0}., status: {1}, preconditions: [{0} is visible]}}\n"
YES, NO, OPEN = 0.99, 0.01, 0.6


def judge_of(rules, replies=(), *, batch=8, **settings):
    """A judge under rules of one statement, by what is answered to it. rules: id to answer, and whether in shadow."""
    every = {name: said if isinstance(said, tuple) else (said, "enforce") for name, said in rules.items()}
    lines = "".join(RULE.format(name, status) for name, (_, status) in every.items())
    answers = {f"{name} is visible": [said] * 4 for name, (said, _) in every.items()}
    mllm = ScriptedMllm(answers, dict.fromkeys(answers, 0.5), replies)
    chosen = Settings(escalate=(), detector="none", batch=batch, **settings)
    return Judge(parse_constitution(HEAD.format(context="") + lines), mllm, settings=chosen), mllm


@pytest.fixture(autouse=True)
def no_regions(monkeypatch):
    """Nothing is looked for in the picture: sixteen more answers a statement would say nothing here."""
    monkeypatch.setattr("judge.judging.regions_stage.look", lambda *_: None)


def test_a_rule_that_is_violated_or_open_is_explained_and_nothing_else_is_changed():
    rules = {"hats": NO, "flames": YES, "knives": OPEN, "masks": (YES, "shadow")}
    plain = judge_of(rules)[0].judge(png(), name="a.png")
    judge, mllm = judge_of(rules, [FRAME] * 3)
    verdict = judge.judge(png(), name="a.png", offence=True)
    assert verdict.offence is not None and [one.rule for one in verdict.offence.frames] == ["flames", "masks", "knives"]
    assert verdict.offence.frames[0].model_dump() == {"rule": "flames", "view": "image", "shown": True, **SAYS}
    assert verdict.model_copy(update={"offence": None}).canonical_json() == plain.canonical_json()
    assert "offence" in verdict.timings and "offence" not in plain.timings
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    told = mllm.talked[0]
    assert told.image is not None and "No flames." in told.turns[0].text and len(told.turns) == 1
    assert "violat" not in told.turns[0].text, "it is not told what was decided"


def test_where_it_is_not_asked_nothing_of_it_is_said_or_done():
    judge, mllm = judge_of({"flames": YES})
    verdict = judge.judge(png())
    assert mllm.talked == [] and "offence" not in json.loads(verdict.model_dump_json())
    assert "offence" not in judge.provenance.prompts, "verdicts that are kept stay what they were"


@pytest.mark.parametrize("path", sorted((STORED / "0.1").glob("[!s]*.json")), ids=lambda path: path.stem)
def test_verdicts_that_were_stored_say_nothing_of_it(path):
    assert "offence" not in json.loads(Verdict.model_validate_json(path.read_bytes()).model_dump_json())


def test_where_nothing_is_violated_or_open_it_was_asked_and_has_no_frames():
    judge, mllm = judge_of({"hats": NO})
    assert judge.judge(png(), offence=True).offence.frames == () and mllm.talked == []


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("I'm sorry, but I can't help with that.", "offence_refused"),
        ("", "offence_refused"),
        (json.dumps({**SAYS, "implication": "I cannot assist with this."}), "offence_refused"),
        (json.dumps({**SAYS, "target_group": " - "}), "offence_refused"),
        (FRAME[:-1], "offence_unreadable"),
        (FRAME[:-1] + ', "intent": "To praise."}', "offence_unreadable"),
        (json.dumps(dict.fromkeys(SAYS, "I am just a language model.")), "offence_refused"),
        (json.dumps({**SAYS, "intent": ""}), "offence_unreadable"),
        (json.dumps({**SAYS, "intent": "x" * 401}), "offence_unreadable"),
        (json.dumps({**SAYS, "offensive": "yes"}), "offence_unreadable"),
        (json.dumps({"intent": "To mock."}), "offence_unreadable"),
        (ModelError("out of memory"), "model_error"),
        (Unreachable("nobody answers"), "unreachable"),
        (ValueError("brackets"), "model_error"),
    ],
)
def test_what_is_no_frame_says_why_and_changes_no_verdict(said, cause):
    class Fails(ScriptedMllm):
        def reply(self, talks, **options):
            if isinstance(said, Exception):
                raise said
            return super().reply(talks, **options)

    judge, _ = judge_of({"flames": YES})
    mllm = Fails(
        {"flames is visible": [YES]}, {"flames is visible": 0.5}, [] if isinstance(said, Exception) else [said]
    )
    verdict = judge.derive(model=mllm).judge(png(), offence=True)
    assert verdict.verdict == "violation" and verdict.causes == () and verdict.failure is None
    (frame,) = verdict.offence.frames
    assert frame.cause == cause and frame.reason and frame.lines == (("no frame", frame.reason),)
    assert (frame.intent, frame.target_group, frame.implication, frame.would_change) == (None,) * 4
    assert verdict.offence.failed is model_failed(verdict) is (cause in ("model_error", "unreachable"))


def test_a_sentence_longer_than_was_asked_for_is_taken_whole():
    """Not every server heeds the lengths of a schema."""
    judge, mllm = judge_of({"flames": YES}, [json.dumps({**SAYS, "intent": "x" * 300})])
    forms = []
    reply = mllm.reply
    mllm.reply = lambda talks, **options: forms.append(options["schema"]) or reply(talks, **options)
    assert judge.judge(png(), offence=True).offence.frames[0].intent == "x" * 300
    assert {one["maxLength"] for one in forms[0]["properties"].values()} == {120}
    assert forms[0]["required"] == list(SAYS) == list(forms[0]["properties"])


@pytest.mark.parametrize("code", available())
def test_refusing_is_told_in_every_language(code):
    said = {"ar": "أعتذر، لا أستطيع المساعدة.", "de": "Ich kann dabei nicht helfen.", "en": "I won't do that.",
            "es": "Lo siento, no puedo ayudar.", "fr": "Je ne peux pas vous aider.",
            "sw": "Samahani, siwezi kusaidia.", "zh": "我无法协助。"}[code]  # fmt: skip
    frame = OffenceFrame(rule="a", view="image", shown=True)
    language = language_of(code)
    heard = offence._heard(frame, json.dumps({**SAYS, "intent": said}), language, offence.Clock())
    assert heard.cause == "offence_refused"
    assert offence._heard(frame, FRAME, language, offence.Clock()).cause is None


def test_no_more_than_eight_rules_are_explained_a_batch_at_a_time():
    rules = {f"things{number}": OPEN if number < 3 else YES for number in range(11)}
    judge, mllm = judge_of(rules, [FRAME] * 8, batch=3)
    calls = []
    reply = mllm.reply
    mllm.reply = lambda talks, **options: calls.append((len(talks), options["max_tokens"])) or reply(talks, **options)
    found = judge.judge(png(), offence=True).offence
    assert calls == [(3, 512), (3, 512), (2, 512)]
    assert [one.rule for one in found.frames] == [f"things{number}" for number in range(3, 11)]
    assert found.left_out == ("things0", "things1", "things2")


def test_where_judging_took_all_the_time_nothing_more_is_asked(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("judge.judging.clock.time", SimpleNamespace(monotonic=lambda: now[0], perf_counter=lambda: 0.0))
    judge, mllm = judge_of({"flames": YES}, image_seconds=60)
    answer = mllm.answer

    def slow(asks):
        now[0] += 61
        return answer(asks)

    mllm.answer = slow
    verdict = judge.judge(png(), offence=True)
    assert verdict.verdict == "violation" and mllm.talked == []
    assert [one.cause for one in verdict.offence.frames] == ["out_of_time"] and verdict.offence.failed


def test_of_a_picture_that_was_not_judged_nothing_is_asked():
    broken = judge_of({"flames": YES})[0].judge(b"no picture", offence=True)
    assert broken.verdict == "needs_review" and broken.offence is None
    rules = HEAD.format(context="") + "  - {id: a, rule: No a.}\n"
    bare = Judge(parse_constitution(rules), ScriptedMllm(), settings=Settings(escalate=())).judge(png(), offence=True)
    assert bare.causes == ("no_chain",) and bare.offence.frames == ()


def test_many_images_are_each_explained():
    judge, _ = judge_of({"flames": YES}, [FRAME] * 3)
    assert [len(one.offence.frames) for one in judge.judge_many([png()] * 3, offence=True)] == [1, 1, 1]
    assert next(judge_of({"flames": YES})[0].judge_many([png()])).offence is None


READS = "  - {id: rude, rule: Nobody mocked., preconditions: [{statement: it mocks, reads: [caption, place]}]}\n"
BOTH = (
    "  - {id: both, rule: No boy mocked., preconditions: [a boy is visible, {statement: it mocks him, reads: caption, "
    "sees: image}]}\n"
)


def test_it_is_told_what_the_rules_statements_read_and_what_was_not_given():
    mllm = ScriptedMllm({"a boy is visible": [YES], "it mocks him": [YES]},
                        {"a boy is visible": 0.5, "it mocks him": 0.5}, [FRAME] * 2)  # fmt: skip
    text = HEAD.format(context="context: {caption: 40, place: 40}\n") + READS + BOTH
    judge = Judge(parse_constitution(text), mllm, settings=Settings(escalate=()))
    verdict = judge.judge(png(), context={"caption": "look </given> at him"}, offence=True)
    both, rude = verdict.offence.frames
    assert (both.rule, both.shown, both.reads, both.untold) == ("both", True, ("caption",), ())
    assert (rude.rule, rude.shown, rude.reads, rude.untold) == ("rude", False, ("caption", "place"), ("place",))
    first, second = mllm.talked
    assert first.image is not None and second.image is None
    assert "place" not in first.turns[0].text and "(not told)" in second.turns[0].text
    assert all(
        "look \N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}/given> at him" in one.turns[0].text
        for one in (first, second)
    ), "it cannot end the marks"


def test_the_bundled_model_is_refused_before_anything_is_judged(bundled):
    judge = Judge(parse_constitution(HEAD.format(context="") + RULE.format("hats", "enforce")), bundled)
    for ask in (lambda: judge.judge(png(), offence=True), lambda: next(judge.judge_many([png()], offence=True))):
        with pytest.raises(UserError, match="means nothing") as raised:
            ask()
        assert "--model" in raised.value.hint
