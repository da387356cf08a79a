"""How the server backend begins: what is no server, which model is meant, what a server must be able to do."""

from __future__ import annotations

import gc
import socket
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from judge.errors import ModelError, Unreachable, UserError
from judge.languages import ENGLISH, Answers
from judge.models.openai.remote import address
from judge.models.openai.server import load_server
from judge.settings import Settings
from tests.models import conformance as suite
from tests.models.serving import QUICK


class TestStart:
    def test_nothing_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(Unreachable, match="cannot be reached") as caught:
            load_server(f"http://127.0.0.1:{port}", limits=QUICK)
        assert "running" in caught.value.hint

    def test_something_else_listens(self, serve):
        with pytest.raises(UserError, match="404") as caught:
            load_server(serve().url.replace("/v1", "/other"), limits=QUICK)
        assert "/v1" in caught.value.hint

    @pytest.mark.parametrize("raw", ["<html>", "{", "[]", '{"data": 5}', "null"])
    def test_answers_that_make_no_sense(self, serve, raw):
        with pytest.raises(ModelError, match="no sense"):
            load_server(serve(raw=raw).url, limits=QUICK)

    @pytest.mark.parametrize(
        "url",
        ["http://", "http://:8000", "ftp://host/v1", "http://host:port/v1", "http://[::1/v1", "http://me:pw@host/v1"],
    )
    def test_what_is_no_address(self, url):
        with pytest.raises(UserError) as caught:
            load_server(url)
        assert caught.value.hint and "pw" not in str(caught.value)

    def test_addresses(self):
        assert address("http://host:8000") == ("http://host:8000/v1", None)
        assert address("http://host:8000/#a/b") == ("http://host:8000/v1", "a/b")
        assert address("https://host/proxy/v1/#m") == ("https://host/proxy/v1", "m")

    def test_the_model_is_the_only_one_or_the_one_named(self, serve):
        server = serve(models=("one", "two"))
        with pytest.raises(UserError, match="2 models: one, two") as caught:
            load_server(server.url, limits=QUICK)
        assert f"{server.url}#" in caught.value.hint
        with pytest.raises(UserError, match="no model 'three'") as caught:
            load_server(f"{server.url}#three", limits=QUICK)
        assert "one, two" in caught.value.hint
        mllm = load_server(f"{server.url}#two", limits=QUICK)
        assert mllm.identity.name == "two" and server.seen[-1]["model"] == "two"
        mllm.close()
        with pytest.raises(UserError, match="serves no model"):
            load_server(serve(models=()).url, limits=QUICK)

    def test_another_model_address_or_build_is_another_identity(self, serve):
        server, other = (serve(models=("one", "two")) for _ in range(2))
        loaded = [load_server(f"{server.url}#{name}", limits=QUICK) for name in ("one", "one", "two")]
        loaded.append(load_server(f"{other.url}#one", limits=QUICK))
        server.manners.named = [("one", "build 1")]
        loaded.append(load_server(f"{server.url}#one", limits=QUICK))
        server.manners.named = [("one", f"build {number}") for number in range(40)]  # several machines: none is named
        loaded.append(load_server(f"{server.url}#one", limits=QUICK))
        one, same, two, elsewhere, built, mixed = (mllm.identity for mllm in loaded)
        assert one == same == mixed
        assert len({known.digest for known in (one, two, elsewhere, built)}) == 4
        assert {known.name for known in (one, elsewhere, built)} == {"one"}
        assert (one.role, one.dtype, one.device) == ("mllm", "server", "server")
        for mllm in loaded:
            mllm.close()

    @pytest.mark.parametrize("manners", [{"logprobs": False}, {"refuses_logprobs": True}])
    def test_no_log_probabilities(self, serve, manners):
        with pytest.raises(UserError, match="no log-probabilities") as caught:
            load_server(serve(**manners).url, limits=QUICK)
        assert "vLLM" in caught.value.hint

    def test_no_images(self, serve):
        with pytest.raises(UserError, match="not a multimodal model") as caught:
            load_server(serve(images=False).url, limits=QUICK)
        assert "multimodal" in caught.value.hint

    def test_the_api_key_comes_from_the_environment(self, serve, monkeypatch):
        server = serve(key="s3cret")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(UserError, match="401") as caught:
            load_server(server.url, limits=QUICK)
        assert "OPENAI_API_KEY" in caught.value.hint and server.keys == {"Bearer none"}
        monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
        load_server(server.url, limits=QUICK).close()

    def test_a_server_that_stumbles_at_first(self, serve):
        server = serve(fail=[503, 429])
        load_server(server.url, limits=QUICK).close()
        assert not server.manners.fail

    def test_a_server_that_is_out_of_order_is_no_mistake_of_the_user(self, serve):
        with pytest.raises(ModelError, match="503: it is overloaded") as caught:
            load_server(serve(fail=[503] * 9).url, limits=QUICK)
        assert caught.value.retryable

    def test_failed_starts_leave_no_thread(self, serve):
        before = {thread for thread in threading.enumerate() if thread.name == "judge-server"}
        with pytest.raises(UserError):
            load_server(serve(logprobs=False).url, limits=QUICK)
        assert {thread for thread in threading.enumerate() if thread.name == "judge-server"} <= before

    def test_a_backend_that_is_forgotten_ends_its_thread(self, serve):
        gc.collect()
        before = threading.active_count()
        mllm = load_server(serve().url, limits=QUICK)
        during = threading.active_count()
        del mllm
        gc.collect()
        assert threading.active_count() < during and before < during

    def test_it_is_opened_for_another_language_and_then_answers_in_it(self, serve, pictures):
        settings = Settings(thresholds={"label_mass": 0.0})  # the model behind it speaks English only
        german = Answers(yes=("Yes",), no=("No",), language="de")
        with closing(load_server(serve().url, settings, QUICK)) as mllm:
            other = mllm.opened_for(german)
            assert mllm.opened_for(ENGLISH) is mllm and other.opened_for(german) is other
            (ask,) = suite.asks_of([pictures[0]], ["a knife"])
            in_german = replace(ask, answers=german)
            assert other.answer([in_german])[0].p_yes == pytest.approx(mllm.answer([ask])[0].p_yes, abs=1e-5)
            for one, refused in ((mllm, in_german), (other, ask)):
                with pytest.raises(UserError, match="was opened for language"):
                    one.answer([refused])
            with pytest.raises(UserError, match="cannot be asked in language 'de'"):
                mllm.opened_for(Answers(yes=("Certainlynotaword",), no=("Norisitone",), language="de"))
