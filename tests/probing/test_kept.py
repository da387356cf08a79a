"""Reports are kept by the model's digest, verdicts name them, and who judges with an unprobed model is told once."""

from __future__ import annotations

import sys

import pytest
from PIL import Image

from judge import assemble, versions
from judge.caches.verdicts import CachedVerdicts
from judge.cli import main as command
from judge.judging.pipeline import Judge
from judge.ports import Mllm
from judge.probing import kept
from judge.verdict import Provenance
from tests.inside import given_back
from tests.probing.subjects import RULES, Knows


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("JUDGE_CACHE_DIR", str(tmp_path / "cache"))


def test_a_report_is_kept_and_named_by_the_verdicts_that_follow(tmp_path):
    before = Judge(RULES, Knows())
    assert before.provenance.probe is None and "probe" not in before.provenance.model_dump()
    report = before.probe()
    assert kept.kept(Knows().identity) == report
    after = Judge(RULES, Knows())
    for judge in (before, after):
        verdict = judge.judge(Image.new("RGB", (32, 32)))
        assert verdict.provenance.probe == kept.named(report)
        assert verdict.provenance.probe.outcome == "pass" and len(verdict.provenance.probe.digest) == 64
        assert Provenance.model_validate_json(verdict.provenance.model_dump_json()) == verdict.provenance


def test_another_model_number_format_or_version_is_not_probed(monkeypatch):
    Judge(RULES, Knows()).probe()
    own = Knows().identity
    for change in ({"digest": "other"}, {"quantization": "4bit"}, {"dtype": "bfloat16"}):
        assert kept.kept(own.model_copy(update=change)) is None
    monkeypatch.setattr(kept, "installed", lambda: {**versions.installed(), "transformers": "9.9"})
    assert kept.kept(own) is None


@pytest.mark.parametrize("damage", ["", "{}", "[1", "null", '{"model": 3}'])
def test_a_damaged_report_is_none(damage):
    Judge(RULES, Knows()).probe()
    (path,) = kept.cache_room("probes").glob("*.json")
    path.write_text(damage, encoding="utf-8")
    assert kept.kept(Knows().identity) is None


def test_verdicts_that_are_kept_do_not_depend_on_a_probe(tmp_path):
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    judge = Judge(RULES, Knows())
    ((_, known),) = CachedVerdicts(judge).judge_many([str(tmp_path / "a.png")])
    assert not known
    judge.probe()
    ((_, known),) = CachedVerdicts(Judge(RULES, Knows())).judge_many([str(tmp_path / "a.png")])
    assert known


@pytest.fixture
def check(monkeypatch, capsys, tmp_path):
    """`judge check` of a white picture with a model; what it says on stderr."""
    Image.new("RGB", (32, 32), "white").save(tmp_path / "a.png")

    def call(model: str, mllm: Mllm) -> str:
        monkeypatch.setattr(assemble, "load_judge", lambda *_, **__: Judge(RULES, mllm))
        monkeypatch.setattr(sys, "argv", ["judge", "check", str(tmp_path / "a.png"), "--model", model])
        with pytest.raises(SystemExit), given_back():
            command.main()
        said = capsys.readouterr().err.splitlines(keepends=True)
        return "".join(line for line in said if not line.startswith("judge: see why"))

    return call


def test_an_unprobed_model_is_said_once_and_the_bundled_one_never(check):
    assert check("bundled", Knows()) == ""
    said = check("org/knows", Knows())
    assert said.count("\n") == 1 and said.startswith("judge: knows was never probed")
    assert "judge probe --model org/knows" in said
    assert check("org/knows", Knows()) == ""
    other = Knows(identity=Knows().identity.model_copy(update={"digest": "other"}))
    assert "never probed" in check("org/knows", other)


def test_a_model_that_passed_is_not_spoken_of_and_one_that_failed_always_is(check):
    Judge(RULES, Knows()).probe()
    assert check("org/knows", Knows()) == ""
    Judge(RULES, Knows(summary="no JSON")).probe()
    for _ in range(2):
        assert check("org/knows", Knows()).endswith(": JSON\n")
