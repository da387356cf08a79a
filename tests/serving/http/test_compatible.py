"""What others' clients speak: OpenAI's moderation endpoint, by its own package, and LiteLLM's guardrail."""

from __future__ import annotations

import base64
import hashlib

import openai
import pytest
from openai.types.moderation import Categories

from tests.serving.http.running import Scripted, serving

RULE = "rule/body-on-fire"
GUARDRAIL = "/beta/litellm_basic_guardrail_api"


@pytest.fixture(scope="module")
def server():
    given = {"constitutions": [{"constitution": "demo", "moderation": {"body-on-fire": ["violence/graphic", "hate"]}}]}
    with serving(given, process=Scripted()) as running:
        yield running


def uri(data):
    return "data:image/png;base64," + base64.b64encode(data).decode()


def part(data):
    return {"type": "image_url", "image_url": {"url": uri(data)}}


def moderated(running, *contents, strict=True, **more):
    parts = [one if isinstance(one, dict) else part(one) for one in contents]
    given = {"base_url": f"{running.url}/v1", "api_key": "-", "max_retries": 0, "_strict_response_validation": strict}
    with openai.OpenAI(**given) as client:
        return client.moderations.create(input=parts, **more)


@pytest.mark.parametrize("strict", [True, False])
def test_the_openai_package_reads_every_key(server, strict):
    answer = moderated(server, b"v", strict=strict, model="omni-moderation-latest")
    (result,) = answer.results
    assert result.flagged and answer.model == "demo@1.0.0"
    assert result.categories.violence_graphic and result.categories.hate and not result.categories.sexual
    assert result.category_scores.violence_graphic == 0.9 and result.category_scores.sexual == 0.0
    applied = result.category_applied_input_types
    assert (applied.violence_graphic, applied.hate, applied.sexual) == (["image"], [], [])
    for name in Categories.model_fields:
        assert getattr(result.categories, name) is not None, name
    extra = result.categories.model_extra
    assert extra[RULE] is True and not any(on for key, on in extra.items() if key[:5] == "rule/" and key != RULE)
    assert result.model_extra["verdict"] == "violation" and result.model_extra["violations"] == ["body-on-fire"]


def test_what_does_not_violate_is_not_flagged(server):
    (result,) = moderated(server, b"n").results
    assert not result.flagged and not any(result.categories.to_dict().values())
    assert result.category_scores.violence_graphic == 0.1


@pytest.mark.parametrize(("setting", "flagged"), [(None, True), ("flagged", True), ("not_flagged", False)])
def test_what_needs_review_is_flagged_unless_the_server_is_told_otherwise_and_can_always_be_seen(setting, flagged):
    given = {} if setting is None else {"moderation": {"needs_review": setting}}
    with serving(given, process=Scripted()) as running:
        (result,) = moderated(running, b"r").results
    assert result.flagged is flagged
    assert result.model_extra["needs_review"] is True and result.model_extra["reasons"] == ["somebody has to look"]
    assert not any(result.categories.to_dict().values())


def test_several_images_have_one_result_the_gravest(server):
    (result,) = moderated(server, b"n", b"r", b"v").results
    assert result.model_extra["verdict"] == "violation" and result.model_extra["needs_review"] is True
    assert len(result.model_extra["ids"]) == 3


def test_text_is_passed_over_beside_an_image_and_refused_alone(server):
    text = {"type": "text", "text": "hello"}
    (result,) = moderated(server, text, b"n").results
    assert result.model_extra["not_judged"] == ["text"]
    with pytest.raises(openai.UnprocessableEntityError, match="no text"):
        moderated(server, text)
    refused = pytest.raises(openai.UnprocessableEntityError, match="no text")
    with serving({"moderation": {"text": "refuse"}}, process=Scripted()) as running, refused:
        moderated(running, text, b"n")


@pytest.mark.parametrize("given", [{"type": "image_url"}, 3, [3], [{"type": "image", "url": "x"}], None])
def test_an_input_of_another_form_is_told_the_form(server, given):
    answer = server.http.post("/v1/moderations", json={"input": given})
    assert answer.status_code == 422 and answer.json()["detail"].startswith("input: has to be a list of parts")
    assert "image_url" in answer.json()["hint"]


def test_a_model_is_a_constitution(server):
    assert moderated(server, b"n", model="demo").model == "demo@1.0.0"
    with pytest.raises(openai.NotFoundError, match="no constitution"):
        moderated(server, b"n", model="gpt-9")


