"""What servers differ in is found out at the start, against a real HTTP server with manners of each kind."""

from __future__ import annotations

import pytest

from judge.errors import ModelError, UserError
from judge.models.openai.plan import LIMITS, THINKING, ServerPlan
from judge.models.openai.remote import ServerLimits
from judge.models.openai.server import load_server
from judge.ports import Conversation, Turn
from judge.settings import Settings, Thresholds
from tests.models import conformance as suite
from tests.models.conftest import anew

QUICK = ServerLimits(attempts=2, wait=0.01, timeout=60)


@pytest.fixture
def way_of(serve):
    """The way found with a server of some manners, its ids left out where they are all there; and the server."""

    def find(**manners):
        server = serve(**manners)
        mllm = load_server(server.url, limits=QUICK)
        way = mllm._plan
        mllm.close()
        return way, server

    return find


class TestWays:
    def test_a_server_that_takes_everything_is_asked_in_the_best_way_at_once(self, way_of):
        way, server = way_of()
        assert way.yes and way == ServerPlan(way.yes, way.no, once=True)
        assert len(server.seen) == 4  # three of them: whether a picture may go by its name alone
        said = server.seen[0]
        assert said["max_tokens"] == said["max_completion_tokens"] == 1
        assert said["chat_template_kwargs"] == {"enable_thinking": False} and said["temperature"] == 0

    @pytest.mark.parametrize(("top", "found"), [(20, 20), (12, 8), (5, 5)])
    def test_as_many_likeliest_tokens_as_the_server_lists(self, way_of, top, found):
        assert way_of(tokenizer=False, top=top)[0].top == found

    def test_five_tokens_are_enough_for_the_same_answers(self, serve, bundled, pictures):
        mllm = load_server(serve(tokenizer=False, top=5).url, limits=QUICK)
        asks = suite.asks_of(pictures, suite.STATEMENTS)
        assert suite.numbers(mllm, asks) == pytest.approx(suite.numbers(anew(bundled), asks), abs=1e-3, rel=0)
        mllm.close()

    @pytest.mark.parametrize(
        ("refused", "less"),
        [
            (("max_tokens",), {"limits": LIMITS[1]}),
            (("max_completion_tokens",), {"limits": LIMITS[2]}),
            (("temperature",), {"temperature": False}),
            (("uuid",), {"named": False, "once": False}),
            (("chat_template_kwargs",), {"thinking": 1}),
            (("chat_template_kwargs", "reasoning_effort"), {"thinking": 4}),
            (("logprob_token_ids",), {"yes": (), "no": (), "once": False}),
            (("max_tokens", "temperature", "chat_template_kwargs"),
             {"limits": LIMITS[1], "temperature": False, "thinking": 1}),
        ],
    )  # fmt: skip
    def test_only_what_is_refused_is_left_out(self, way_of, refused, less):
        best, _ = way_of()
        way, server = way_of(refuses=refused)
        assert way == ServerPlan(**{**vars(best), **less})
        assert len(server.seen) <= 12

    def test_a_refusal_that_names_nothing_leaves_out_only_what_was_the_cause(self, way_of):
        way, server = way_of(strict=True)  # takes the new limit, temperature and likeliest tokens
        assert way == ServerPlan(named=False, limits=LIMITS[1], thinking=4)
        assert len(server.seen) <= 20

    def test_a_value_that_is_refused(self, way_of):
        way, _ = way_of(refuses=("chat_template_kwargs",), refuses_values=("none",))
        assert THINKING[way.thinking] == {"reasoning_effort": "minimal"}

    @pytest.mark.parametrize("limits", [("max_tokens",), ("max_completion_tokens",)])
    def test_replies_are_bounded_by_whichever_name_the_server_heeds(self, serve, limits):
        server = serve(limits=limits)
        mllm = load_server(server.url, limits=QUICK)
        (reply,) = mllm.reply([suite.talk(None, suite.QUESTIONS[0])], max_tokens=2)
        assert len(reply.split()) <= 2
        mllm.close()

    def test_what_was_found_holds_for_replies(self, serve):
        server = serve(refuses=("temperature", "max_tokens", "chat_template_kwargs"))
        mllm = load_server(server.url, limits=QUICK)
        server.seen.clear()
        mllm.reply([suite.talk(None, "hm")], max_tokens=4)
        assert len(server.seen) == 1
        mllm.close()

    def test_a_model_for_text_only_is_asked_in_a_way_it_takes_too(self, serve):
        server = serve(refuses=("temperature", "max_tokens"), images=False, logprobs=False)
        mllm = load_server(server.url, limits=QUICK, text_only=True)
        server.seen.clear()
        assert mllm.reply([suite.talk(None, "hm")], max_tokens=4) and len(server.seen) == 1
        mllm.close()


