"""`judge check` and its exit codes, in this process and with scripted answers."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from PIL import Image

from judge import assemble
from judge.cli import main as command
from judge.cli.exits import Exit, exit_of, gravest
from judge.constitution import parse_constitution
from judge.errors import ModelError
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedMllm
from judge.settings import Thresholds
from judge.verdict import Failure, Provenance, Verdict
from tests.inside import given_back

AN_IMAGE = Path(__file__).parents[2] / "examples" / "images" / "body-on-fire-violating.png"
YES, NO, UNSURE, BROKEN = 0.99, 0.01, (0.1, 0.1), ModelError("the model fell over", retryable=True)
RULES = parse_constitution(
    "constitution: test\nversion: 1.0.0\nrules:\n"
    "  - {id: fire, rule: No fire may be shown., preconditions: [fire is visible]}\n"
)


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command line; returns exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "warnoptions", ["error"])

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["judge", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped, given_back():
            command.main()
        said = capsys.readouterr()
        return stopped.value.code, said.out, said.err

    return call


@pytest.fixture
def says(monkeypatch):
    """Gives `check` a model that says these things about fire, one an image."""

    def script(*answers):
        mllm = ScriptedMllm({"fire is visible": answers}, {"fire is visible": 0.5})
        monkeypatch.setattr(assemble, "load_judge", lambda *_, **__: Judge(RULES, mllm))

    return script


@pytest.fixture
def images(tmp_path) -> list[Path]:
    paths = [tmp_path / "pictures" / f"{name}.png" for name in "abc"]
    paths[0].parent.mkdir()
    for path in paths:
        Image.new("RGB", (40, 40), "white").save(path)
    return paths


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([NO], Exit.NO_VIOLATION),
        ([YES], Exit.VIOLATION),
        ([UNSURE], Exit.NEEDS_REVIEW),
        ([BROKEN], Exit.FAILURE),
        ([NO, UNSURE], Exit.NEEDS_REVIEW),
        ([UNSURE, YES], Exit.VIOLATION),
        ([YES, BROKEN, YES, BROKEN], Exit.VIOLATION),  # a call that failed is repeated per image
        ([UNSURE, BROKEN, UNSURE, BROKEN], Exit.FAILURE),
    ],
)
def test_the_gravest_image_gives_the_exit_code(run, says, images, answers, code):
    says(*answers)
    count = 2 if len(answers) > 1 else 1
    got, out, _ = run("check", "--json", *images[:count])
    assert got == code
    assert len(out.splitlines()) == count


def test_a_file_that_is_not_there_beside_others_is_a_failure_in_the_last_line_too(run, says, images):
    images[1].unlink()
    says(NO, NO)
    code, _, said = run("check", "--json", *images)
    assert code == Exit.FAILURE and said.endswith("(1 failed: a file, try again)\n"), said


def test_a_bad_file_among_good_ones_stops_nothing(run, says, images):
    images[1].write_bytes(b"")
    says(NO, NO)
    code, out, said = run("check", "--json", *images)
    assert code == Exit.NEEDS_REVIEW
    assert re.search(
        r"judge: 3 images in \d+\.\d s: 1 needs_review, 2 no_violation \(2 near no rule\) \(1 could not be read\)\n",
        said,
    )
    verdicts = [Verdict.model_validate_json(line) for line in out.splitlines()]
    assert [one.verdict for one in verdicts] == ["no_violation", "needs_review", "no_violation"]
    assert verdicts[1].reasons == ("the file is empty (zero bytes)",)


def test_an_empty_name_is_not_the_folder_we_are_in(run, says):
    says()
    code, out, said = run("check", "")
    assert (code, out) == (Exit.USER_MISTAKE, "")
    assert "the name of an image is empty" in said


@pytest.mark.parametrize("name", ["nul\0.png", "n" * 5_000, "\N{PILE OF POO}.png", "[bold]x[/].png", "-"])
def test_odd_names_are_failures_of_their_image(run, says, images, name):
    says(NO)
    code, out, _ = run("check", "--json", "--", name, images[0])
    assert (code, json.loads(out.splitlines()[0])["image"]) == (Exit.FAILURE, name)
    says(NO)
    code, out, _ = run("check", "--", name, images[0])
    assert code == Exit.FAILURE
    assert name.replace("\x00", "\\x00")[:20] in out, "control characters are shown, not sent to the terminal"


def test_a_file_name_that_is_no_text_stops_nothing(run, says, images):
    says(NO)
    code, out, _ = run("check", "--json", "\udcff.png", images[0])
    assert code == Exit.FAILURE
    assert [json.loads(line)["verdict"] for line in out.splitlines()] == ["needs_review", "no_violation"]


def test_only_names_of_nothing_are_a_mistake_and_nothing_is_judged(run, says, tmp_path):
    says()
    code, out, said = run("check", "--json", tmp_path / "a.png", tmp_path / "b" / "\x1b.png")
    assert (code, out) == (Exit.USER_MISTAKE, "")
    assert said.startswith(f"judge: no such file: {tmp_path}/a.png, {tmp_path}/b/\\x1b.png\n")


def test_a_file_that_goes_away_later_may_come_back(run, says, images, monkeypatch):
    judge_many = Judge.judge_many

    def too_late(self, given, **more):
        images[0].unlink()
        return judge_many(self, given, **more)

    monkeypatch.setattr(Judge, "judge_many", too_late)
    says()
    code, out, _ = run("check", "--json", images[0])
    assert (code, json.loads(out)["reasons"]) == (Exit.FAILURE, ["no such file"])


@pytest.mark.parametrize("stopped", ["judging", "before", "at the end"])
def test_stopping_it_is_said_in_a_line(run, says, images, monkeypatch, stopped):
    def stop(*_, **__):
        raise KeyboardInterrupt

    says(NO)
    if stopped == "judging":
        monkeypatch.setattr(Judge, "judge_many", stop)
    else:
        monkeypatch.setattr(command.streams, "finish" if stopped == "at the end" else "take_over", stop)
    code, _, said = run("check", images[0])
    assert code == Exit.STOPPED == 130
    assert said.endswith("judge: stopped\n") and "Traceback" not in said


def test_stopping_a_batch_says_how_to_go_on(run, images, monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("judge.serving.batch.call.batch", stop)
    code, _, said = run("batch", images[0].parent, "-o", tmp_path / "out")
    assert (code, said) == (Exit.STOPPED, "judge: stopped; what was judged is kept: the same command goes on\n")


def test_the_table_names_rules_reasons_and_probabilities(run, says, images):
    says(YES, UNSURE)
    code, out, _ = run("check", "--explain", *images[:2])
    assert code == Exit.VIOLATION
    lines = out.splitlines()
    assert f"violation    {images[0]}  fire" in lines  # on one line, however long the path: it is data
    assert f"needs_review {images[1]}" in lines
    assert "fire: violated" in out
    assert "0.990" in out
    assert "No fire may be shown." in out


def test_what_needs_somebody_stands_first_and_the_end_says_how_many_of_each(run, says, images):
    says(NO, UNSURE, YES)
    code, out, said = run("check", *images)
    assert code == Exit.VIOLATION
    assert [line.split()[:2] for line in out.splitlines() if not line.startswith(" ")] == [
        ["violation", str(images[2])],
        ["needs_review", str(images[1])],
        ["no_violation", str(images[0])],
    ]
    assert re.search(
        r"judge: 3 images in \d+\.\d s: 1 violation, 1 needs_review, 1 no_violation \(1 near no rule\)\n", said
    )
    assert f"judge: see why: judge check {images[2]} --explain\n" in said
    assert "judge demo" in said, "the rules are those that ship"


def test_the_command_that_shows_why_judges_in_the_same_way(run, images, monkeypatch):
    asked = []

    def load(constitution, settings):
        asked.append((constitution, settings))
        return Judge(RULES, ScriptedMllm({"fire is visible": [YES]}, {"fire is visible": 0.5}))

    monkeypatch.setattr(assemble, "load_judge", load)
    options = ("-c", "my rules.yaml", "--encoder", "none", "--dtype", "float32", "--quantize", "8bit", "--frames", "3")
    _, _, said = run("check", images[0], *options, "--look-closer", "--trust-remote-code")
    (line,) = (one for one in said.splitlines() if one.startswith("judge: see why: judge "))
    _, out, _ = run(*shlex.split(line.removeprefix("judge: see why: judge ")))
    assert asked[0] == asked[1] and asked[0][1].encoder == "none"
    assert "0.990" in out, "why"


def test_failures_stand_beside_violations_in_the_summary(run, says, images):
    says(YES, BROKEN, YES, BROKEN)  # a call that failed is repeated per image
    code, _, said = run("check", *images[:2])
    assert code == Exit.VIOLATION
    assert "1 violation, 1 needs_review (1 failed: a model or a disk, try again)\n" in said


def test_what_was_judged_is_shown_though_the_run_ends(run, says, images, monkeypatch):
    says(YES)
    judge_many = Judge.judge_many

    def interrupted(self, given, **_):
        yield from judge_many(self, [next(iter(given))])
        raise ModelError("the machine is on fire")

    monkeypatch.setattr(Judge, "judge_many", interrupted)
    code, out, said = run("check", *images)
    assert code == Exit.FAILURE
    assert out == f"violation    {images[0]}  fire\n"
    assert "the machine is on fire" in said


def test_of_many_images_the_rest_come_as_they_are_judged(run, says, images, monkeypatch):
    monkeypatch.setattr("judge.cli.headlines.TOGETHER", 1)
    says(NO, UNSURE, YES)
    _, out, _ = run("check", *images)
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == [
        "no_violation", "needs_review", "violation",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument"),
        (("--nonsense", "x.png"), "No such option"),
        (("--quantize", "3bit", "x.png"), "Invalid value for '--quantize'"),
        (("--dtype", "float8", AN_IMAGE), "setting dtype: `float8` is no dtype hint: did you mean `float32`?"),
        (("-c", "nowhere.yaml", AN_IMAGE), "no constitution at nowhere.yaml"),
        (("-m", "/nowhere/at/all", AN_IMAGE), "cannot load /nowhere/at/all"),
    ],
)
def test_mistakes_exit_with_2_and_say_what_is_wrong(run, arguments, said):
    code, out, error = run("check", *arguments)
    assert (code, out) == (Exit.USER_MISTAKE, "")
    assert said in " ".join(error.split())


def test_mistakes_in_a_constitution_are_all_shown(run, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("constitution: X\nversion: 1\nrules: []\n")
    code, out, said = run("check", "-c", path, AN_IMAGE)
    assert (code, out) == (Exit.USER_MISTAKE, "")
    assert [f"{path}:{place}" in said for place in ("1:15", "2:10", "3:8")] == [True] * 3


def test_an_unexpected_error_is_no_violation(run, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(assemble, "load_judge", broken)
    code, out, _ = run("check", AN_IMAGE)
    assert (code, out) == (Exit.FAILURE, "")
    assert "unexpected error" in caplog.text


def test_a_model_that_fails_to_load_is_a_failure(run, monkeypatch):
    def broken(*_, **__):
        raise ModelError("no memory", hint="buy some")

    monkeypatch.setattr(assemble, "load_judge", broken)
    assert run("check", AN_IMAGE) == (Exit.FAILURE, "", "judge: no memory\n  hint: buy some\n")


def verdict(word: str, failure: Failure | None = None) -> Verdict:
    source = Provenance(
        constitution="c", constitution_version="1.0.0", constitution_digest="0", prompts={}, models=(),
        thresholds=Thresholds(), versions={},
    )  # fmt: skip
    return Verdict(image="x", verdict=word, failure=failure, provenance=source)


def test_exit_code_of_a_verdict():
    failed = Failure(kind="model", message="down")
    assert exit_of(verdict("no_violation")) == 0
    assert exit_of(verdict("violation")) == 1
    assert exit_of(verdict("violation", failed)) == 1
    assert exit_of(verdict("needs_review", failed)) == 3
    assert exit_of(verdict("needs_review")) == 4


def test_violation_before_failure_before_review_before_none():
    everything = [Exit.NO_VIOLATION, Exit.NEEDS_REVIEW, Exit.FAILURE, Exit.VIOLATION]
    for length in range(1, 5):
        assert gravest(everything[:length]) == everything[length - 1]
        assert gravest(reversed(everything[:length])) == everything[length - 1]
    assert gravest([]) == Exit.NO_VIOLATION


def test_look_closer_judges_parts_and_says_where_they_lie(run, tmp_path):
    canvas = Image.new("RGB", (512, 512), "grey")
    canvas.paste(Image.open(Path(__file__).parents[2] / "examples/images/explosive-violating.png"), (200, 40))
    canvas.save(tmp_path / "canvas.png")
    _, out, _ = run("check", tmp_path / "canvas.png", "--json", "--look-closer", "--detector", "none")
    verdict = Verdict.model_validate_json(out)
    assert verdict.provenance.look_closer and verdict.image_facts.views == ("image",)
    assert verdict.image_facts.parts[0].name == "trimmed" and verdict.image_facts.parts[0].box[0] >= 180
