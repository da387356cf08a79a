"""The probe on real models: the bundled one, tiny random ones, one behind a server, and ones that were spoiled."""

from __future__ import annotations

import copy
import json
import sys

import pytest

from judge import assemble
from judge.cli import main as command
from judge.cli.exits import Exit
from judge.judging.pipeline import Judge
from judge.models.transformers.mllm import TransformersMllm
from judge.models.transformers.ways import ScoringPlan
from judge.probing import answering, inner, probe, replying
from judge.probing.probing import CHECKS
from tests.inside import given_back
from tests.models.conftest import anew
from tests.probing.subjects import RULES, line, subject

pytestmark = pytest.mark.slow

SAME = ("sharing", "replies")


@pytest.fixture(scope="module")
def of_bundled(bundled):
    return Judge(RULES, anew(bundled)).probe()


def test_the_bundled_model_passes_but_for_what_it_was_not_made_for(of_bundled):
    outcomes = {found.check: found.outcome for found in of_bundled.lines}
    assert set(outcomes) == {*CHECKS, "forecast"}
    assert {name for name, outcome in outcomes.items() if outcome != "pass"} <= {"right answers", "order of options"}
    assert of_bundled.outcome == "warn" and of_bundled.unseen == ()
    assert of_bundled.line("image tokens").values["at_12_megapixels"] == 64
    assert of_bundled.line("sharing").values["longest_tokens"] >= 200
    assert of_bundled.line("weights").values["share_float32"] == 1
    assert of_bundled.line("memory").values["peak_gib"] > 0.1


@pytest.mark.parametrize("family", ["qwen3_vl", "smolvlm"])
def test_a_random_model_is_asked_rightly_and_is_said_to_know_nothing(loaded, family, monkeypatch):
    monkeypatch.setattr(replying, "TALKS", 1)
    report = Judge(RULES, anew(loaded(family))).probe()
    assert {report.line(name).outcome for name in SAME} == {"pass"}
    known = report.line("right answers")
    assert known.outcome == "warn" and "more than chance from 17" in known.figure and "judge eval" in known.advice


def test_sharing_that_is_not_exact_is_found(bundled):
    mllm = anew(bundled)
    honest = mllm._chances
    mllm._chances = lambda asks: [(0.9 * yes, no) for yes, no in honest(asks)]
    found = line(inner.sharing, mllm)
    assert found.outcome == "fail" and found.values["largest_difference"] == pytest.approx(0.105, abs=0.01)


def test_a_model_that_is_asked_one_by_one_is_said_to_be(bundled):
    mllm = anew(bundled)
    mllm.way = ScoringPlan("one_by_one", 1, "one_by_one")
    found = line(inner.sharing, mllm)
    assert found.outcome == "warn" and "nothing is shared" in found.figure and "slow" in found.advice


def test_replies_that_are_not_the_models_own_are_found(bundled):
    mllm = anew(bundled)
    mllm.reply = lambda talks, **_: ["a purple cow." for _ in talks]
    found = line(inner.replies, mllm)
    assert found.outcome == "fail" and found.values["same"] == 0 and found.values["largest_lead"] > 0.1


def respoken(mllm, template):
    processor = copy.copy(mllm._processor)
    processor.chat_template = template
    return TransformersMllm(mllm._model, processor, mllm.identity)


def test_a_template_that_opens_a_block_of_thinking_has_it_closed(bundled):
    template = bundled._processor.chat_template
    assert template.count("ASSISTANT:") >= 1
    opens = template + "{{ '<think>\n' if add_generation_prompt else '' }}"
    found = line(inner.prompt_tail, respoken(bundled, opens))
    assert found.outcome == "pass" and found.figure.endswith(r"<think>\n\n</think>\n\n'")
    assert line(inner.prompt_tail, bundled).outcome == "pass"


def test_a_text_that_begins_twice_fails(bundled):
    found = line(inner.first_token, respoken(bundled, "{{ bos_token }}" + bundled._processor.chat_template))
    assert found.outcome == "fail" and found.values["times"] == 2


class Blind:
    """The bundled model, shown an empty picture whatever it is given."""

    def __init__(self, mllm):
        self._mllm, self.identity, self.reply = mllm, mllm.identity, mllm.reply

    def answer(self, asks):
        from dataclasses import replace

        return self._mllm.answer([replace(ask, image=None) for ask in asks])


def test_a_model_that_ignores_the_picture_fails(bundled):
    found = line(answering.looks_at_the_picture, Blind(bundled))
    assert found.outcome == "fail" and found.values["most_from_empty"] == pytest.approx(0, abs=answering.NOISE)
    assert "does not reach the model" in found.advice


def test_a_model_behind_a_server_is_probed_by_its_answers(serve, of_bundled, monkeypatch):
    monkeypatch.setattr(replying, "TALKS", 1)
    from judge.models.openai.server import load_server

    mllm = load_server(serve().url)
    try:
        report = probe(subject(mllm))
    finally:
        mllm.close()
    assert set(SAME).isdisjoint(found.check for found in report.lines) and len(report.unseen) == 2
    assert report.line("likeliest tokens").figure == of_bundled.line("likeliest tokens").figure
    for name in ("label mass", "picture", "JSON"):
        assert report.line(name).outcome == of_bundled.line(name).outcome == "pass"
    assert report.line("right answers").values["right"] == of_bundled.line("right answers").values["right"]


@pytest.fixture
def run(monkeypatch, capsys, bundled):
    """`judge probe` with the bundled model, or with one made of it; exit code, stdout, stderr."""

    def call(*arguments, mllm=None):
        monkeypatch.setattr(assemble, "load_mllm_of", lambda **_: mllm or anew(bundled))
        monkeypatch.setattr(sys, "argv", ["judge", "probe", *arguments])
        with pytest.raises(SystemExit) as stopped, given_back():
            command.main()
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return call


def test_the_command_prints_a_line_per_check_and_stops_with_3_on_a_fail(run, bundled, monkeypatch):
    chosen = {name: CHECKS[name] for name in ("first token", "weights")}
    monkeypatch.setattr("judge.probing.probing.CHECKS", chosen)
    code, out, err = run()
    assert code == Exit.NO_VIOLATION and err == "judge: probing, about a minute\n"
    assert [text.split()[0] for text in out.splitlines()[1:]] == ["pass", "pass", "pass:"]
    twice = respoken(bundled, "{{ bos_token }}" + bundled._processor.chat_template)
    code, out, _ = run("--json", mllm=twice)
    report = json.loads(out)
    assert code == Exit.FAILURE and report["outcome"] == "fail"
    assert {found["check"]: found["outcome"] for found in report["lines"]}["first token"] == "fail"