class TestThinking:
    @pytest.mark.parametrize("how", THINKING[:-1], ids=str)
    def test_a_model_that_thinks_aloud_is_told_not_to(self, way_of, how):
        way, server = way_of(silent=how)
        assert THINKING[way.thinking] == how
        assert all(server.seen[-1][name] == value for name, value in how.items())

    def test_one_that_cannot_be_silenced_is_refused_before_the_first_image(self, serve):
        with pytest.raises(UserError, match="yes or no") as caught:
            load_server(serve(silent={"nothing": 1}).url, limits=QUICK)
        said = str(caught.value)
        assert "label_mass 0.5" in said and "Likeliest: 'th' (1.00)" in said and "'Yes'" in said and "thinking" in said

    def test_the_least_label_mass_is_the_setting(self, serve):
        server = serve(silent={"nothing": 1})
        load_server(server.url, Settings(thresholds=Thresholds(label_mass=0.0)), QUICK).close()

    @pytest.mark.parametrize("how", THINKING[:2], ids=str)
    def test_it_thinks_where_that_is_wanted_and_its_thoughts_come_with_the_reply(self, serve, how):
        server = serve(silent=how)
        mllm = load_server(server.url, limits=QUICK)
        talks = [Conversation(None, (Turn("user", "hm"),), thinking) for thinking in (True, False)]
        thought, plain = mllm.reply(talks, max_tokens=4)
        assert thought == f"there may be a person.\n\n{plain}" and "person" not in plain
        mllm.close()

    def test_a_reply_says_whether_it_was_cut_off(self, serve, pictures):
        mllm = load_server(serve().url, limits=QUICK)
        (whole,) = mllm.reply([suite.talk(pictures[0], suite.QUESTIONS[0])], max_tokens=64)
        (part,) = mllm.reply([suite.talk(pictures[0], suite.QUESTIONS[0])], max_tokens=2)
        assert (whole.cut, part.cut) == (False, True) and whole.startswith(part)
        mllm.close()


class TestTheModelStays:
    def test_another_model_in_mid_run(self, serve):
        server = serve()
        mllm = load_server(server.url, limits=QUICK)
        ask = suite.asks_of([None], ["a knife"])
        before = mllm.answer(ask)
        server.manners.named[:] = [("other", None)]
        with pytest.raises(ModelError, match="another model than at the start: other, before bundled") as caught:
            mllm.answer(ask)
        assert "start again" in caught.value.hint
        with pytest.raises(ModelError, match="another model"):
            mllm.reply([suite.talk(None, "hm")], max_tokens=2)
        server.manners.named.clear()
        assert mllm.answer(ask) == before
        mllm.close()

    def test_another_build_in_mid_run(self, serve):
        server = serve(named=[("bundled", "b1")])
        mllm = load_server(server.url, limits=QUICK)
        server.manners.named[:] = [("bundled", "b2")]
        with pytest.raises(ModelError, match="another build of its model than at the start: b2, before b1"):
            mllm.answer(suite.asks_of([None], ["a knife"]))
        mllm.close()

    def test_machines_of_several_builds_behind_one_address_are_told_by_their_model(self, serve):
        server = serve(refuses=("uuid", "max_tokens"), named=[("bundled", "b1"), ("bundled", "b2")])
        mllm = load_server(server.url, limits=QUICK)
        server.manners.named[:] = [("bundled", "b1"), ("bundled", "b3"), ("bundled", "b2")]
        mllm.answer(suite.asks_of([None], ["a knife", "a fire"]))
        mllm.close()
