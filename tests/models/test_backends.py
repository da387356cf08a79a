"""A backend from outside: the package that docs/backends.md shows is installed as a folder on the path, and judged with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from judge.assemble import load_judge, load_llm
from judge.cli.doctor import of_model
from judge.constitution.load import parse_constitution
from judge.errors import ModelError, UserError
from judge.languages import ENGLISH
from judge.models.backends import check_name, installed, load_backend
from judge.ports import Ask
from judge.settings import Settings
from tests.forking import judge

ROOT = Path(__file__).resolve().parents[2]
RULES = (
    "constitution: colours\nversion: 1.0.0\nrules:\n"
    "  - {id: no-red, rule: No red picture may be shown., preconditions: [the picture is red]}\n"
)
PAGE = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
ANSWERS = "return [self._one(ask) for ask in asks]"
ENTRY = re.search(r'entry-points."judge.models"\]\n(\w+) = "(.*?)"', PAGE).groups()


def install(folder: Path, code: str = CODE, *, package: str = "colour-judge", name: str = ENTRY[0]) -> Path:
    """What an installer leaves of a package: its module, and what it says of itself."""
    module = package.replace("-", "_")
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[judge.models]\n{name} = {module}:load\n", encoding="utf-8")
    return folder


def check(*arguments: str, site: Path, folder: Path, verb: str = "check") -> subprocess.CompletedProcess[str]:
    (folder / "colours.yaml").write_text(RULES, encoding="utf-8")
    for colour in ("red", "blue"):
        Image.new("RGB", (32, 32), colour).save(folder / f"{colour}.png")
    return judge(verb, *arguments, cwd=folder, PYTHONPATH=os.pathsep.join([str(ROOT), str(site)]))


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    """A folder that packages are installed into, for this process."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    for module in ("colour_judge", "other"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return folder


def test_an_installed_backend_judges_images_from_the_command_line(tmp_path):
    site = install(tmp_path / "site")
    done = check(
        "red.png", "blue.png", "-c", "colours.yaml", "--model", "colours:0.9", "--json", site=site, folder=tmp_path
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["verdict"] for one in found] == ["violation", "no_violation"], done.stderr
    assert done.returncode == 1
    (model,) = found[0]["provenance"]["models"]
    assert (model["name"], model["digest"]) == ("colours", "colours-1.0-0.9")


def test_a_backends_own_refusal_is_the_users_mistake(tmp_path):
    site = install(tmp_path / "site")
    done = check("red.png", "-c", "colours.yaml", "--model", "colours:much", site=site, folder=tmp_path)
    assert done.returncode == 2
    assert "model backend 'colours' (of colour-judge 1.0): 'much' is no number" in done.stderr


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import not_there_at_all", "ModuleNotFoundError"),
        ("def load(argument, settings): raise RuntimeError('no such\\n card')", "RuntimeError: no such card"),
        ("def load(argument, settings): raise SystemExit(0)", "SystemExit"),
        ("def load(argument, settings): return object()", "object has no answer and no reply"),
        (CODE.replace('role="mllm"', 'role="encoder"'), "role mllm"),
        (CODE.replace('digest=f"colours-1.0-{surest}"', 'digest=""'), "lacks a name or a digest"),
    ],
)
def test_a_backend_that_does_not_load_is_a_failure_with_its_name(site, code, said):
    install(site, code)
    with pytest.raises(ModelError, match=said) as caught:
        load_judge(parse_constitution(RULES), model="colours")
    assert "model backend 'colours' (of colour-judge 1.0)" in caught.value.message


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("raise SystemExit(0)", "failed: SystemExit"),
        ("raise OSError('gone')", "failed: OSError: gone"),
        ("return [0.5 for ask in asks]", "it answered with float where an Answer is due"),
        ("return []", "0 answers"),
        ("return [Answer.model_construct(p_yes=float('nan'), p_no=0.0) for ask in asks]", "no probabilities"),
    ],
)
def test_a_backend_that_fails_at_an_image_ends_it_in_review(site, answers, said):
    code = CODE.replace(ANSWERS, answers)
    assert code != CODE
    install(site, code)
    verdict = load_judge(parse_constitution(RULES), model="colours").judge(Image.new("RGB", (32, 32), "red"))
    assert verdict.verdict == "needs_review"
    assert said in verdict.model_dump_json()


def test_torch_is_not_imported_for_a_model_that_computes_elsewhere(tmp_path):
    site = install(tmp_path / "site")
    code = (
        "import sys; from judge import load_judge; judge = load_judge('demo', model='colours:0.9', escalate=())\n"
        f"judge.judge({str(ROOT / 'examples/images/drugs-borderline.png')!r})\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, "set()\n"), done.stderr


def test_a_backend_cannot_end_the_command(tmp_path):
    """Neither with the exit code of a picture without violation nor without a word."""
    site = install(tmp_path / "loading", "def load(argument, settings): raise SystemExit(0)")
    done = check("red.png", "-c", "colours.yaml", "--model", "colours", site=site, folder=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "model backend 'colours' (of colour-judge 1.0)" in done.stderr and "SystemExit" in done.stderr
    assert "Traceback" not in done.stderr
    site = install(tmp_path / "answering", CODE.replace(ANSWERS, "raise SystemExit(0)"))
    done = check("red.png", "-c", "colours.yaml", "--model", "colours", "--json", site=site, folder=tmp_path)
    assert json.loads(done.stdout)["verdict"] == "needs_review" and "failed: SystemExit" in done.stdout
    assert done.returncode in (3, 4)


def test_answers_are_rounded_like_all_others(site):
    install(site, CODE.replace("p_yes=yes", "p_yes=1 / 3"))
    mllm = load_backend("colours", Settings())
    assert mllm.answer([Ask(Image.new("RGB", (8, 8)), "", "red", ENGLISH)])[0].p_yes == 0.333333


def test_what_ships_wins_and_unknown_names_get_a_suggestion(site):
    install(site, package="other", name="bundled")
    install(site)
    assert installed() == ("colours",)
    for typed, meant in (("colors", "colours"), ("coulours:1", "colours"), ("bundeld", "bundled")):
        with pytest.raises(UserError, match="no model") as caught:
            load_judge(ROOT / "constitutions" / "demo.yaml", model=typed)
        assert meant in caught.value.hint
    with pytest.raises(UserError, match="no model backend 'fluxes'") as caught:
        check_name("fluxes:1")
    assert "colours" in caught.value.hint


def test_a_hub_id_cannot_be_taken_over(site):
    install(site, name="org/model")
    assert installed() == ()


def test_a_name_that_means_two_things_is_refused(site, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    install(site)
    (tmp_path / "colours").mkdir()
    with pytest.raises(UserError, match="and a folder here"):
        load_backend("colours", Settings())
    assert load_backend("colours:", Settings()).identity.name == "colours"
    install(site, package="other")
    with pytest.raises(UserError, match=r"colour-judge 1\.0, other 1\.0"):
        load_backend("colours:", Settings())


def test_doctor_and_the_compiler_know_backends(site):
    install(site)
    assert of_model("colours:0.9")["found"].startswith("a backend of the package colour-judge 1.0")
    llm = load_llm("colours")
    with pytest.raises(ModelError, match=r"model backend 'colours'.*cannot write"):
        llm.reply([], max_tokens=8)
