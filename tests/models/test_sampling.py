"""Answers of a server without log-probabilities: asked for by the user, frequencies of what it says, marked as such."""

from __future__ import annotations

import json

import pytest

from judge.assemble import load_judge
from judge.errors import ModelError, UserError
from judge.languages import ENGLISH, language_of
from judge.models.openai.remote import ServerLimits
from judge.models.openai.sampling import frequency
from judge.models.openai.server import load_server
from judge.settings import Settings
from judge.verdict import Answer
from tests.models import conformance as suite
from tests.models.conftest import anew

QUICK = ServerLimits(attempts=2, wait=0.01, timeout=60)
EIGHT = Settings(without_logprobs="sample:8")
NONE = {"logprobs": False}


class TestReading:
    @pytest.mark.parametrize(
        "text", ["Yes", " yes.", "**Yes**", "YES!", "Yes, it is true.", "<think>\nno\n</think>\n\nYes"]
    )
    def test_yes(self, text):
        assert frequency([text], ENGLISH).p_yes == 1.0

    @pytest.mark.parametrize("text", ["No", "no\n", "`No`", "No: there is none."])
    def test_no(self, text):
        assert frequency([text], ENGLISH).p_no == 1.0

    @pytest.mark.parametrize(
        "text", ["", "   ", "Yesterday", "Nothing", "I think yes", "yes or no", "No, yes", "<think> yes", "..."]
    )
    def test_neither(self, text):
        assert frequency([text], ENGLISH).label_mass == 0.0

    def test_words_of_other_languages(self):
        german = language_of("de").answers
        assert frequency(["Ja.", "Nein", "Yes"], german) == Answer(
            p_yes=0.333333, p_no=0.333333, answered_by="samples", samples=3
        )

    def test_what_cannot_be_read_lowers_the_label_mass(self):
        found = frequency(["Yes", "Yes", "Yes", "No", "I", "cannot", "say", ""], ENGLISH)
        assert (found.p_yes, found.p_no, found.label_mass) == (0.375, 0.125, 0.5)

    def test_the_mark_is_kept_in_json_and_absent_elsewhere(self):
        found = frequency(["Yes", "No"], ENGLISH)
        told = json.loads(found.model_dump_json())
        assert (told["answered_by"], told["samples"]) == ("samples", 2)
        assert Answer.model_validate(told) == found
        assert not {"answered_by", "samples"} & set(Answer(p_yes=1.0, p_no=0.0).model_dump())


class TestServers:
    @pytest.mark.parametrize("manners", [NONE, {"refuses": ("logprobs",)}], ids=str)
    def test_only_where_it_is_asked_for(self, serve, manners):
        with pytest.raises(UserError, match="no log-probabilities") as caught:
            load_server(serve(**manners).url, limits=QUICK)
        assert "--without-logprobs sample:8" in caught.value.hint
        load_server(serve(**manners).url, EIGHT, QUICK).close()

    def test_log_probabilities_are_used_where_there_are_any(self, serve):
        url = serve().url
        mllm = load_server(url, EIGHT, QUICK)
        (found,) = mllm.answer(suite.asks_of([None], ["a knife"]))
        assert found.answered_by is None and mllm.identity == load_server(url, limits=QUICK).identity
        mllm.close()

    @pytest.mark.parametrize(
        "manners", [{}, {"together": False}, {"refuses": ("n",)}, {"refuses": ("temperature",)}], ids=str
    )
    def test_they_are_as_frequent_as_they_are_likely(self, serve, bundled, pictures, manners):
        server = serve(**NONE, **manners)
        mllm = load_server(server.url, EIGHT, QUICK)
        server.seen.clear()
        asks = suite.asks_of(pictures, suite.STATEMENTS)
        found, expected = mllm.answer(asks), anew(bundled).answer(asks)
        drawn, likely = (sum(one.p_yes for one in answers) / len(asks) for answers in (found, expected))
        assert 0.1 < likely < 0.9 and len(asks) >= 12
        assert abs(drawn - likely) < 0.25  # over 4.5 standard deviations of 96 draws
        assert all((one.answered_by, one.samples) == ("samples", 8) for one in found)
        times = 8 if {"together", "refuses"} & set(manners) and "temperature" not in manners.get("refuses", ()) else 1
        assert len(server.seen) == len(asks) * times
        mllm.close()

    def test_answers_come_to_the_questions_that_they_are_of(self, serve):
        server = serve(**NONE, says=("Yes",))
        mllm = load_server(server.url, Settings(without_logprobs="sample:2"), QUICK)
        server.manners.says = ("Yes", "No", "No", "No")
        first, second = sorted(one.p_yes for one in mllm.answer(suite.asks_of([None], ["a knife", "a fire"])))
        assert (first, second) == (0.0, 0.5)
        mllm.close()

    def test_a_model_that_says_something_else_is_refused_at_the_start(self, serve):
        with pytest.raises(UserError, match="plain question") as caught:
            load_server(serve(**NONE, says=("I cannot say", "Yes")).url, Settings(without_logprobs="sample:3"), QUICK)
        assert "'I cannot say'" in str(caught.value) and "0.33" in str(caught.value)

    def test_fewer_answers_than_were_asked_for(self, serve):
        server = serve(**NONE)
        mllm = load_server(server.url, EIGHT, QUICK)
        server.manners.together = False
        with pytest.raises(ModelError, match="1 answers where 8"):
            mllm.answer(suite.asks_of([None], ["a knife"]))
        mllm.close()

    def test_they_are_another_identity(self, serve):
        url = serve(**NONE).url
        eight, four = (load_server(url, Settings(without_logprobs=f"sample:{n}"), QUICK) for n in (8, 4))
        assert eight.identity.digest != four.identity.digest
        assert eight.likeliest(suite.asks_of([None], ["a knife"])[0], 3) == []

    @pytest.mark.parametrize(
        "setting", ["sample", "sample:", "sample:0", "sample:65", "sample:-1", "8", "sample:1e3", ""]
    )
    def test_settings_that_are_none(self, setting):
        with pytest.raises(UserError, match="sample:N with N from 1 to 64"):
            load_judge("demo", without_logprobs=setting)

    def test_a_verdict_says_so(self, serve, drawing, caplog):
        url = serve(**NONE).url
        judge = load_judge("demo", model=url, without_logprobs="sample:4", escalate=())
        verdict = judge.judge(drawing)
        answers = [
            one.answer
            for finding in verdict.findings
            for condition in finding.preconditions
            for one in condition.alternatives
            if one.answer is not None
        ]
        assert answers and all((one.answered_by, one.samples) == ("samples", 4) for one in answers)
        assert "asked 4 times" in caplog.text
