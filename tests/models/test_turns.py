"""Several models in a memory that does not hold them together: they take turns, and nothing else differs."""

from __future__ import annotations

import gc
import logging
import weakref
from types import SimpleNamespace

import pytest

from judge import assemble
from judge.assemble import load_judge
from judge.errors import ModelError, UserError
from judge.models import room
from judge.models.beside import why_not_beside
from judge.models.transformers.weights import bytes_of_weights
from judge.models.turns import InTurn, Seat
from judge.serving import devices
from judge.serving.judges import Judges
from judge.settings import Settings
from judge.verdict import ModelIdentity
from tests.judging.scenes import constitution
from tests.models.conftest import IMAGES

RULES = constitution("id: nobody, rule: no people, preconditions: [people are visible]")
PICTURES = [IMAGES / f"{name}.png" for name in ("body-on-fire-violating", "blade-in-hand-borderline")]


@pytest.fixture
def three(checkpoint):
    """How a committee of three tiny models is named."""
    own, member, stronger = (str(checkpoint(family)) for family in ("smolvlm", "llava", "qwen3_vl"))
    return {"model": own, "committee": {"members": (member,), "stronger": stronger, "asked": "all"}}


@pytest.fixture
def tight(monkeypatch):
    """A computer with a megabyte of free memory."""
    monkeypatch.setattr("judge.models.beside.free_on", lambda device: 2**20)


def verdicts(three):
    judge = load_judge(RULES, device="cpu", dtype="float32", batch=2, reason_tokens=8, **three)
    return [one.canonical_json() for one in judge.judge_many(PICTURES)]


def test_verdicts_are_the_same_in_turns_and_one_model_is_in_memory_at_a_time(three, request, monkeypatch, caplog):
    beside = verdicts(three)
    assert '"votes":[{' in beside[0] and '"stronger":{' in beside[1] and '"rereading":{' in beside[1]  # all were asked
    gc.collect()
    request.getfixturevalue("tight")
    load, loaded = assemble._mllm, []

    def counted(settings, language):
        assert not [one for one in loaded if one() is not None], "another one is still in memory"
        mllm = load(settings, language)
        loaded.append(weakref.ref(mllm))
        return mllm

    monkeypatch.setattr(assemble, "_mllm", counted)
    with caplog.at_level(logging.WARNING, "judge"):
        in_turns = verdicts(three)
    assert in_turns == beside and len(loaded) > 3
    said = [one.message for one in caplog.records if "take turns" in one.message]
    assert len(said) == 1 and "GiB are free" in said[0] and "loaded anew for every 2 pictures" in said[0]


def test_where_somebody_waits_turns_are_refused_at_the_start(three, tight):
    with pytest.raises(UserError, match="does not hold all these models") as refused:
        Judges(Settings.of(device="cpu", **three)).of(RULES)
    assert "0.0 GiB are free" in refused.value.message and "http://HOST:PORT/v1" in refused.value.hint


def test_one_model_alone_is_not_held_against_the_memory(three, tight):
    judge = Judges(Settings.of(device="cpu", model=three["model"])).of(RULES)
    assert judge.mllm.identity.name == "smolvlm"


def test_what_a_checkpoint_will_take_is_what_it_takes(checkpoint, loaded, tmp_path):
    for family in ("smolvlm", "llava"):
        model = loaded(family)._model
        taken = sum(one.numel() * one.element_size() for one in model.state_dict().values())
        said = bytes_of_weights(str(checkpoint(family)), Settings(device="cpu", dtype="float32"))
        assert said == pytest.approx(taken, rel=0.05)
        half = bytes_of_weights(str(checkpoint(family)), Settings(device="cpu", dtype="bfloat16"))
        assert half == pytest.approx(said / 2, rel=0.01)
    assert bytes_of_weights(str(tmp_path), Settings(device="cpu")) is None


def test_a_model_of_unknown_size_is_not_loaded_beside_others():
    why = why_not_beside(["org/never-downloaded"], Settings(device="cpu"))
    assert why == "the size of org/never-downloaded is not known before it is downloaded"


def test_files_that_change_between_two_turns_are_no_model_to_go_on_with():
    named = iter(("1", "2", "3"))

    def load(name):
        return SimpleNamespace(identity=ModelIdentity(role="mllm", name=name, digest=next(named)))

    turns = Seat(load)
    one, _ = InTurn(turns, "a"), InTurn(turns, "b")
    with pytest.raises(ModelError, match="a is another model than when judging began"):
        one.answer([])


def test_what_is_free_is_what_the_groups_of_a_container_leave(tmp_path, monkeypatch):
    gib = 2**30
    (tmp_path / "meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable: {64 * 2**20} kB\n")
    (tmp_path / "own").write_text("0::/pod/box\n")
    monkeypatch.setattr(room, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(room, "_OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(room, "_GROUPS", tmp_path / "groups")
    assert room.free_on("cpu") == 64 * gib  # such a group is not to be seen from here
    for name, most, held, stale in (("pod/box", "max", 3, 0), ("pod", 8 * gib, 3 * gib, gib)):
        group = tmp_path / "groups" / name
        group.mkdir(parents=True, exist_ok=True)
        (group / "memory.max").write_text(f"{most}\n")
        (group / "memory.current").write_text(f"{held}\n")
        (group / "memory.stat").write_text(f"anon 5\ninactive_file {stale}\n")
    assert room.free_on("cpu") == 6 * gib
    old = tmp_path / "groups/memory/pod"
    old.mkdir(parents=True)
    (tmp_path / "own").write_text("4:cpu:/pod\n3:memory:/pod\n")
    (old / "memory.limit_in_bytes").write_text(f"{2 * gib}")
    (old / "memory.usage_in_bytes").write_text(f"{gib}")
    assert room.free_on("cpu") == gib
    monkeypatch.setattr(room, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(room, "_OWN_GROUPS", tmp_path / "none")
    assert room.free_on("cpu") is None


def test_a_committee_of_large_models_is_not_loaded_once_a_core(monkeypatch):
    monkeypatch.setattr(devices, "cores", lambda: 8)
    small = Settings(committee={"members": ("http://localhost:8000/v1",)})
    assert devices.processes_for(small).number == 8 == devices.processes_for(Settings()).number
    assert devices.processes_for(Settings(device="cpu", committee={"members": ("org/large",)})).number == 1
