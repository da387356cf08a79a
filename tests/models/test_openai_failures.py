"""The server backend when a server fails after a good start: what is tried again, waited for, and told."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from judge.errors import ModelError, Unreachable
from judge.judging.pipeline import Judge
from judge.models.openai.remote import ServerLimits
from judge.models.openai.server import load_server
from tests.judging.scenes import constitution
from tests.models import conformance as suite
from tests.models.serving import QUICK


class TestUse:
    """Failures after a good start."""

    @pytest.mark.parametrize("fail", [[503], [500, 429], [0]], ids=str)
    def test_a_stumble_is_retried(self, joined, fail):
        server, mllm = joined
        server.manners.fail[:] = fail
        mllm.answer(suite.asks_of([None], ["a knife"]))
        assert server.requests == len(fail) + 1

    def test_the_server_may_say_when_to_come_again(self, joined):
        server, mllm = joined
        server.manners.fail[:], server.manners.retry_after = [429, 503], "0"
        mllm.answer(suite.asks_of([None], ["a knife"]))
        assert server.requests == 3

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize("after", ["3600", "3600.4", "date"])
    def test_a_server_that_wants_a_long_wait_is_not_waited_for(self, joined, pictures, status, after):
        server, mllm = joined
        if after == "date":
            after = format_datetime(datetime.now(UTC) + timedelta(seconds=3600), usegmt=True)
        server.manners.fail[:], server.manners.retry_after = [status] * 9, after
        with pytest.raises(Unreachable, match=r"asks to wait 3(600|599) s \(status") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable and server.requests == 1
        rules = constitution(*(f"id: r{index}, rule: rr {index}, preconditions: [a{index}]" for index in range(9)))
        server.requests, server.manners.fail[:] = 0, [status] * 99
        verdict = Judge(rules, mllm).judge(pictures[0])
        assert verdict.verdict == "needs_review" and verdict.failure.retryable
        assert "asks to wait" in verdict.failure.message and server.requests <= 9 + 1  # those under way at once

    def test_a_wait_under_zero_is_no_wait(self, serve):
        """Nor is it patience: a server that says so for ever is given up at once."""
        server = serve()
        mllm = load_server(server.url, limits=ServerLimits(attempts=3, wait=30.0))
        server.manners.fail[:], server.manners.retry_after, server.requests = [429] * 3, "-5", 0
        begun = time.perf_counter()
        with pytest.raises(ModelError, match="overloaded"):
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert server.requests == 3 and time.perf_counter() - begun < 30

    def test_a_date_that_has_passed_or_makes_no_sense_is_no_wait(self, joined):
        server, mllm = joined
        for after in ("Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-5", "nan", "9" * 400):
            server.manners.fail[:], server.manners.retry_after = [429], after
            mllm.answer(suite.asks_of([None], ["a knife"]))

    @pytest.mark.parametrize(
        ("choice", "said"),
        [
            ('"message": {"content": null, "refusal": "I cannot\\nhelp."}', "refused to answer: 'I cannot help.'"),
            ('"finish_reason": "content_filter", "message": {"content": ""}', "content filter held"),
            ('"finish_reason": "tool_calls", "message": {"content": "Yes"}', "broke an answer off .tool_calls."),
            ('"finish_reason": "abort", "message": {"content": "Yes"}', "broke an answer off .abort."),
        ],
    )
    def test_an_answer_that_was_declined_is_told_as_such(self, joined, serve, choice, said):
        server, mllm = joined
        server.manners.raw = f'{{"model": "bundled", "choices": [{{{choice}}}]}}'
        for call in (
            lambda: mllm.answer(suite.asks_of([None], ["a knife"])),
            lambda: mllm.reply([suite.talk(None, "hm")], max_tokens=2, schema=suite.Report.model_json_schema()),
        ):
            server.requests = 0
            with pytest.raises(ModelError, match=said):
                call()
            assert server.requests == 1

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_lasting_failure_is_a_model_error_that_may_pass(self, joined, status):
        server, mllm = joined
        server.manners.fail[:] = [status] * 3
        with pytest.raises(ModelError, match=f"{status}: it is overloaded") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable and server.requests == 3
        assert mllm.answer(suite.asks_of([None], ["a knife"]))

    @pytest.mark.parametrize("status", [429, 500])
    def test_nothing_more_is_asked_about_a_picture_once_all_tries_of_a_question_are_used_up(
        self, joined, pictures, status
    ):
        """Else every question would take all of its tries, and a picture minutes."""
        server, mllm = joined
        rules = constitution(*(f"id: r{index}, rule: rr {index}, preconditions: [a{index}]" for index in range(9)))
        server.requests, server.manners.fail[:] = 0, [status] * 999
        verdict = Judge(rules, mllm).judge(pictures[0])
        assert verdict.verdict == "needs_review" and verdict.failure.retryable
        assert "it is overloaded" in verdict.failure.message and verdict.causes == ("model_error",)
        assert server.requests <= 9 * QUICK.attempts  # those under way at once

    @pytest.mark.parametrize("status", [400, 404, 413])
    def test_a_refusal_is_not_repeated(self, joined, status):
        server, mllm = joined
        server.manners.fail[:] = [status]
        with pytest.raises(ModelError, match=str(status)) as caught:
            mllm.reply([suite.talk(None, "hm")], max_tokens=2)
        assert not caught.value.retryable and server.requests == 1
        assert ("--max-pixels" in caught.value.hint) == (status == 413)

    def test_one_failure_fails_the_call_and_not_the_next(self, joined, pictures):
        server, mllm = joined
        server.manners.fail[:] = [400]
        with pytest.raises(ModelError):
            mllm.answer(suite.asks_of(pictures, suite.STATEMENTS))
        assert len(mllm.answer(suite.asks_of(pictures, suite.STATEMENTS))) == len(pictures) * len(suite.STATEMENTS)

    @pytest.mark.parametrize("raw", ["<html>", "{", '{"choices": []}', '{"choices": [{"message": 5}]}', "null"])
    def test_answers_that_make_no_sense(self, joined, raw):
        server, mllm = joined
        server.manners.raw = raw
        for ask in (
            lambda: mllm.answer(suite.asks_of([None], ["a knife"])),
            lambda: mllm.reply([suite.talk(None, "hm")], max_tokens=2),
        ):
            with pytest.raises(ModelError, match="no sense"):
                ask()

    def test_a_connection_cut_in_mid_answer_is_told_from_a_server_that_is_gone(self, joined):
        server, mllm = joined
        server.manners.fail[:] = [0] * 3
        with pytest.raises(Unreachable, match="cut the connection in the middle of an answer") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable and server.requests == 3

    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            ('{"choices": [{"mess', "breaks off, at character 14"),
            ('{"choices": []}', "choices: List should have at least 1 item"),
            ('{"choices": [{"message": 5}]}', r"choices\.0\.message: Input should be"),
        ],
    )
    def test_an_answer_that_makes_no_sense_is_told_by_what_is_wrong(self, joined, raw, said):
        server, mllm = joined
        server.manners.raw = raw
        with pytest.raises(ModelError, match=said):
            mllm.answer(suite.asks_of([None], ["a knife"]))

    def test_log_probabilities_of_other_tokens(self, joined):
        server, mllm = joined
        listed = '[{"token": "token_id:1", "logprob": -0.1}, {"token": "token_id:2", "logprob": -3}]'
        logprobs = f'{{"content": [{{"token": "token_id:1", "logprob": -0.1, "top_logprobs": {listed}}}]}}'
        server.manners.raw = (
            f'{{"model": "bundled", "choices": [{{"message": {{"content": "x"}}, "logprobs": {logprobs}}}]}}'
        )
        with pytest.raises(ModelError, match=r"of other tokens: 'token_id:1' \(0\.90\), 'token_id:2'"):
            mllm.answer(suite.asks_of([None], ["a knife"]))

    @pytest.mark.parametrize(
        ("yes", "no", "said"),
        [
            ("-Infinity", "Infinity", "logprob inf"), ("-9.0", "5.0", "logprob 5"), ("-9.0", "0.002", "logprob 0.002"),
            ("NaN", "-1.0", "logprob nan"), ("-0.1", "-0.1", "add up to"), ("-0.002", "-5.5", "add up to"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("by_id", [True, False])
    def test_log_probabilities_that_are_none_are_not_believed(self, serve, yes, no, said, by_id):
        server = serve(ids=by_id, tokenizer=by_id)
        mllm = load_server(server.url, limits=QUICK)
        server.manners.raw = answered(mllm, {"yes": yes, "no": no})
        with pytest.raises(ModelError, match=f"gave no probabilities: .*{said}") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable and "dtype" not in caught.value.hint

    def test_log_probabilities_may_be_rounded(self, joined):
        """Above 0 by a thousandth is rounding, and no mass at all is sound: some servers write it as -Infinity."""
        server, mllm = joined
        server.manners.raw = answered(mllm, {"yes": "0.0009", "no": "-Infinity"})
        (answer,) = mllm.answer(suite.asks_of([None], ["a knife"]))
        assert (answer.p_yes, answer.p_no) == (1.0, 0.0)

    @pytest.mark.parametrize("manners", [{"logprobs": False}, {"ids": False}], ids=str)
    def test_an_answer_without_what_was_asked_for(self, joined, manners):
        server, mllm = joined
        server.manners.__dict__.update(manners)
        with pytest.raises(ModelError, match="left out") as caught:
            mllm.answer(suite.asks_of([None], ["a knife"]))
        assert caught.value.retryable

    def test_a_server_too_slow_is_asked_patiently_once(self, serve):
        """After all tries were in vain, later questions are tried once each until one gets through."""
        server = serve()
        mllm = load_server(server.url, limits=ServerLimits(attempts=3, wait=0.01, timeout=0.5))
        server.manners.delay, server.requests = 2.0, 0
        for requests in (3, 4, 5):
            with pytest.raises(ModelError, match="did not answer in time") as caught:
                mllm.answer(suite.asks_of([None], ["a knife"]))
            assert caught.value.retryable and server.requests == requests
        server.manners.delay = 0.0
        mllm.answer(suite.asks_of([None], ["a knife"]))
        server.manners.fail[:] = [0]
        mllm.answer(suite.asks_of([None], ["a knife"]))
        mllm.close()


def answered(mllm, told: dict[str, str]) -> str:
    """An answer that lists one token for yes and one for no with these log-probabilities, as JSON writes them."""
    plan = mllm._plan
    ids = {"yes": plan.yes, "no": plan.no} if plan.yes else {"yes": (), "no": ()}
    names = {word: [f"token_id:{index}" for index in own] or [word] for word, own in ids.items()}
    listed = [
        f'{{"token": "{name}", "logprob": {told[word] if at == 0 else -99}}}'
        for word, own in names.items()
        for at, name in enumerate(own)
    ]
    first = f'"token": "{names["no"][0]}", "logprob": {told["no"]}'
    content = f'[{{{first}, "top_logprobs": [{", ".join(listed)}]}}]'
    said = f'"message": {{"content": "No"}}, "logprobs": {{"content": {content}}}'
    return f'{{"model": "bundled", "choices": [{{{said}}}]}}'
