"""`judge eval --languages`: the same rules in other languages, how far they agree, and what is said where it is little."""

from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.errors import ModelError, UserError
from judge.evaluation.protocols import Example
from judge.evaluation.reports.words import spoken_base, spoken_rows
from judge.evaluation.spoken import spoken, translations
from judge.evaluation.spoken.translations import TIERS
from judge.judging.ladder import Further
from judge.judging.pipeline import Judge
from judge.languages import available
from judge.locks.loading import load_policy
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity

RULES = """constitution: {name}
version: 1.0.0
language: {code}
rules:
  - {{id: red, rule: {red}., preconditions: [{red}]}}
  - {{id: dark, rule: {dark}., preconditions: [{dark}], thresholds: {{relevance: 0.9}}}}
"""
WORDS = {"en": ("it is red", "it is dark"), "de": ("es ist rot", "es ist dunkel"), "sw": ("ni nyekundu", "ni giza")}


class Polyglot:
    """Sees how red and how dark a picture is; is sure of itself in English, errs on dark pictures in German, and mostly
    says neither yes nor no in Swahili."""

    identity = ModelIdentity(role="mllm", name="polyglot", digest="p")

    def answer(self, asks):
        return [self._one(ask) for ask in asks]

    def _one(self, ask):
        if ask.answers.language == "zh":
            raise UserError("no token for '是', so it cannot be asked in language 'zh'")
        if ask.image is None:
            return Answer(p_yes=0.5, p_no=0.5)
        red, _, _ = ask.image.convert("RGB").resize((1, 1)).getpixel((0, 0))
        about_red = any(ask.statement == words[0] for words in WORDS.values())
        yes = red > 200 if about_red else red < 60
        if ask.answers.language == "de" and not about_red:
            yes = False
        mass = 0.6 if ask.answers.language == "sw" else 1.0
        return Answer(p_yes=mass * (0.97 if yes else 0.03), p_no=mass * (0.03 if yes else 0.97))

    def reply(self, conversations, *, max_tokens, schema=None):
        raise AssertionError("nothing is undecided")


@pytest.fixture
def policy(tmp_path):
    for code, (red, dark) in WORDS.items():
        name = "house" if code == "en" else f"house-{code}"
        (tmp_path / f"{name}.yaml").write_text(RULES.format(name=name, code=code, red=red, dark=dark))
    return load_policy(tmp_path / "house.yaml")


@pytest.fixture
def examples(tmp_path):
    found = []
    for number, colour in enumerate([(250, 0, 0), (10, 10, 10), (120, 120, 120), (10, 0, 0)]):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (32, 32), colour).save(path)
        found.append(Example(id=path.name, path=str(path), unsafe=number != 2))
    return found


def measured(policy, examples, codes):
    judge = Judge(policy.constitution, Polyglot(), settings=Settings(escalate=()))
    return spoken(examples, judge, translations(policy, codes))


def test_agreement_is_counted_rule_by_rule_with_an_interval(policy, examples):
    found = measured(policy, examples, ("de", "sw"))
    german, swahili = found.languages
    assert (german.compared, german.opposite, german.lost) == (8, 2, 2)  # the two dark pictures pass in German
    assert german.agreement.value == 0.75 and german.agreement.low < 0.75 < german.agreement.high
    assert german.tier == "high" and german.warnings == ("25% of the rules come out differently",)
    assert swahili.agreement.value == 1.0 and swahili.label_mass == pytest.approx(0.6)
    assert swahili.warnings == ("the model often says neither yes nor no",)
    assert found.warnings == (
        "in 'de' 25% of the rules come out differently",
        "in 'sw' the model often says neither yes nor no",
    )
    assert found.label_mass == 1.0 and set(found.tiers) == {"high", "low"}
    assert found.tiers["high"].value == 0.75


def test_a_language_that_the_model_has_no_words_for_is_refused_and_the_others_go_on(policy, examples, tmp_path):
    (tmp_path / "house-zh.yaml").write_text(RULES.format(name="house-zh", code="zh", red="是红色的", dark="很暗"))
    chinese, german = measured(policy, examples, ("zh", "de")).languages
    assert "cannot be asked in language 'zh'" in chinese.refused and chinese.agreement.value is None
    assert german.refused is None and german.compared == 8


class Served(Polyglot):
    """Has to be opened for a language before it can be asked in it, as a server has to."""

    def __init__(self, language="en"):
        self.language = language

    def opened_for(self, answers):
        if answers.language == "zh":
            raise ModelError("the server is gone")
        return Served(answers.language)

    def answer(self, asks):
        if any(ask.answers.language != self.language for ask in asks):
            raise UserError("the server was opened for another language")
        return super().answer(asks)


def test_a_server_is_opened_for_each_language(policy, examples, tmp_path):
    (tmp_path / "house-zh.yaml").write_text(RULES.format(name="house-zh", code="zh", red="是红色的", dark="很暗"))
    judge = Judge(policy.constitution, Served(), settings=Settings(escalate=()))
    found = spoken(examples, judge, translations(policy, ("de", "sw", "zh")))
    assert [one.refused for one in found.languages] == [None, None, "the server is gone"]
    assert [one.compared for one in found.languages] == [8, 8, 0]
    assert found.languages[0].agreement.value == 0.75  # as of one that runs here


