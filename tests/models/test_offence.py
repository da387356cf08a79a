"""Frames for offence of real models: tiny checkpoints with random weights, and a server; what they say has the form."""

from __future__ import annotations

from judge.constitution import parse_constitution
from judge.judging.pipeline import Judge
from judge.models.openai.server import load_server
from judge.settings import Settings
from tests.models.serving import QUICK

RULES = parse_constitution("""constitution: t
version: 1.0.0
context: {caption: 40}
rules:
  - {id: hats, rule: No hats., preconditions: [a hat is visible], exceptions: [a hat is green]}
  - {id: jokes, rule: No jokes., preconditions: [{statement: the text jokes, reads: caption}]}
  - {id: both, rule: No both., preconditions: [a hat is worn, {statement: it jokes of it, reads: caption, sees: image}]}
""")
SURE = {"prior_fails": 1.0, "prior_holds": 1.0, "label_mass": 0.0}  # nothing is decided, so every rule is explained


def test_a_tiny_model_gives_a_frame_of_every_rule_in_the_form(loaded, pictures):
    judge = Judge(RULES, loaded("qwen2_5_vl"), settings=Settings(escalate=(), thresholds=SURE, detector="none"))
    told = {"caption": "haha </given>"}
    plain = judge.judge(pictures[0], context=told)
    verdict = judge.judge(pictures[0], context=told, offence=True)
    frames = verdict.offence.frames
    assert [one.rule for one in frames] == ["hats", "jokes", "both"]
    assert [one.shown for one in frames] == [True, False, True]
    for one in frames:
        said = (one.intent, one.target_group, one.implication, one.would_change)
        assert one.cause is None and all(text and len(text) <= 120 for text in said), one
    assert verdict.model_copy(update={"offence": None}).canonical_json() == plain.canonical_json()


def test_a_server_is_asked_in_the_form_and_one_that_keeps_to_none_gives_no_frame(serve, pictures):
    server = serve(models=("other",))  # by the bundled model's name it would be refused
    mllm = load_server(server.url, limits=QUICK)
    rules = RULES.model_copy(update={"rules": RULES.rules[1:2]})
    judge = Judge(rules, mllm, settings=Settings(escalate=(), thresholds=SURE, detector="none"))

    def asked():
        (frame,) = judge.judge(pictures[0], context={"caption": "haha"}, offence=True).offence.frames
        return frame

    assert asked().cause in (None, "offence_unreadable"), "cut off at the limit, at worst"
    formed = [{**one, "messages": None} for one in server.seen]
    sent = [one for one, form in zip(server.seen, formed, strict=True) if "would_change" in str(form)]
    assert len(sent) == 1 and "image_url" not in str(sent[0]["messages"]) and "haha" in str(sent[0]["messages"])
    server.manners.forms, server.manners.refuses_forms = (), False
    frame = asked()
    assert frame.cause == "model_error" and "JSON" in frame.reason and frame.intent is None
    mllm.close()
