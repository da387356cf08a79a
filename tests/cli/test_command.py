"""The real command in a process of its own: start-up, streams and exit codes as a shell sees them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from judge.cli.exits import Exit
from judge.verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]
DRAWINGS = ROOT / "examples" / "images"
COMMAND = [sys.executable, "-m", "judge"]


def judge(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT, timeout=120,
        env={**os.environ, **environment}, check=False,
    )  # fmt: skip


def test_help_is_quick_and_imports_nothing_heavy():
    timings = []
    for _ in range(3):
        begun = os.times()
        assert judge("--help").returncode == 0
        ended = os.times()  # of the processor: others wait for it as well
        timings.append(ended.children_user + ended.children_system - begun.children_user - begun.children_system)
    assert min(timings) < 0.5
    for arguments in (["--help"], ["check", "--help"], ["doctor", "--help"], ["--version"]):
        log = subprocess.run([sys.executable, "-X", "importtime", *COMMAND[1:], *arguments], capture_output=True,
                             text=True, cwd=ROOT, check=True).stderr  # fmt: skip
        modules = {line.rsplit("|", 1)[-1].strip() for line in log.splitlines()}
        assert arguments == ["--help"] or not modules & {"judge.cli.batch", "judge.cli.demo"}  # which are other verbs'
        imported = {module.split(".")[0] for module in modules}
        assert "typer" in imported
        assert not imported & {"torch", "gradio", "transformers", "PIL", "numpy", "outlines", "yaml"}
        assert arguments != ["--help"] or "pydantic" not in imported  # typer itself takes it for a verb's options


def test_help_names_verbs_options_and_exit_codes():
    text = judge("--help").stdout
    assert "check" in text
    assert "doctor" in text
    text = judge("check", "--help", COLUMNS="200", TERM="dumb").stdout
    for option in ("--constitution", "--model", "--encoder", "--detector", "--quantize", "--device", "--dtype",
                   "--trust-remote-code", "--json", "--explain"):  # fmt: skip
        assert option in text
    assert "Exit code: 1 violation, 3 failure, 4 needs review, 0 none of these, 2 your mistake" in text


def test_version():
    assert judge("--version").stdout == version("constitution-judge") + "\n"


def test_good_and_bad_images_are_each_a_json_line_and_talk_goes_to_stderr(tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes((DRAWINGS / "gambling-for-money-borderline.png").read_bytes()[:200])
    named = [broken, DRAWINGS / "blade-in-hand-violating.png", tmp_path / "none.png"]
    rule = tmp_path / "one-rule.yaml"  # a whole constitution would take most of a minute
    rule.write_text(
        "constitution: one-rule\nversion: 1.0.0\nrules:\n"
        "  - {id: no-people, rule: No people may be shown., preconditions: [people are visible]}\n"
    )
    done = judge("check", "--json", "-c", rule, *named)
    verdicts = [Verdict.model_validate_json(line) for line in done.stdout.splitlines()]
    assert [verdict.image for verdict in verdicts] == [str(path) for path in named]
    assert all({"image", "verdict"} <= json.loads(line).keys() for line in done.stdout.splitlines())
    assert [bool(verdict.failure) for verdict in verdicts] == [True, False, True]
    assert [verdict.verdict for verdict in verdicts[::2]] == ["needs_review"] * 2
    assert "truncated" in verdicts[0].reasons[0]
    assert verdicts[2].reasons == ("no such file",)
    assert verdicts[1].violations == ("no-people",)
    assert done.returncode == Exit.VIOLATION
    assert "bundled model reads emoji-style drawings only" in done.stderr
    assert "Traceback" not in done.stderr


SCRIPTED = """
from judge import assemble
from judge.cli.main import main
from judge.constitution import parse_constitution
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedMllm

rules = parse_constitution("{constitution: c, version: 1.0.0, rules: [{id: a, rule: No fire.}]}")
assemble.load_judge = lambda *_, **__: Judge(rules, ScriptedMllm())
main()
"""


def test_doctor_works_without_a_network():
    begun = time.perf_counter()
    done = judge("doctor", "--json", HF_ENDPOINT="http://127.0.0.1:9")
    assert time.perf_counter() - begun < 60  # without a limit of its own the hub's client tries for minutes
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    report = json.loads(done.stdout)
    assert report["packages"]["constitution-judge"] == version("constitution-judge")
    assert report["devices"][0]["name"] == "cpu"
    assert report["model"]["found"] == "folder"
    assert report["real_models"]["loads"] and report["real_models"]["in_4_bits"]
    assert report["hub"].startswith("not reachable")
    assert report["cache"] == os.environ["JUDGE_CACHE_DIR"]


def test_a_mistake_is_a_message_with_a_hint_not_a_traceback():
    done = judge("check", "-c", "dmeo", DRAWINGS / "drugs-violating.png")
    assert (done.returncode, done.stdout) == (Exit.USER_MISTAKE, "")
    assert re.fullmatch(r"judge: no constitution at dmeo\n  hint: did you mean `demo`\?\n", done.stderr)


STOPPED = """
from judge import assemble
from judge.cli.main import main

assemble.load_judge = lambda *_, **__: exec("raise KeyboardInterrupt")
main()
"""


def test_stopped_while_python_executes_text_it_ends_with_the_same_code(tmp_path):
    """As libraries do while they are imported. `python -m` ended by a signal of its own then."""
    (tmp_path / "stopped.py").write_text(STOPPED)
    done = subprocess.run(
        [sys.executable, "-m", "stopped", "check", DRAWINGS / "blade-in-hand-violating.png"], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (Exit.STOPPED, "judge: stopped\n")
