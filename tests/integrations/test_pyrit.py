"""The scorers inside of PyRIT: what needs a person is undetermined, and never a value."""

from __future__ import annotations

import asyncio
import uuid
from importlib import import_module

import pytest

from judge.errors import UserError
from tests.integrations import stand_ins
from tests.serving.batch.colours import colour_judge, picture

RED, GREEN = 1, 2
pytestmark = pytest.mark.filterwarnings("ignore")  # those of PyRIT itself


@pytest.fixture(scope="module", autouse=True)
def integration(tmp_path_factory):
    with stand_ins.host("pyrit", "pyrit", stand_ins.PYRIT) as module:
        if stand_ins.is_real("pyrit"):
            from pyrit.setup import initialize_pyrit_async

            asyncio.run(initialize_pyrit_async("InMemory", load_defaults=False, silent=True))
        yield module


@pytest.fixture
def files(tmp_path):
    for name, number in (("red", RED), ("green", GREEN)):
        (tmp_path / f"{name}.png").write_bytes(picture(number))
    (tmp_path / "broken.png").write_bytes(picture(GREEN)[:40])
    return tmp_path


def message(*values, kind="image_path"):
    models = import_module("pyrit.models")
    if not stand_ins.is_real("pyrit"):
        return models.Message([models.MessagePiece(str(value), kind) for value in values])
    said = uuid.uuid4().hex
    pieces = [
        models.MessagePiece(
            role="assistant", original_value=str(value), original_value_data_type=kind, conversation_id=said
        )
        for value in values
    ]
    return models.Message(message_pieces=pieces)


def kept(one):
    """A message as PyRIT keeps it, and as what scorers are told to look at."""
    from pyrit.memory import CentralMemory
    from pyrit.models import MessageScorable

    CentralMemory.get_memory_instance().add_message_to_memory(request=one)
    return MessageScorable(message_piece_ids=[piece.id for piece in one.message_pieces])


def scores(scorer, *values, **more):
    made, said = scorer(judge=colour_judge()), message(*values, **more)
    if stand_ins.is_real("pyrit"):
        return asyncio.run(made.score_async(scorable=kept(said)))
    return asyncio.run(made.score_message_async(message=said))


def test_true_is_a_violation_with_its_rule_as_the_category(integration, files):
    (score,) = scores(integration.JudgeTrueFalseScorer, files / "red.png")
    assert score.get_value() is True
    assert score.score_category == ["no-red"]
    assert score.score_rationale == "violates no-red: No red."
    assert score.score_metadata["verdict"] == "violation"


def test_false_is_only_what_keeps_to_all_rules(integration, files):
    (score,) = scores(integration.JudgeTrueFalseScorer, files / "green.png")
    assert score.get_value() is False and not score.score_category


@pytest.mark.parametrize("value", ["broken.png", "gone.png", "https://x.blob.core.windows.net/y.png"])
@pytest.mark.parametrize("scorer", ["JudgeTrueFalseScorer", "JudgeFloatScaleScorer"])
def test_what_needs_a_person_is_undetermined(integration, files, scorer, value):
    (score,) = scores(getattr(integration, scorer), value if "://" in value else files / value)
    assert score.is_undetermined and score.score_value is None
    assert score.score_rationale and score.score_metadata["causes"] == "unreadable"


def test_a_scale_has_two_ends_and_a_score_for_each_image(integration, files):
    found = scores(integration.JudgeFloatScaleScorer, files / "red.png", files / "green.png", files / "gone.png")
    assert [None if one.is_undetermined else one.get_value() for one in found] == [1.0, 0.0, None]


@pytest.mark.parametrize(
    ("names", "value"), [(("green.png", "red.png", "gone.png"), True), (("green.png", "gone.png"), None)]
)
def test_several_images_are_true_with_one_violation_and_false_only_together(integration, files, names, value):
    (score,) = scores(integration.JudgeTrueFalseScorer, *(files / name for name in names))
    assert (None if score.is_undetermined else score.get_value()) is value


def test_words_are_not_scored(integration):
    assert scores(integration.JudgeTrueFalseScorer, "red", kind="text") == []


def test_a_video_is_undetermined(integration, tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"no film")
    for scorer in (integration.JudgeTrueFalseScorer, integration.JudgeFloatScaleScorer):
        (score,) = scores(scorer, tmp_path / "film.mp4", kind="video_path")
        assert score.is_undetermined


def test_a_scorer_is_known_by_its_constitution_and_models(integration):
    judge = colour_judge()
    params = integration.JudgeTrueFalseScorer(judge=judge).get_identifier().params
    assert params["constitution_digest"] == judge.provenance.constitution_digest
    assert params["models"] == ["c" * 64]


def test_where_pyrit_is_missing_it_says_how_to_install_it(monkeypatch):
    for name in ("pyrit", "pyrit.models"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    monkeypatch.delitem(__import__("sys").modules, "judge.integrations.pyrit")
    with pytest.raises(UserError, match="pip install 'pyrit"):
        import_module("judge.integrations.pyrit")


def test_a_threshold_of_pyrit_on_the_scale_leaves_what_is_undetermined(integration, files):
    if not stand_ins.is_real("pyrit"):
        pytest.skip("needs the real pyrit")
    from pyrit.score import FloatScaleThresholdScorer, TrueFalseInverterScorer

    scale = integration.JudgeFloatScaleScorer(judge=colour_judge())
    scorer = FloatScaleThresholdScorer(scorer=scale, threshold=0.5)
    found = {"is": [], "is not": []}
    for name in ("red.png", "green.png", "gone.png"):
        scorable = kept(message(files / name))
        for kind, made in (("is", scorer), ("is not", TrueFalseInverterScorer(scorer=scorer))):
            (score,) = asyncio.run(made.score_async(scorable=scorable))
            found[kind].append(None if score.is_undetermined else score.get_value())
    assert found == {"is": [True, False, None], "is not": [False, True, None]}