def guarded(running, *contents, **more):
    images = [base64.b64encode(one).decode() for one in contents]
    # As LiteLLM sends it (litellm/proxy/guardrails/guardrail_hooks/generic_guardrail_api).
    body = {
        "texts": ["a prompt"], "images": images, "tools": None, "structured_messages": None, "tool_calls": None,
        "input_type": "request", "litellm_call_id": "c", "litellm_trace_id": "t", "litellm_version": "1.80",
        "request_data": {"user_api_key_hash": "h"}, "request_headers": {}, "additional_provider_specific_params": {}, **more,
    }  # fmt: skip
    answer = running.http.post(GUARDRAIL, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["action"], answer.json()["blocked_reason"]


def test_the_guardrail_always_names_an_action(server):
    assert guarded(server) == ("NONE", None)
    assert guarded(server, images=None) == ("NONE", None)
    assert guarded(server, b"n") == ("NONE", None)
    assert guarded(server, b"n", b"v") == ("BLOCKED", "image 2 violates body-on-fire")
    action, why = guarded(server, b"r")
    assert action == "BLOCKED" and "somebody has to look" in why
    assert guarded(server, images=["no base64!"])[0] == "BLOCKED"
    assert guarded(server, b"n", additional_provider_specific_params={"constitution": "none"})[0] == "BLOCKED"
    assert guarded(server, images="?")[0] == "BLOCKED"


def test_what_the_guardrail_does_about_failures_and_reviews_is_a_setting():
    given = {"guardrail": {"needs_review": "pass"}, "limits": {"seconds": 5}}
    with serving(given, process=Scripted(deadly={b"deadly"})) as running:
        assert guarded(running, b"r") == ("NONE", None)
        action, why = guarded(running, b"deadly")
        assert action == "BLOCKED" and "could not be judged" in why
    given = {"guardrail": {"failure": "pass"}}
    with serving(given, process=Scripted(deadly={b"deadly"})) as running:
        assert guarded(running, b"deadly") == ("NONE", None)
        assert guarded(running, b"r")[0] == "BLOCKED"


@pytest.fixture(scope="module")
def passing():
    given = {"guardrail": {"failure": "pass"}, "limits": {"images": 3}}
    with serving(given, process=Scripted(deadly={b"deadly"})) as running:
        yield running


JUNK = [["@@@"], ["http://127.0.0.1/"], ["data:image/png,x"]]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_beside_an_image_does_not_free_it_where_failures_pass(passing, junk):
    violating = base64.b64encode(b"v").decode()
    for images in ([*junk, violating], [violating, *junk]):
        assert "violates" in guarded(passing, images=images)[1]
    action, why = guarded(passing, images=junk)
    assert action == "BLOCKED" and "could not be judged" in why


def test_what_cannot_be_read_or_goes_beyond_a_limit_blocks_where_failures_pass(passing):
    assert "3 images at most" in guarded(passing, *[b"n%d" % n for n in range(4)])[1]
    for params in ({"constitution": "none"}, {"constitutoin": "demo"}, {"constitution": 3}):
        assert guarded(passing, b"n", additional_provider_specific_params=params)[0] == "BLOCKED", params
    headers = {"content-type": "application/json"}
    for body in ('{"images": ["dg=="], "x": 1, "x": 2}', "{", '{"images": 3}'):
        answer = passing.http.post(GUARDRAIL, content=body, headers=headers).json()
        assert answer["action"] == "BLOCKED", body
    assert passing.http.post(f"{GUARDRAIL}?constitution=demo", json={"images": []}).json()["action"] == "BLOCKED"


def test_an_image_that_the_judge_failed_at_frees_no_other(passing):
    passing.service.engine._suspects.blame(hashlib.sha256(b"deadly").hexdigest())  # so that it is judged alone
    assert guarded(passing, b"v2", b"deadly")[0] == "BLOCKED"
    assert guarded(passing, b"r2", b"nx")[0] == "BLOCKED"


@pytest.mark.parametrize("path", ["/v1/judge", "/v1/moderations", GUARDRAIL])
def test_parameters_of_an_address_are_refused(server, path):
    answer = server.http.post(f"{path}?constitution=live", json={"image": "bg=="})
    assert answer.status_code == 422 and "'constitution'" in answer.json()["detail"]


def test_a_body_that_is_compressed_is_refused(server):
    for path, coding, status in (("/v1/judge", "gzip", 415), (GUARDRAIL, "br", 415), ("/v1/judge", "identity", 200)):
        answer = server.http.post(path, json={"image": "bg=="}, headers={"content-encoding": coding})
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"image": "bg=="}, "image"),
        ({"images": [uri(b"v")]}, "images"),
        ({"input": [part(b"n") | {"image": uri(b"v")}]}, "image"),
        ({"input": [part(b"n"), {"type": "text", "text": "x"} | {"image_url": {"url": uri(b"v")}}]}, "image_url"),
        ({"input": [{"type": "image_url", "image_url": {"url": uri(b"n"), "other": uri(b"v")}}]}, "other"),
    ],
)
def test_no_picture_of_a_moderation_goes_by_under_another_key(server, more, key):
    answer = server.http.post("/v1/moderations", json={"input": [part(b"n")], **more})
    assert answer.status_code == 422 and f"'{key}'" in answer.json()["detail"], answer.text
    assert answer.json()["hint"]


def test_what_the_openai_package_may_send_beside_the_input_is_taken(server):
    assert moderated(server, b"n", extra_body={"model": "demo"}, extra_headers={"x-a": "b"}).model == "demo@1.0.0"
    detailed = part(b"v")
    detailed["image_url"]["detail"] = "auto"
    assert moderated(server, detailed).results[0].flagged
    with pytest.raises(openai.UnprocessableEntityError, match="'images'"):
        moderated(server, b"n", extra_body={"images": [uri(b"v")]})
