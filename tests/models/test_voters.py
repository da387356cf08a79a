"""One model that is named in two ways votes once, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PIL import Image
from skimage import data

from judge import assemble
from judge.assemble import load_judge
from judge.errors import UserError
from judge.evaluation.methods.members import members
from judge.models.cast import Cast
from judge.models.scripted import ScriptedMllm
from judge.models.voters import check_models, check_names
from judge.settings import BUNDLED, Settings
from judge.verdict import ModelIdentity
from tests.judging.scenes import constitution
from tests.models.conftest import IMAGES


@dataclass
class Named:
    identity: ModelIdentity


def model(digest, name="m", device="cpu"):
    return Named(ModelIdentity(role="mllm", name=name, digest=digest, device=device))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:8000/v1#m", "http://localhost:8000/v1#m"),
        ("http://localhost:8000/v1", "http://LOCALHOST:8000/v1/"),
        ("http://[::1]:8000/v1", "http://localhost:8000/v1"),
        ("https://host/v1", "https://host:443/v1"),
        ("http://127.1:8000/v1#a", "http://127.0.0.1:8000/v1#a"),
        ("http://2130706433:8000/v1", "http://localhost:8000/v1"),
        ("http://0x7f.1:8000/v1", "http://localhost:8000/v1"),
        ("http://[::ffff:127.0.0.1]:8000/v1", "http://localhost:8000/v1"),
        ("http://host:8000//v1#a", "http://host:8000/./v1#a"),
        ("http://host:8000/%76%31", "http://host:8000/x/../v1"),
        ("http://host:8000", "http://host:8000/v1"),
        ("HTTP://host:8000/v1", "http://host:8000/v1"),
    ],
)
def test_two_spellings_of_one_address_are_one(one, other):
    with pytest.raises(UserError) as raised:
        check_names([one, other])
    assert one in raised.value.message and other in raised.value.message and "vote twice" in raised.value.message


def test_two_spellings_of_one_folder_are_one(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    for other in (f"{tmp_path}/", f"{tmp_path}/link"):
        with pytest.raises(UserError, match="are one model"):
            check_names([str(tmp_path), other])


def test_what_differs_is_no_mistake(tmp_path):
    here = "http://localhost:8000/v1"
    check_names([f"{here}#a", f"{here}#b", "http://localhost:8001/v1", "https://localhost:8000/v1", "org/a", "org/b"])
    check_models({"a": model("1"), "b": model("2"), "org/c": model("unknown"), "org/d": model("unknown")})
    check_models({f"{here}#a": model("1", "a", "server"), f"{here}#b": model("2", "b", "server")})


def test_copies_of_weights_and_one_model_of_a_server_are_one():
    with pytest.raises(UserError, match="a and b are one model"):
        check_models({"a": model("1"), "b": model("1")})
    one, other = "http://localhost:8000/v1", "http://127.0.0.1:8000/v1#m"
    with pytest.raises(UserError, match="are one model"):
        check_models({one: model("1", "m", "server"), other: model("2", "m", "server")})


def test_a_judge_is_not_loaded_with_one_model_twice(tmp_path):
    with pytest.raises(UserError, match="are one model"):
        load_judge("demo", model=str(tmp_path), committee={"members": (f"{tmp_path}/",)})


def test_copies_are_found_once_they_are_loaded(monkeypatch):
    monkeypatch.setattr("judge.models.cast.why_not_beside", lambda names, settings: None)
    settings = Settings(model="a", committee={"members": ("b",), "stronger": "b2"})
    cast = Cast(settings, ("committee",), lambda name: model("1" if "b" in name else "2"))
    with pytest.raises(UserError, match="b and b2 are one model"):
        cast.rest(cast.first(), together=False)


@pytest.mark.parametrize(
    "debaters", [{}, {"judge": "org/other"}, {"speaker": "a", "opponent": "b", "judge": "bundled"}]
)
def test_the_bundled_model_takes_no_part_in_a_debate(debaters):
    with pytest.raises(UserError, match="the bundled model cannot debate"):
        load_judge("demo", escalate=("reasoning", "debate"), debaters=debaters)


def test_the_stronger_model_is_another_than_those_that_vote():
    for stronger in ("bundled", "a"):
        with pytest.raises(UserError, match=f"{stronger} votes already"):
            Settings.of(committee={"members": ("a",), "stronger": stronger})


def test_one_name_given_twice_is_refused():
    name = "org/some-model"
    with pytest.raises(UserError, match="would vote twice"):
        check_names([name, name])


def test_the_bundled_model_votes_on_drawings_alone(checkpoint, bundled, monkeypatch):
    """Beside another model it is guarded as it is by itself, in a committee and where it is measured alone."""
    load = assemble._mllm
    monkeypatch.setattr(
        assemble, "_mllm", lambda settings, language: bundled if settings.model == BUNDLED else load(settings, language)
    )
    committee = {"members": (BUNDLED,), "asked": "all"}
    rules = constitution("id: nobody, rule: no people, preconditions: [people are visible]")
    own = str(checkpoint("smolvlm"))
    judge = assemble.load_judge(rules, model=own, device="cpu", dtype="float32", committee=committee, reason_tokens=8)
    photograph = Image.fromarray(data.coffee()).resize((300, 200))
    drawing = Image.open(IMAGES / "body-on-fire-violating.png").convert("RGB")
    said = [one.findings[0].preconditions[0].alternatives[0] for one in judge.judge_many([photograph, drawing])]
    assert [one.committee.votes[1].barred for one in said] == ["outside", None]
    assert said[0].committee.votes[1].answer is None and said[1].committee.votes[1].answer is not None
    alone = {method.name: method for method in members(judge)}[f"alone: {BUNDLED}"]
    judged = alone._judge.judge(photograph)
    assert judged.verdict == "needs_review" and judged.causes == ("outside",)


def test_a_lock_is_held_against_every_model_that_a_verdict_names(monkeypatch):
    """Bounds that were calibrated with a committee are of all its models; they were never used again."""
    asked = []
    monkeypatch.setattr("judge.models.cast.why_not_beside", lambda names, settings: None)
    monkeypatch.setattr(assemble, "_mllm", lambda settings, language: ScriptedMllm(priors={settings.model: 0.5}))
    under = assemble.under_lock
    monkeypatch.setattr(assemble, "under_lock", lambda *given: asked.append(given[2]) or under(*given))
    judge = load_judge("os-bench", model="org/a", committee={"members": ("org/b",), "stronger": BUNDLED})
    assert asked == [judge.provenance.models] and [one.role for one in asked[0]] == ["mllm"] * 3 + ["guard"]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"debaters": {"judge": "org/other"}}, "nothing is debated"),
        ({"committee": {"members": []}}, "needs further models"),
        ({"committee": {"stronger": "org/big"}}, "needs further models"),
        ({"committee": {"members": ["org/b"], "weights": {"org/b": 1.0}}}, "are for agreement: `weighted`"),
    ],
)
def test_what_would_count_for_nothing_is_a_mistake(said, wrong):
    with pytest.raises(UserError, match=wrong):
        load_judge("demo", model="org/a", **said)