def test_members_are_opened_for_each_language_too(policy):
    further = Further(members={"a": Served()}, stronger=("b", Served()))
    settings = Settings(committee={"members": ("a",), "stronger": "b"})
    judge = Judge(policy.constitution, Served(), settings=settings, further=further)
    german = judge.derive(constitution=translations(policy, ("de",))["de"].constitution)
    assert [one.language for one in (german.mllm, german.members["a"], german._further.stronger[1])] == ["de"] * 3
    assert judge.derive(settings=settings).mllm is judge.mllm


def test_a_language_that_was_not_judged_is_no_success(policy, examples, tmp_path, monkeypatch, capsys):
    (tmp_path / "house-zh.yaml").write_text(RULES.format(name="house-zh", code="zh", red="是红色的", dark="很暗"))
    for row, red in zip(examples, (True, False, False, False), strict=True):
        line = {"file_name": row.id, "unsafe": red, ("violates" if red else "ok"): ["red"]}
        with (tmp_path / "metadata.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
    judge = Judge(policy.constitution, Polyglot(), settings=Settings(escalate=()))
    monkeypatch.setattr("judge.assemble.load_judge", lambda policy, settings: judge)
    options = ["-c", tmp_path / "house.yaml", "--languages", "zh,de", "--out", tmp_path / "out"]
    found = CliRunner().invoke(app, ["eval", str(tmp_path), *map(str, options)])
    assert isinstance(found.exception, UserError), found.output  # exit code 2, by whoever runs the command
    assert "not judged in zh: no token for" in found.exception.message
    said = json.loads((tmp_path / "out" / "report.json").read_text())["spoken"]["languages"]
    assert [one["language"] for one in said] == ["zh", "de"]


def test_what_is_low_is_said_on_stderr_and_in_the_report(policy, examples, tmp_path, monkeypatch, caplog):
    """The constitution is the one in which the model mostly says neither, compared with one in which it speaks."""
    for row, red in zip(examples, (True, False, False, False), strict=True):
        line = {"file_name": row.id, "unsafe": red, ("violates" if red else "ok"): ["red"]}
        with (tmp_path / "metadata.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
    shutil.copy(tmp_path / "house.yaml", tmp_path / "house-sw-en.yaml")
    shutil.copy(tmp_path / "house-de.yaml", tmp_path / "house-sw-de.yaml")
    judge = Judge(load_policy(tmp_path / "house-sw.yaml").constitution, Polyglot(), settings=Settings(escalate=()))
    monkeypatch.setattr("judge.assemble.load_judge", lambda policy, settings: judge)
    out = tmp_path / "out"
    options = ["-c", tmp_path / "house-sw.yaml", "--languages", "en,de", "--out", out, "--json"]
    found = CliRunner().invoke(app, ["eval", str(tmp_path), *map(str, options)])
    assert found.exit_code == 0, found.output
    said = ["in 'sw' the model often says neither yes nor no", "in 'de' 25% of the rules come out differently"]
    assert [one.message for one in caplog.records if one.name == "judge"] == said
    assert json.loads((out / "report.json").read_text())["spoken"]["warnings"] == said
    assert "25% of the rules come out differently" in (out / "report.html").read_text()
    assert "Mean label mass in &#39;sw&#39;: 0.600" in (out / "report.html").read_text()


def test_the_table_has_every_language_and_tier_and_says_what_is_low(policy, examples):
    found = measured(policy, examples, ("de", "sw"))
    rows = list(spoken_rows(found))
    assert [row[:2] for row in rows] == [("de", "high"), ("sw", "low"), ("all", "high"), ("all", "low")]
    assert "come out differently" in rows[0][-1] and "neither yes nor no" in rows[1][-1]
    assert "'en'" in spoken_base(found)


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        ("es", None, "no translation at"),
        ("es", RULES.format(name="house-es", code="fr", red="rouge", dark="sombre"), "says `language: fr`"),
        (
            "es",
            RULES.format(name="c", code="es", red="rojo", dark="oscuro").replace("id: red", "id: rojo"),
            "none of house",
        ),
        (
            "es",
            RULES.format(name="c", code="es", red="rojo", dark="oscuro").replace("[rojo]", "[rojo, azul]"),
            "another shape",
        ),
    ],
)
def test_what_is_no_translation_is_refused_before_anything_is_judged(policy, tmp_path, code, text, said):
    if text is not None:
        (tmp_path / f"house-{code}.yaml").write_text(text)
    with pytest.raises(UserError, match=said):
        translations(policy, (code,))


def test_every_language_that_ships_has_a_translation_of_os_bench_and_a_tier():
    codes = tuple(code for code in available() if code != "en")
    assert len(codes) >= 6 and set(codes) == set(translations(load_policy("os-bench"), codes))
    assert {*codes, "en"} == set(TIERS) and {TIERS[code] for code in codes} == {"high", "middle", "low"}
