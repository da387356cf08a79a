"""Constitutions that change while they are judged by: a good change is judged by, a broken one is said and changes nothing."""

from __future__ import annotations

import re
import time

import pytest

from judge.errors import UserError
from judge.serving.http.worker import OrderRefused
from tests.serving.http.running import Scripted, said, serving

RULES = """\
constitution: house
version: 1.0.0
rules:
  - id: body-on-fire
    rule: No body may be on fire.
    preconditions: [fire is visible]
"""
LOOK = {"reload_seconds": 0.05, "once_seconds": 0}


class Versioned(Scripted):
    """Judges by the policy's version: from 2 on everything violates."""

    def __init__(self):
        super().__init__()
        self.versions = {}

    async def ask(self, order, seconds):
        if hasattr(order, "policy"):
            self.versions[order.key] = order.policy.constitution.version
            return await super().ask(order, seconds)
        await super().ask(order, seconds)
        strict = self.versions[order.key] >= "2"
        return [said(b"v" + data if strict else data) for data in order.images]


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "house.yaml"
    path.write_text(RULES)
    return path


def until(check, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def house(running):
    (told,) = running.http.get("/v1/constitutions").json()["constitutions"]
    return told


def judged(running, data=b"n", **more):
    answer = running.http.post("/v1/judge", files={"image": ("x", data)}, data={"detail": "summary", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["verdicts"][0]["verdict"]


def counted(running, name):
    found = re.findall(rf"^{re.escape(name)} (\S+)$", running.http.get("/metrics").text, re.MULTILINE)
    return float(found[0]) if found else 0.0


def test_a_changed_file_is_judged_by_and_a_broken_one_is_said_and_changes_nothing(rules, caplog):
    with serving({"constitutions": [str(rules)], **LOOK}, process=Versioned()) as running:
        first = house(running)
        assert (first["name"], first["version"], judged(running)) == ("house", "1.0.0", "no_violation")
        rules.write_text(RULES.replace("1.0.0", "2.0.0"))
        until(lambda: house(running)["version"] == "2.0.0")
        second = house(running)
        assert judged(running) == "violation"
        assert second["digest"] != first["digest"] and second["loaded_at"] > first["loaded_at"]
        for broken, why in (
            ("rules: [", "not YAML"),
            (RULES.replace("preconditions", "precondition"), "precondition"),
            (RULES.replace("house", "garden"), "its name has changed"),
        ):
            rules.write_text(broken)
            until(lambda why=why: why in (house(running)["trouble"] or ""))
            told = house(running)
            assert told["stale"] and (told["version"], told["digest"]) == ("2.0.0", second["digest"])
            assert judged(running) == "violation"
        rules.unlink()
        until(lambda: "no constitution" in (house(running)["trouble"] or ""))
        assert judged(running) == "violation"
        rules.write_text(RULES.replace("1.0.0", "1.5.0"))
        until(lambda: house(running)["version"] == "1.5.0")
        assert not house(running)["stale"] and judged(running) == "no_violation"
        assert counted(running, 'judge_reloads_total{constitution="house",result="done"}') == 2
        assert counted(running, 'judge_reloads_total{constitution="house",result="refused"}') == 4
    assert "is judged by as it was before" in caplog.text


def test_what_the_models_cannot_judge_by_changes_nothing(rules):
    script = Scripted()
    with serving({"constitutions": [str(rules)], **LOOK}, process=script) as running:
        script.refuses = OrderRefused("no such language", "", mistake=True)
        rules.write_text(RULES.replace("1.0.0", "2.0.0"))
        until(lambda: house(running)["trouble"])
        assert house(running)["version"] == "1.0.0" and "no such language" in house(running)["trouble"]
        assert judged(running, b"v") == "violation"


def test_a_file_that_says_the_same_is_not_loaded_anew(rules):
    script = Scripted()
    with serving({"constitutions": [str(rules)], **LOOK}, process=script) as running:
        rules.write_text(RULES + "# a remark\n")
        until(lambda: counted(running, 'judge_reloads_total{constitution="house",result="done"}') == 1)
        assert script.loads == ["house"]


def test_a_shadow_judges_beside_and_only_its_flips_are_counted(rules, tmp_path):
    strict = tmp_path / "strict.yaml"
    strict.write_text(RULES.replace("1.0.0", "2.0.0"))
    given = {"constitutions": [{"constitution": str(rules), "shadow": str(strict)}], **LOOK}
    with serving(given, process=Versioned()) as running:
        assert house(running)["shadow"]["version"] == "2.0.0"
        assert [judged(running, data) for data in (b"n", b"v", b"m")] == ["no_violation", "violation", "no_violation"]
        until(lambda: counted(running, 'judge_shadow_flips_total{constitution="house"}') == 2)
        name = 'judge_shadow_verdicts_total{constitution="house",shadow="violation",verdict="no_violation"}'
        assert counted(running, name) == 2
        assert counted(running, 'judge_verdicts_total{constitution="house",verdict="violation"}') == 1


def test_a_canary_judges_a_share_always_of_the_same_images(rules, tmp_path):
    strict = tmp_path / "strict.yaml"
    strict.write_text(RULES.replace("1.0.0", "2.0.0"))
    given = {"constitutions": [{"constitution": str(rules), "canary": str(strict), "canary_share": 0.3}], **LOOK}
    with serving(given, process=Versioned()) as running:
        first = [judged(running, b"n%d" % number) for number in range(60)]
        assert 8 <= first.count("violation") <= 28
        assert [judged(running, b"n%d" % number) for number in range(60)] == first
        assert house(running)["canary"]["share"] == 0.3


def test_several_constitutions_go_by_their_names(rules):
    with serving({"constitutions": ["demo", str(rules)]}, process=Scripted()) as running:
        names = [one["name"] for one in running.http.get("/v1/constitutions").json()["constitutions"]]
        assert names == ["demo", "house"]
        assert judged(running, constitution="house") == "no_violation"


def test_two_of_one_name_are_not_served(rules):
    with (
        pytest.raises(AssertionError, match="two constitutions are called 'house'"),
        serving({"constitutions": [str(rules), str(rules)]}, process=Scripted()),
    ):
        pass


def test_a_mapping_of_a_rule_that_is_none_is_a_mistake(rules):
    given = {"constitutions": [{"constitution": str(rules), "moderation": {"fire": ["violence"]}}]}
    with pytest.raises(AssertionError, match="no rule 'fire' in house"), serving(given, process=Scripted()):
        pass


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ({"constitution": "demo", "canary": "nowhere.yaml", "canary_share": 0.1}, "nowhere"),
        ({"constitution": "demo", "shadow": "nowhere.yaml"}, "nowhere"),
        ({"constitution": "house"}, "two constitutions"),
        ({"constitution": "demo", "moderation": {"fire": ["violence"]}}, "no rule"),
    ],
)
def test_mistakes_in_files_are_found_before_models_are_loaded(rules, second, why):
    second = {**second, "constitution": second["constitution"].replace("house", str(rules))}
    script = Scripted()
    given = {"constitutions": [str(rules), second]}
    with pytest.raises(AssertionError, match=why), serving(given, process=script):
        pass
    assert not script.loads


def test_a_server_that_cannot_load_ends_and_says_why():
    from judge.serving.devices import Processes
    from judge.serving.http.server import listen, serve
    from judge.serving.http.service import Service
    from judge.serving.http.settings import server_settings
    from judge.settings import Settings

    service = Service(server_settings({"constitutions": ["nowhere"]}), Settings(), Processes(1, (), 1), Scripted())
    with pytest.raises(UserError, match="nowhere"):
        serve(service, listen("127.0.0.1", 0))


def test_what_the_canary_judges_the_shadow_skips_and_that_is_counted(rules, tmp_path):
    for name in ("canary", "shadow"):
        (tmp_path / f"{name}.yaml").write_text(RULES.replace("1.0.0", "2.0.0"))
    sides = {name: str(tmp_path / f"{name}.yaml") for name in ("canary", "shadow")}
    given = {"constitutions": [{"constitution": str(rules), **sides, "canary_share": 0.5}], **LOOK}
    with serving(given, process=Versioned()) as running:
        for number in range(12):
            judged(running, b"n%d" % number)

        def compared():
            page = running.http.get("/metrics").text.splitlines()
            return sum(float(line.split()[-1]) for line in page if line.startswith("judge_shadow_verdicts_total{"))

        skipped = counted(running, 'judge_shadow_skipped_total{constitution="house"}')
        assert 0 < skipped < 12
        until(lambda: compared() == 12 - skipped)


@pytest.mark.parametrize("side", ["shadow", "canary"])
def test_a_side_that_is_broken_makes_the_whole_stale(rules, tmp_path, side):
    beside = tmp_path / "beside.yaml"
    beside.write_text(RULES)
    given = {"constitutions": [{"constitution": str(rules), side: str(beside)}], **LOOK}
    with serving(given, process=Versioned()) as running:
        assert house(running)["stale"] is False and house(running)["trouble"] is None
        beside.write_text("rules: [")
        until(lambda: house(running)[side]["stale"])
        assert house(running)["stale"] is True and house(running)["trouble"].startswith(f"{side}: ")
