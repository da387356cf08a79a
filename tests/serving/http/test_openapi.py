"""The OpenAPI document says what the server does: requests made of it, right and wrong ones, are answered as it says."""

from __future__ import annotations

import contextlib
import json

import jsonschema
import pytest
import requests
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable

from judge.serving.http.gate import GUARDRAIL
from judge.serving.http.openapi import JudgeAnswer, VerdictSummary
from judge.verdict import Verdict
from tests.needs import needs
from tests.serving.http.running import Scripted, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    store = str(tmp_path_factory.mktemp("store") / "verdicts.db")
    with serving({"store": store, "limits": {"waiting": 1000}}, process=Scripted()) as running:
        yield running


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # schemathesis's checks leave connections of their own open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_requests_made_of_the_document_are_answered_as_it_says(server):
    schemathesis = needs("schemathesis")  # here: half a second of every process that collects the tests
    from schemathesis.checks import CHECKS, load_all_checks

    load_all_checks()
    # What fits the schema may still be no base64, and a name that is free text may be that of no constitution.
    not_asked = [CHECKS.get_one("positive_data_acceptance")]
    always_an_action = [*not_asked, CHECKS.get_one("negative_data_rejection")]  # of the guardrail, also on nonsense
    asked = 0
    with requests.Session() as session:
        for found in schemathesis.openapi.from_url(f"{server.url}/openapi.json").get_all_operations():
            operation = found.ok()

            def ask(case):
                nonlocal asked
                asked += 1
                aside = always_an_action if "guardrail" in case.path else not_asked
                case.call_and_validate(session=session, excluded_checks=aside)

            for mode in schemathesis.GenerationMode:
                few = settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
                with contextlib.suppress(Unsatisfiable):  # nothing wrong can be said where nothing is read
                    few(seed(17)(given(case=operation.as_strategy(generation_mode=mode))(ask)))()
    assert asked > 30


@pytest.mark.parametrize(("detail", "kind"), [("full", Verdict), ("summary", VerdictSummary)])
def test_an_answer_in_either_detail_is_what_the_document_says(server, detail, kind):
    answer = server.http.post("/v1/judge", files={"image": b"v"}, data={"detail": detail})
    body = answer.json()
    assert set(body) <= set(JudgeAnswer.model_fields)
    (verdict,) = body["verdicts"]
    assert kind.model_validate(verdict).verdict == "violation"
    assert set(verdict) <= set(kind.model_fields)


def test_a_problem_is_what_the_document_says_and_of_the_guardrail_it_has_an_action(server):
    document = server.http.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    for path, method in ((path, method) for path in ("/v1/judge", GUARDRAIL) for method in ("GET", "POST")):
        answer = server.http.request(method, path, headers={"origin": "http://page"} if method == "POST" else {})
        assert answer.status_code == (403 if method == "POST" else 405)
        (said,) = document["paths"][path]["post"]["responses"]["default"]["content"].values()
        name = said["schema"]["$ref"].rpartition("/")[2]
        jsonschema.validate(answer.json(), {**schemas[name], "components": {"schemas": schemas}})
        assert ("action" in schemas[name]["required"]) == (path == GUARDRAIL) == ("action" in answer.json())


def test_examples_of_the_document_are_answered_with_verdicts(server):
    document = server.http.get("/openapi.json").json()
    tried = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                if "example" in content:
                    answer = server.http.request(
                        method, path, content=json.dumps(content["example"]), headers={"content-type": kind}
                    )
                    assert answer.status_code == 200, (path, answer.text)
                    tried += 1
    assert tried == 3
    for used in json.dumps(document).split('"#/components/schemas/')[1:]:
        assert used.split('"')[0] in document["components"]["schemas"]
