"""The whole judge in German: with a tiny random model (plumbing), with scripted answers (semantics), and refused."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
import torch

from judge import Judge, load_constitution, load_judge
from judge.assemble import ENCODER_NOTICE
from judge.constitution import parse_constitution
from judge.errors import UserError
from judge.judging.priors import Priors
from judge.languages import ENGLISH, language_of
from judge.models.scripted import ScriptedMllm
from judge.ports import Ask
from judge.resources import bundled_model
from judge.settings import Settings
from tests import tiny
from tests.conftest import ROOT
from tests.judging.scenes import png
from tests.languages.conftest import WORDS

GERMAN = language_of("de")
PICTURE = ROOT / "examples" / "images" / "body-on-fire-violating.png"
FIRE = parse_constitution(
    "constitution: feuer\nversion: 1.0.0\nlanguage: de\nrules:\n"
    "  - {id: feuer, rule: Kein Feuer., preconditions: [Feuer ist zu sehen]}\n"
)


@pytest.fixture(scope="module")
def judge(german) -> Judge:
    settings = Settings(model=str(german), dtype="float32", device="cpu", reason_tokens=8)
    return load_judge("os-bench-de", settings)


def test_the_whole_judge_in_german(judge):
    verdict = judge.judge(PICTURE)
    assert verdict.failure is None
    assert verdict.provenance.prompts == {**GERMAN.digests, **GERMAN.digests_of(["reasoning"])}
    asked = [
        one for finding in verdict.findings for condition in (*finding.preconditions, *finding.exceptions)
        for one in condition.alternatives if one.answer is not None
    ]  # fmt: skip
    assert len(asked) >= 8
    assert all(one.answer.label_mass > 0.5 and one.prior is not None for one in asked)
    assert judge.judge(PICTURE).canonical_json() == verdict.canonical_json()


def test_answers_are_the_probabilities_of_the_german_words(judge, drawing):
    """The same as asking transformers, without anything of ours but the chat format."""
    mllm = judge._mllm
    statement, chat = "Flammen sind zu sehen", mllm._chat
    text = chat.render([("user", GERMAN.render("ask", statement=statement))], True)
    with torch.inference_mode():
        chances = mllm._model(**chat.inputs([text], [drawing])).logits[0, -1].float().softmax(-1)
    said = {word: float(chances[chat.tokenizer.convert_tokens_to_ids(word)]) for word in WORDS}
    (answer,) = mllm.answer([Ask(drawing, GERMAN.instruction, statement, GERMAN.answers)])
    assert answer.p_yes == pytest.approx(said["Ja"] + said[" Ja"] + said["ja"] + _pieces(chances, chat, "ja"), abs=1e-4)
    assert answer.p_no == pytest.approx(said["Nein"] + said[" Nein"], abs=1e-4)


def _pieces(chances, chat, word: str) -> float:
    """Of tokens that read as the word and are not among the added ones: the vocabulary has pieces that do."""
    ids = set(tiny.all_token_ids(chat.tokenizer, [word])) - set(chat.tokenizer.convert_tokens_to_ids(WORDS))
    return float(sum(chances[index] for index in ids))


def test_languages_do_not_mix_in_one_call(judge, drawing):
    mllm = judge._mllm
    asks = [
        Ask(drawing, language_of(answers.language).instruction, "x", answers)
        for answers in (GERMAN.answers, ENGLISH, GERMAN.answers, ENGLISH)
    ]
    together = mllm.answer(asks)
    assert together[0].label_mass > 0.5 > together[1].label_mass
    for ask, one in zip(asks, together, strict=True):
        (alone,) = mllm.answer([ask])
        assert (alone.p_yes, alone.p_no) == pytest.approx((one.p_yes, one.p_no), abs=1e-4)


def test_questions_and_reasoning_are_german_and_the_rating_is_machine_words():
    summary = json.dumps({"rating": "Yes", "rationale": "Man sieht Feuer."})
    mllm = ScriptedMllm(
        answers={"Feuer ist zu sehen": [0.5] * 20},
        priors={"Feuer ist zu sehen": 0.5},
        replies=["Ich sehe Feuer.", summary],
    )
    verdict = Judge(FIRE, mllm).judge(png())
    assert verdict.verdict == "violation"
    assert {ask.answers for ask in mllm.asked} == {GERMAN.answers}
    assert {ask.instruction for ask in mllm.asked} == {GERMAN.instruction}
    assert mllm.talked[0].turns[-1].text == GERMAN.render("reason", statement="Feuer ist zu sehen")
    assert mllm.talked[1].turns[-1].text == GERMAN.render("summarise", unclear=True)
    assert verdict.findings[0].preconditions[0].alternatives[0].reasoning.rationale == "Man sieht Feuer."


def test_a_prior_of_one_language_is_none_of_another(tmp_path):
    mllm = ScriptedMllm(priors={"x": 0.4})
    for language, asked in (("en", 1), ("de", 2), ("de", 2), ("en", 2)):
        Priors(mllm, language_of(language), tmp_path).of(["x"])
        assert len(mllm.asked) == asked
    assert [ask.answers.language for ask in mllm.asked] == ["en", "de"]


def test_the_bundled_model_refuses_german_before_it_is_loaded():
    with pytest.raises(UserError, match=r"understands English only.*language 'de'") as caught:
        load_judge("os-bench-de")
    assert "--model" in caught.value.hint


def test_its_tokenizer_refuses_german_too(bundled):
    from judge.models.transformers.mllm import load_mllm

    with pytest.raises(UserError, match="cannot be asked in language 'de'"):
        load_mllm(str(bundled_model()), Settings(dtype="float32", device="cpu"), answers=GERMAN.answers)
    with pytest.raises(UserError, match="cannot be asked in language 'de'"):  # however the judge was put together
        Judge(load_constitution("os-bench-de"), bundled).judge(PICTURE)


def test_the_command_line_says_so_with_exit_code_2():
    command = [sys.executable, "-m", "judge", "check", str(PICTURE), "-c", "os-bench-de"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "") and "understands English only" in done.stderr


@pytest.mark.parametrize("ids", [True, False])
def test_a_served_model_is_asked_in_german_where_its_words_can_be_verified(judge, drawing, ids):
    """vLLM's way, by token id, gives what the loaded model gives; a server without it is refused, not trusted."""
    from judge.models.openai.server import load_server
    from tests.models.serving import Answering, Manners, serving

    asks = [Ask(image, GERMAN.instruction, "Flammen sind zu sehen", GERMAN.answers) for image in (drawing, None)]
    with serving(Answering(judge._mllm), Manners(ids=ids)) as server:
        if not ids:
            with pytest.raises(UserError, match="cannot be asked in language 'de'"):
                load_server(server.url, answers=GERMAN.answers)
            return
        mllm = load_server(server.url, answers=GERMAN.answers)
        served, loaded = mllm.answer(asks), judge._mllm.answer(asks)
        with pytest.raises(UserError, match="opened for language 'de', not for 'en'"):
            mllm.answer([Ask(drawing, language_of("en").instruction, "x")])
        mllm.close()
    for one, other in zip(served, loaded, strict=True):
        assert (one.p_yes, one.p_no) == pytest.approx((other.p_yes, other.p_no), abs=1e-3)


def test_a_served_model_without_german_words_is_refused(bundled):
    from tests.models.serving import Answering, serving

    with serving(Answering(bundled)) as server, pytest.raises(UserError, match="no single tokens for Ja and Nein"):
        load_judge("os-bench-de", model=server.url)


def test_an_english_encoder_before_german_rules_is_warned_of(german, tmp_path, caplog):
    settings = Settings(
        model=str(german), encoder=str(tiny.build("clip", tmp_path / "clip")), dtype="float32", device="cpu"
    )
    with caplog.at_level(logging.WARNING, "judge"):
        load_judge(FIRE, settings)
    assert ENCODER_NOTICE % ("feuer", "de") in caplog.messages
