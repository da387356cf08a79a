"""The backend for Label Studio: a prediction for every task, and needs_review for what cannot be looked at."""

from __future__ import annotations

import base64
import json
from importlib import import_module

import pytest

from judge.errors import UserError
from tests.integrations import stand_ins
from tests.serving.batch.colours import colour_judge, picture

RED, GREEN = 1, 2
pytestmark = pytest.mark.filterwarnings("ignore")  # those of label-studio-ml itself
INTERFACE = """<View><Image name="image" value="$image"/>
<Choices name="verdict" toName="image"><Choice value="violation"/><Choice value="no_violation"/></Choices>{more}</View>"""
RULES = '<Choices name="rules" toName="image" choice="multiple"><Choice value="no-red"/></Choices>'
WHY = '<TextArea name="why" toName="image"/>'


@pytest.fixture(scope="module", autouse=True)
def integration():
    with stand_ins.host("label_studio_ml", "label_studio", stand_ins.LABEL_STUDIO) as module:
        yield module


@pytest.fixture
def kind(integration, tmp_path):
    (tmp_path / "in").mkdir()
    for name, number in (("in/red", RED), ("in/green", GREEN), ("outside", GREEN)):
        (tmp_path / f"{name}.png").write_bytes(picture(number))

    class Colours(integration.JudgeBackend):
        judge = colour_judge()
        documents = tmp_path / "in"

    return Colours


def predicted(backend, *images):
    tasks = [{"id": number, "data": {"image": image}} for number, image in enumerate(images)]
    found = json.loads(json.dumps(backend.predict(tasks, context=None)))
    assert len(found) == len(tasks)
    return found


def chosen(prediction):
    return {one["from_name"]: next(iter(one["value"].values())) for one in prediction["result"]}


def local(name):
    return f"/data/local-files/?d={name}"


def test_the_verdict_the_rules_and_why_are_predicted(kind):
    backend = kind(label_config=INTERFACE.format(more=RULES + WHY))
    uri = "data:image/png;base64," + base64.b64encode(picture(GREEN)).decode()
    red, green = predicted(backend, local("red.png"), uri)
    assert chosen(red) == {"verdict": ["violation"], "rules": ["no-red"], "why": ["violates no-red: No red."]}
    assert chosen(green) == {"verdict": ["no_violation"], "why": ["no rule is violated"]}
    assert red["score"] == green["score"] == 1.0 and red["model_version"] == "colours 1.0.0"
    assert red["result"][0] == {
        "from_name": "verdict", "to_name": "image", "type": "choices", "value": {"choices": ["violation"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    "image",
    [None, "", 7, local("gone.png"), local("../outside.png"), local("%2e%2e/outside.png"), "/data/local-files/",
     "/data/upload/1/x.png", "http://127.0.0.1:9/x.png", "s3://bucket/x.png", "/etc/hostname"],
)  # fmt: skip
def test_what_cannot_be_looked_at_is_for_a_person_and_comes_first(kind, image):
    (said,) = predicted(kind(label_config=INTERFACE.format(more=WHY)), image)
    assert chosen(said)["verdict"] == ["needs_review"] and said["score"] == 0.0 and chosen(said)["why"][0]


def test_without_a_folder_no_local_file_is_read(kind):
    kind.documents = None
    (said,) = predicted(kind(label_config=INTERFACE.format(more="")), local("green.png"))
    assert chosen(said) == {"verdict": ["needs_review"]}


def test_a_project_may_have_its_files_fetched(kind, tmp_path):
    class Fetching(kind):
        def file_of(self, address, task):
            assert task["id"] == 0
            return str(tmp_path / "outside.png") if address.startswith("/data/upload/") else None

    (said,) = predicted(Fetching(label_config=INTERFACE.format(more="")), "/data/upload/1/x.png")
    assert chosen(said) == {"verdict": ["no_violation"]}


def test_an_interface_without_a_verdict_is_refused(kind):
    with pytest.raises(UserError, match="no choices named 'verdict'"):
        kind(label_config=INTERFACE.format(more="").replace("verdict", "label")).predict([])


def test_where_it_is_missing_it_says_how_to_install_it(monkeypatch):
    for name in ("label_studio_ml", "label_studio_ml.model"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    monkeypatch.delitem(__import__("sys").modules, "judge.integrations.label_studio")
    with pytest.raises(UserError, match="pip install label-studio-ml"):
        import_module("judge.integrations.label_studio")


def test_its_server_answers_with_predictions(kind, tmp_path):
    if not stand_ins.is_real("label_studio_ml"):
        pytest.skip("needs the real label-studio-ml")
    from label_studio_ml.api import init_app

    client = init_app(kind, model_dir=str(tmp_path)).test_client()
    config = INTERFACE.format(more=RULES)
    assert client.post("/setup", json={"project": "1.1", "schema": config}).status_code == 200
    asked = {"tasks": [{"id": 1, "data": {"image": local("red.png")}}], "project": "1.1", "label_config": config}
    (said,) = client.post("/predict", json=asked).get_json()["results"]
    assert chosen(said) == {"verdict": ["violation"], "rules": ["no-red"]}
